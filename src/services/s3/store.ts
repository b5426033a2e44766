/**
 * The tables of one S3: buckets, current objects, older versions, small bodies, uploads and their parts. What is
 * visible lies in `objects`, one row a key, so that a page of a listing costs the same among a thousand keys and
 * among a million, however many versions there are.
 */
import type { Database } from "lmdb";
import type { Clock } from "../../shared/clock.js";
import type { StateStore } from "../kit/state-store.js";
import { invalidBucketName, noSuchBucket } from "./errors.js";
import { bucketStart, isValidBucketName, objectKey, successor } from "./keys.js";
import type { Blobs } from "./blobs.js";
import type { AnyVersionRow, BodyRef, BucketRow, ObjectRow, PartRow, UploadRow } from "./rows.js";

const BINARY_KEYS = { keyEncoding: "binary" } as const;
/** Sequence numbers per millisecond; with it numbers from the clock fit 53 bits until the year 2109. */
const SEQ_PER_MS = 2048;
/** How many numbers are taken from the table at once: a minute's worth. */
const SEQ_RESERVE = SEQ_PER_MS * 60_000;

export class S3Store {
  readonly buckets: Database<BucketRow, string>;
  readonly objects: Database<ObjectRow, Buffer>;
  readonly versions: Database<AnyVersionRow, Buffer>;
  readonly bodies: Database<Buffer, number>;
  readonly uploads: Database<UploadRow, Buffer>;
  readonly parts: Database<PartRow, Buffer>;
  readonly blobs: Blobs;
  readonly #meta: Database<number, string>;
  readonly #store: StateStore;
  readonly #clock: Clock;
  #seq: number;
  #seqReserved: number;

  constructor(store: StateStore, namespace: string, clock: Clock, blobs: Blobs) {
    this.#store = store;
    this.#clock = clock;
    this.blobs = blobs;
    this.buckets = store.table(`${namespace}.buckets`);
    this.objects = store.table(`${namespace}.objects`, BINARY_KEYS);
    this.versions = store.table(`${namespace}.versions`, BINARY_KEYS);
    this.bodies = store.table(`${namespace}.bodies`, { encoding: "binary" });
    this.uploads = store.table(`${namespace}.uploads`, BINARY_KEYS);
    this.parts = store.table(`${namespace}.parts`, BINARY_KEYS);
    this.#meta = store.table(`${namespace}.meta`);
    this.#seq = this.#meta.get("seq") ?? 0;
    this.#seqReserved = this.#seq;
  }

  /** Runs `work` in one transaction, then deletes the files it abandoned. */
  async write<T>(work: (abandon: (body: BodyRef) => void) => T): Promise<T> {
    const doomed: string[] = [];
    const abandon = (body: BodyRef): void => {
      if (body.kind === "row") void this.bodies.remove(body.id);
      else if (body.kind === "files") doomed.push(...this.blobs.abandon(body.segments));
    };
    const value = await this.#store.write(() => work(abandon));
    if (doomed.length > 0) await this.blobs.discard(doomed);
    return value;
  }

  /** In a transaction: a number greater than all before, also across restarts and when the clock goes back. */
  nextSeq(): number {
    this.#seq = Math.max(this.#seq + 1, this.#clock.now() * SEQ_PER_MS);
    if (this.#seq >= this.#seqReserved) {
      this.#seqReserved = this.#seq + SEQ_RESERVE;
      void this.#meta.put("seq", this.#seqReserved);
    }
    return this.#seq;
  }

  /** Throws NoSuchBucket. */
  bucket(name: string): BucketRow {
    const row = this.findBucket(name);
    if (row === undefined) throw isValidBucketName(name) ? noSuchBucket(name) : invalidBucketName(name);
    return row;
  }

  findBucket(name: string): BucketRow | undefined {
    // A name of any length comes from the URL; the store takes no more than its own bound.
    return name.length > 0 && name.length <= 255 ? this.buckets.get(name) : undefined;
  }

  current(bucket: string, key: Buffer): ObjectRow | undefined {
    return this.objects.get(objectKey(bucket, key));
  }

  hasObjects(bucket: string): boolean {
    return hasAny(this.objects, bucket);
  }

  hasVersions(bucket: string): boolean {
    return hasAny(this.versions, bucket);
  }

  async reset(): Promise<void> {
    for (const table of [this.buckets, this.objects, this.versions, this.bodies, this.uploads, this.parts]) {
      await table.clearAsync();
    }
    await this.blobs.reset();
  }
}

function hasAny(table: Database<unknown, Buffer>, bucket: string): boolean {
  const start = bucketStart(bucket);
  for (const _ of table.getKeys({ start, end: successor(start), limit: 1 })) return true;
  return false;
}
