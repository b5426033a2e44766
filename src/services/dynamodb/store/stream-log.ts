/**
 * The change records of tables with a stream, kept for 24 hours. One shard per stream; sequence numbers are one
 * counter for all streams, 21 digits wide like AWS's, so that their order as text is their order as numbers.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
 */
import { createHash } from "node:crypto";
import type { Database } from "lmdb";
import type { StateStore } from "../../kit/state-store.js";
import { pick, type Item } from "../values/attribute-value.js";
import { itemsEqual } from "../values/compare.js";
import { itemSize } from "../values/size.js";
import type { Counters } from "./counters.js";
import { keyNames, type StreamViewType, type TableRecord } from "./table-record.js";

export const STREAM_RETENTION_MS = 24 * 60 * 60 * 1000;

export interface StreamRecord {
  readonly id: number;
  readonly arn: string;
  readonly label: string;
  readonly tableName: string;
  readonly viewType: StreamViewType;
  readonly keys: { readonly hash: string; readonly range?: string | undefined };
  readonly createdMs: number;
  readonly firstSequence: number;
  /** Set when the stream was switched off; its records stay readable until they are too old. */
  readonly closed?: { readonly atMs: number; readonly lastSequence: number };
}

/** One record as GetRecords gives it, with the time that retention counts from. */
export interface ChangeRecord {
  readonly sequence: number;
  readonly atMs: number;
  readonly eventName: "INSERT" | "MODIFY" | "REMOVE";
  readonly keys: Item;
  readonly newImage?: Item;
  readonly oldImage?: Item;
  /** Deleted by time to live, not by a caller. */
  readonly expired?: true;
}

const RECORD_KEY_BYTES = 12;

export class StreamLog {
  readonly #records: Database<Omit<ChangeRecord, "sequence">, Buffer>;
  readonly #streams: Database<StreamRecord, string>;
  readonly #counters: Counters;

  constructor(store: StateStore, counters: Counters) {
    this.#records = store.table("dynamodb.stream-records", { keyEncoding: "binary", encoding: "json" });
    this.#streams = store.table("dynamodb.streams", { encoding: "json" });
    this.#counters = counters;
  }

  // The methods that write are called inside a transaction of the store.

  open(
    tableName: string,
    tableArn: string,
    keys: StreamRecord["keys"],
    viewType: StreamViewType,
    nowMs: number,
    wantedArn?: string,
  ): StreamRecord {
    const start = `${tableArn}/stream/`;
    // A closed stream keeps its name for as long as it can be read.
    const isFree = wantedArn?.startsWith(start) === true && this.#streams.get(wantedArn) === undefined;
    const label = isFree ? wantedArn.slice(start.length) : new Date(nowMs).toISOString().slice(0, -1);
    const stream: StreamRecord = {
      id: this.#counters.next("stream"),
      arn: `${start}${label}`,
      label,
      tableName,
      viewType,
      keys,
      createdMs: nowMs,
      firstSequence: this.#counters.next("sequence"),
    };
    this.#streams.putSync(stream.arn, stream);
    return stream;
  }

  shut(arn: string, nowMs: number): void {
    const stream = this.#streams.get(arn);
    if (stream === undefined || stream.closed !== undefined) return;
    this.#streams.putSync(arn, { ...stream, closed: { atMs: nowMs, lastSequence: this.#counters.next("sequence") } });
  }

  /** Writes the record of a change; nothing when nothing changed. */
  append(
    table: TableRecord,
    before: Item | undefined,
    after: Item | undefined,
    nowMs: number,
    expired: boolean,
  ): boolean {
    if (table.stream === undefined) return false;
    const image = after ?? before;
    if (image === undefined || (before !== undefined && after !== undefined && itemsEqual(before, after))) return false;
    const { viewType, id } = table.stream;
    const withNew = viewType === "NEW_IMAGE" || viewType === "NEW_AND_OLD_IMAGES";
    const withOld = viewType === "OLD_IMAGE" || viewType === "NEW_AND_OLD_IMAGES";
    this.#records.putSync(recordKey(id, this.#counters.next("sequence")), {
      atMs: nowMs,
      eventName: before === undefined ? "INSERT" : after === undefined ? "REMOVE" : "MODIFY",
      keys: pick(image, keyNames(table.keys)),
      ...(withNew && after !== undefined ? { newImage: after } : {}),
      ...(withOld && before !== undefined ? { oldImage: before } : {}),
      ...(expired ? { expired: true } : {}),
    });
    return true;
  }

  find(arn: string): StreamRecord | undefined {
    return this.#streams.get(arn);
  }

  list(): StreamRecord[] {
    return [...this.#streams.getRange()].map(({ value }) => value);
  }

  /** Records of a stream with a sequence number of at least `from`, oldest first. */
  read(stream: StreamRecord, from: number, limit: number, nowMs: number): ChangeRecord[] {
    const records: ChangeRecord[] = [];
    const range = this.#records.getRange({ start: recordKey(stream.id, from), end: recordKey(stream.id + 1, 0) });
    for (const { key, value } of range) {
      if (value.atMs < nowMs - STREAM_RETENTION_MS) continue;
      records.push({ ...value, sequence: Number(key.readBigUInt64BE(4)) });
      if (records.length >= limit) break;
    }
    return records;
  }

  /** Deletes records past retention, and streams that were closed that long ago. At most `limit` rows at a time. */
  trim(nowMs: number, limit: number): number {
    let removed = 0;
    const horizonMs = nowMs - STREAM_RETENTION_MS;
    for (const stream of this.list()) {
      const range = this.#records.getRange({
        start: recordKey(stream.id, 0),
        end: recordKey(stream.id + 1, 0),
        limit: limit - removed,
      });
      const old = [...range].filter(({ value }) => value.atMs < horizonMs);
      for (const { key } of old) this.#records.removeSync(key);
      removed += old.length;
      if (stream.closed !== undefined && stream.closed.atMs < horizonMs && removed < limit)
        this.#streams.removeSync(stream.arn);
      if (removed >= limit) break;
    }
    return removed;
  }

  /** The number of the next record to be written. */
  get nextSequence(): number {
    return this.#counters.peek("sequence");
  }

  clear(): void {
    this.#records.clearSync();
    this.#streams.clearSync();
  }
}

function recordKey(streamId: number, sequence: number): Buffer {
  const key = Buffer.allocUnsafe(RECORD_KEY_BYTES);
  key.writeUInt32BE(streamId, 0);
  key.writeBigUInt64BE(BigInt(sequence), 4);
  return key;
}

const SEQUENCE_DIGITS = 20;

export function sequenceText(sequence: number): string {
  return `1${String(sequence).padStart(SEQUENCE_DIGITS, "0")}`;
}

/** The number in a sequence text; undefined when it is none of ours. */
export function parseSequence(text: string): number | undefined {
  return /^1\d{20}$/.test(text) ? Number(text.slice(1)) : undefined;
}

export function shardIdOf(stream: StreamRecord): string {
  const hash = createHash("sha256").update(stream.arn).digest("hex").slice(0, 8);
  return `shardId-${String(stream.createdMs).padStart(20, "0")}-${hash}`;
}

/** The record in the form of the Streams API. */
export function streamRecordOf(
  stream: Pick<StreamRecord, "arn" | "viewType">,
  record: ChangeRecord,
  region: string,
): Record<string, unknown> {
  const { keys, newImage, oldImage } = record;
  return {
    eventID: createHash("md5").update(`${stream.arn} ${record.sequence}`).digest("hex"),
    eventName: record.eventName,
    eventVersion: "1.1",
    eventSource: "aws:dynamodb",
    awsRegion: region,
    dynamodb: {
      ApproximateCreationDateTime: Math.floor(record.atMs / 1000),
      Keys: keys,
      ...(newImage === undefined ? {} : { NewImage: newImage }),
      ...(oldImage === undefined ? {} : { OldImage: oldImage }),
      SequenceNumber: sequenceText(record.sequence),
      SizeBytes: itemSize(keys) + (newImage ? itemSize(newImage) : 0) + (oldImage ? itemSize(oldImage) : 0),
      StreamViewType: stream.viewType,
    },
    ...(record.expired ? { userIdentity: { PrincipalId: "dynamodb.amazonaws.com", Type: "Service" } } : {}),
  };
}
