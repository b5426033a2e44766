/**
 * Refusals of durable executions. Texts as AWS's SDKs for durable execution and their users quote them (JavaScript, Go and
 * .NET SDK, 2025 and 2026); the card says which are second hand.
 */
import { AwsError } from "../../kit/aws-error.js";
import { invalidParameter, resourceNotFound } from "../errors.js";

/** Quoted in AWS's serverless patterns. */
export const unqualified = (): AwsError =>
  invalidParameter("You cannot invoke a durable function using an unqualified ARN.");

export const tooLongToWait = (): AwsError =>
  invalidParameter(
    "You cannot synchronously invoke a durable function with an executionTimeout greater than 15 minutes.",
  );

export const alreadyStarted = (arn: string): AwsError =>
  new AwsError("DurableExecutionAlreadyStartedException", `Execution already started: ${arn}`, {
    statusCode: 409,
    members: { Type: "User" },
  });

export const noExecution = (): AwsError => resourceNotFound("Durable Execution does not exist");

/** The SDKs know it by its first words: the invocation ends, and the execution goes on in another one. */
export const invalidToken = (): AwsError => invalidParameter("Invalid checkpoint token");
export const foreignToken = (): AwsError =>
  invalidParameter("Checkpoint token is not valid for the durable execution ARN");
export const invalidMarker = (): AwsError => invalidParameter("Invalid Marker");

export const invalidCallback = (): AwsError => invalidParameter("Invalid callback id");
export const callbackClosed = (): AwsError =>
  new AwsError("CallbackTimeoutException", "The callback is either timed out or already completed", {
    members: { Type: "User" },
  });
