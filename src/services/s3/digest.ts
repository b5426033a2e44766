/**
 * What a body is checked and described by: MD5, always (the ETag), and the checksums somebody asked for. Short bodies
 * are hashed where they arrive. For long ones MD5 and CRC64 would hold up the event loop for a second per 300 MB, so
 * they are computed by threads beside it (digest-threads.ts) while the body is still coming in.
 */
import { createHash } from "node:crypto";
import { createChecksum, type Checksum, type ChecksumAlgorithm } from "../kit/checksums.js";

export interface Digests {
  readonly md5: Buffer;
  readonly checksums: ReadonlyMap<ChecksumAlgorithm, Buffer>;
}

export interface BodyDigest {
  /** A promise means: wait, the threads are behind. */
  update(bytes: Buffer): Promise<void> | undefined;
  finish(): Promise<Digests>;
  abort(): void;
}

export function createDigest(algorithms: Iterable<ChecksumAlgorithm>): BodyDigest {
  const md5 = createHash("md5");
  const sums = new Map<ChecksumAlgorithm, Checksum>();
  for (const algorithm of algorithms) sums.set(algorithm, createChecksum(algorithm));
  return {
    update(bytes) {
      md5.update(bytes);
      for (const sum of sums.values()) sum.update(bytes);
      return undefined;
    },
    async finish() {
      const checksums = new Map<ChecksumAlgorithm, Buffer>();
      for (const [algorithm, sum] of sums) checksums.set(algorithm, await sum.digest());
      return { md5: md5.digest(), checksums };
    },
    abort: () => undefined,
  };
}
