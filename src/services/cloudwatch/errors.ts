/** Errors of CloudWatch: the name of the shape, and the code that the Query protocol and older clients know. */
import { AwsError } from "../kit/aws-error.js";

export const invalidValue = (message: string): AwsError =>
  new AwsError("InvalidParameterValueException", message, { queryCode: "InvalidParameterValue" });

export const invalidCombination = (message: string): AwsError =>
  new AwsError("InvalidParameterCombinationException", message, { queryCode: "InvalidParameterCombination" });

export const missingParameter = (name: string): AwsError =>
  new AwsError("MissingRequiredParameterException", `The parameter ${name} is required.`, {
    queryCode: "MissingParameter",
  });

export const validationError = (message: string): AwsError =>
  new AwsError("ValidationException", message, { queryCode: "ValidationError" });

export const alarmNotFound = (name: string): AwsError =>
  new AwsError("ResourceNotFound", `Alarm ${name} does not exist`, { statusCode: 404, queryCode: "ResourceNotFound" });

export const resourceNotFound = (arn: string): AwsError =>
  new AwsError("ResourceNotFoundException", `Unknown resource ${arn}`, {
    statusCode: 404,
    queryCode: "ResourceNotFoundException",
    members: { ResourceId: arn },
  });

export const invalidNextToken = (): AwsError =>
  new AwsError("InvalidNextToken", "The value of the parameter NextToken is invalid.", {
    queryCode: "InvalidNextToken",
  });
