/**
 * What a schedule asks of its target: a call of the API, also where a template stands for it.
 * https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-templated.html
 */
import { randomBytes, randomUUID } from "node:crypto";
import { universalTarget, type ScheduleTarget } from "../../services/scheduler/index.js";
import { parseArn, type Realm } from "../../shared/arn.js";

export interface Invocation {
  readonly scheduleArn: string;
  readonly target: ScheduleTarget;
  readonly scheduledMs: number;
}

export interface ApiRequest {
  readonly service: string;
  /** As universal targets write it: `sendMessage`. */
  readonly action: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Where a template made it: what goes to which target. */
  readonly template?: {
    readonly targetArn: string;
    readonly input: string;
    readonly groupId: string | undefined;
    readonly partitionKey: string | undefined;
  };
}

/** A call that cannot even be made. */
export class InvalidInput extends Error {
  override readonly name = "InvalidInput";
}

export const shownTime = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html */
function filled(text: string, { scheduleArn, scheduledMs }: Invocation, attempt: Attempt): string {
  return text
    .replaceAll("<aws.scheduler.schedule-arn>", scheduleArn)
    .replaceAll("<aws.scheduler.scheduled-time>", shownTime(scheduledMs))
    .replaceAll("<aws.scheduler.execution-id>", attempt.executionId)
    .replaceAll("<aws.scheduler.attempt-number>", String(attempt.number));
}

interface Attempt {
  readonly number: number;
  readonly executionId: string;
}

/** "The unique ID that EventBridge Scheduler assigns for each attempted invocation": 16 digits. `number` counts from 1. */
export const attemptOf = (number: number): Attempt => ({ number, executionId: randomBytes(8).toString("hex") });

/** What the target of a schedule without an input gets; the detail is a text, not an object. */
export const scheduleNotification = (
  { scheduleArn, scheduledMs }: Pick<Invocation, "scheduleArn" | "scheduledMs">,
  realm: Realm,
): Readonly<Record<string, unknown>> => ({
  version: "0",
  id: randomUUID(),
  "detail-type": "Scheduled Event",
  source: "aws.scheduler",
  account: realm.accountId,
  time: shownTime(scheduledMs),
  region: realm.region,
  resources: [scheduleArn],
  detail: "{}",
});

/** Throws InvalidInput for a universal target whose input is no JSON object. */
export function requestOf(invocation: Invocation, attempt: Attempt, realm: Realm): ApiRequest {
  const { target } = invocation;
  const input = target.Input === undefined ? undefined : filled(target.Input, invocation, attempt);
  const universal = universalTarget(target.Arn);
  if (universal !== undefined) return { ...universal, parameters: parametersIn(input ?? "{}") };
  const text = input ?? JSON.stringify(scheduleNotification(invocation, realm));
  const groupId = target.SqsParameters?.MessageGroupId;
  const partitionKey = target.KinesisParameters?.PartitionKey;
  return { ...templated(target, text), template: { targetArn: target.Arn, input: text, groupId, partitionKey } };
}

function parametersIn(input: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(input);
  } catch {
    value = undefined;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new InvalidInput("The input of a universal target has to be a JSON object.");
  return value as Readonly<Record<string, unknown>>;
}

function templated(
  { Arn: arn, SqsParameters, EventBridgeParameters, KinesisParameters }: ScheduleTarget,
  text: string,
): ApiRequest {
  const { service = "", region = "", accountId = "", resource = "" } = parseArn(arn) ?? {};
  switch (service) {
    case "lambda":
      return {
        service,
        action: "invoke",
        parameters: { FunctionName: arn, InvocationType: "Event", Payload: text },
      };
    case "sqs": {
      const groupId = SqsParameters?.MessageGroupId;
      const message = {
        MessageBody: text,
        QueueUrl: `https://sqs.${region}.amazonaws.com/${accountId}/${resource}`,
      };
      return {
        service,
        action: "sendMessage",
        parameters: groupId === undefined ? message : { ...message, MessageGroupId: groupId },
      };
    }
    case "sns":
      return { service, action: "publish", parameters: { TopicArn: arn, Message: text } };
    case "kinesis": {
      const Data = Buffer.from(text).toString("base64");
      return {
        service,
        action: "putRecord",
        parameters: { StreamARN: arn, Data, PartitionKey: KinesisParameters?.PartitionKey },
      };
    }
    case "states":
      return { service: "sfn", action: "startExecution", parameters: { StateMachineArn: arn, Input: text } };
    default: {
      const { DetailType, Source } = EventBridgeParameters ?? {};
      const entry = { EventBusName: arn, Source, DetailType, Detail: text };
      return { service: "eventbridge", action: "putEvents", parameters: { Entries: [entry] } };
    }
  }
}
