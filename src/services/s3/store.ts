/**
 * The tables of one S3: buckets, current objects, older versions, small bodies, uploads and their parts. What is
 * visible lies in `objects`, one row a key, so that a page of a listing costs the same among a thousand keys and
 * among a million, however many versions there are.
 */
import type { Database, DatabaseOptions } from "lmdb";
import type { Clock } from "../../shared/clock.js";
import type { StateStore } from "../kit/state-store.js";
import { AwsError } from "../kit/aws-error.js";
import { invalidBucketName, noSuchBucket } from "./errors.js";
import { bucketStart, isValidBucketName, objectKey, successor } from "./keys.js";
import type { Blobs } from "./blobs.js";
import { rowEncoder } from "./row-codec.js";
import type { AnyVersionRow, BodyRef, BucketRow, ObjectRow, PartRow, UploadRow } from "./rows.js";

const BINARY_KEYS = { keyEncoding: "binary" } as const;
/** LMDB's own declarations leave `encoder` out. */
const OBJECT_ROWS: DatabaseOptions & { readonly encoder: typeof rowEncoder } = { ...BINARY_KEYS, encoder: rowEncoder };
/** Sequence numbers per millisecond; with it numbers from the clock fit 53 bits until the year 2109. */
const SEQ_PER_MS = 2048;
/** How many numbers are taken from the table at once: a minute's worth. */
const SEQ_RESERVE = SEQ_PER_MS * 60_000;

/** Says in a transaction that no row points to a body any more. */
export type Abandon = (body: BodyRef) => void;

interface Job {
  readonly run: (abandon: Abandon) => () => void;
  readonly reject: (error: unknown) => void;
}

export class S3Store {
  readonly #buckets: Database<BucketRow, string>;
  /** Every request asks for its bucket, and there are few. */
  readonly #bucketCache = new Map<string, BucketRow>();
  #queue: Job[] = [];
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
    this.#buckets = store.table(`${namespace}.buckets`);
    this.objects = store.table(`${namespace}.objects`, OBJECT_ROWS);
    this.versions = store.table(`${namespace}.versions`, OBJECT_ROWS);
    this.bodies = store.table(`${namespace}.bodies`, { encoding: "binary" });
    this.uploads = store.table(`${namespace}.uploads`, BINARY_KEYS);
    this.parts = store.table(`${namespace}.parts`, BINARY_KEYS);
    this.#meta = store.table(`${namespace}.meta`);
    this.#seq = this.#meta.get("seq") ?? 0;
    this.#seqReserved = this.#seq;
  }

  /**
   * Runs `work` in a transaction and resolves after its commit, when the files it abandoned are gone. What comes in
   * during one turn of the event loop shares a transaction: with 16 clients that halves the cost of a small write.
   * Hence `work` may throw an `AwsError` only before its first write, and any other error undoes the whole batch.
   */
  write<T>(work: (abandon: Abandon) => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const run = (abandon: Abandon): (() => void) => {
        const value = work(abandon);
        return () => resolve(value);
      };
      if (this.#queue.push({ run, reject }) === 1) setImmediate(() => void this.flush());
    });
  }

  /** Commits what waits. */
  async flush(): Promise<void> {
    const jobs = this.#queue;
    this.#queue = [];
    if (jobs.length === 0) return;
    const done: { readonly settle: () => void; readonly doomed: readonly string[] }[] = [];
    try {
      await this.#store.write(() => {
        for (const job of jobs) done.push(this.#run(job));
      });
    } catch (error) {
      this.#bucketCache.clear();
      for (const job of jobs) job.reject(error);
      return;
    }
    for (const { settle, doomed } of done) {
      if (doomed.length === 0) settle();
      else this.blobs.discard(doomed).then(settle, settle);
    }
  }

  #run({ run, reject }: Job): { readonly settle: () => void; readonly doomed: readonly string[] } {
    const doomed: string[] = [];
    try {
      const settle = run((body) => {
        if (body.kind === "row") void this.bodies.remove(body.id);
        else if (body.kind === "files") doomed.push(...this.blobs.abandon(body.segments));
      });
      return { settle, doomed };
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      return { settle: () => reject(error), doomed: [] };
    }
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
    if (name.length === 0 || name.length > 255) return undefined;
    const known = this.#bucketCache.get(name);
    if (known !== undefined) return known;
    const row = this.#buckets.get(name);
    if (row !== undefined) this.#bucketCache.set(name, row);
    return row;
  }

  /** In a transaction. */
  putBucket(row: BucketRow): void {
    this.#bucketCache.delete(row.name);
    void this.#buckets.put(row.name, row);
  }

  /** In a transaction. */
  removeBucket(name: string): void {
    this.#bucketCache.delete(name);
    void this.#buckets.remove(name);
  }

  /** Buckets by name, from that name on. */
  bucketsFrom(name: string): Iterable<BucketRow> {
    return this.#buckets.getRange({ start: name }).map(({ value }) => value);
  }

  current(bucket: string, key: Buffer): ObjectRow | undefined {
    return this.objects.get(objectKey(bucket, key));
  }

  /** A piece of a small body, one character a byte. */
  bodyText(id: number, start: number, end: number): string {
    // A view of LMDB's own buffer: good until the next read, which is long enough.
    return this.bodies.getBinaryFast(id)?.toString("latin1", start, end) ?? "";
  }

  hasObjects(bucket: string): boolean {
    return hasAny(this.objects, bucket);
  }

  hasVersions(bucket: string): boolean {
    return hasAny(this.versions, bucket);
  }

  async reset(): Promise<void> {
    await this.flush();
    this.#bucketCache.clear();
    for (const table of [this.#buckets, this.objects, this.versions, this.bodies, this.uploads, this.parts]) {
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
