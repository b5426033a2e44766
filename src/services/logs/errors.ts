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

/** What AWS answers when the test delivery to the destination of a subscription filter fails. */
export const undeliverable = (service: string | undefined): AwsError =>
  invalidParameter(
    service === "lambda"
      ? "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute your function."
      : service === "kinesis"
        ? "Could not deliver test message to specified Kinesis stream. Check if the given kinesis stream is in ACTIVE state."
        : service === "firehose"
          ? "Could not deliver test message to specified Firehose stream. Check if the given Firehose stream is in ACTIVE state."
          : "destinationArn for vendor logs is not supported here: lambda-run delivers to Lambda functions and Kinesis streams.",
  );

export const invalidPattern = (message: string): AwsError => invalidParameter(`Invalid filter pattern: ${message}`);
