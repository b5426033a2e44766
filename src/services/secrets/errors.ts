/** Errors of Secrets Manager in AWS's words. */
import { AwsError } from "../kit/aws-error.js";

export const secretNotFound = (): AwsError =>
  new AwsError("ResourceNotFoundException", "Secrets Manager can't find the specified secret.");

export const stageNotFound = (stage: string): AwsError =>
  new AwsError(
    "ResourceNotFoundException",
    `Secrets Manager can't find the specified secret value for staging label: ${stage}`,
  );

export const versionNotFound = (versionId: string): AwsError =>
  new AwsError(
    "ResourceNotFoundException",
    `Secrets Manager can't find the specified secret value for VersionId: ${versionId}`,
  );

export const stageNotOnVersion = (): AwsError =>
  invalidRequest("You provided a VersionStage that is not associated to the provided VersionId.");

export const markedForDeletion = (): AwsError =>
  invalidRequest("You can't perform this operation on the secret because it was marked for deletion.");

export const alreadyScheduled = (): AwsError =>
  invalidRequest("You can't create this secret because a secret with this name is already scheduled for deletion.");

export const secretExists = (name: string): AwsError =>
  new AwsError("ResourceExistsException", `The operation failed because the secret ${name} already exists.`);

export const tokenInUse = (token: string, arn: string): AwsError =>
  new AwsError(
    "ResourceExistsException",
    `You can't use ClientRequestToken ${token} because that value is already in use for a version of secret ${arn}.`,
  );

export const tokenRequired = (): AwsError =>
  invalidRequest("You must provide a ClientRequestToken value. We recommend a UUID-type value.");

export const invalidName = (): AwsError =>
  new AwsError(
    "ValidationException",
    "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!",
  );

export const invalidParameter = (message: string): AwsError => new AwsError("InvalidParameterException", message);

export const invalidRequest = (message: string): AwsError => new AwsError("InvalidRequestException", message);

export const invalidNextToken = (): AwsError =>
  new AwsError("InvalidNextTokenException", "The NextToken value is invalid.");

export const malformedPolicy = (message: string): AwsError => new AwsError("MalformedPolicyDocumentException", message);

export const publicPolicy = (): AwsError =>
  new AwsError(
    "PublicPolicyException",
    "The BlockPublicPolicy parameter is set to true, and the resource policy did not prevent broad access to the secret.",
  );

export const limitExceeded = (message: string): AwsError => new AwsError("LimitExceededException", message);

export const cannotInvokeRotation = (): AwsError =>
  new AwsError(
    "AccessDeniedException",
    "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access to the principal secretsmanager.amazonaws.com.",
  );

export const notEmulated = (operation: string): AwsError =>
  new AwsError("UnknownOperationException", `The operation ${operation} is not emulated by lambda-run.`);
