/**
 * A state folder as one file: `tar.gz` with a manifest first, then the store, the bodies of objects, the history and the
 * code that the Lambda API was given. Written and read in streams, whatever the size.
 */
import {
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import { extract, pack } from "tar-stream";
import { storeFileFault } from "../services/kit/store-file.js";
import { AppError, messageOf } from "../shared/errors.js";
import { makeFolder } from "../shared/folders.js";
import { StateLock } from "./state-lock.js";

/** What is kept; locks belong to a process, and code from the template is made anew. */
const KEPT = ["state.mdb", "secret", "blobs", "history", "lambda"] as const;
const MANIFEST = "manifest.json";
const FORMAT = { format: "lambda-run state", formatVersion: 1 } as const;
/** Names below the kept ones, as we make them: nothing that leads out of the folder. */
const SAFE_NAME = new RegExp(`^(${KEPT.map((name) => name.replace(".", "\\.")).join("|")})(/[^/\\\\\\0]+)*$`);

interface Manifest {
  readonly format: string;
  readonly formatVersion: number;
  readonly madeBy: string;
  /** Files that follow, so that a part of an archive is not taken for the whole. */
  readonly files: number;
}

/** Writes the state to what `open` gives, once it is ours alone; gives the number of files. Throws LR1004 when there is no state, LR5003 when a stack uses it. */
export async function exportState(folder: string, open: () => Writable, madeBy: string): Promise<number> {
  if (!existsSync(join(folder, "secret")))
    throw new AppError("LR1004", { what: "There is no state to export", where: folder, fix: "Run something first." });
  const lock = takeState(folder);
  try {
    const out = open();
    const files = KEPT.flatMap((name) => filesBelow(folder, name));
    const manifest: Manifest = { ...FORMAT, madeBy, files: files.length };
    const tar = pack();
    const written = pipeline(tar, createGzip(), out);
    const fed = (async () => {
      tar.entry({ name: MANIFEST }, JSON.stringify(manifest));
      for (const name of files) {
        const { size, mtime } = statSync(join(folder, name));
        await pipeline(createReadStream(join(folder, name)), tar.entry({ name, size, mtime, mode: 0o600 }));
      }
      tar.finalize();
    })();
    // Whoever fails first ends the other.
    fed.catch((error: unknown) => tar.destroy(error as Error));
    await Promise.all([written, fed]);
    return files.length;
  } finally {
    lock.release();
  }
}

/**
 * Puts an exported state into `folder`; gives the number of files. What is there is replaced only with `force`, and only
 * when the whole archive has been read. Throws LR6004 for a bad archive, LR1004 when there is a state, LR5003 when a
 * stack uses it.
 */
export async function importState(folder: string, archive: Readable, force: boolean): Promise<number> {
  if (!force && existsSync(join(folder, "state.mdb")))
    throw new AppError("LR1004", {
      what: "There is a state already",
      where: folder,
      fix: "Run `lambda-run reset` first, or pass --force to replace it.",
    });
  const lock = takeState(folder);
  const draft = join(folder, `import.${process.pid}`);
  const replaced = join(folder, `replaced.${process.pid}`);
  try {
    const files = await unpack(archive, draft);
    checkStore(draft);
    mkdirSync(replaced);
    for (const name of [...KEPT, "state.mdb-lock"]) moveIfThere(join(folder, name), join(replaced, name));
    for (const name of KEPT) moveIfThere(join(draft, name), join(folder, name));
    return files;
  } finally {
    for (const left of [draft, replaced]) rmSync(left, { recursive: true, force: true });
    lock.release();
  }
}

function takeState(folder: string): StateLock {
  const lock = StateLock.take(folder, "command");
  if (lock instanceof StateLock) return lock;
  throw new AppError("LR5003", {
    what: `The state is in use by process ${lock.pid}`,
    where: folder,
    fix: "Stop that stack first: a state that changes has no one content.",
  });
}

/** Relative names of all files at or below `name`, in order. */
function filesBelow(folder: string, name: string): string[] {
  const stats = statSync(join(folder, name), { throwIfNoEntry: false });
  if (stats === undefined) return [];
  if (!stats.isDirectory()) return [name];
  return readdirSync(join(folder, name))
    .sort()
    .flatMap((child) => filesBelow(folder, `${name}/${child}`));
}

async function unpack(archive: Readable, folder: string): Promise<number> {
  makeFolder(folder);
  const reader = extract();
  // A truncated gzip ends both; the error comes out of the loop as well.
  const read = pipeline(archive, createGunzip(), reader);
  let manifest: Manifest | undefined;
  let files = 0;
  try {
    for await (const entry of reader) {
      const { name, type } = entry.header;
      if (manifest === undefined) {
        manifest = await readManifest(name, entry);
        continue;
      }
      if (type !== "file" || !SAFE_NAME.test(name) || name.split("/").includes(".."))
        throw badArchive(`"${name}" has no place in a state`);
      const path = join(folder, name);
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      await pipeline(entry, createWriteStream(path, { mode: 0o600, flags: "wx" }));
      files += 1;
    }
    await read;
  } catch (error) {
    read.catch(() => undefined);
    archive.destroy();
    throw error instanceof AppError ? error : badArchive(messageOf(error), error);
  }
  if (manifest === undefined) throw badArchive("it is empty");
  if (files !== manifest.files) throw badArchive(`it has ${files} of ${manifest.files} files`);
  return files;
}

async function readManifest(name: string, entry: AsyncIterable<unknown>): Promise<Manifest> {
  const chunks: Buffer[] = [];
  for await (const chunk of entry) if (name === MANIFEST) chunks.push(chunk as Buffer);
  const manifest = name === MANIFEST ? parse(Buffer.concat(chunks).toString("utf8")) : undefined;
  if (manifest?.format !== FORMAT.format) throw badArchive("it is no export of lambda-run");
  if (manifest.formatVersion !== FORMAT.formatVersion)
    throw badArchive(
      `it has format ${manifest.formatVersion}, made by lambda-run ${manifest.madeBy}; this version reads ${FORMAT.formatVersion}`,
    );
  return manifest;
}

function parse(text: string): Manifest | undefined {
  try {
    return JSON.parse(text) as Manifest;
  } catch {
    // Not ours: said by the caller.
    return undefined;
  }
}

/** What is no store is refused before anything is replaced. */
function checkStore(folder: string): void {
  if (!existsSync(join(folder, "state.mdb")) || !existsSync(join(folder, "secret")))
    throw badArchive("it has no store");
  const fault = storeFileFault(join(folder, "state.mdb"));
  if (fault !== undefined) throw badArchive(`its store cannot be opened: ${fault}`);
}

function moveIfThere(from: string, to: string): void {
  if (existsSync(from)) renameSync(from, to);
}

function badArchive(why: string, cause?: unknown): AppError {
  return new AppError("LR6004", {
    what: "The archive cannot be imported",
    why,
    ...(cause === undefined ? {} : { cause }),
  });
}
