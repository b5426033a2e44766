/**
 * Files of object bodies. Their names are random and ours; a client's key never comes near the file system.
 *
 * A file exists before the row that points to it and a little longer than that row, so its name stands in the table
 * `unclaimed` whenever no row points to it. After a crash the names in that table, and only those, are what to delete.
 */
import { constants } from "node:fs";
import { open, link, copyFile, rm, unlink, mkdir, type FileHandle } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Database } from "lmdb";
import { errnoOf } from "../../shared/errors.js";
import type { Logger } from "../../shared/logger.js";
import type { StateStore } from "../kit/state-store.js";
import type { Segment } from "./rows.js";

/** Handing the kernel less at a time costs a hop to the thread pool each. */
const WRITE_BATCH_BYTES = 1024 * 1024;

export class Blobs {
  readonly #folder: string;
  readonly #store: StateStore;
  readonly #unclaimed: Database<true, string>;
  readonly #log: Logger;
  readonly #made = new Set<string>();
  /** Files being read now: they are deleted by the last reader. */
  readonly #leases = new Map<string, { count: number; doomed: boolean }>();
  #sweeping: Promise<void>;

  constructor(store: StateStore, namespace: string, log: Logger) {
    this.#folder = join(store.blobFolder, namespace);
    this.#store = store;
    this.#unclaimed = store.table<true, string>(`${namespace}.unclaimed`);
    this.#log = log;
    this.#sweeping = this.#dispose([...this.#unclaimed.getKeys()]);
  }

  /** Opens a new file. It is deleted unless `claim` runs in a transaction that commits. */
  async create(): Promise<BlobWriter> {
    const id = await this.#reserve();
    const file = await open(await this.#path(id), "wx", 0o600);
    return new BlobWriter(id, file, this.#store.durability === "disk");
  }

  /** A second name for the same bytes: files are never changed, so a copy costs nothing where links are possible. */
  async duplicate(segment: Segment): Promise<Segment> {
    const release = this.lease([segment]);
    const id = await this.#reserve();
    try {
      const target = await this.#path(id);
      await link(this.#pathOf(segment.id), target).catch(() =>
        copyFile(this.#pathOf(segment.id), target, constants.COPYFILE_FICLONE),
      );
    } catch (error) {
      await this.discard([id]);
      throw error;
    } finally {
      release();
    }
    return { id, size: segment.size };
  }

  /** In a transaction: a row points to it from now on. */
  claim(segments: readonly Segment[]): void {
    for (const { id } of segments) void this.#unclaimed.remove(id);
  }

  /** In a transaction: no row points to it any more. `discard` its id after the commit. */
  abandon(segments: readonly Segment[]): string[] {
    for (const { id } of segments) void this.#unclaimed.put(id, true);
    return segments.map(({ id }) => id);
  }

  /** Deletes files that no row points to, now or when their last reader has gone. */
  async discard(ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await this.#dispose(ids);
  }

  /** Keeps files in being while they are read. */
  lease(segments: readonly Segment[]): () => void {
    for (const { id } of segments) {
      const entry = this.#leases.get(id);
      if (entry) entry.count++;
      else this.#leases.set(id, { count: 1, doomed: false });
    }
    let released = false;
    return () => {
      if (released) return;
      released = true;
      const doomed = segments.map(({ id }) => id).filter((id) => this.#release(id));
      this.discard(doomed).catch((error: unknown) =>
        this.#log.error({ err: error }, "object files could not be deleted"),
      );
    };
  }

  /** Opens a file for reading; hold a lease. */
  open(segment: Segment): Promise<FileHandle> {
    return open(this.#pathOf(segment.id), "r");
  }

  async reset(): Promise<void> {
    await this.#sweeping;
    await rm(this.#folder, { recursive: true, force: true });
    this.#made.clear();
    await this.#unclaimed.clearAsync();
  }

  async close(): Promise<void> {
    await this.#sweeping;
  }

  #release(id: string): boolean {
    const entry = this.#leases.get(id);
    if (!entry) return false;
    entry.count--;
    if (entry.count > 0) return false;
    this.#leases.delete(id);
    return entry.doomed;
  }

  async #reserve(): Promise<string> {
    const id = randomBytes(16).toString("hex");
    await this.#store.write(() => void this.#unclaimed.put(id, true));
    return id;
  }

  async #dispose(ids: readonly string[]): Promise<void> {
    const gone: string[] = [];
    for (const id of ids) {
      const lease = this.#leases.get(id);
      if (lease) {
        lease.doomed = true;
        continue;
      }
      try {
        await unlink(this.#pathOf(id));
        gone.push(id);
      } catch (error) {
        if (errnoOf(error) === "ENOENT") gone.push(id);
        // Another program holds it (Windows): the name stays in the table and is tried again at the next start.
        else this.#log.warn({ err: error }, "an object file could not be deleted");
      }
    }
    if (gone.length > 0) {
      await this.#store.write(() => {
        for (const id of gone) void this.#unclaimed.remove(id);
      });
    }
  }

  #pathOf(id: string): string {
    return join(this.#folder, id.slice(0, 2), id);
  }

  async #path(id: string): Promise<string> {
    const folder = join(this.#folder, id.slice(0, 2));
    if (!this.#made.has(folder)) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      this.#made.add(folder);
    }
    return this.#pathOf(id);
  }
}

/** Writes one file front to back; one batch is on its way to the disk while the next is gathered. */
export class BlobWriter {
  readonly id: string;
  readonly #file: FileHandle;
  readonly #sync: boolean;
  #batch: Buffer[] = [];
  #batchBytes = 0;
  #writing: Promise<unknown> = Promise.resolve();
  #size = 0;

  constructor(id: string, file: FileHandle, sync: boolean) {
    this.id = id;
    this.#file = file;
    this.#sync = sync;
  }

  /** Takes bytes; waits when the disk is behind. The buffer must not change afterwards. */
  write(bytes: Buffer): Promise<void> | undefined {
    this.#batch.push(bytes);
    this.#batchBytes += bytes.length;
    this.#size += bytes.length;
    return this.#batchBytes >= WRITE_BATCH_BYTES ? this.#flush() : undefined;
  }

  async finish(): Promise<Segment> {
    try {
      if (this.#batchBytes > 0) await this.#flush();
      await this.#writing;
      if (this.#sync) await this.#file.datasync();
    } finally {
      await this.#file.close();
    }
    return { id: this.id, size: this.#size };
  }

  async abort(): Promise<void> {
    await this.#writing.catch(() => undefined);
    await this.#file.close().catch(() => undefined);
  }

  async #flush(): Promise<void> {
    await this.#writing;
    const batch = this.#batch;
    this.#batch = [];
    this.#batchBytes = 0;
    this.#writing = writeAll(this.#file, batch);
    // Reported by the next wait; without this the process would see it as unhandled until then.
    this.#writing.catch(() => undefined);
  }
}

async function writeAll(file: FileHandle, batch: readonly Buffer[]): Promise<void> {
  let left = [...batch];
  for (;;) {
    let { bytesWritten } = await file.writev(left);
    while (left.length > 0 && bytesWritten >= (left[0]?.length ?? 0)) {
      bytesWritten -= left[0]?.length ?? 0;
      left = left.slice(1);
    }
    const [first] = left;
    if (first === undefined) return;
    left[0] = first.subarray(bytesWritten);
  }
}
