/** GetShardIterator and GetRecords. https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetRecords.html */
import { MEBIBYTE } from "../../shared/aws-limits.js";
import { stringMember, Violations } from "../kit/json-input.js";
import type { JsonObject } from "../kit/json-protocol.js";
import type { KinesisContext, Operations } from "./context.js";
import { invalidArgument, noSuchShard, rateExceeded, shardGone } from "./errors.js";
import { enumMember, rangeMember, requiredName, requireStream, sequenceMember, timeMember } from "./input.js";
import { decodeIterator, encodeIterator } from "./iterator.js";
import { refuseDryRun } from "./put-records.js";
import { parseSequence, shardIdOf, shardNumberOf } from "./sequence.js";
import { recordSequence } from "./shards.js";
import { horizonOf, type ShardRow, type StoredRecord, type StreamRow } from "./store.js";

const MAX_RECORDS = 10_000;
const MAX_ANSWER_BYTES = 10 * MEBIBYTE;
const MAX_ITERATOR = 512;
export const TYPES = ["AFTER_SEQUENCE_NUMBER", "LATEST", "AT_TIMESTAMP", "AT_SEQUENCE_NUMBER", "TRIM_HORIZON"] as const;
type IteratorType = (typeof TYPES)[number];

export function getOperations(context: KinesisContext): Operations {
  return {
    GetShardIterator: (input) => getShardIterator(context, input),
    GetRecords: (input) => getRecords(context, input),
  };
}

function getShardIterator(context: KinesisContext, input: JsonObject): JsonObject {
  const { clock, realm } = context;
  const violations = new Violations();
  const shardId = requiredName(input, "ShardId", violations);
  const type = enumMember(input, "ShardIteratorType", TYPES, violations);
  violations.required(type, "shardIteratorType");
  const sequence = sequenceMember(input, "StartingSequenceNumber", violations);
  const stream = requireStream(context, input, violations);
  const number = shardNumberOf(shardId);
  if (number === undefined) throw noSuchShard(shardId, stream.name, realm.accountId);
  const shard = stream.shards.find((one) => one.number === number);
  if (shard === undefined) throw shardGone(shardIdOf(number), stream.name, realm.accountId);
  const atMs = timeMember(input, "Timestamp");
  const position = startOf(context, stream, shard, { type: type ?? "LATEST", sequence, atMs });
  refuseDryRun(input);
  const at = { streamName: stream.name, streamId: stream.id, shardNumber: number, position };
  return { ShardIterator: encodeIterator(at, clock.now()) };
}

interface Start {
  readonly type: IteratorType;
  readonly sequence: string | undefined;
  readonly atMs: number | undefined;
}

/** The position of the first record that is to be read. */
export function startOf(
  context: KinesisContext,
  stream: StreamRow,
  shard: ShardRow,
  { type, sequence, atMs }: Start,
): bigint {
  const { store, clock } = context;
  const bySequence = type === "AT_SEQUENCE_NUMBER" || type === "AFTER_SEQUENCE_NUMBER";
  if (bySequence === (sequence === undefined))
    throw invalidArgument(
      `Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or (2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. Request specified ${type} and ${sequence === undefined ? "no" : "also a"} StartingSequenceNumber.`,
    );
  switch (type) {
    case "TRIM_HORIZON":
      return 0n;
    case "LATEST":
      return store.nextPosition(stream, shard.number);
    case "AT_TIMESTAMP":
      if (atMs === undefined)
        throw invalidArgument(
          "Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. Current request has no timestamp parameter.",
        );
      if (atMs > clock.now())
        throw invalidArgument(
          `The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. timestampInMillis: ${atMs}, currentTimestampInMillis: ${clock.now()}`,
        );
      return store.positionAt(stream, shard.number, atMs);
    default: {
      const at = positionOf(context, stream, shard, sequence ?? "");
      return type === "AT_SEQUENCE_NUMBER" ? at : at + 1n;
    }
  }
}

function positionOf({ realm }: KinesisContext, stream: StreamRow, shard: ShardRow, text: string): bigint {
  const parts = parseSequence(text);
  const used = `StartingSequenceNumber ${text} used in GetShardIterator on shard ${shardIdOf(shard.number)} in stream ${stream.name} under account ${realm.accountId} is invalid`;
  if (parts === undefined) throw invalidArgument(`${used}.`);
  if (parts.shardNumber !== shard.number)
    throw invalidArgument(
      `Invalid StartingSequenceNumber. It encodes ${shardIdOf(parts.shardNumber)}, while it was used in a call to a shard with ${shardIdOf(shard.number)}`,
    );
  if (parts.shardBeganSeconds !== shard.beganSeconds)
    throw invalidArgument(`${used} because it did not come from this stream.`);
  return parts.position;
}

function getRecords(context: KinesisContext, input: JsonObject): JsonObject {
  const { store, clock, realm, meter } = context;
  const violations = new Violations();
  const limit = rangeMember(input, "Limit", 1, MAX_RECORDS, violations) ?? MAX_RECORDS;
  const iterator = stringMember(input, "ShardIterator");
  violations.required(iterator, "shardIterator");
  violations.length(iterator, "shardIterator", 1, MAX_ITERATOR);
  violations.check();
  const nowMs = clock.now();
  const from = decodeIterator(iterator ?? "", nowMs);
  const stream = store.find(from.streamName);
  const shard = stream?.shards.find(({ number }) => number === from.shardNumber);
  if (stream === undefined || shard === undefined || stream.id !== from.streamId)
    throw shardGone(shardIdOf(from.shardNumber), from.streamName, realm.accountId);
  refuseDryRun(input);
  if (!meter.take("out", stream.id, shard.number, 0))
    throw rateExceeded(shardIdOf(shard.number), stream.name, realm.accountId);
  const page = readPage(context, stream, shard, from.position, limit);
  meter.charge("out", stream.id, shard.number, page.sizeBytes);
  const last = page.records.at(-1);
  const ended = shard.closedMs !== undefined && page.records.length === 0;
  return {
    Records: page.records.map((record) => recordView(shard, record)),
    ...(ended
      ? { ChildShards: childrenOf(stream, shard) }
      : {
          NextShardIterator: encodeIterator(
            { ...from, position: last === undefined ? from.position : last.position + 1n },
            nowMs,
          ),
        }),
    MillisBehindLatest: page.more && last !== undefined ? Math.max(0, nowMs - last.atMs) : 0,
  };
}

/** Up to `limit` records from a position on, within what one answer may hold. */
export function readPage(
  { store, clock }: KinesisContext,
  stream: StreamRow,
  shard: ShardRow,
  from: bigint,
  limit: number,
): { readonly records: readonly StoredRecord[]; readonly sizeBytes: number; readonly more: boolean } {
  const records: StoredRecord[] = [];
  let sizeBytes = 0;
  for (const record of store.read(stream, shard.number, from, horizonOf(stream, clock.now()))) {
    if (records.length === limit) return { records, sizeBytes, more: true };
    if (records.length > 0 && sizeBytes + record.data.length > MAX_ANSWER_BYTES)
      return { records, sizeBytes, more: true };
    records.push(record);
    sizeBytes += record.data.length;
  }
  return { records, sizeBytes, more: false };
}

export const recordView = (
  shard: ShardRow,
  { position, partitionKey, data, atMs, encrypted }: StoredRecord,
): JsonObject => ({
  SequenceNumber: recordSequence(shard, position, atMs),
  ApproximateArrivalTimestamp: atMs / 1000,
  Data: data.toString("base64"),
  PartitionKey: partitionKey,
  ...(encrypted ? { EncryptionType: "KMS" } : {}),
});

export function childrenOf({ shards }: StreamRow, parent: ShardRow): readonly JsonObject[] {
  return shards
    .filter(({ parents }) => parents.includes(parent.number))
    .map(({ number, parents, startHash, endHash }) => ({
      ShardId: shardIdOf(number),
      ParentShards: parents.map(shardIdOf),
      HashKeyRange: { StartingHashKey: startHash, EndingHashKey: endHash },
    }));
}
