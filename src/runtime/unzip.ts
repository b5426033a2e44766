/**
 * Unpacks a deployment package. What would land outside the folder (`..`, absolute paths, links) is refused, and so is
 * more than Lambda takes. AWS Lambda quotas: 250 MB unzipped.
 */
import { createWriteStream } from "node:fs";
import { chmod, mkdir, mkdtemp, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { fromBuffer, open, type Entry, type ZipFile } from "yauzl";
import { LAMBDA } from "../shared/aws-limits.js";
import { AppError, messageOf } from "../shared/errors.js";
import { moveInto } from "./build-folder.js";

/** Unix file type bits in the upper half of the external attributes. */
const TYPE_MASK = 0o170000;
const SYMBOLIC_LINK = 0o120000;

/**
 * Unpacks into `folder`, which appears only when everything is in it. One that is there by then stays: another process was
 * first, and may have it mounted. Throws LR3002 or LR4001.
 */
export async function unzip(source: string | Buffer, folder: string): Promise<void> {
  await mkdir(dirname(folder), { recursive: true });
  const draft = await mkdtemp(`${folder}.`);
  try {
    await extractAll(await openZip(source), draft);
    // Readable for the unprivileged user of the execution environment.
    await chmod(draft, 0o755);
    moveInto(draft, folder);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    if (error instanceof AppError) throw error;
    throw new AppError("LR3002", {
      what: `The ZIP cannot be unpacked: ${messageOf(error)}`,
      ...(typeof source === "string" ? { where: source } : {}),
      fix: "Make the ZIP anew.",
      cause: error,
    });
  }
}

function openZip(source: string | Buffer): Promise<ZipFile> {
  // yauzl refuses names with `..`, backslashes and absolute ones by itself (validateFileName).
  const options = { lazyEntries: true, autoClose: true, decodeStrings: true, validateEntrySizes: true } as const;
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, zip?: ZipFile): void =>
      zip === undefined ? reject(error ?? new Error("no ZIP")) : resolve(zip);
    if (typeof source === "string") open(source, options, done);
    else fromBuffer(source, options, done);
  });
}

async function extractAll(zip: ZipFile, folder: string): Promise<void> {
  let unzippedBytes = 0;
  await new Promise<void>((resolve, reject) => {
    zip.on("error", reject);
    zip.on("end", resolve);
    zip.on("entry", (entry: Entry) => {
      unzippedBytes += entry.uncompressedSize;
      if (unzippedBytes > LAMBDA.unzippedPackageBytes) {
        zip.close();
        reject(
          new AppError("LR4001", { what: `Unzipped size must be smaller than ${LAMBDA.unzippedPackageBytes} bytes` }),
        );
        return;
      }
      extract(zip, entry, folder).then(() => zip.readEntry(), reject);
    });
    zip.readEntry();
  });
}

async function extract(zip: ZipFile, entry: Entry, folder: string): Promise<void> {
  const mode = entry.externalFileAttributes >>> 16;
  if ((mode & TYPE_MASK) === SYMBOLIC_LINK) throw new Error(`${entry.fileName} is a symbolic link`);
  const path = join(folder, entry.fileName);
  if (entry.fileName.endsWith("/")) {
    await mkdir(path, { recursive: true });
    return;
  }
  await mkdir(dirname(path), { recursive: true });
  const content = await new Promise<NodeJS.ReadableStream>((resolve, reject) =>
    zip.openReadStream(entry, (error, stream) =>
      stream === undefined ? reject(error ?? new Error("no stream")) : resolve(stream),
    ),
  );
  // Executable where the archive says so; AWS keeps the bits too.
  await pipeline(content, createWriteStream(path, { mode: (mode & 0o111) === 0 ? 0o644 : 0o755 }));
}
