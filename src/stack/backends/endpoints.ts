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

type KeySet = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
};

/** What clients of ours need to reach a service. */
export interface ServiceAddress {
  /** Undefined on AWS: the SDK finds it. */
  readonly endpoint: string | undefined;
  readonly region: string;
  readonly credentials: KeySet | (() => Promise<KeySet>);
}

export type ForeignEndpoints = ReadonlyMap<ServiceName, ServiceAddress>;

/** The parts of an address as clients of the SDK take them. */
export function clientOptions({ endpoint, region, credentials }: ServiceAddress): {
  readonly endpoint?: string;
  readonly region: string;
  readonly credentials: ServiceAddress["credentials"];
} {
  // A copy: the SDK writes into the credentials that it is given.
  const keys = typeof credentials === "function" ? credentials : { ...credentials };
  return { ...(endpoint === undefined ? {} : { endpoint }), region, credentials: keys };
}

/** Where it is, for a person. */
export const placeOf = ({ endpoint, region }: ServiceAddress): string => endpoint ?? `AWS (${region})`;

/** `s3 sqs at http://127.0.0.1:9000`: services at one place together. */
export function placesOf(foreign: ForeignEndpoints): string[] {
  const places = new Map<string, string[]>();
  for (const [name, address] of foreign) places.set(placeOf(address), [...(places.get(placeOf(address)) ?? []), name]);
  return [...places].map(([place, names]) => `${names.join(" ")} at ${place}`);
}

/** Throws LR2005 for a backend that is none and for two pairs of keys: an execution environment has one. */
export function foreignEndpoints(
  config: ResolvedConfig,
  aws?: { readonly region: string; readonly credentials: () => Promise<KeySet> },
): ForeignEndpoints {
  const foreign = new Map<ServiceName, ServiceAddress>();
  const names = Object.keys(IDENTIFIERS) as ServiceName[];
  for (const name of names) {
    const backend = config.backends[name] ?? config.backend;
    if (backend === "embedded") continue;
    if (backend === "containers" || backend === "minio" || backend === "localstack") throw notHere(`backends.${name}`);
    if (backend === "aws") {
      if (aws === undefined) throw notHere(`backends.${name}`);
      foreign.set(name, { endpoint: undefined, region: aws.region, credentials: aws.credentials });
      continue;
    }
    const given = typeof backend === "string" ? { url: backend } : backend;
    const { accessKeyId, secretAccessKey, sessionToken } = config.credentials;
    const own = given.accessKeyId !== undefined || given.secretAccessKey !== undefined;
    foreign.set(name, {
      endpoint: given.url.replace(/\/$/, ""),
      region: given.region ?? config.region,
      credentials: {
        accessKeyId: given.accessKeyId ?? accessKeyId,
        secretAccessKey: given.secretAccessKey ?? secretAccessKey,
        ...(own || sessionToken === undefined ? {} : { sessionToken }),
      },
    });
  }
  refuseTwoPairs(foreign);
  return foreign;
}

/** Containers have become URLs before a stack asks, and AWS has its account; whoever asks without has no part in them. */
function notHere(where: string): Error {
  return new Error(`${where} has no address yet`);
}

function refuseTwoPairs(foreign: ForeignEndpoints): void {
  const [[first, address] = [undefined, undefined], ...others] = [...foreign];
  if (address === undefined) return;
  const keyOf = ({ credentials }: ServiceAddress): string =>
    typeof credentials === "function" ? "" : JSON.stringify([credentials.accessKeyId, credentials.secretAccessKey]);
  const other = others.find(([, one]) => keyOf(one) !== keyOf(address));
  if (other === undefined) return;
  throw new AppError("LR2005", {
    what: `The endpoints of ${first} and ${other[0]} have different credentials`,
    where: `backends.${other[0]}`,
    why: "an execution environment has one set of credentials, here as on AWS",
    fix: "Give both servers the same keys, or let the handler make one of the two clients with an endpoint and keys of its own.",
  });
}

export interface EndpointVariables {
  readonly config: ResolvedConfig;
  readonly foreign: ForeignEndpoints;
  /** Of the embedded services. */
  readonly gateway: string;
  /** The user's own variables of this kind; they count for AWS alone. */
  readonly own?: Readonly<Record<string, string>> | undefined;
}

/**
 * For execution environments. What is not named anywhere goes to the embedded services, which refuse it by name, unless
 * everything is to be on AWS: then it goes there, and what is embedded has its own variable.
 */
export function endpointVariables({ config, foreign, gateway, own = {} }: EndpointVariables): Record<string, string> {
  const everything = config.backend === "aws";
  const named = (Object.keys(IDENTIFIERS) as ServiceName[]).flatMap((name) =>
    IDENTIFIERS[name].flatMap((identifier): [string, string][] => {
      const address = foreign.get(name);
      const variable = `AWS_ENDPOINT_URL_${identifier}`;
      if (address === undefined) return everything ? [[variable, gateway]] : [];
      if (address.endpoint !== undefined) return [[variable, address.endpoint]];
      if (everything) return [];
      return [[variable, own[variable] ?? own["AWS_ENDPOINT_URL"] ?? awsEndpoint(identifier, address.region)]];
    }),
  );
  return { ...(everything ? own : { AWS_ENDPOINT_URL: gateway }), ...Object.fromEntries(named) };
}

/** Host names that are not the identifier in small letters. https://docs.aws.amazon.com/general/latest/gr/aws-service-information.html */
const HOSTS: Readonly<Record<string, string>> = {
  DYNAMODB_STREAMS: "streams.dynamodb",
  EVENTBRIDGE: "events",
  SFN: "states",
  SECRETS_MANAGER: "secretsmanager",
  CLOUDWATCH_LOGS: "logs",
  CLOUDWATCH: "monitoring",
  SES: "email",
  SESV2: "email",
};

/** Where to send a request that no SDK sends. */
export const addressUrl = ({ endpoint, region }: ServiceAddress, host: string): string =>
  endpoint ?? awsEndpoint(host, region);

function awsEndpoint(identifier: string, region: string): string {
  const host = HOSTS[identifier] ?? identifier.toLowerCase();
  return `https://${host}.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`;
}

/** Foreign servers know nothing of our sessions, so functions get their keys; the embedded services accept those too. */
export function foreignCredentials(foreign: ForeignEndpoints): KeySet | undefined {
  const [first] = foreign.values();
  return typeof first?.credentials === "function" ? undefined : first?.credentials;
}
