/**
 * Hands an input to the target of a rule, and says what a refusal is called in a dead letter.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html
 */
import { AwsError } from "../../services/kit/aws-error.js";
import { logGroupNameIn, parseArn, parseFunctionArn } from "../../shared/arn.js";
import type { AsyncInvoker } from "../async/async-invoker.js";
import type { QueueSender } from "../sqs/queue-sender.js";
import type { DestinationServices } from "./api-destination.js";
import { DestinationError } from "./destination-error.js";
import type { TargetHttpParameters } from "./http-parameters.js";

/** One input for one target. */
export interface Sending {
  readonly targetArn: string;
  readonly input: string;
  readonly eventId: string;
  /** The same in every attempt: an execution that has been started is not started again. */
  readonly executionName: string;
  readonly groupId: string | undefined;
  /** Of a record of Kinesis. */
  readonly partitionKey: string | undefined;
  /** It came from another bus: it goes to no third one. */
  readonly forwarded: boolean;
  readonly traceHeader: string | undefined;
  /** Of an API destination; absent in rows of before there were any. */
  readonly http?: TargetHttpParameters | undefined;
}

/** Each rejects with an AwsError when the target refuses for good, and with anything else when it should be tried again. */
export interface TargetServices {
  readonly queues: () => Promise<QueueSender>;
  readonly invoker: AsyncInvoker;
  readonly knowsFunction: (name: string, qualifier: string | undefined) => boolean;
  readonly publish: (topicArn: string, message: string, more: { readonly traceHeader?: string }) => Promise<unknown>;
  readonly startExecution: (start: {
    readonly stateMachineArn: string;
    readonly name: string;
    readonly input: string;
    readonly traceHeader: string | undefined;
  }) => Promise<unknown>;
  /** False: there is no such bus. */
  readonly putEvent: (
    busName: string,
    event: string,
    more: { readonly traceHeader?: string; readonly forwarded: boolean },
  ) => Promise<boolean>;
  readonly destinations: DestinationServices;
  readonly putRecord: (streamArn: string, data: string, partitionKey: string) => Promise<void>;
  /** Into a group that is there. */
  readonly writeLog: (groupName: string, streamName: string, message: string) => Promise<void>;
}

/** `signal`: the process ends, and nobody waits for an answer any more. */
export async function send(sending: Sending, services: TargetServices, signal: AbortSignal): Promise<void> {
  const { targetArn, input, groupId } = sending;
  const traced = sending.traceHeader === undefined ? {} : { traceHeader: sending.traceHeader };
  switch (parseArn(targetArn)?.service) {
    case "lambda":
      return invoke(sending, services);
    case "sqs":
      await (
        await services.queues()
      ).sendMessage(targetArn, { body: input, ...traced, ...(groupId === undefined ? {} : { groupId }) });
      return;
    case "sns":
      await services.publish(targetArn, input, traced);
      return;
    case "states":
      await services.startExecution({
        stateMachineArn: targetArn,
        name: sending.executionName,
        input,
        traceHeader: sending.traceHeader,
      });
      return;
    case "events":
      return isApiDestination(targetArn) ? callDestination(sending, services, signal) : forward(sending, services);
    case "kinesis":
      // "If you don't specify a path, the default is the id of the event."
      return services.putRecord(targetArn, input, sending.partitionKey ?? sending.eventId);
    case "logs":
      return services.writeLog(logGroupNameIn(targetArn) ?? targetArn, sending.eventId, input);
    default:
      throw new AwsError("UnsupportedTarget", `lambda-run has no targets like ${targetArn}.`);
  }
}

export const isApiDestination = (arn: string): boolean =>
  parseArn(arn)?.resource.startsWith("api-destination/") === true;

async function callDestination(
  { targetArn: arn, input, http: parameters = {} }: Sending,
  { destinations }: TargetServices,
  signal: AbortSignal,
): Promise<void> {
  const { invokeDestination } = await import("./api-destination.js");
  await invokeDestination({ arn, input, parameters, signal }, destinations);
}

async function invoke({ targetArn, input, traceHeader }: Sending, services: TargetServices): Promise<void> {
  const { name, qualifier } = parseFunctionArn(targetArn) ?? { name: "" };
  if (!services.knowsFunction(name, qualifier))
    throw new AwsError("ResourceNotFoundException", `Function not found: ${targetArn}`, { statusCode: 404 });
  await services.invoker.enqueue(name, Buffer.from(input), {
    ...(qualifier === undefined ? {} : { qualifier }),
    ...(traceHeader === undefined ? {} : { traceHeader }),
  });
}

/**
 * What a rule has brought from one bus to another, no rule brings to a third: AWS says so of buses of one account.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-bus-to-bus.html
 */
async function forward({ targetArn, input, forwarded, traceHeader }: Sending, services: TargetServices): Promise<void> {
  if (forwarded) return;
  const busName = parseArn(targetArn)?.resource.replace(/^event-bus\//, "") ?? "";
  const more = { forwarded: true, ...(traceHeader === undefined ? {} : { traceHeader }) };
  if (!(await services.putEvent(busName, input, more)))
    throw new AwsError("ResourceNotFoundException", `Event bus ${busName} does not exist.`);
}

const CODES: readonly (readonly [of: RegExp, code: string])[] = [
  [/NotFound|NonExistent|DoesNotExist|NoSuch/, "NO_RESOURCE"],
  [/AccessDenied|NotAuthorized|Forbidden/, "NO_PERMISSIONS"],
  [/AlreadyExists/, "RESOURCE_ALREADY_EXISTS"],
  [/Throttl|TooManyRequests|LimitExceeded|ThroughputExceeded/, "THROTTLING"],
];

/** `ERROR_CODE` of a dead letter. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html */
export function errorCodeOf(error: unknown): string {
  if (error instanceof DestinationError) return error.code;
  if (!(error instanceof AwsError)) return "INTERNAL_ERROR";
  return CODES.find(([of]) => of.test(error.code))?.[1] ?? "SDK_CLIENT_ERROR";
}

/** A target that is gone or may not be called is not tried again, as AWS says; throttles and faults of the service are. */
export const isFinal = (error: unknown): boolean =>
  error instanceof DestinationError ? error.final : isFinalAnswer(error);

const isFinalAnswer = (error: unknown): boolean =>
  error instanceof AwsError && error.statusCode < 500 && errorCodeOf(error) !== "THROTTLING";
