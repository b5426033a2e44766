/** Where the archive waits until it is whole: in memory up to a bound, then in a file in /tmp. */
import { randomUUID } from "node:crypto";
import { createReadStream, readdirSync, rmSync } from "node:fs";
import { open, rm, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { SpoolFullError } from "./errors.js";

/** /tmp has 512 MB unless the function asks for more, and others may need some of it. */
export const MAX_SPOOL_FILE_BYTES = 400 * 1024 * 1024;
const PREFIX = "aggregation-";

/** Files of earlier invocations that were killed: /tmp lives as long as the environment. */
export function removeLeftovers(folder: string): void {
  for (const name of readdirSync(folder)) if (name.startsWith(PREFIX)) rmSync(join(folder, name), { force: true });
}

export class Spool {
  readonly #maxMemoryBytes: number;
  readonly #maxFileBytes: number;
  readonly #path: string;
  #chunks: Buffer[] = [];
  #file: FileHandle | undefined;
  #sizeBytes = 0;

  constructor(folder: string, maxMemoryBytes: number, maxFileBytes = MAX_SPOOL_FILE_BYTES) {
    this.#maxMemoryBytes = maxMemoryBytes;
    this.#maxFileBytes = maxFileBytes;
    this.#path = join(folder, `${PREFIX}${randomUUID()}.tar.gz`);
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get spilled(): boolean {
    return this.#file !== undefined;
  }

  async write(chunk: Buffer): Promise<void> {
    this.#sizeBytes += chunk.length;
    if (this.#file === undefined && this.#sizeBytes <= this.#maxMemoryBytes) {
      this.#chunks.push(chunk);
      return;
    }
    if (this.#sizeBytes > this.#maxFileBytes) {
      throw new SpoolFullError(`the archive is larger than ${this.#maxFileBytes} bytes`);
    }
    this.#file ??= await open(this.#path, "wx", 0o600);
    for (const part of [...this.#chunks, chunk]) await this.#file.writeFile(part);
    this.#chunks = [];
  }

  /** The whole content, anew at each call. */
  body(): Buffer | Readable {
    return this.#file === undefined ? Buffer.concat(this.#chunks) : createReadStream(this.#path);
  }

  async remove(): Promise<void> {
    this.#chunks = [];
    await this.#file?.close();
    if (this.#file !== undefined) await rm(this.#path, { force: true });
    this.#file = undefined;
  }
}
