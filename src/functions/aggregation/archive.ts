/**
 * A tar.gz that is written while its members are fetched. The digest is that of the gzip file; times are those of the
 * objects and gzip's own is zero, so that the same objects make the same bytes.
 */
import { createHash } from "node:crypto";
import { createGzip } from "node:zlib";
import { pack as createPack } from "tar-stream";
import { MemberNames } from "./member-name.js";
import type { Spool } from "./spool.js";

/** Tar comes in pieces of 512 bytes; each write into gzip is a round trip to another thread. */
const GZIP_WRITE_BYTES = 256 * 1024;
const GZIP_CHUNK_BYTES = 256 * 1024;

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
  readonly #gzip = createGzip({ chunkSize: GZIP_CHUNK_BYTES });
  readonly #hash = createHash("sha256");
  readonly #names = new MemberNames();
  readonly #spool: Spool;
  readonly #finished: Promise<void>;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #failure: { readonly reason: unknown } | undefined;
  #members = 0;

  constructor(spool: Spool) {
    this.#spool = spool;
    this.#pack.on("data", (data: unknown) => {
      const chunk = data as Buffer;
      this.#pending.push(chunk);
      this.#pendingBytes += chunk.length;
    });
    this.#finished = this.#drain();
    this.#finished.catch((reason: unknown) => {
      this.#failure = { reason };
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
    await this.#packed();
    if (this.#pendingBytes >= GZIP_WRITE_BYTES) await this.#flush();
  }

  async finish(): Promise<ArchiveDigest> {
    this.#pack.finalize();
    await this.#packed();
    await this.#flush();
    this.#gzip.end();
    await this.#finished;
    return { sha256: this.#hash.digest("hex"), sizeBytes: this.#spool.sizeBytes };
  }

  /** Ends everything that is under way. */
  abandon(): void {
    this.#pack.destroy();
    this.#gzip.destroy();
    this.#pending = [];
  }

  /** The packer hands out what it made in the turns after. */
  async #packed(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
  }

  async #flush(): Promise<void> {
    const bytes = this.#pending.length === 1 ? this.#pending[0] : Buffer.concat(this.#pending, this.#pendingBytes);
    this.#pending = [];
    this.#pendingBytes = 0;
    if (bytes === undefined || bytes.length === 0) return;
    if (this.#gzip.write(bytes)) return;
    await Promise.race([new Promise<void>((resolve) => this.#gzip.once("drain", resolve)), this.#finished]);
  }

  async #drain(): Promise<void> {
    for await (const chunk of this.#gzip) {
      this.#hash.update(chunk as Buffer);
      await this.#spool.write(chunk as Buffer);
    }
  }
}
