/** Errors of CloudWatch Logs in AWS's words. Broken constraints are an InvalidParameterException here. */
import { AwsError } from "../kit/aws-error.js";

/** Code under which this service reports broken constraints. */
export const VALIDATION_CODE = "InvalidParameterException";

export const groupNotFound = (): AwsError =>
  new AwsError("ResourceNotFoundException", "The specified log group does not exist.");

export const streamNotFound = (): AwsError =>
  new AwsError("ResourceNotFoundException", "The specified log stream does not exist.");

export const filterNotFound = (): AwsError =>
  new AwsError("ResourceNotFoundException", "The specified subscription filter does not exist.");

export const groupExists = (): AwsError =>
  new AwsError("ResourceAlreadyExistsException", "The specified log group already exists");

export const streamExists = (): AwsError =>
  new AwsError("ResourceAlreadyExistsException", "The specified log stream already exists");

export const invalidParameter = (message: string): AwsError => new AwsError(VALIDATION_CODE, message);

export const invalidNextToken = (): AwsError => invalidParameter("The specified nextToken is invalid.");

export const limitExceeded = (): AwsError => new AwsError("LimitExceededException", "Resource limit exceeded.");

export const invalidPattern = (message: string): AwsError => invalidParameter(`Invalid filter pattern: ${message}`);
