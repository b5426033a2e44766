/** A stream of the embedded DynamoDB. */
import type { DynamoDbAdmin } from "../../services/dynamodb/index.js";
import type { Bus } from "../../shared/bus.js";
import type { StreamClient, StreamRecord } from "./stream-client.js";

/** Undefined when there is no such stream. */
export function embeddedStream(dynamodb: DynamoDbAdmin, bus: Bus, streamArn: string): StreamClient | undefined {
  const shardId = dynamodb.streamShards(streamArn)[0]?.shardId;
  if (shardId === undefined) return undefined;
  return {
    streamArn,
    shardId,
    read: (after, limit) => dynamodb.streamRecords(streamArn, { after, limit }).records as readonly StreamRecord[],
    latestSequenceNumber: () => dynamodb.latestSequenceNumber(),
    onChange: (listener) =>
      bus.on("ItemChanged", (change) => {
        if (change.streamArn === streamArn) listener();
      }),
  };
}
