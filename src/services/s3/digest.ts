/**
 * What a body is checked and described by: MD5, always (the ETag), and the checksums somebody asked for. Of a long
 * body the MD5, the slowest and not to be divided, is computed by a thread beside the event loop.
 */
import { createHash, hash } from "node:crypto";
import { checksumNow, createChecksum, type Checksum, type ChecksumAlgorithm } from "../kit/checksums.js";
import { startThreadedMd5, type Md5 } from "./md5-thread.js";

export interface Digests {
  readonly md5: Buffer;
  readonly checksums: ReadonlyMap<ChecksumAlgorithm, Buffer>;
}

export interface BodyDigest {
  /** A promise means: wait, the thread is behind. The bytes may change once it has resolved. */
  update(bytes: Buffer): Promise<void> | undefined;
  finish(): Promise<Digests>;
  /** Instead of `finish`. */
  abort(): void;
}

/** From here on starting a thread costs less than it saves. */
const THREADED_FROM_BYTES = 16 * 1024 * 1024;

export function createDigest(algorithms: Iterable<ChecksumAlgorithm>, expectedBytes = 0): BodyDigest {
  const md5 = expectedBytes >= THREADED_FROM_BYTES ? startThreadedMd5() : plainMd5();
  const sums = new Map<ChecksumAlgorithm, Checksum>();
  for (const algorithm of algorithms) sums.set(algorithm, createChecksum(algorithm));
  return {
    update(bytes) {
      const taken = md5.update(bytes);
      for (const sum of sums.values()) sum.update(bytes);
      return taken;
    },
    async finish() {
      const checksums = new Map<ChecksumAlgorithm, Buffer>();
      for (const [algorithm, sum] of sums) checksums.set(algorithm, sum.digest());
      return { md5: await md5.finish(), checksums };
    },
    abort: () => md5.abort(),
  };
}

/** Of a body at hand. */
export function digestNow(bytes: Buffer, algorithms: Iterable<ChecksumAlgorithm>): Digests {
  const checksums = new Map<ChecksumAlgorithm, Buffer>();
  for (const algorithm of algorithms) checksums.set(algorithm, checksumNow(algorithm, bytes));
  return { md5: hash("md5", bytes, "buffer"), checksums };
}

function plainMd5(): Md5 {
  const hash = createHash("md5");
  return {
    update(bytes) {
      hash.update(bytes);
      return undefined;
    },
    finish: () => Promise.resolve(hash.digest()),
    abort: () => undefined,
  };
}
