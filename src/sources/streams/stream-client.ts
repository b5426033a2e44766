/** A stream of changes as its poller sees it. All streams that are embedded have one shard. */
import type { JsonObject } from "../../services/kit/json-protocol.js";

/** A record of the Streams API. Of its members the poller reads two. */
export type StreamRecord = JsonObject & {
  readonly dynamodb: {
    readonly SequenceNumber: string;
    /** Seconds. */
    readonly ApproximateCreationDateTime: number;
  };
};

export interface StreamClient {
  readonly streamArn: string;
  readonly shardId: string;
  /** Records behind a sequence number, oldest first; without one from the oldest that is kept. */
  read(after: string | undefined, limit: number): readonly StreamRecord[];
  /** The sequence number that all later records are behind. */
  latestSequenceNumber(): string;
  /** Tells of records that have come; returns the way to unsubscribe. */
  onChange(listener: () => void): () => void;
}

export const sequenceOf = ({ dynamodb }: StreamRecord): string => dynamodb.SequenceNumber;
export const arrivalMsOf = ({ dynamodb }: StreamRecord): number => dynamodb.ApproximateCreationDateTime * 1000;
