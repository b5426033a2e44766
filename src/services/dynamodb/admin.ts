/** The service without HTTP: what the stack makes from a template, and what an event source reads from a stream. */
import { AwsError } from "../kit/aws-error.js";
import type { JsonObject } from "../kit/json-protocol.js";
import type { Engine } from "./engine.js";
import type { PartitionLimits } from "./partition-meter.js";
import { createTable } from "./operations/tables.js";
import { updateTimeToLive } from "./operations/table-settings.js";
import { parseSequence, sequenceText, shardIdOf, streamRecordOf } from "./store/stream-log.js";

export interface StreamShard {
  readonly shardId: string;
  /** A closed shard gets no more records. */
  readonly closed: boolean;
}

export interface StreamPage {
  /** Records as `GetRecords` and a Lambda event hold them, oldest first. */
  readonly records: readonly JsonObject[];
  /** Pass it as `after` to go on; undefined while nothing was read. */
  readonly lastSequenceNumber: string | undefined;
}

export interface DynamoDbAdmin {
  /**
   * Makes a table from a CreateTable input unless it is there; `timeToLive` names the attribute that ends items,
   * `streamArn` is the name of the stream if it gets one.
   */
  ensureTable(
    input: JsonObject,
    options?: { readonly timeToLive?: string; readonly streamArn?: string },
  ): Promise<void>;
  tableNames(): string[];
  /** Throttles each partition key beyond these units a second, or no longer. */
  limitPartitions(limits: PartitionLimits | undefined): void;
  /** ARN of the table's stream, while it is switched on. */
  streamArnOf(tableName: string): string | undefined;
  /** Shards of a stream, oldest first; empty when there is no such stream. */
  streamShards(streamArn: string): StreamShard[];
  /** Records of a stream after a sequence number (from the oldest kept without one), at most `limit`. */
  streamRecords(
    streamArn: string,
    options?: { readonly after?: string | undefined; readonly limit?: number },
  ): StreamPage;
  /** Sequence number that only later records are behind: where `LATEST` starts. */
  latestSequenceNumber(): string;
}

const DEFAULT_RECORDS = 100;

export function adminOf(engine: Engine): DynamoDbAdmin {
  return {
    async ensureTable(input, options = {}) {
      try {
        await createTable(engine, input, options.streamArn);
      } catch (error) {
        if (!(error instanceof AwsError) || error.code !== "ResourceInUseException") throw error;
      }
      const name = input["TableName"] as string;
      if (options.timeToLive === undefined || engine.tables.get(name).ttlAttribute === options.timeToLive) return;
      const specification = { Enabled: true, AttributeName: options.timeToLive };
      await updateTimeToLive(engine, { TableName: name, TimeToLiveSpecification: specification });
    },
    tableNames: () => engine.tables.names(),
    limitPartitions: (limits) => engine.meter.limit(limits),
    streamArnOf: (tableName) => engine.tables.find(tableName)?.stream?.arn,
    streamShards(streamArn) {
      const stream = engine.streams.find(streamArn);
      return stream === undefined ? [] : [{ shardId: shardIdOf(stream), closed: stream.closed !== undefined }];
    },
    streamRecords(streamArn, { after, limit = DEFAULT_RECORDS } = {}) {
      const stream = engine.streams.find(streamArn);
      if (stream === undefined) return { records: [], lastSequenceNumber: after };
      const from = after === undefined ? stream.firstSequence : (parseSequence(after) ?? 0) + 1;
      const read = engine.streams.read(stream, from, limit, engine.clock.now());
      const last = read.at(-1)?.sequence;
      return {
        records: read.map((record) => streamRecordOf(stream, record, engine.realm.region)),
        lastSequenceNumber: last === undefined ? after : sequenceText(last),
      };
    },
    latestSequenceNumber: () => sequenceText(engine.streams.nextSequence - 1),
  };
}
