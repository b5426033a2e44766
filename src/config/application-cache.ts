/**
 * Keeps the resolved application on disk, so that a one-shot invoke loads neither YAML nor the schema. An entry counts
 * only while every file it was made from has the same content and every path it missed is still missing; anything
 * odd about it makes it as good as absent.
 */
import { createHash, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Application } from "./application.js";
import type { Json } from "./json.js";
import type { PortName } from "./named-ports.js";
import type { ResolvedConfig } from "./schema.js";

/** Raised when the shape of what is kept changes. */
const CACHE_FORMAT = 21;

export interface CachedApplication {
  readonly application: Application;
  readonly config: ResolvedConfig;
  readonly fixedPorts: readonly PortName[];
}

interface CacheEntry extends CachedApplication {
  readonly format: number;
  readonly version: string;
  /** Path and content hash. */
  readonly files: readonly (readonly [path: string, hash: string])[];
  readonly absent: readonly string[];
}

const hashOf = (content: string | Buffer): string => createHash("sha256").update(content).digest("hex");

/** One hash of files (path and content; undefined = not there) and of anything else that decides the result. */
export function fingerprint(files: ReadonlyMap<string, string | Buffer | undefined>, flags: Json): string {
  const parts = [...files].map(([path, content]) => [path, content === undefined ? null : hashOf(content)]);
  return hashOf(JSON.stringify([parts, flags]));
}

/** Where the entry of this question lies. `question` is all that is known before any file is read. */
export const cacheFile = (folder: string, question: Json): string =>
  join(folder, `application-${fingerprint(new Map(), question).slice(0, 32)}.json`);

function currentHash(path: string): string | undefined {
  try {
    return hashOf(readFileSync(path));
  } catch {
    return undefined;
  }
}

function parseEntry(text: string): CacheEntry | undefined {
  try {
    const entry = JSON.parse(text) as Partial<CacheEntry> | null;
    const whole =
      entry?.format === CACHE_FORMAT &&
      entry.application &&
      entry.config &&
      Array.isArray(entry.fixedPorts) &&
      Array.isArray(entry.files) &&
      Array.isArray(entry.absent);
    return whole ? (entry as CacheEntry) : undefined;
  } catch {
    return undefined;
  }
}

export function readCache(
  file: string,
  version: string,
): (CachedApplication & { readonly files: readonly string[] }) | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
  const entry = parseEntry(text);
  if (!entry || entry.version !== version) return undefined;
  const fresh =
    entry.files.every(([path, hash]) => currentHash(path) === hash) && !entry.absent.some((path) => existsSync(path));
  if (!fresh) return undefined;
  const { application, config, fixedPorts, files } = entry;
  return { application, config, fixedPorts, files: files.map(([path]) => path) };
}

/** Never fails: a state folder that cannot be written is somebody else's to complain about. */
export function writeCache(
  file: string,
  folder: string,
  version: string,
  value: CachedApplication,
  files: readonly string[],
  absent: readonly string[],
): void {
  const hashes = files.map((path): readonly [string, string] => [path, currentHash(path) ?? ""]);
  const entry: CacheEntry = { format: CACHE_FORMAT, version, files: hashes, absent, ...value };
  const temporary = `${file}.${randomUUID()}`;
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(temporary, JSON.stringify(entry));
    renameSync(temporary, file);
  } catch {
    removeIfThere(temporary);
  }
}

function removeIfThere(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // The folder is not one: there is nothing to remove.
  }
}
