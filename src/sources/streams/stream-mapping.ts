/** Event source mappings of streams. https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html */
import { compilePattern } from "../../services/kit/patterns/pattern.js";
import { PatternError } from "../../services/kit/patterns/pattern-error.js";
import { AwsError } from "../../services/kit/aws-error.js";
import type { Mapping, MappingSettings, StreamMappingSettings } from "../../services/lambda/index.js";
import { arnOf, parseArn, type Realm } from "../../shared/arn.js";
import type { Clock } from "../../shared/clock.js";
import type { Logger } from "../../shared/logger.js";
import type { ObjectWriter } from "../async/destinations.js";
import { refusal, type MappingKind } from "../mappings/mapping-kind.js";
import type { QueueSender } from "../sqs/queue-sender.js";
import { streamEvent } from "./event.js";
import { failureKey, failureRecord, type FailedBatch } from "./failed-batch.js";
import type { StreamSettings } from "./poller.js";
import type { Positions } from "./positions.js";
import { ShardPollers } from "./shard-pollers.js";
import type { StreamClient } from "./stream-client.js";

export interface StreamMappingOptions {
  /** Undefined when there is no such stream, or none that can be read here. `roleArn` is the function's. */
  readonly stream: (streamArn: string, roleArn: () => string) => Promise<StreamClient | undefined>;
  readonly positions: Positions;
  readonly clock: Clock;
  readonly log: Logger;
  readonly realm: () => Realm;
  readonly queues: () => Promise<QueueSender>;
  readonly publish: (topicArn: string, message: string) => Promise<void>;
  readonly writeObject: ObjectWriter;
}

/** Where a failure is put. Lambda developer guide, "Retain discarded records". */
const DESTINATIONS = ["sqs", "sns", "s3"];

export function streamMappings(options: StreamMappingOptions): MappingKind {
  const { stream, positions, clock, log } = options;
  const found = async (streamArn: string): Promise<StreamClient | undefined> => {
    const client = await stream(streamArn, () => "");
    return client?.identity() === undefined ? undefined : client;
  };
  return {
    async check(settings) {
      const { eventSourceArn } = settings;
      const { onFailureArn } = streamOf(settings);
      const client = await found(eventSourceArn);
      if (client === undefined) throw refusal(`Stream not found: ${eventSourceArn}`);
      if (onFailureArn !== undefined && !DESTINATIONS.includes(parseArn(onFailureArn)?.service ?? ""))
        throw refusal(
          `lambda-run has no on-failure destination ${onFailureArn}; queues, topics and buckets are there.`,
        );
      try {
        streamFilter(settings.filterPatterns, client);
      } catch (error) {
        if (error instanceof PatternError) throw refusal("Invalid filter pattern definition.");
        throw error;
      }
    },
    async doubts(settings) {
      const { eventSourceArn } = settings;
      const { startingPosition, startingPositionMs } = streamOf(settings);
      if ((await found(eventSourceArn)) === undefined)
        return `there is no stream ${eventSourceArn} to read here; the mapping fires nothing`;
      return startingPosition === "AT_TIMESTAMP" && startingPositionMs === undefined
        ? "AT_TIMESTAMP wants a StartingPositionTimestamp; without one the mapping begins with the oldest record"
        : undefined;
    },
    async open(mapping, fn) {
      const { uuid, eventSourceArn } = mapping;
      const client = await stream(eventSourceArn, () => fn.config()?.role ?? "");
      // Said when the mapping was declared; one of the API cannot be made without its stream.
      if (client === undefined) return NOTHING;
      const pollers = new ShardPollers({
        stream: client,
        settings: settingsOf(mapping, client),
        parallelizationFactor: streamOf(mapping).parallelizationFactor,
        start: startOf(streamOf(mapping)),
        clock,
        log,
        position: positions.of(uuid),
        save: (position) => positions.save(uuid, position),
        invoke: (payload) => fn.invoke(payload, []),
        giveUp: (given, shardId) => {
          const functionArn = arnOf.function(options.realm(), mapping.functionName, mapping.qualifier);
          const batch = { ...given, functionArn, stream: client, shardId, nowMs: clock.now() };
          return deliver(batch, mapping, options);
        },
      });
      await pollers.begin();
      return pollers;
    },
    forget: (uuid) => positions.forget(uuid),
  };
}

function startOf({
  startingPosition: position,
  startingPositionMs: startMs,
}: StreamMappingSettings): "TRIM_HORIZON" | "LATEST" | number {
  return position === "AT_TIMESTAMP" ? (startMs ?? "TRIM_HORIZON") : position;
}

const NOTHING = { start: () => undefined, close: () => Promise.resolve() };

function streamOf({ eventSourceArn, stream }: MappingSettings): StreamMappingSettings {
  if (stream === undefined) throw new Error(`the mapping of ${eventSourceArn} has no settings of a stream`);
  return stream;
}

function settingsOf(mapping: Mapping, client: StreamClient): StreamSettings {
  const { batchSize, maximumBatchingWindowSeconds, reportBatchItemFailures } = mapping;
  const { bisectBatchOnFunctionError, maximumRetryAttempts, maximumRecordAgeSeconds, tumblingWindowSeconds } =
    streamOf(mapping);
  return {
    batchSize,
    maximumBatchingWindowSeconds,
    reportBatchItemFailures,
    bisectBatchOnFunctionError,
    maximumRetryAttempts,
    maximumRecordAgeSeconds,
    tumblingWindowSeconds,
    passes: streamFilter(mapping.filterPatterns, client),
  };
}

/** Undefined when there are none: everything passes. Throws PatternError. */
export function streamFilter(texts: readonly string[], client: StreamClient): StreamSettings["passes"] {
  if (texts.length === 0) return undefined;
  const filters = texts.map((text) => {
    const pattern = compilePattern(text);
    const data = (JSON.parse(text) as Readonly<Record<string, unknown>>)["data"];
    return { pattern, wantsText: data === undefined ? undefined : Array.isArray(data) };
  });
  return (record) =>
    filters.some(({ pattern, wantsText }) => {
      const view = client.filterView(record, wantsText);
      return view !== undefined && pattern.matches(view);
    });
}

/** Rejects when it should be tried again. Without a destination, or where that refuses for good, the records are let go. */
async function deliver(
  batch: FailedBatch,
  mapping: Mapping,
  { queues, publish, writeObject, log }: StreamMappingOptions,
): Promise<void> {
  const { condition, records } = batch;
  const { streamArn } = batch.stream;
  const { onFailureArn: arn } = streamOf(mapping);
  log.warn({ streamArn, condition, records: records.length, destination: arn }, "records of a stream are given up");
  if (arn === undefined) return;
  const record = failureRecord(batch);
  try {
    switch (parseArn(arn)?.service) {
      case "sqs":
        await (await queues()).sendMessage(arn, { body: JSON.stringify(record) });
        return;
      case "sns":
        return await publish(arn, JSON.stringify(record));
      case "s3":
        return await writeObject({
          bucket: parseArn(arn)?.resource ?? "",
          key: failureKey(mapping.uuid, batch),
          body: JSON.stringify({ ...record, payload: JSON.stringify(streamEvent(records.map(({ event }) => event))) }),
          traceHeader: undefined,
        });
      default:
        log.warn({ arn }, "lambda-run has no destinations of this kind: the record of a failure is dropped");
    }
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    log.warn({ arn, code: error.code, reason: error.message }, "a destination refused the record of a failure");
  }
}
