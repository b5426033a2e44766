/**
 * The optimised integrations that are calls of one API: what they are called with, by which names their errors go, and
 * what their results show. https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html
 */
import type { OptimisedAction } from "./emulated.js";
import { optimised, type OptimisedNames } from "./failures.js";
import { fault, type Integration } from "./integration.js";
import { resultMetadata } from "./result-metadata.js";
import type { ServiceClient } from "./service-call.js";

interface CalledApi {
  /** In `SDK_SERVICES`. */
  readonly service: string;
  readonly operation: string;
  readonly names: OptimisedNames;
  readonly headers: "dynamodb" | "other";
  /** Fields of the API that the integration does not take. */
  readonly withheld: readonly string[];
}

const SQS = { prefix: "SQS", service: "AmazonSQS", baseException: "AmazonSQSException" };
const SNS = { prefix: "SNS", service: "AmazonSNS", baseException: "AmazonSNSException" };
const DYNAMODB = { prefix: "DynamoDB", service: "AmazonDynamoDBv2", baseException: "AmazonDynamoDBException" };
const ON_FAILURE = ["ReturnValuesOnConditionCheckFailure"];

function inDynamoDb(operation: string, withheld: readonly string[] = []): CalledApi {
  return { service: "dynamodb", operation, names: DYNAMODB, headers: "dynamodb", withheld };
}

type CalledAction = Extract<OptimisedAction, `${"sqs" | "sns" | "dynamodb"}:${string}`>;

const SEND_MESSAGE: CalledApi = {
  service: "sqs",
  operation: "SendMessage",
  names: SQS,
  headers: "other",
  withheld: ["MessageSystemAttributes"],
};
const PUBLISH: CalledApi = { service: "sns", operation: "Publish", names: SNS, headers: "other", withheld: [] };

/** `client` is asked by the name of the service. */
export function calledApis(client: (name: string) => Promise<ServiceClient>): Record<CalledAction, Integration> {
  const integration = ({ service, operation, names, headers, withheld }: CalledApi): Integration => ({
    faults: async (parameters) => [
      ...withheld.filter((name) => name in parameters).map(fault.unsupported),
      ...(await client(service)).faults(operation, parameters, "api"),
    ],
    request: (parameters, _executionArn, signal) =>
      optimised(names, async () => {
        const { output, http } = await (await client(service)).call(operation, parameters, signal, "api");
        return Object.assign(output, resultMetadata(headers, http));
      }),
  });
  return {
    "sqs:sendMessage": integration(SEND_MESSAGE),
    "sns:publish": integration(PUBLISH),
    "dynamodb:getItem": integration(inDynamoDb("GetItem")),
    "dynamodb:putItem": integration(inDynamoDb("PutItem", ON_FAILURE)),
    "dynamodb:updateItem": integration(inDynamoDb("UpdateItem", ON_FAILURE)),
    "dynamodb:deleteItem": integration(inDynamoDb("DeleteItem", ON_FAILURE)),
  };
}
