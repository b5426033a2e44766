/**
 * Deployment packages as ZIP files that are the same bytes for the same content: entries in the order of their names,
 * one fixed time, and no file mode but "executable or not".
 */
import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { ZipFile } from "yazl";

/** One file of a package, in memory or on disk. */
export type PackageFile = {
  /** Path inside the package, with `/` on every system. */
  readonly name: string;
  readonly executable: boolean;
  readonly sizeBytes: number;
} & ({ readonly bytes: Uint8Array } | { readonly path: string });

export interface WrittenZip {
  readonly zippedBytes: number;
  /** Hexadecimal SHA-256 of the file. */
  readonly sha256: string;
}

/** DOS time has no zone and begins in 1980: the first moment of it, in local time, is the same two words everywhere. */
const FIXED_TIME = new Date(1980, 0, 1);

/** Writes beside `path` and renames: a package that was there stays whole until the new one is. */
export async function writeZip(files: readonly PackageFile[], path: string): Promise<WrittenZip> {
  const zip = new ZipFile();
  for (const file of files.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const options = { mtime: FIXED_TIME, mode: file.executable ? 0o100755 : 0o100644, forceDosTimestamp: true };
    if ("bytes" in file) zip.addBuffer(Buffer.from(file.bytes), file.name, options);
    else zip.addFile(file.path, file.name, options);
  }
  const hash = createHash("sha256");
  let zippedBytes = 0;
  const measure = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      zippedBytes += chunk.length;
      done(null, chunk);
    },
  });
  // A file that vanishes meanwhile is told by the archive, not by its stream.
  zip.on("error", (error: Error) => measure.destroy(error));
  const draft = `${path}.${process.pid}`;
  try {
    zip.end();
    await pipeline(zip.outputStream, measure, createWriteStream(draft));
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  return { zippedBytes, sha256: hash.digest("hex") };
}
