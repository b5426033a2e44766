/**
 * Errors of Step Functions in AWS's words, as recorded on AWS between 2023 and 2025 unless the fidelity card says otherwise.
 * https://docs.aws.amazon.com/step-functions/latest/apireference/CommonErrors.html
 */
import { AwsError } from "../kit/aws-error.js";

const resourceGone = (text: string, resourceName: string): AwsError =>
  new AwsError("ResourceNotFound", text, { members: { resourceName } });

export const statesError = {
  invalidName: (name: string) => new AwsError("InvalidName", `Invalid Name: '${name}'`),
  invalidArnPrefix: (arn: string) => new AwsError("InvalidArn", `Invalid Arn: 'Invalid ARN prefix: ${arn}'`),
  wrongResourceType: (type: string) =>
    new AwsError("InvalidArn", `Invalid Arn: 'Resource type not valid in this context: ${type}'`),
  invalidInput: (why: string) =>
    new AwsError("InvalidExecutionInput", `Invalid State Machine Execution Input: '${why}'`),
  invalidOutput: (why: string) => new AwsError("InvalidOutput", `Invalid Output: '${why}'`),
  invalidDefinition: (why: string) => new AwsError("InvalidDefinition", `Invalid State Machine Definition: '${why}'`),
  invalidLogging: (why: string) => new AwsError("InvalidLoggingConfiguration", `Invalid Logging Configuration: ${why}`),
  invalidEncryption: (why: string) =>
    new AwsError("InvalidEncryptionConfiguration", `Invalid Encryption Configuration: ${why}`),
  machineExists: (arn: string) => new AwsError("StateMachineAlreadyExists", `State Machine Already Exists: '${arn}'`),
  machineGone: (arn: string) => new AwsError("StateMachineDoesNotExist", `State Machine Does Not Exist: '${arn}'`),
  machineDeleting: (arn: string) => new AwsError("StateMachineDeleting", `State Machine is being deleted: '${arn}'`),
  typeNotSupported: () =>
    new AwsError("StateMachineTypeNotSupported", "This operation is not supported by this type of state machine"),
  nothingToUpdate: () =>
    new AwsError(
      "MissingRequiredParameter",
      "Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be specified",
    ),
  executionExists: (arn: string) => new AwsError("ExecutionAlreadyExists", `Execution Already Exists: '${arn}'`),
  executionGone: (arn: string) => new AwsError("ExecutionDoesNotExist", `Execution Does Not Exist: '${arn}'`),
  notRedrivable: (why: string) => new AwsError("ExecutionNotRedrivable", why),
  activityGone: (arn: string) => new AwsError("ActivityDoesNotExist", `Activity Does Not Exist: '${arn}'`),
  activityExists: (arn: string) => new AwsError("ActivityAlreadyExists", `Activity Already Exists: '${arn}'`),
  resourceGone: (arn: string) => resourceGone(`Resource not found: '${arn}'`, arn),
  conflict: (message: string) => new AwsError("ConflictException", message),
  invalidToken: (why = "Invalid token") => new AwsError("InvalidToken", `Invalid Token: '${why}'`),
  taskGone: () => new AwsError("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'"),
  tooManyTags: (arn: string) =>
    new AwsError("TooManyTags", `Too many tags: '${arn}'`, { members: { resourceName: arn } }),
  validation: (message: string) => new AwsError("ValidationException", message),
} as const;
