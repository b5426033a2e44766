/**
 * Errors of EventBridge in AWS's words, as recorded on AWS in 2024 unless the fidelity card says otherwise.
 * https://docs.aws.amazon.com/eventbridge/latest/APIReference/CommonErrors.html
 */
import { AwsError } from "../kit/aws-error.js";
import type { PatternError } from "../kit/patterns/pattern-error.js";

export const eventsError = {
  invalid: (message: string) => new AwsError("ValidationException", message),
  badArn: (arn: string) =>
    new AwsError(
      "ValidationException",
      `Parameter ${arn} is not valid. Reason: Provided Arn is not in correct format.`,
    ),
  busNotFound: (name: string) => new AwsError("ResourceNotFoundException", `Event bus ${name} does not exist.`),
  busExists: (name: string) => new AwsError("ResourceAlreadyExistsException", `Event bus ${name} already exists.`),
  ruleNotFound: (name: string, busName: string) =>
    new AwsError("ResourceNotFoundException", `Rule ${name} does not exist on EventBus ${busName}.`),
  archiveNotFound: (name: string) => new AwsError("ResourceNotFoundException", `Archive ${name} does not exist.`),
  archiveExists: (name: string) => new AwsError("ResourceAlreadyExistsException", `Archive ${name} already exists.`),
  replayNotFound: (name: string) => new AwsError("ResourceNotFoundException", `Replay ${name} does not exist.`),
  replayExists: (name: string) => new AwsError("ResourceAlreadyExistsException", `Replay ${name} already exists.`),
  replayNotActive: (name: string) =>
    new AwsError("IllegalStatusException", `Replay ${name} is not in a valid state for this operation.`),
  statementNotFound: () => new AwsError("ResourceNotFoundException", "Statement with the provided id does not exist."),
  connectionNotFound: (name: string) =>
    new AwsError(
      "ResourceNotFoundException",
      `Failed to describe the connection(s). Connection '${name}' does not exist.`,
    ),
  connectionExists: (name: string) =>
    new AwsError("ResourceAlreadyExistsException", `Connection ${name} already exists.`),
  destinationNotFound: (name: string) =>
    new AwsError(
      "ResourceNotFoundException",
      `Failed to describe the api-destination(s). An api-destination '${name}' does not exist.`,
    ),
  destinationExists: (name: string) =>
    new AwsError("ResourceAlreadyExistsException", `An api-destination '${name}' already exists.`),
  badEndpoint: (call: string, endpoint: string) =>
    new AwsError(
      "ValidationException",
      `Failed to ${call} the api-destination(s). Parameter InvocationEndpoint is not valid. Reason: Endpoint '${endpoint}' is invalid, please provide a valid HTTPS endpoint URL.`,
    ),
  badAuthorizationEndpoint: (endpoint: string) =>
    new AwsError(
      "ValidationException",
      `Parameter AuthorizationEndpoint is not valid. Reason: Endpoint '${endpoint}' is invalid, please provide a valid HTTPS endpoint URL.`,
    ),
  rateTooHigh: (call: string, name: string, rate: number, most: number) =>
    new AwsError(
      "LimitExceededException",
      `Failed to ${call} the api-destination(s). Invalid Invocation Rate Limit: Rate specified '${rate}' for '${name}' exceeds maximum allowed of '${most}'.`,
    ),
  tooMany: () => new AwsError("LimitExceededException", "The requested resource exceeds the maximum number allowed."),
  badPattern: ({ message, place }: PatternError) =>
    new AwsError("InvalidEventPatternException", `Event pattern is not valid. Reason: ${message}${place}`),
  notEmulated: (what: string) =>
    new AwsError("UnsupportedOperationException", `${what} is not emulated by lambda-run.`),
} as const;

/** What AWS refuses of a template could not be deployed there. Here it is left out, and `refused` says so: the rest runs. */
export const attemptsInto =
  (refused: string[]) =>
  (what: string, work: () => void): void => {
    try {
      work();
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      refused.push(`${what} is left out: ${error.message}`);
    }
  };
