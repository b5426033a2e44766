/** Errors of the Parameter Store in AWS's words. */
import { AwsError } from "../kit/aws-error.js";

/** AWS sends no text with this one. */
export const parameterNotFound = (): AwsError =>
  new AwsError("ParameterNotFound", "", { members: { message: undefined } });

export const versionNotFound = (name: string, version: number): AwsError =>
  new AwsError(
    "ParameterVersionNotFound",
    `Systems Manager could not find version ${version} of ${name}. Verify the version and try again.`,
  );

export const labelNotFound = (name: string, label: string): AwsError =>
  new AwsError(
    "ParameterVersionNotFound",
    `Systems Manager could not find label ${label} for parameter ${name}. Verify the label and try again.`,
  );

export const alreadyExists = (): AwsError =>
  new AwsError(
    "ParameterAlreadyExists",
    "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.",
  );

export const validation = (message: string): AwsError => new AwsError("ValidationException", message);

export const accessDenied = (message: string): AwsError => new AwsError("AccessDeniedException", message);

export const tooDeep = (levels: number): AwsError =>
  new AwsError(
    "HierarchyLevelLimitExceededException",
    `Parameter name must not have more than ${levels} levels. A hierarchy can have a maximum of ${levels} levels.`,
  );

export const typeMismatch = (): AwsError =>
  new AwsError(
    "HierarchyTypeMismatchException",
    "Parameter Store doesn't support changing a parameter type in a hierarchy.",
  );

export const patternMismatch = (pattern: string): AwsError =>
  new AwsError(
    "ParameterPatternMismatchException",
    `Parameter value, cannot be validated against allowedPattern: ${pattern}`,
  );

export const invalidPattern = (pattern: string): AwsError =>
  new AwsError("InvalidAllowedPatternException", `The allowed pattern ${pattern} is not a valid regular expression.`);

export const versionLimit = (name: string, label: string): AwsError =>
  new AwsError(
    "ParameterMaxVersionLimitExceeded",
    `You attempted to create a new version of ${name} by calling the PutParameter API with the overwrite flag. Version 1, the oldest version, can't be deleted because it has a label associated with it (${label}). Move the label to another version of the parameter, and try again.`,
  );

export const labelLimit = (max: number): AwsError =>
  new AwsError("ParameterVersionLabelLimitExceeded", `A parameter version can have a maximum of ${max} labels.`);

export const invalidFilterKey = (key: string): AwsError =>
  new AwsError("InvalidFilterKey", `The specified filter key is not valid: ${key}`);

export const invalidFilterOption = (option: string): AwsError =>
  new AwsError("InvalidFilterOption", `The following filter option is not valid: ${option}.`);

export const invalidNextToken = (): AwsError => new AwsError("InvalidNextToken", "The specified token is not valid.");

export const invalidResource = (id: string): AwsError =>
  new AwsError(
    "InvalidResourceId",
    `The resource ID is not valid. Verify that you entered the correct ID and try again: ${id}`,
  );

export const invalidResourceType = (type: string): AwsError =>
  new AwsError("InvalidResourceType", `The resource type ${type} is not emulated by lambda-run.`);
