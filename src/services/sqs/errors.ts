/**
 * SQS's errors, each under the name of the JSON protocol and the older code of the query protocol; both were
 * recorded on AWS or stand in the service model (`awsQueryError` of @aws-sdk/client-sqs).
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html
 */
import { AwsError } from "../kit/aws-error.js";

const legacy = (code: string): string => `AWS.SimpleQueueService.${code}`;
const withLegacyCode = (code: string, message: string, statusCode = 400): AwsError =>
  new AwsError(code, message, { statusCode, queryCode: legacy(code) });

export const sqsError = {
  queueDoesNotExist: () =>
    new AwsError("QueueDoesNotExist", "The specified queue does not exist.", { queryCode: legacy("NonExistentQueue") }),
  queueDeletedRecently: () =>
    withLegacyCode(
      "QueueDeletedRecently",
      "You must wait 60 seconds after deleting a queue before you can create another with the same name.",
    ),
  queueNameExists: (attribute: string) =>
    new AwsError(
      "QueueNameExists",
      `A queue already exists with the same name and a different value for attribute ${attribute}`,
      {
        queryCode: "QueueAlreadyExists",
      },
    ),
  purgeInProgress: (queueName: string) =>
    withLegacyCode(
      "PurgeQueueInProgress",
      `Only one PurgeQueue operation on ${queueName} is allowed every 60 seconds.`,
      403,
    ),
  missingParameter: (name: string) =>
    new AwsError("MissingRequiredParameterException", `The request must contain the parameter ${name}.`, {
      queryCode: "MissingParameter",
    }),
  invalidParameter: (message: string) =>
    new AwsError("InvalidParameterValueException", message, { queryCode: "InvalidParameterValue" }),
  invalidValue: (value: string | number, parameter: string, reason: string) =>
    sqsError.invalidParameter(`Value ${value} for parameter ${parameter} is invalid. Reason: ${reason}`),
  unknownAttribute: (name: string) => new AwsError("InvalidAttributeName", `Unknown Attribute ${name}.`),
  invalidAttributeValue: (name: string, reason?: string) =>
    new AwsError(
      "InvalidAttributeValue",
      `Invalid value for the parameter ${name}.${reason === undefined ? "" : ` Reason: ${reason}`}`,
    ),
  conflictingEncryption: () =>
    new AwsError(
      "InvalidAttributeValue",
      "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE.",
    ),
  invalidMessageContents: () =>
    new AwsError(
      "InvalidMessageContents",
      "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF",
    ),
  receiptHandleIsInvalid: (handle: string) =>
    new AwsError("ReceiptHandleIsInvalid", `The input receipt handle "${handle}" is not a valid receipt handle.`, {
      statusCode: 404,
    }),
  receiptHandleExpired: (handle: string) =>
    sqsError.invalidValue(handle, "ReceiptHandle", "The receipt handle has expired."),
  notAvailableForVisibilityChange: (handle: string) =>
    sqsError.invalidValue(
      handle,
      "ReceiptHandle",
      "Message does not exist or is not available for visibility timeout change.",
    ),
  overLimit: (message: string) => new AwsError("OverLimit", message, { statusCode: 403 }),
  emptyBatch: (entryName: string) =>
    withLegacyCode("EmptyBatchRequest", `There should be at least one ${entryName} in the request.`),
  tooManyEntries: (count: number) =>
    withLegacyCode(
      "TooManyEntriesInBatchRequest",
      `Maximum number of entries per request are 10. You have sent ${count}.`,
    ),
  entryIdsNotDistinct: (id: string) => withLegacyCode("BatchEntryIdsNotDistinct", `Id ${id} repeated.`),
  invalidEntryId: () =>
    withLegacyCode(
      "InvalidBatchEntryId",
      "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.",
    ),
  batchTooLong: (limitBytes: number, bytes: number) =>
    withLegacyCode(
      "BatchRequestTooLong",
      `Batch requests cannot be longer than ${limitBytes} bytes. You have sent ${bytes} bytes.`,
    ),
  unsupportedOperation: (message: string) => withLegacyCode("UnsupportedOperation", message),
  resourceNotFound: (message: string) => new AwsError("ResourceNotFoundException", message, { statusCode: 404 }),
  /** A member of the wrong JSON type. */
  wrongType: (message: string) => new AwsError("SerializationException", message, { queryCode: "MalformedInput" }),
} as const;

/** The query protocol says a little more about a queue that is not there. */
export function rewordForQuery(error: AwsError): AwsError {
  if (error.code !== "QueueDoesNotExist") return error;
  return new AwsError(error.code, "The specified queue does not exist for this wsdl version.", {
    queryCode: legacy("NonExistentQueue"),
  });
}
