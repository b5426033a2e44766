/** Event source mappings of DynamoDB streams. https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html */
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
import { failureKey, failureRecord, type FailedBatch } from "./failed-batch.js";
import { StreamPoller, type StreamSettings } from "./poller.js";
import type { Positions } from "./positions.js";
import type { StreamClient } from "./stream-client.js";

export interface StreamMappingOptions {
  /** Undefined when there is no such stream, or none that can be read here. */
  readonly stream: (streamArn: string) => Promise<StreamClient | undefined>;
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
  return {
    async check(settings) {
      const { eventSourceArn } = settings;
      const { tumblingWindowSeconds, onFailureArn } = streamOf(settings);
      if ((await stream(eventSourceArn)) === undefined) throw refusal(`Stream not found: ${eventSourceArn}`);
      if (tumblingWindowSeconds > 0)
        throw refusal("TumblingWindowInSeconds is not emulated by lambda-run: leave it out, or set it to 0.");
      if (onFailureArn !== undefined && !DESTINATIONS.includes(parseArn(onFailureArn)?.service ?? ""))
        throw refusal(
          `lambda-run has no on-failure destination ${onFailureArn}; queues, topics and buckets are there.`,
        );
      try {
        filterOf(settings);
      } catch (error) {
        if (error instanceof PatternError) throw refusal("Invalid filter pattern definition.");
        throw error;
      }
    },
    async doubts(settings) {
      const { eventSourceArn } = settings;
      if ((await stream(eventSourceArn)) === undefined)
        return `there is no stream ${eventSourceArn} to read here; the mapping fires nothing`;
      return streamOf(settings).tumblingWindowSeconds > 0
        ? "tumbling windows are not emulated; batches come without window and state"
        : undefined;
    },
    async open(mapping, fn) {
      const { uuid, eventSourceArn } = mapping;
      const client = await stream(eventSourceArn);
      // Said when the mapping was declared; one of the API cannot be made without its stream.
      if (client === undefined) return NOTHING;
      let position = positions.of(uuid, eventSourceArn);
      if (position === undefined) {
        const after = streamOf(mapping).startingPosition === "LATEST" ? client.latestSequenceNumber() : undefined;
        position = { streamArn: eventSourceArn, after };
        // Kept at once: what comes between this process and the next is not to be left out.
        await positions.save(uuid, position);
      }
      return new StreamPoller({
        stream: client,
        settings: settingsOf(mapping),
        after: position.after,
        clock,
        log,
        invoke: (payload) => fn.invoke(payload, []),
        giveUp: (given) => {
          const functionArn = arnOf.function(options.realm(), mapping.functionName, mapping.qualifier);
          const { shardId } = client;
          return deliver(
            { ...given, functionArn, streamArn: eventSourceArn, shardId, nowMs: clock.now() },
            mapping,
            options,
          );
        },
        save: (after) => positions.save(uuid, { streamArn: eventSourceArn, after }),
      });
    },
    forget: (uuid) => positions.forget(uuid),
  };
}

const NOTHING = { start: () => undefined, close: () => Promise.resolve() };

function streamOf({ eventSourceArn, stream }: MappingSettings): StreamMappingSettings {
  if (stream === undefined) throw new Error(`the mapping of ${eventSourceArn} has no settings of a stream`);
  return stream;
}

function settingsOf(mapping: Mapping): StreamSettings {
  const { batchSize, maximumBatchingWindowSeconds, reportBatchItemFailures } = mapping;
  const { bisectBatchOnFunctionError, maximumRetryAttempts, maximumRecordAgeSeconds } = streamOf(mapping);
  return {
    batchSize,
    maximumBatchingWindowSeconds,
    reportBatchItemFailures,
    bisectBatchOnFunctionError,
    maximumRetryAttempts,
    maximumRecordAgeSeconds,
    passes: filterOf(mapping),
  };
}

/** Undefined when there are none: everything passes. Throws PatternError. */
function filterOf({ filterPatterns }: MappingSettings): StreamSettings["passes"] {
  if (filterPatterns.length === 0) return undefined;
  const patterns = filterPatterns.map((text) => compilePattern(text));
  return (record) => patterns.some((pattern) => pattern.matches(record));
}

/** Rejects when it should be tried again. Without a destination, or where that refuses for good, the records are let go. */
async function deliver(
  batch: FailedBatch,
  mapping: Mapping,
  { queues, publish, writeObject, log }: StreamMappingOptions,
): Promise<void> {
  const { streamArn, condition, records } = batch;
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
          body: JSON.stringify({ ...record, payload: JSON.stringify({ Records: records }) }),
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
