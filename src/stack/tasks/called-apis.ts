/**
 * The optimised integrations that are calls of one API: what they are called with, by which names their errors go, and
 * what their results show. https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html
 */
import { optimised, type OptimisedNames } from "./failures.js";
import { fault, type Integration } from "./integration.js";
import { resultMetadata } from "./result-metadata.js";
import { operationOf, type ServiceClient } from "./service-call.js";

interface CalledApi {
  readonly names: OptimisedNames;
  readonly headers: "dynamodb" | "other";
  /** By action; what is listed are the fields of the API that the integration does not take. */
  readonly actions: Readonly<Record<string, readonly string[]>>;
}

const APIS: Readonly<Record<string, CalledApi>> = {
  sqs: {
    names: { prefix: "SQS", service: "AmazonSQS", baseException: "AmazonSQSException" },
    headers: "other",
    actions: { sendMessage: ["MessageSystemAttributes"] },
  },
  sns: {
    names: { prefix: "SNS", service: "AmazonSNS", baseException: "AmazonSNSException" },
    headers: "other",
    actions: { publish: [] },
  },
  dynamodb: {
    names: { prefix: "DynamoDB", service: "AmazonDynamoDBv2", baseException: "AmazonDynamoDBException" },
    headers: "dynamodb",
    actions: {
      getItem: [],
      putItem: ["ReturnValuesOnConditionCheckFailure"],
      updateItem: ["ReturnValuesOnConditionCheckFailure"],
      deleteItem: ["ReturnValuesOnConditionCheckFailure"],
    },
  },
};

/** The ends of their resources' ARNs. */
export const CALLED_APIS: readonly string[] = Object.entries(APIS).flatMap(([service, { actions }]) =>
  Object.keys(actions).map((action) => `${service}:${action}`),
);

/** By the end of the resource's ARN, `sqs:sendMessage`. `client` is asked by the name of the service. */
export function calledApis(client: (name: string) => Promise<ServiceClient>): [string, Integration][] {
  return Object.entries(APIS).flatMap(([service, { names, headers, actions }]) =>
    Object.entries(actions).map(([action, withheld]): [string, Integration] => [
      `${service}:${action}`,
      {
        faults: async (parameters) => [
          ...withheld.filter((name) => name in parameters).map(fault.unsupported),
          ...(await client(service)).faults(operationOf(action), parameters, "api"),
        ],
        request: (parameters, _executionArn, signal) =>
          optimised(names, async () => {
            const { output, http } = await (await client(service)).call(operationOf(action), parameters, signal, "api");
            return { ...output, ...resultMetadata(headers, http) };
          }),
      },
    ]),
  );
}
