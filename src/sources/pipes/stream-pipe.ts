/** Pipes whose source is a stream, of changes of a table or of Kinesis: order, retries and dead letters are the stream's. */
import { filterPatternsOf, sourceKind, type KnownPipe } from "../../services/pipes/index.js";
import { AwsError } from "../../services/kit/aws-error.js";
import { isJsonObject } from "../../services/kit/json-input.js";
import { parseArn } from "../../shared/arn.js";
import type { Clock } from "../../shared/clock.js";
import type { Logger } from "../../shared/logger.js";
import type { Poller } from "../mappings/poller.js";
import { failureRecord } from "../streams/failed-batch.js";
import type { GivenUp } from "../streams/poller.js";
import type { Positions } from "../streams/positions.js";
import { ShardPollers } from "../streams/shard-pollers.js";
import type { StreamClient } from "../streams/stream-client.js";
import { streamFilter } from "../streams/stream-mapping.js";
import type { Members } from "./event.js";
import { partOf } from "./parameters.js";
import { PolledBatches, type PolledOptions } from "./polled-batch.js";
import type { PipeServices } from "./services.js";

export interface StreamPipeOptions {
  /** Undefined when there is no such stream, or none that can be read here. `roleArn` is the pipe's. */
  readonly stream: (streamArn: string, roleArn: string) => Promise<StreamClient | undefined>;
  readonly positions: Positions;
  readonly services: PipeServices;
  readonly clock: Clock;
  readonly log: Logger;
}

type Polled = Pick<PolledOptions, "name" | "log" | "run" | "mustStop">;

/** A text says why there is none. */
export async function streamPoller(
  pipe: KnownPipe,
  polled: Polled,
  options: StreamPipeOptions,
): Promise<Poller | string> {
  const { positions, clock, log } = options;
  const stream = await options.stream(pipe.source, pipe.roleArn);
  if (stream?.identity() === undefined)
    return "Stream not found. To resume processing please delete the pipe and create a new one.";
  const given = partOf(pipe.sourceParameters, sourceKind(pipe.source).parameters);
  const number = (name: string, otherwise: number): number => Number(given[name] ?? otherwise);
  const batches = new PolledBatches({ ...polled, ...RECORDS });
  const key = positionOf(pipe.name);
  const pollers = new ShardPollers({
    stream,
    settings: {
      batchSize: number("BatchSize", 1),
      maximumBatchingWindowSeconds: number("MaximumBatchingWindowInSeconds", 0),
      reportBatchItemFailures: true,
      bisectBatchOnFunctionError: given["OnPartialBatchItemFailure"] === "AUTOMATIC_BISECT",
      maximumRetryAttempts: number("MaximumRetryAttempts", -1),
      maximumRecordAgeSeconds: number("MaximumRecordAgeInSeconds", -1),
      tumblingWindowSeconds: 0,
      passes: streamFilter(filterPatternsOf(pipe), stream),
    },
    parallelizationFactor: number("ParallelizationFactor", 1),
    start: startOf(given),
    clock,
    log,
    position: positions.of(key),
    save: (position) => positions.save(key, position),
    invoke: batches.invoke,
    giveUp: async (batch, shardId) => {
      await giveUp(pipe, stream, shardId, batch, options);
      batches.forget(batch.records.map(({ event }) => event));
    },
  });
  await pollers.begin();
  return pollers;
}

/** Among the positions of event source mappings, whose keys are UUIDs. */
export const positionOf = (name: string): string => `pipe/${name}`;

/**
 * Records of Kinesis come flat: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-kinesis.html. The poller
 * knows both kinds by their sequence number.
 */
const RECORDS: Pick<PolledOptions, "identifier" | "eventOf" | "remembers"> = {
  identifier: ({ dynamodb, kinesis }) =>
    String(
      isJsonObject(dynamodb) ? dynamodb["SequenceNumber"] : isJsonObject(kinesis) ? kinesis["sequenceNumber"] : "",
    ),
  eventOf: ({ kinesis, ...record }) => (isJsonObject(kinesis) ? Object.assign({}, kinesis, record) : record),
  remembers: true,
};

function startOf({ StartingPosition: position, StartingPositionTimestamp: seconds }: Members) {
  if (position === "AT_TIMESTAMP" && typeof seconds === "number") return seconds * 1000;
  return position === "LATEST" ? "LATEST" : "TRIM_HORIZON";
}

/** To the dead-letter queue or topic of the pipe. Rejects when it should be tried again. */
async function giveUp(
  pipe: KnownPipe,
  stream: StreamClient,
  shardId: string,
  given: GivenUp,
  { services, clock, log }: StreamPipeOptions,
): Promise<void> {
  const { Arn: arn } = partOf(partOf(pipe.sourceParameters, sourceKind(pipe.source).parameters), "DeadLetterConfig");
  const { condition, records } = given;
  log.warn({ pipe: pipe.name, condition, records: records.length, destination: arn }, "records of a pipe are given up");
  if (typeof arn !== "string") return;
  const record = failureRecord({ ...given, functionArn: pipe.arn, stream, shardId, nowMs: clock.now() });
  // The same but for what is said of a function.
  const { requestContext: _request, responseContext: _response, ...batch } = record;
  const message = JSON.stringify({ context: { partnerResourceArn: pipe.arn, condition }, ...batch });
  try {
    if (parseArn(arn)?.service === "sns") await services.publish(arn, message);
    else await (await services.queues()).sendMessage(arn, { body: message });
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    log.warn({ arn, code: error.code, reason: error.message }, "a dead-letter queue of a pipe refused");
  }
}
