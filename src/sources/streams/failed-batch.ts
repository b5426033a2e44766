/**
 * What the on-failure destination of a stream's mapping gets: where the records are that Lambda gave up, not the records
 * themselves; only a bucket gets them, too. Shapes as recorded on AWS in November 2025.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html, .../kinesis-on-failure-destination.html
 */
import { randomUUID } from "node:crypto";
import type { StreamClient, StreamRecord } from "./stream-client.js";

/** What has become of the last try. */
export interface Attempt {
  readonly requestId: string;
  readonly executedVersion: string;
  readonly functionError: string | undefined;
}

export interface FailedBatch {
  readonly records: readonly StreamRecord[];
  readonly condition: "RetryAttemptsExhausted" | "RecordAgeExceeded";
  readonly attempts: number;
  /** Undefined when the records were too old for a first try. */
  readonly last: Attempt | undefined;
  readonly functionArn: string;
  readonly stream: Pick<StreamClient, "streamArn" | "batchInfo">;
  readonly shardId: string;
  readonly nowMs: number;
}

export function failureRecord(batch: FailedBatch): Readonly<Record<string, unknown>> {
  const { records, last, stream } = batch;
  const [first] = records;
  const final = records.at(-1);
  if (first === undefined || final === undefined) throw new Error("a batch without records cannot have failed");
  const context = {
    requestId: last?.requestId ?? randomUUID(),
    functionArn: batch.functionArn,
    condition: batch.condition,
    approximateInvokeCount: Math.max(1, batch.attempts),
  };
  const response =
    last === undefined
      ? {}
      : {
          responseContext: {
            statusCode: 200,
            executedVersion: last.executedVersion,
            functionError: last.functionError ?? null,
          },
        };
  return {
    requestContext: context,
    ...response,
    version: "1.0",
    timestamp: new Date(batch.nowMs).toISOString(),
    [stream.batchInfo]: {
      shardId: batch.shardId,
      startSequenceNumber: first.sequenceNumber,
      endSequenceNumber: final.sequenceNumber,
      approximateArrivalOfFirstRecord: timeText(first.arrivalMs),
      approximateArrivalOfLastRecord: timeText(final.arrivalMs),
      batchSize: records.length,
      streamArn: stream.streamArn,
    },
  };
}

/** Lambda developer guide, "Amazon S3 as destination": the naming convention of objects. */
export function failureKey(uuid: string, { shardId, nowMs }: FailedBatch): string {
  const [date = "", time = ""] = new Date(nowMs).toISOString().slice(0, 19).split("T");
  return `aws/lambda/${uuid}/${shardId}/${date.replaceAll("-", "/")}/${date}T${time.replaceAll(":", ".")}-${randomUUID()}`;
}

/** Changes of tables know their second only. */
const timeText = (ms: number): string => new Date(ms).toISOString().replace(".000Z", "Z");
