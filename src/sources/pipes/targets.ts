/**
 * Hands a batch to the target of a pipe, and says of each event that it has not taken.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-event-target.html
 */
import { targetKind, type KnownPipe } from "../../services/pipes/index.js";
import { logGroupNameIn, parseArn } from "../../shared/arn.js";
import { failedItems } from "../mappings/batch-response.js";
import { idOf, type PipeEvent } from "./event.js";
import { asFailure, BatchFailed } from "./failures.js";
import { httpCall } from "./http-parameters.js";
import { partOf, textParameter, textsParameter, timeParameter } from "./parameters.js";
import { asJson, listOf } from "./payload.js";
import type { PipeServices } from "./services.js";
import { runMachine } from "./state-machine.js";

export interface Outgoing {
  readonly event: PipeEvent;
  /** The event with its fields opened. */
  readonly view: PipeEvent;
  /** What the target gets for it. */
  readonly text: string;
}

export interface Handover {
  readonly pipe: KnownPipe;
  readonly batch: readonly Outgoing[];
  /** An enrichment has answered one event, and no list. */
  readonly isSingle: boolean;
  /** Ids by which a target may name what it has not taken. */
  readonly ids: ReadonlySet<string>;
  readonly nowMs: number;
}

type Target = (handover: Handover, services: PipeServices) => Promise<void>;

/** Rejects with BatchFailed, PipeMustStop, or with what passes. */
export async function handOver(handover: Handover, services: PipeServices): Promise<void> {
  const { pipe, batch } = handover;
  const { maxBatchSize } = targetKind(pipe.target);
  // "If the array is larger than the batch size supported by the target, the pipe won't invoke the target."
  if (batch.length > maxBatchSize)
    throw new BatchFailed(`${batch.length} events are more than the target takes at once (${maxBatchSize})`);
  const target = TARGETS[parseArn(pipe.target)?.service ?? ""];
  if (target === undefined) throw new BatchFailed(`there are no targets like ${pipe.target}`);
  try {
    await target(handover, services);
  } catch (error) {
    throw asFailure(error);
  }
}

const FIRE_AND_FORGET = "FIRE_AND_FORGET";

const toFunction: Target = async (handover, services) => {
  const { pipe, ids } = handover;
  const { InvocationType } = partOf(pipe.targetParameters, "LambdaFunctionParameters");
  const payload = payloadOf(handover);
  if (InvocationType === FIRE_AND_FORGET) return services.enqueue(pipe.target, payload);
  const answer = await services.invoke(pipe.target, payload);
  const text = answer.payload.toString("utf8");
  if (answer.functionError !== undefined) throw new BatchFailed(text);
  return reportFailures(text, ids);
};

const toMachine: Target = async (handover, services) => {
  const { pipe, ids } = handover;
  const { InvocationType } = partOf(pipe.targetParameters, "StepFunctionStateMachineParameters");
  const input = payloadOf(handover);
  if (InvocationType === FIRE_AND_FORGET) return services.startExecution(pipe.target, input);
  return reportFailures(await runMachine(pipe.target, input, services, "the target"), ids);
};

const toApi: Target = async ({ pipe, batch, ids }, services) => {
  const [one] = batch;
  const call = httpCall(pipe.target, pipe.targetParameters, one?.view, one?.text ?? "");
  return reportFailures(await services.callApi(call), ids);
};

/** "Specify a partial failure by returning a payload with defined structure from the target." */
function reportFailures(answer: string, ids: ReadonlySet<string>): void {
  // Other answers than an object tell of no failures.
  if (!answer.trimStart().startsWith("{")) return;
  const failed = failedItems(Buffer.from(answer), ids);
  if (failed === "all" || failed.size > 0) throw new BatchFailed("the target has reported failures", failed);
}

const payloadOf = ({ batch, isSingle }: Handover): string =>
  isSingle ? asJson(batch[0]?.text ?? "") : listOf(batch.map(({ text }) => text));

const toQueue: Target = async ({ pipe, batch }, services) => {
  const parameters = partOf(pipe.targetParameters, "SqsQueueParameters");
  const queues = await services.queues();
  const send = async ({ text, view }: Outgoing): Promise<void> => {
    const groupId = textParameter(parameters["MessageGroupId"], view);
    const deduplicationId = textParameter(parameters["MessageDeduplicationId"], view);
    await queues.sendMessage(pipe.target, {
      body: text,
      ...(groupId === undefined ? {} : { groupId }),
      ...(deduplicationId === undefined ? {} : { deduplicationId }),
    });
  };
  await each(batch, send, pipe.target.endsWith(".fifo"));
};

const toTopic: Target = ({ pipe, batch }, services) =>
  each(batch, ({ text }) => services.publish(pipe.target, text), false);

const toStream: Target = ({ pipe, batch }, services) => {
  const { PartitionKey } = partOf(pipe.targetParameters, "KinesisStreamParameters");
  return each(
    batch,
    ({ text, view }) =>
      services.putRecord(pipe.target, {
        data: Buffer.from(text),
        partitionKey: textParameter(PartitionKey, view) ?? "",
      }),
    true,
  );
};

/** What one of them rejects with is its own; in order, those behind it are not sent either. */
async function each(
  batch: readonly Outgoing[],
  send: (one: Outgoing) => Promise<void>,
  inOrder: boolean,
): Promise<void> {
  const failed: Outgoing[] = [];
  let reason: unknown;
  const attempt = async (one: Outgoing): Promise<void> => {
    try {
      if (inOrder && failed.length > 0) failed.push(one);
      else await send(one);
    } catch (error) {
      failed.push(one);
      reason ??= error;
    }
  };
  if (inOrder) for (const one of batch) await attempt(one);
  else await Promise.all(batch.map(attempt));
  // A fault that passes is nobody's try; where some are through they are told, so that they do not come again.
  if (failed.length === batch.length) throw reason;
  if (failed.length > 0) throw partly(failed, reason);
}

const toBus: Target = async ({ pipe, batch }, services) => {
  const given = partOf(pipe.targetParameters, "EventBridgeEventBusParameters");
  const source = parseArn(pipe.source)?.service ?? "";
  const entries = batch.map(({ text, view }) => {
    const timeMs = timeParameter(given["Time"], view);
    return {
      EventBusName: pipe.target,
      DetailType: textParameter(given["DetailType"], view) ?? `Event from aws:${source}`,
      Source: textParameter(given["Source"], view) ?? `Pipe ${pipe.name}`,
      Resources: textsParameter(given["Resources"], view),
      Detail: text,
      ...(timeMs === undefined ? {} : { Time: timeMs / 1000 }),
    };
  });
  const { Entries: results } = await services.putEvents(entries);
  const refused = (results as readonly { readonly ErrorCode?: string; readonly ErrorMessage?: string }[]).map(
    ({ ErrorCode, ErrorMessage = "" }) => (ErrorCode === undefined ? undefined : `${ErrorCode}: ${ErrorMessage}`),
  );
  const failed = batch.filter((_one, index) => refused[index] !== undefined);
  if (failed.length > 0)
    throw partly(
      failed,
      refused.find((one) => one !== undefined),
    );
};

const toLogs: Target = async ({ pipe, batch, nowMs }, services) => {
  const given = partOf(pipe.targetParameters, "CloudWatchLogsParameters");
  const groupName = logGroupNameIn(pipe.target) ?? pipe.target;
  const streams = new Map<string, { timestampMs: number; message: string }[]>();
  for (const { text, view } of batch) {
    const streamName =
      textParameter(given["LogStreamName"], view) ?? `${pipe.name}/${new Date(nowMs).toISOString().slice(0, 10)}`;
    const timestampMs = timeParameter(given["Timestamp"], view) ?? nowMs;
    const events = streams.get(streamName) ?? [];
    streams.set(streamName, events);
    events.push({ timestampMs, message: text });
  }
  for (const [streamName, events] of streams) await services.writeLog(groupName, streamName, events);
};

/** Of some of a batch; where one of them has no id nobody knows which are through. */
function partly(failed: readonly Outgoing[], reason: unknown): BatchFailed {
  const ids = failed.map(({ event }) => idOf(event));
  const known = ids.filter((id) => id !== undefined);
  const message = reason instanceof Error ? reason.message : String(reason);
  return new BatchFailed(message, known.length < ids.length ? "all" : new Set(known), reason);
}

const TARGETS: Readonly<Partial<Record<string, Target>>> = {
  lambda: toFunction,
  states: toMachine,
  "execute-api": toApi,
  sqs: toQueue,
  sns: toTopic,
  events: toBus,
  kinesis: toStream,
  logs: toLogs,
};
