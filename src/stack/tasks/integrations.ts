/**
 * The optimised integrations that are calls of one API: what they are called with, by which names their errors go, and
 * what their results show. https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html
 */
import type { OptimisedNames } from "./failures.js";

export interface Integration {
  /** In `SDK_SERVICES`. */
  readonly client: string;
  readonly names: OptimisedNames;
  readonly headers: "dynamodb" | "other";
  /** By action; what is listed are the fields of the API that the integration does not take. */
  readonly actions: Readonly<Record<string, readonly string[]>>;
}

export const INTEGRATIONS: ReadonlyMap<string, Integration> = new Map<string, Integration>([
  [
    "sqs",
    {
      client: "sqs",
      names: { prefix: "SQS", service: "AmazonSQS", baseException: "AmazonSQSException" },
      headers: "other",
      actions: { sendMessage: ["MessageSystemAttributes"] },
    },
  ],
  [
    "sns",
    {
      client: "sns",
      names: { prefix: "SNS", service: "AmazonSNS", baseException: "AmazonSNSException" },
      headers: "other",
      actions: { publish: [] },
    },
  ],
  [
    "dynamodb",
    {
      client: "dynamodb",
      names: { prefix: "DynamoDB", service: "AmazonDynamoDBv2", baseException: "AmazonDynamoDBException" },
      headers: "dynamodb",
      actions: {
        getItem: [],
        putItem: ["ReturnValuesOnConditionCheckFailure"],
        updateItem: ["ReturnValuesOnConditionCheckFailure"],
        deleteItem: ["ReturnValuesOnConditionCheckFailure"],
      },
    },
  ],
]);
