/** PutRecord and PutRecords. https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html */
import { MEBIBYTE } from "../../shared/aws-limits.js";
import { AwsError } from "../kit/aws-error.js";
import { booleanMember, objectListMember, stringMember, Violations } from "../kit/json-input.js";
import type { JsonObject } from "../kit/json-protocol.js";
import type { KinesisContext, Operations } from "./context.js";
import { invalidArgument, rateExceeded } from "./errors.js";
import { hashKeyOf, MAX_HASH_KEY } from "./hash-keys.js";
import { blobMember, hashKeyMember, requireStream, sequenceMember } from "./input.js";
import { parseSequence, shardIdOf } from "./sequence.js";
import { recordSequence, shardFor } from "./shards.js";
import type { ShardRow, StreamRow } from "./store.js";

const KIBIBYTE = 1024;
const MAX_BATCH = 500;
const MAX_BATCH_BYTES = 10 * MEBIBYTE;
const MAX_PARTITION_KEY = 256;

/** One record on its way in. */
export interface NewRecord {
  readonly data: Buffer;
  readonly partitionKey: string;
  readonly hashKey?: bigint | undefined;
}

interface Written {
  readonly shard: ShardRow;
  readonly sequence: string;
}

export function putOperations(context: KinesisContext): Operations {
  const { store } = context;
  return {
    PutRecord: async (input) => {
      const violations = new Violations();
      const record = readRecord(input, "", violations);
      const ordering = sequenceMember(input, "SequenceNumberForOrdering", violations);
      const { stream, written } = await store.write(() => {
        const found = requireStream(context, input, violations);
        checkSize(found, record, "data", violations);
        violations.check();
        checkHashKey(record);
        if (ordering !== undefined) checkOrdering(context, found, ordering);
        refuseDryRun(input);
        return { stream: found, written: put(context, found, record) };
      });
      if (written instanceof AwsError) throw written;
      tell(context, stream, [written]);
      return { ShardId: shardIdOf(written.shard.number), SequenceNumber: written.sequence, ...encryption(stream) };
    },
    PutRecords: async (input) => {
      const violations = new Violations();
      const given = objectListMember(input, "Records");
      violations.required(given, "records");
      // Never with the records themselves.
      if (given?.length === 0) violations.addHidden("records", "Member must have length greater than or equal to 1");
      if ((given?.length ?? 0) > MAX_BATCH)
        violations.addHidden("records", `Member must have length less than or equal to ${MAX_BATCH}`);
      const records = (given ?? []).map((entry, i) => readRecord(entry, `records.${i + 1}.member.`, violations));
      const { stream, results } = await store.write(() => {
        const found = requireStream(context, input, violations);
        for (const [i, record] of records.entries())
          checkSize(found, record, `records.${i + 1}.member.data`, violations);
        violations.check();
        if (records.reduce((sum, record) => sum + sizeOf(record), 0) > MAX_BATCH_BYTES)
          throw invalidArgument(`Records size exceeds ${MAX_BATCH_BYTES / MEBIBYTE} MB limit`);
        for (const record of records) checkHashKey(record);
        refuseDryRun(input);
        return { stream: found, results: records.map((record) => put(context, found, record)) };
      });
      tell(context, stream, results);
      return {
        FailedRecordCount: results.filter((result) => result instanceof AwsError).length,
        Records: results.map((result) =>
          result instanceof AwsError
            ? { ErrorCode: result.code, ErrorMessage: result.message }
            : { SequenceNumber: result.sequence, ShardId: shardIdOf(result.shard.number) },
        ),
        ...encryption(stream),
      };
    },
  };
}

/** Of what was put, when it is kept. */
export function tell(
  { wakeHousekeeping, bus }: KinesisContext,
  { arn }: StreamRow,
  results: readonly (Written | AwsError)[],
): void {
  wakeHousekeeping();
  const shards = results.flatMap((result) => (result instanceof AwsError ? [] : [result.shard]));
  bus.emit("StreamChanged", { streamArn: arn, shardIds: new Set(shards.map(({ number }) => shardIdOf(number))) });
}

function checkOrdering({ clock, realm }: KinesisContext, stream: StreamRow, text: string): void {
  const parts = parseSequence(text);
  const began = stream.shards.map(({ beganSeconds }) => beganSeconds);
  if (parts === undefined || parts.atSeconds > Math.max(Math.floor(clock.now() / 1000), ...began))
    throw invalidArgument(
      `ExclusiveMinimumSequenceNumber ${text} used in PutRecord on stream ${stream.name} under account ${realm.accountId} is invalid.`,
    );
}

/** Called inside a transaction. The error of a shard that has no room is an answer of its own in PutRecords. */
export function put(context: KinesisContext, stream: StreamRow, record: NewRecord): Written | AwsError {
  const { store, meter, clock, realm } = context;
  const shard = shardFor(stream, record.hashKey ?? hashKeyOf(record.partitionKey));
  if (!meter.take("in", stream.id, shard.number, sizeOf(record)))
    return rateExceeded(shardIdOf(shard.number), stream.name, realm.accountId);
  const { partitionKey, data } = record;
  const atMs = clock.now();
  const row = { partitionKey, data, atMs, encrypted: stream.keyId !== undefined };
  return { shard, sequence: recordSequence(shard, store.append(stream, shard.number, row), atMs) };
}

const sizeOf = ({ data, partitionKey }: NewRecord): number => data.length + Buffer.byteLength(partitionKey);

function readRecord(input: JsonObject, at: string, violations: Violations): NewRecord {
  const data = blobMember(input, "Data");
  const partitionKey = stringMember(input, "PartitionKey");
  violations.required(partitionKey, `${at}partitionKey`);
  violations.length(partitionKey, `${at}partitionKey`, 1, MAX_PARTITION_KEY);
  violations.required(data, `${at}data`);
  const hashKey = hashKeyMember(input, "ExplicitHashKey", `${at}explicitHashKey`, violations);
  return { data: data ?? Buffer.alloc(0), partitionKey: partitionKey ?? "", hashKey };
}

function checkSize({ maxRecordKiB }: StreamRow, { data }: NewRecord, at: string, violations: Violations): void {
  const maxBytes = maxRecordKiB * KIBIBYTE;
  if (data.length > maxBytes) violations.addHidden(at, `Member must have length less than or equal to ${maxBytes}`);
}

function checkHashKey({ hashKey }: NewRecord): void {
  if (hashKey !== undefined && hashKey > MAX_HASH_KEY)
    throw invalidArgument(
      `Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was ${hashKey}`,
    );
}

/** For a request that would succeed. */
export function refuseDryRun(input: JsonObject): void {
  if (booleanMember(input, "DryRun") === true)
    throw new AwsError("DryRunOperationException", "Request would have succeeded, but DryRun flag is set.");
}

const encryption = ({ keyId }: StreamRow): JsonObject => (keyId === undefined ? {} : { EncryptionType: "KMS" });
