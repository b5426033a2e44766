/** Lambda's exceptions on the wire: `{"Type":"User","Message":...}` with the name in x-amzn-ErrorType. */
import { AwsError } from "../kit/aws-error.js";

/** Texts as recorded on AWS (Nov 2025); which of `message` and `Message` is used differs by exception. */
export function resourceNotFound(functionArn: string): AwsError {
  return new AwsError("ResourceNotFoundException", `Function not found: ${functionArn}`, { statusCode: 404, members: { Type: "User" } });
}

export function invalidParameter(message: string): AwsError {
  return new AwsError("InvalidParameterValueException", message, { members: { Type: "User" } });
}

export function invalidContent(reason: string): AwsError {
  return new AwsError(
    "InvalidRequestContentException",
    `Could not parse request body into json: Could not parse payload into json: ${reason}`,
    { members: { Type: "User" } },
  );
}

export function requestTooLarge(message: string): AwsError {
  return new AwsError("RequestTooLargeException", message, { statusCode: 413, members: { Type: "User" } });
}

export function tooManyRequests(reason: string, retryAfterSeconds: number): AwsError {
  return new AwsError("TooManyRequestsException", "Rate Exceeded.", {
    statusCode: 429,
    members: { Reason: reason, Type: "User" },
    headers: { "Retry-After": String(retryAfterSeconds) },
  });
}

/** The code could not be built or the environment not started: nothing that AWS has a word for. */
export function cannotRun(message: string): AwsError {
  return new AwsError("ServiceException", message, { statusCode: 500, members: { Type: "Service" } });
}

export function notEmulated(operation: string): AwsError {
  return new AwsError("UnknownOperationException", `The operation ${operation} is not emulated by lambda-run.`, { statusCode: 404, members: { Type: "User" } });
}
