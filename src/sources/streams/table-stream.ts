/** A stream of the embedded DynamoDB. */
import type { DynamoDbAdmin } from "../../services/dynamodb/index.js";
import type { JsonObject } from "../../services/kit/json-protocol.js";
import type { Bus } from "../../shared/bus.js";
import { changeOf } from "./event.js";
import type { StreamClient, StreamRecord } from "./stream-client.js";

/** Of the members of a change those that the poller reads. */
interface Change {
  readonly SequenceNumber: string;
  /** Seconds. */
  readonly ApproximateCreationDateTime: number;
  readonly Keys: JsonObject;
}

/** Undefined when there is no such stream. It has one shard, which does not split. */
export function tableStream(dynamodb: DynamoDbAdmin, bus: Bus, streamArn: string): StreamClient | undefined {
  const shardIds = new Set(dynamodb.streamShards(streamArn).map(({ shardId }) => shardId));
  if (shardIds.size === 0) return undefined;
  return {
    streamArn,
    batchInfo: "DDBStreamBatchInfo",
    identity: () => streamArn,
    shards: () => dynamodb.streamShards(streamArn).map((shard) => Object.assign({ parents: [] }, shard)),
    isClosed: () => dynamodb.streamShards(streamArn)[0]?.closed ?? true,
    read: (_shardId, after, limit) =>
      dynamodb.streamRecords(streamArn, { after, limit }).records.map((record) => recordOf(record, streamArn)),
    sequenceBefore: () => dynamodb.latestSequenceNumber(),
    filterView: ({ event }) => event,
    onChange: (listener) =>
      bus.on("ItemChanged", (change) => {
        if (change.streamArn === streamArn) listener(shardIds);
      }),
  };
}

function recordOf(record: JsonObject, streamArn: string): StreamRecord {
  const { SequenceNumber, ApproximateCreationDateTime, Keys } = record["dynamodb"] as Change;
  return {
    sequenceNumber: SequenceNumber,
    arrivalMs: ApproximateCreationDateTime * 1000,
    // "In-order processing is guaranteed for each partition and sort key."
    partitionKey: JSON.stringify(Keys),
    event: changeOf(record, streamArn),
  };
}
