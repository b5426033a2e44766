/**
 * Errors of SNS in AWS's words, as recorded on AWS between 2023 and 2025 unless the fidelity card says otherwise.
 * https://docs.aws.amazon.com/sns/latest/api/CommonErrors.html
 */
import { AwsError } from "../kit/aws-error.js";

export const snsError = {
  invalidParameter: (detail: string) => new AwsError("InvalidParameter", `Invalid parameter: ${detail}`),
  topicNotFound: () => new AwsError("NotFound", "Topic does not exist", { statusCode: 404 }),
  subscriptionNotFound: () => new AwsError("NotFound", "Subscription does not exist", { statusCode: 404 }),
  resourceNotFound: () => new AwsError("ResourceNotFound", "Resource does not exist", { statusCode: 404 }),
  attributeInvalid: (message: string) => new AwsError("ParameterValueInvalid", message),
  missing: (at: string) =>
    new AwsError(
      "ValidationError",
      `1 validation error detected: Value null at '${at}' failed to satisfy constraint: Member must not be null`,
    ),
  invalidToken: () => new AwsError("InvalidParameter", "Invalid token"),
  emptyBatch: () => new AwsError("EmptyBatchRequest", "The batch request doesn't contain any entries."),
  tooManyEntries: () =>
    new AwsError("TooManyEntriesInBatchRequest", "The batch request contains more entries than permissible."),
  entryIdsNotDistinct: () =>
    new AwsError("BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id."),
  invalidEntryId: () =>
    new AwsError(
      "InvalidBatchEntryId",
      "The Id of a batch entry in a batch request doesn't abide by the specification.",
    ),
  batchTooLong: () =>
    new AwsError("BatchRequestTooLong", "The length of all the batch messages put together is more than the limit."),
  tooManyTags: () => new AwsError("TagLimitExceeded", "Could not complete request: tag quota of per resource exceeded"),
  missingToken: () =>
    new AwsError("MissingAuthenticationToken", "Request is missing Authentication Token", { statusCode: 403 }),
  notEmulated: (action: string) => new AwsError("InvalidAction", `The action ${action} is not emulated by lambda-run.`),
} as const;
