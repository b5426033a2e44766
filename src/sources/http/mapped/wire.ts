/** How the API of a service is told which operation is meant. */
import type { HeaderLine } from "../message.js";

interface JsonApi {
  /** What stands before the operation in `X-Amz-Target`. */
  readonly target: string;
  readonly version: "1.0" | "1.1";
}

const JSON_APIS: Readonly<Record<string, JsonApi>> = {
  dynamodb: { target: "DynamoDB_20120810", version: "1.0" },
  events: { target: "AWSEvents", version: "1.1" },
  kinesis: { target: "Kinesis_20131202", version: "1.1" },
  logs: { target: "Logs_20140328", version: "1.1" },
  secretsmanager: { target: "secretsmanager", version: "1.1" },
  ssm: { target: "AmazonSSM", version: "1.1" },
  states: { target: "AWSStepFunctions", version: "1.0" },
};

/** Version of the Query protocol. */
const QUERY_APIS: Readonly<Record<string, string>> = {
  monitoring: "2010-08-01",
  sns: "2010-03-31",
  sqs: "2012-11-05",
  sts: "2011-06-15",
};

export interface Wire {
  readonly headers: readonly HeaderLine[];
  readonly query: readonly (readonly [name: string, value: string])[];
}

/** Undefined for services whose operations are paths. */
export function wireOf(service: string, operation: string): Wire | undefined {
  const json = Object.hasOwn(JSON_APIS, service) ? JSON_APIS[service] : undefined;
  if (json !== undefined)
    return {
      headers: [
        ["x-amz-target", `${json.target}.${operation}`],
        ["content-type", `application/x-amz-json-${json.version}`],
      ],
      query: [],
    };
  const version = Object.hasOwn(QUERY_APIS, service) ? QUERY_APIS[service] : undefined;
  if (version === undefined) return undefined;
  return {
    headers: [],
    query: [
      ["Action", operation],
      ["Version", version],
    ],
  };
}
