/** DynamoDB's wire errors: one maker each, with AWS's texts. Types and texts: API reference, "Common Errors" and each operation's page. */
import { AwsError } from "../kit/aws-error.js";
import type { Item } from "./values/attribute-value.js";

/** Which model an error type belongs to on DynamoDB's wire. */
export function errorNamespace(code: string): string {
  if (code === "ValidationException") return "com.amazon.coral.validate#";
  return COMMON_ERRORS.has(code) ? "com.amazon.coral.service#" : "com.amazonaws.dynamodb.v20120810#";
}

const COMMON_ERRORS = new Set([
  "SerializationException",
  "UnknownOperationException",
  "AccessDeniedException",
  "InternalFailure",
]);

export function validationError(message: string): AwsError {
  return new AwsError("ValidationException", message);
}

/** "One or more parameter values were invalid", the frame of most semantic refusals. */
export function invalidValues(detail: string): AwsError {
  return validationError(`One or more parameter values were invalid: ${detail}`);
}

export function serializationError(message: string): AwsError {
  return new AwsError("SerializationException", message);
}

export const CONDITION_FAILED = "The conditional request failed";

/** `item` is the stored item, sent when the client asked for ALL_OLD on failure. */
export function conditionalCheckFailed(item?: Item): AwsError {
  return new AwsError(
    "ConditionalCheckFailedException",
    CONDITION_FAILED,
    item === undefined ? {} : { members: { Item: item } },
  );
}

export function resourceNotFound(detail?: string): AwsError {
  return new AwsError(
    "ResourceNotFoundException",
    `Requested resource not found${detail === undefined ? "" : `: ${detail}`}`,
  );
}

export function resourceInUse(message: string): AwsError {
  return new AwsError("ResourceInUseException", message);
}

export function limitExceeded(message: string): AwsError {
  return new AwsError("LimitExceededException", message);
}

export function accessDenied(message: string): AwsError {
  return new AwsError("AccessDeniedException", message);
}

export interface CancellationReason {
  readonly Code: string;
  readonly Message?: string;
  readonly Item?: Item;
}

export function transactionCanceled(reasons: readonly CancellationReason[]): AwsError {
  const codes = reasons.map((reason) => reason.Code).join(", ");
  return new AwsError(
    "TransactionCanceledException",
    `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`,
    { members: { CancellationReasons: reasons } },
  );
}

export function idempotentParameterMismatch(): AwsError {
  // The text is from memory: the API reference gives only the error's description.
  return new AwsError(
    "IdempotentParameterMismatchException",
    "DynamoDB rejected the request because you retried a request with a different payload but with an idempotent token that was already used.",
  );
}

export function isThrottling(error: unknown): error is AwsError {
  return (
    error instanceof AwsError && ["ThrottlingException", "ProvisionedThroughputExceededException"].includes(error.code)
  );
}

/** A partition over its limit. On-demand and provisioned tables say it with different names. */
export function throttled(kind: "Read" | "Write", onDemand: boolean, resourceArn: string): AwsError {
  const reasons = [{ reason: `Table${kind}KeyRangeThroughputExceeded`, resource: resourceArn }];
  if (!onDemand) {
    return new AwsError(
      "ProvisionedThroughputExceededException",
      "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with the UpdateTable API.",
      { members: { ThrottlingReasons: reasons } },
    );
  }
  return new AwsError(
    "ThrottlingException",
    "Throughput exceeds the current capacity of your table or index. DynamoDB is automatically scaling your table or index so please try again shortly. If exceptions persist, check if you have a hot key: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html",
    // The API model spells the member differently in its two errors.
    { members: { throttlingReasons: reasons } },
  );
}

export function expiredIterator(): AwsError {
  return new AwsError(
    "ExpiredIteratorException",
    "Iterator expired.  The iterator was created more than 15 minutes ago.",
  );
}

export function trimmedDataAccess(): AwsError {
  return new AwsError(
    "TrimmedDataAccessException",
    "The operation attempted to read past the oldest stream record in a shard.",
  );
}
