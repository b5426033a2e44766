/**
 * The Streams API: ListStreams, DescribeStream, GetShardIterator, GetRecords. One shard per stream; iterators live 15
 * minutes and say themselves where they are, so that they outlive a restart.
 * https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Operations_Amazon_DynamoDB_Streams.html
 */
import type { JsonObject } from "../../kit/json-protocol.js";
import type { Engine } from "../engine.js";
import { expiredIterator, resourceNotFound, trimmedDataAccess, validationError } from "../errors.js";
import { readInput } from "../input/read-input.js";
import {
  describeStreamShape,
  getRecordsShape,
  getShardIteratorShape,
  listStreamsShape,
} from "../input/table-shapes.js";
import {
  parseSequence,
  sequenceText,
  shardIdOf,
  STREAM_RETENTION_MS,
  streamRecordOf,
  type StreamRecord,
} from "../store/stream-log.js";
import { itemSize } from "../values/size.js";

const ITERATOR_LIFE_MS = 15 * 60 * 1000;
const MAX_LISTED = 100;
const MAX_RECORDS = 1000;
const MAX_ANSWER_BYTES = 1024 * 1024;

export function listStreams(engine: Engine, raw: JsonObject): JsonObject {
  type Input = { readonly TableName?: string; readonly Limit?: number; readonly ExclusiveStartStreamArn?: string };
  const {
    TableName: table,
    Limit = MAX_LISTED,
    ExclusiveStartStreamArn: start,
  } = readInput<Input>(listStreamsShape, raw);
  const found = engine.streams
    .list()
    .filter((stream) => readable(engine, stream) && (table === undefined || stream.tableName === table));
  const rest = found.filter(({ arn }) => start === undefined || arn > start);
  const page = rest.slice(0, Limit);
  return {
    Streams: page.map(({ arn, tableName, label }) => ({ StreamArn: arn, TableName: tableName, StreamLabel: label })),
    ...(rest.length > page.length ? { LastEvaluatedStreamArn: page.at(-1)?.arn } : {}),
  };
}

/** A stream that was switched off can be read for another day. */
function readable(engine: Engine, stream: StreamRecord): boolean {
  return stream.closed === undefined || stream.closed.atMs >= engine.clock.now() - STREAM_RETENTION_MS;
}

function streamNamed(engine: Engine, arn: string): StreamRecord {
  const stream = engine.streams.find(arn);
  if (stream === undefined || !readable(engine, stream)) throw resourceNotFound(`Stream: ${arn} not found`);
  return stream;
}

export function describeStream(engine: Engine, raw: JsonObject): JsonObject {
  type Input = { readonly StreamArn: string; readonly ExclusiveStartShardId?: string };
  const { StreamArn, ExclusiveStartShardId: start } = readInput<Input>(describeStreamShape, raw);
  const stream = streamNamed(engine, StreamArn);
  const { hash, range } = stream.keys;
  const shard = {
    ShardId: shardIdOf(stream),
    SequenceNumberRange: {
      StartingSequenceNumber: sequenceText(stream.firstSequence),
      ...(stream.closed === undefined ? {} : { EndingSequenceNumber: sequenceText(stream.closed.lastSequence) }),
    },
  };
  return {
    StreamDescription: {
      StreamArn: stream.arn,
      StreamLabel: stream.label,
      StreamStatus: stream.closed === undefined ? "ENABLED" : "DISABLED",
      StreamViewType: stream.viewType,
      CreationRequestDateTime: stream.createdMs / 1000,
      TableName: stream.tableName,
      KeySchema: [
        { AttributeName: hash, KeyType: "HASH" },
        ...(range === undefined ? [] : [{ AttributeName: range, KeyType: "RANGE" }]),
      ],
      Shards: start === shard.ShardId ? [] : [shard],
    },
  };
}

interface Position {
  readonly arn: string;
  /** First sequence number to be read. */
  readonly from: number;
  readonly madeMs: number;
}

export function getShardIterator(engine: Engine, raw: JsonObject): JsonObject {
  type Input = {
    readonly StreamArn: string;
    readonly ShardId: string;
    readonly ShardIteratorType: string;
    readonly SequenceNumber?: string;
  };
  const input = readInput<Input>(getShardIteratorShape, raw);
  const stream = streamNamed(engine, input.StreamArn);
  if (input.ShardId !== shardIdOf(stream)) {
    throw resourceNotFound(`Shard: ${input.ShardId} in Stream: ${input.StreamArn} not found`);
  }
  return {
    ShardIterator: encode({ arn: stream.arn, from: startOf(engine, stream, input), madeMs: engine.clock.now() }),
  };
}

function startOf(
  engine: Engine,
  stream: StreamRecord,
  input: { readonly ShardIteratorType: string; readonly SequenceNumber?: string },
): number {
  const { ShardIteratorType: type, SequenceNumber: text } = input;
  if (type === "TRIM_HORIZON") return stream.firstSequence;
  if (type === "LATEST") return engine.streams.nextSequence;
  if (text === undefined) {
    throw validationError(`SequenceNumber must be specified when ShardIteratorType is ${type}`);
  }
  const sequence = parseSequence(text);
  if (sequence === undefined) throw validationError("Invalid SequenceNumber: " + text);
  if (sequence < stream.firstSequence) throw trimmedDataAccess();
  return type === "AFTER_SEQUENCE_NUMBER" ? sequence + 1 : sequence;
}

export function getRecords(engine: Engine, raw: JsonObject): JsonObject {
  type Input = { readonly ShardIterator: string; readonly Limit?: number };
  const input = readInput<Input>(getRecordsShape, raw);
  const position = decode(input.ShardIterator);
  const nowMs = engine.clock.now();
  if (nowMs - position.madeMs > ITERATOR_LIFE_MS) throw expiredIterator();
  const stream = streamNamed(engine, position.arn);
  const records: JsonObject[] = [];
  let from = position.from;
  let bytes = 0;
  for (const record of engine.streams.read(stream, from, input.Limit ?? MAX_RECORDS, nowMs)) {
    records.push(streamRecordOf(stream, record, engine.realm.region));
    from = record.sequence + 1;
    bytes += itemSize(record.keys) + itemSize(record.newImage ?? {}) + itemSize(record.oldImage ?? {});
    if (bytes >= MAX_ANSWER_BYTES) break;
  }
  // A closed shard ends: behind its last record there is no next iterator.
  const ended = stream.closed !== undefined && records.length === 0;
  return {
    Records: records,
    ...(ended ? {} : { NextShardIterator: encode({ arn: stream.arn, from, madeMs: nowMs }) }),
  };
}

/** AWS's iterators too start with the stream's ARN. */
function encode({ arn, from, madeMs }: Position): string {
  return `${arn}|1|${Buffer.from(JSON.stringify([from, madeMs])).toString("base64url")}`;
}

function decode(iterator: string): Position {
  const [arn = "", version, state = ""] = iterator.split("|");
  try {
    const [from, madeMs] = JSON.parse(Buffer.from(state, "base64url").toString()) as unknown[];
    if (version === "1" && typeof from === "number" && typeof madeMs === "number") return { arn, from, madeMs };
  } catch {
    // Told below, with everything else that is no iterator.
  }
  throw validationError("Invalid ShardIterator");
}
