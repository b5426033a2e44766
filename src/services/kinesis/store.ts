/**
 * The rows of Kinesis: streams with their shards and consumers by name, kept in memory too, and records by shard in the
 * order of their positions. A record is one row of bytes; nothing of it is parsed before it is read.
 */
import type { Database } from "lmdb";
import type { StateStore } from "../kit/state-store.js";
import { LAST_POSITION } from "./sequence.js";

export interface ShardRow {
  readonly number: number;
  readonly parents: readonly number[];
  /** Decimal. */
  readonly startHash: string;
  readonly endHash: string;
  readonly createdMs: number;
  /** In its sequence numbers: behind the numbers of its parents. */
  readonly beganSeconds: number;
  /** Undefined while it is open. */
  readonly closedMs?: number | undefined;
}

export interface ConsumerRow {
  readonly name: string;
  readonly arn: string;
  readonly createdMs: number;
  readonly tags: Readonly<Record<string, string>>;
}

export interface StreamRow {
  /** Another one when a stream of the same name is made anew. */
  readonly id: number;
  readonly name: string;
  readonly arn: string;
  readonly mode: "PROVISIONED" | "ON_DEMAND";
  readonly createdMs: number;
  readonly retentionHours: number;
  readonly maxRecordKiB: number;
  /** Undefined: no encryption. */
  readonly keyId?: string | undefined;
  readonly metrics: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  readonly shards: readonly ShardRow[];
  readonly consumers: readonly ConsumerRow[];
}

export interface RecordRow {
  readonly partitionKey: string;
  readonly data: Buffer;
  readonly atMs: number;
  readonly encrypted: boolean;
}

export interface StoredRecord extends RecordRow {
  readonly position: bigint;
}

const KEY_BYTES = 16;

export class KinesisStore {
  readonly #store: StateStore;
  readonly #streams: Database<StreamRow, string>;
  readonly #records: Database<Buffer, Buffer>;
  readonly #counters: Database<number, string>;
  readonly #byName = new Map<string, StreamRow>();

  constructor(store: StateStore) {
    this.#store = store;
    this.#streams = store.table("kinesis.streams", { encoding: "json" });
    this.#records = store.table("kinesis.records", { keyEncoding: "binary", encoding: "binary" });
    this.#counters = store.table("kinesis.counters", { encoding: "json" });
    for (const { value } of this.#streams.getRange()) this.#byName.set(value.name, value);
  }

  /** See StateStore.write. */
  write<T>(work: () => T): Promise<T> {
    return this.#store.write(work);
  }

  find(name: string): StreamRow | undefined {
    return this.#byName.get(name);
  }

  /** In the order of their names. */
  all(): readonly StreamRow[] {
    return [...this.#byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  // The methods that write are called inside a transaction.

  nextStreamId(): number {
    return this.#next("stream");
  }

  /** As the last step of a transaction: memory follows at once. */
  put(stream: StreamRow): void {
    this.#streams.putSync(stream.name, stream);
    this.#byName.set(stream.name, stream);
  }

  /** As the last step of a transaction. Its records go with the housekeeping. */
  remove({ id, name, shards }: StreamRow): void {
    for (const { number } of shards) this.#counters.removeSync(counterKey(id, number));
    this.#streams.removeSync(name);
    this.#byName.delete(name);
  }

  append(stream: StreamRow, shardNumber: number, record: RecordRow): bigint {
    const position = BigInt(this.#next(counterKey(stream.id, shardNumber)));
    this.#records.putSync(recordKey(stream.id, shardNumber, position), encodeRecord(record));
    return position;
  }

  /** The position that the next record of the shard gets. */
  nextPosition(stream: StreamRow, shardNumber: number): bigint {
    return BigInt(this.#counters.get(counterKey(stream.id, shardNumber)) ?? 1);
  }

  /** Records at `from` and behind it that are not too old, oldest first; lazily, so that the reader may stop. */
  *read(stream: StreamRow, shardNumber: number, from: bigint, horizonMs: number): Generator<StoredRecord> {
    const start = recordKey(stream.id, shardNumber, from);
    const end = recordKey(stream.id, shardNumber, LAST_POSITION);
    for (const { key, value } of this.#records.getRange({ start, end })) {
      if (atMsOf(value) >= horizonMs) yield decodeRecord(key.readBigUInt64BE(8), value);
    }
  }

  /** The first position whose record came at `atMs` or later. Positions have no gaps: it is found by halving. */
  positionAt(stream: StreamRow, shardNumber: number, atMs: number): bigint {
    let low = 1n;
    let high = this.nextPosition(stream, shardNumber);
    while (low < high) {
      const middle = (low + high) / 2n;
      const row = this.#records.get(recordKey(stream.id, shardNumber, middle));
      // Rows that are no longer there were older than all that are.
      if (row === undefined || atMsOf(row) < atMs) low = middle + 1n;
      else high = middle;
    }
    return low;
  }

  get hasRecords(): boolean {
    for (const _ of this.#records.getKeys({ limit: 1 })) return true;
    return false;
  }

  /** Removes up to `limit` rows that nobody can read any more: past retention, or of a stream that is gone. */
  trim(nowMs: number, limit: number): number {
    const horizons = new Map(this.all().map((stream) => [stream.id, horizonOf(stream, nowMs)]));
    let removed = 0;
    for (let from: Buffer = Buffer.alloc(KEY_BYTES); removed < limit;) {
      // One shard after the other: within it the oldest comes first.
      const [first] = this.#records.getRange({ start: from, limit: 1 });
      if (first === undefined) break;
      const [streamId, shardNumber] = [first.key.readUInt32BE(0), first.key.readUInt32BE(4)];
      const horizonMs = horizons.get(streamId) ?? Number.POSITIVE_INFINITY;
      const end = recordKey(streamId, shardNumber, LAST_POSITION);
      const old: Buffer[] = [];
      for (const { key, value } of this.#records.getRange({ start: first.key, end, limit: limit - removed })) {
        if (atMsOf(value) >= horizonMs) break;
        old.push(key);
      }
      for (const key of old) this.#records.removeSync(key);
      removed += old.length;
      from = end;
    }
    return removed;
  }

  clear(): void {
    this.#streams.clearSync();
    this.#records.clearSync();
    this.#byName.clear();
    // The counter of streams stays: what was forgotten must not be confused with what comes.
    for (const key of Array.from(this.#counters.getKeys())) if (key !== "stream") this.#counters.removeSync(key);
  }

  #next(key: string): number {
    const number = this.#counters.get(key) ?? 1;
    this.#counters.putSync(key, number + 1);
    return number;
  }
}

const HOUR_MS = 60 * 60 * 1000;

/** Records that came before it are too old to be read. */
export const horizonOf = ({ retentionHours }: StreamRow, nowMs: number): number => nowMs - retentionHours * HOUR_MS;

const counterKey = (streamId: number, shardNumber: number): string => `${streamId}/${shardNumber}`;

function recordKey(streamId: number, shardNumber: number, position: bigint): Buffer {
  const key = Buffer.allocUnsafe(KEY_BYTES);
  key.writeUInt32BE(streamId, 0);
  key.writeUInt32BE(shardNumber, 4);
  key.writeBigUInt64BE(position, 8);
  return key;
}

/** Time (8 bytes), whether it is called encrypted (1), length of the partition key (2), the key, the data. */
function encodeRecord({ partitionKey, data, atMs, encrypted }: RecordRow): Buffer {
  const keyBytes = Buffer.byteLength(partitionKey);
  const row = Buffer.allocUnsafe(HEAD_BYTES + keyBytes + data.length);
  row.writeDoubleBE(atMs, 0);
  row.writeUInt8(encrypted ? 1 : 0, 8);
  row.writeUInt16BE(keyBytes, 9);
  row.write(partitionKey, HEAD_BYTES);
  data.copy(row, HEAD_BYTES + keyBytes);
  return row;
}

function decodeRecord(position: bigint, row: Buffer): StoredRecord {
  const dataStart = HEAD_BYTES + row.readUInt16BE(9);
  return {
    position,
    partitionKey: row.toString("utf8", HEAD_BYTES, dataStart),
    data: row.subarray(dataStart),
    atMs: atMsOf(row),
    encrypted: row.readUInt8(8) === 1,
  };
}

const HEAD_BYTES = 11;
const atMsOf = (row: Buffer): number => row.readDoubleBE(0);
