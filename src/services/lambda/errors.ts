/** Lambda's exceptions on the wire: `{"Type":"User","Message":...}` with the name in x-amzn-ErrorType. */
import { AwsError } from "../kit/aws-error.js";

const USER = { members: { Type: "User" } };

/** Texts as recorded on AWS (Nov 2025). */
export function resourceNotFound(message: string): AwsError {
  return new AwsError("ResourceNotFoundException", message, { statusCode: 404, ...USER });
}

export function functionNotFound(functionArn: string): AwsError {
  return resourceNotFound(`Function not found: ${functionArn}`);
}

export function invalidParameter(message: string): AwsError {
  return new AwsError("InvalidParameterValueException", message, USER);
}

/** The call that AWS names for the latest revision. */
export type RevisionSource = "GetFunction/GetAlias" | "GetPolicy" | "GetLayerPolicy" | "GetResourcePolicy";

export function conflict(message: string): AwsError {
  return new AwsError("ResourceConflictException", message, { statusCode: 409, ...USER });
}

/** Limits of the account; recorded without the member `Type`. */
export function accountLimit(message: string): AwsError {
  return new AwsError("InvalidParameterValueException", message);
}

export function preconditionFailed(call: RevisionSource): AwsError {
  const message = `The Revision Id provided does not match the latest Revision Id. Call the ${call} API to retrieve the latest Revision Id`;
  return new AwsError("PreconditionFailedException", message, { statusCode: 412, ...USER });
}

export function invalidContent(reason: string): AwsError {
  return new AwsError(
    "InvalidRequestContentException",
    `Could not parse request body into json: Could not parse payload into json: ${reason}`,
    USER,
  );
}

/** The API model names it otherwise for Invoke; what clients saw is this (ASFHyP3/hyp3#2241, pelmers/streetwarp-web#14). */
export function entityTooLarge(message: string): AwsError {
  return new AwsError("RequestEntityTooLargeException", message, { statusCode: 413 });
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

export function recursiveInvocation(): AwsError {
  return new AwsError(
    "RecursiveInvocationException",
    "The function was invoked too many times in one chain of requests: recursive loop detected.",
    USER,
  );
}

/** Recorded without a text. */
export function accessDenied(): AwsError {
  return new AwsError("AccessDeniedException", "", { statusCode: 403 });
}

export function notEmulated(operation: string): AwsError {
  return new AwsError("UnknownOperationException", `The operation ${operation} is not emulated by lambda-run.`, {
    statusCode: 404,
    ...USER,
  });
}

/** Of AddPermission and AddLayerVersionPermission. */
export const statementTaken = (id: string | undefined): AwsError =>
  conflict(
    `The statement id (${id}) provided already exists. Please provide a new statement id, or remove the existing statement.`,
  );
