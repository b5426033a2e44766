/**
 * A tar.gz that is written while its members are fetched. The digest is that of the gzip file; times are those of the
 * objects and gzip's own is zero, so that the same objects make the same bytes.
 */
import { createHash } from "node:crypto";
import type { TransformOptions } from "node:stream";
import { createGzip, type ZlibOptions } from "node:zlib";
import { pack as createPack } from "tar-stream";
import { MemberNames } from "./member-name.js";
import type { Spool } from "./spool.js";

/** Tar comes in pieces of 512 bytes; each write into gzip is a round trip to another thread. */
const BLOCK_BYTES = 1024 * 1024;
/** Packed in one turn: gzip's thread waits for the end of a turn to get its next block. */
const TURN_BYTES = 128 * 1024;
/** Blocks that wait for gzip while the next one is packed. They are used again: fresh ones cost as much as their copying. */
const MAX_WAITING_BLOCKS = 4;
const GZIP_CHUNK_BYTES = 256 * 1024;
/** What gzip may have made before it is read: with less of it, its thread stops after every chunk. */
const GZIP_AHEAD_BYTES = 4 * 1024 * 1024;

const GZIP_OPTIONS: ZlibOptions & TransformOptions = {
  chunkSize: GZIP_CHUNK_BYTES,
  highWaterMark: GZIP_AHEAD_BYTES,
  // A larger hash table: a few percent faster, and a little smaller.
  memLevel: 9,
};

export interface ArchiveDigest {
  readonly sha256: string;
  readonly sizeBytes: number;
}

export interface Member {
  readonly key: string;
  readonly body: Buffer;
  readonly modified: Date;
}

export class Archive {
  readonly #pack = createPack();
  readonly #gzip = createGzip(GZIP_OPTIONS);
  readonly #hash = createHash("sha256");
  readonly #names = new MemberNames();
  readonly #spool: Spool;
  readonly #finished: Promise<void>;
  readonly #free: Buffer[] = [];
  #block: Buffer = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  #filled = 0;
  #waitingBlocks = 0;
  #onFree: (() => void) | undefined;
  /** Handed to the packer since it last had a turn to pass it on. */
  #unpackedBytes = 0;
  #failure: { readonly reason: unknown } | undefined;
  #members = 0;

  constructor(spool: Spool) {
    this.#spool = spool;
    this.#pack.on("data", (chunk: unknown) => this.#append(chunk as Buffer));
    this.#finished = this.#drain();
    this.#finished.catch((reason: unknown) => {
      this.#failure = { reason };
      this.#onFree?.();
    });
  }

  get members(): number {
    return this.#members;
  }

  /** Resolves when there is room for the next one. */
  async add({ key, body, modified }: Member): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.reason;
    this.#members += 1;
    this.#pack.entry({ name: this.#names.take(key), size: body.length, mtime: modified, mode: 0o644 }, body);
    this.#unpackedBytes += body.length;
    if (this.#unpackedBytes < TURN_BYTES) return;
    this.#unpackedBytes = 0;
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waitingBlocks > MAX_WAITING_BLOCKS && this.#failure === undefined) {
      await new Promise<void>((resolve) => (this.#onFree = resolve));
    }
  }

  async finish(): Promise<ArchiveDigest> {
    const packed = new Promise<void>((resolve) => this.#pack.once("end", resolve));
    this.#pack.finalize();
    await packed;
    this.#handOver();
    this.#gzip.end();
    await this.#finished;
    return { sha256: this.#hash.digest("hex"), sizeBytes: this.#spool.sizeBytes };
  }

  /** Ends everything that is under way. */
  abandon(): void {
    this.#pack.destroy();
    this.#gzip.destroy();
  }

  #append(chunk: Buffer): void {
    for (let from = 0; from < chunk.length;) {
      const copied = chunk.copy(this.#block, this.#filled, from);
      from += copied;
      this.#filled += copied;
      if (this.#filled === BLOCK_BYTES) this.#handOver();
    }
  }

  #handOver(): void {
    if (this.#filled === 0) return;
    const block = this.#block;
    this.#waitingBlocks += 1;
    this.#gzip.write(block.subarray(0, this.#filled), () => {
      this.#waitingBlocks -= 1;
      this.#free.push(block);
      this.#onFree?.();
    });
    this.#block = this.#free.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES);
    this.#filled = 0;
  }

  async #drain(): Promise<void> {
    for await (const chunk of this.#gzip) {
      this.#hash.update(chunk as Buffer);
      await this.#spool.write(chunk as Buffer);
    }
  }
}
