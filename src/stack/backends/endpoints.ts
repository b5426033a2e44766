/**
 * Which services of a stack live elsewhere: behind another endpoint that speaks their protocol (MinIO, LocalStack, moto,
 * ElasticMQ, another lambda-run). Everything else is embedded. Functions learn of it as they would on any machine, by
 * the SDK's own variables. https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
 */
import type { ResolvedConfig } from "../../config/schema.js";
import { AppError } from "../../shared/errors.js";

export type ServiceName = keyof ResolvedConfig["backends"];

/** The SDKs' service identifiers: `AWS_ENDPOINT_URL_<identifier>`. The page above lists them. */
const IDENTIFIERS: Readonly<Record<ServiceName, readonly string[]>> = {
  s3: ["S3"],
  sqs: ["SQS"],
  dynamodb: ["DYNAMODB", "DYNAMODB_STREAMS"],
  lambda: ["LAMBDA"],
  events: ["EVENTBRIDGE"],
  scheduler: ["SCHEDULER"],
  states: ["SFN"],
  sns: ["SNS"],
  secretsmanager: ["SECRETS_MANAGER"],
  ssm: ["SSM"],
  logs: ["CLOUDWATCH_LOGS"],
  cloudwatch: ["CLOUDWATCH"],
  sts: ["STS"],
  kinesis: ["KINESIS"],
  ses: ["SES", "SESV2"],
};

/** What clients of ours need to reach a service. */
export interface ServiceAddress {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
}

export type ForeignEndpoints = ReadonlyMap<ServiceName, ServiceAddress>;

/** Throws LR2005 for a backend that is none and for two pairs of keys: an execution environment has one. */
export function foreignEndpoints(config: ResolvedConfig): ForeignEndpoints {
  const foreign = new Map<ServiceName, ServiceAddress>();
  for (const [name, backend] of Object.entries(config.backends)) {
    if (backend === undefined || backend === "embedded") continue;
    if (backend === "containers" || backend === "aws") throw notThere(`backends.${name}`, backend);
    const given = typeof backend === "string" ? { url: backend } : backend;
    const { accessKeyId, secretAccessKey, sessionToken } = config.credentials;
    const own = given.accessKeyId !== undefined || given.secretAccessKey !== undefined;
    foreign.set(name as ServiceName, {
      endpoint: given.url.replace(/\/$/, ""),
      region: given.region ?? config.region,
      credentials: {
        accessKeyId: given.accessKeyId ?? accessKeyId,
        secretAccessKey: given.secretAccessKey ?? secretAccessKey,
        ...(own || sessionToken === undefined ? {} : { sessionToken }),
      },
    });
  }
  if (config.backend !== "embedded") throw notThere("backend", config.backend);
  refuseTwoPairs(foreign);
  return foreign;
}

/**
 * Silence would be worse: the user would think the data went there. Containers have become URLs before a stack asks;
 * whoever asks without a stack has no part in them.
 */
function notThere(where: string, backend: string): AppError {
  if (backend === "containers")
    return new AppError("LR2005", {
      what: "This command cannot look into a server in a container",
      where,
      fix: "Ask the server itself by its own tools.",
    });
  return new AppError("LR2005", {
    what: `The backend "${backend}" is not there yet`,
    where,
    why: "this version has the embedded services, containers, and any endpoint by its URL",
    fix: "Leave it out, or start the server yourself and name its URL: --endpoint s3=http://...",
  });
}

function refuseTwoPairs(foreign: ForeignEndpoints): void {
  const [[first, { credentials }] = [undefined, { credentials: undefined }], ...others] = [...foreign];
  const other = others.find(
    ([, address]) =>
      address.credentials.accessKeyId !== credentials?.accessKeyId ||
      address.credentials.secretAccessKey !== credentials.secretAccessKey,
  );
  if (first === undefined || other === undefined) return;
  throw new AppError("LR2005", {
    what: `The endpoints of ${first} and ${other[0]} have different credentials`,
    where: `backends.${other[0]}`,
    why: "an execution environment has one set of credentials, here as on AWS",
    fix: "Give both servers the same keys, or let the handler make one of the two clients with an endpoint and keys of its own.",
  });
}

/** For execution environments, beside AWS_ENDPOINT_URL. */
export function endpointVariables(foreign: ForeignEndpoints): Record<string, string> {
  return Object.fromEntries(
    [...foreign].flatMap(([name, { endpoint }]) =>
      IDENTIFIERS[name].map((identifier) => [`AWS_ENDPOINT_URL_${identifier}`, endpoint]),
    ),
  );
}

/** Foreign servers know nothing of our sessions, so functions get their keys; the embedded services accept those too. */
export function foreignCredentials(foreign: ForeignEndpoints): ServiceAddress["credentials"] | undefined {
  const [first] = foreign.values();
  return first?.credentials;
}
