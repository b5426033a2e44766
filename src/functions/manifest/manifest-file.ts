/**
 * The manifest on its way through /tmp. Lines are appended to `/tmp/<id>.jsonl`; whenever that holds enough for a part
 * of a multipart upload it is set aside, uploaded and deleted while the next lines go to a new file. So a manifest may
 * be larger than /tmp, and /tmp never holds more than two parts of it (17 MB).
 */
import { open, rename, rm, statfs } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { isDiskFull, TmpFullError } from "./errors.js";
import type { Progress } from "./errors.js";
import type { ManifestUpload } from "./manifest-upload.js";

/** S3 wants at least 5 MiB in every part but the last, and at most 10,000 parts: manifests up to 80 GB. */
const PART_BYTES = 8 * 1024 * 1024;

export class ManifestFile {
  readonly #path: string;
  readonly #upload: ManifestUpload;
  readonly #progress: Progress;
  readonly #partBytes: number;
  #handle: FileHandle | undefined;
  #bytes = 0;
  #partInFlight: Promise<void> = Promise.resolve();
  #partFailure: { readonly reason: unknown } | undefined;
  /** Parts are read into one buffer: a new one for each would let the process grow with the manifest. */
  #buffer: Buffer | undefined;

  constructor(path: string, upload: ManifestUpload, progress: Progress, partBytes = PART_BYTES) {
    this.#path = path;
    this.#upload = upload;
    this.#progress = progress;
    this.#partBytes = partBytes;
  }

  /** Resolves to the number of bytes written. */
  async append(text: string): Promise<number> {
    if (this.#partFailure !== undefined) throw this.#partFailure.reason;
    const bytes = Buffer.from(text);
    await this.#orTmpFull(async () => {
      this.#handle ??= await open(this.#path, "w", 0o600);
      await this.#handle.appendFile(bytes);
    });
    this.#bytes += bytes.length;
    if (this.#bytes >= this.#partBytes) await this.#setAside();
    return bytes.length;
  }

  /** Publishes the manifest: what is left becomes the last part, or the whole object when nothing was set aside. */
  async publish(): Promise<void> {
    await this.#partInFlight;
    if (this.#partFailure !== undefined) throw this.#partFailure.reason;
    await this.#handle?.close();
    this.#handle = undefined;
    await this.#upload.finish(this.#bytes === 0 ? Buffer.alloc(0) : await this.#read(this.#path, this.#bytes));
  }

  /** Resolves when no part is on its way any more, arrived or failed. */
  async idle(): Promise<void> {
    await this.#partInFlight;
  }

  /** Leaves nothing in /tmp, whatever happened. */
  async remove(): Promise<void> {
    await this.#partInFlight;
    await this.#handle?.close();
    this.#handle = undefined;
    await Promise.all([rm(this.#path, { force: true }), rm(this.#partPath, { force: true })]);
  }

  get #partPath(): string {
    return `${this.#path}.part`;
  }

  async #setAside(): Promise<void> {
    await this.#partInFlight;
    if (this.#partFailure !== undefined) throw this.#partFailure.reason;
    await this.#handle?.close();
    this.#handle = undefined;
    await rename(this.#path, this.#partPath);
    const bytes = this.#bytes;
    this.#bytes = 0;
    this.#partInFlight = this.#uploadPart(bytes).catch((reason: unknown) => {
      this.#partFailure = { reason };
    });
  }

  async #uploadPart(bytes: number): Promise<void> {
    await this.#upload.part(await this.#read(this.#partPath, bytes));
    await rm(this.#partPath);
  }

  async #read(path: string, bytes: number): Promise<Buffer> {
    if (this.#buffer === undefined || this.#buffer.length < bytes)
      this.#buffer = Buffer.allocUnsafeSlow(bytes + PART_SLACK_BYTES);
    const handle = await open(path, "r");
    try {
      let filled = 0;
      while (filled < bytes) {
        const { bytesRead } = await handle.read(this.#buffer, filled, bytes - filled, filled);
        if (bytesRead === 0) throw new Error(`${path} is shorter than the ${bytes} bytes written to it.`);
        filled += bytesRead;
      }
    } finally {
      await handle.close();
    }
    return this.#buffer.subarray(0, bytes);
  }

  async #orTmpFull(write: () => Promise<void>): Promise<void> {
    try {
      await write();
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      const directory = dirname(this.#path);
      const limitBytes = await statfs(directory).then(
        ({ blocks, bsize }) => blocks * bsize,
        () => undefined,
      );
      throw new TmpFullError(directory, limitBytes, this.#progress, error);
    }
  }
}

/** A part is cut after the write that filled it, so it is larger than PART_BYTES by up to one write. */
const PART_SLACK_BYTES = 256 * 1024;
