/** A stream as its pollers see it: of changes of a table, or of Kinesis. */
import type { JsonObject } from "../../services/kit/json-protocol.js";

export interface StreamRecord {
  readonly sequenceNumber: string;
  readonly arrivalMs: number;
  /** Records of one key stay in their order, however many batches run at a time. */
  readonly partitionKey: string;
  /** As the function gets it. */
  readonly event: JsonObject;
}

export interface StreamShard {
  readonly shardId: string;
  /** They come first; those that are no longer listed are through. */
  readonly parents: readonly string[];
  /** It gets no more records. */
  readonly closed: boolean;
}

export interface StreamClient {
  readonly streamArn: string;
  /** Name of the member that tells of a batch in the record of a failure. */
  readonly batchInfo: "DDBStreamBatchInfo" | "KinesisBatchInfo";
  /** Another one when a stream of this name is made anew; undefined while there is none. */
  identity(): string | undefined;
  shards(): readonly StreamShard[];
  /** Records behind a sequence number, oldest first; without one from the oldest that is kept. */
  read(shardId: string, after: string | undefined, limit: number): readonly StreamRecord[];
  /** The sequence number that all records from then on are behind; a number is milliseconds since the epoch. */
  sequenceBefore(shardId: string, when: "LATEST" | number): string | undefined;
  /** What the patterns of a filter see of a record; undefined when its form fits none of them. */
  filterView(record: StreamRecord, wantsText: boolean | undefined): object | undefined;
  /** It gets no more records; nor does one that is not there. */
  isClosed(shardId: string): boolean;
  /** Tells which shards have got records, or without them that the shards are others; returns the way to unsubscribe. */
  onChange(listener: (shardIds: ReadonlySet<string> | undefined) => void): () => void;
}
