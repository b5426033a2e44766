/**
 * What one `invoke` of a function needed of a room and of the Node in it, kept in the user's cache folder, so that the next
 * one can begin both before it has even loaded the command line. Nothing is taken from a note unseen: whoever takes the
 * room holds it against what the function needs now.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { userCacheFolder } from "../cache-folder.js";
import type { SandboxSpec, SandboxTier, Variables } from "../sandbox/sandbox.js";

/** What a room is made of, but for its id. */
export type RoomSpec = Omit<SandboxSpec, "id">;

export interface AheadNote {
  readonly tier: SandboxTier;
  readonly spec: RoomSpec;
  /** Where the room's code comes from a build: the cache in which a slot for it is made, and `spec.taskRoot` is empty. */
  readonly slotCache: string | undefined;
  /** Of the runtime. */
  readonly command: readonly string[];
  /** Of its variables those that count from its first moment on. */
  readonly variables: Variables;
}

/** Raise when rooms are begun in another way. */
const NOTE_VERSION = 1;
/** The oldest go: a function that nobody runs any more needs none. */
const NOTES_KEPT = 100;

/**
 * Read by the loader, by Node, V8 or libraries in C before the first line of JavaScript runs, or kept by them. All others,
 * credentials among them, are handed in later and stand in no note.
 */
const FROM_THE_START =
  /^(?:NODE_|PYTHON|LD_|LC_|UV_|SSL_|OPENSSL_|MALLOC_|GLIBC_|ICU_)|^(?:LANG|LANGUAGE|PATH|TZ|HOME|TMPDIR)$/;
/** The Node client asks for it before it has the others. */
const RUNTIME = "AWS_EXECUTION_ENV";

export const fromTheStart = (variables: Variables): Variables =>
  Object.fromEntries(Object.entries(variables).filter(([name]) => FROM_THE_START.test(name) || name === RUNTIME));

/** Where the note of a command line is kept: `invoke FUNCTION` in this folder. Undefined for all others. */
export function noteFile(folder: string, [command, name]: readonly string[]): string | undefined {
  if (command !== "invoke" || name === undefined || name.startsWith("-")) return undefined;
  const key = createHash("sha256").update([NOTE_VERSION, folder, name].join("\0")).digest("hex").slice(0, 32);
  return join(userCacheFolder(), "ahead", `${key}.json`);
}

export function readNote(file: string): AheadNote | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as AheadNote;
  } catch {
    return undefined; // none yet, or half of one: the command goes without
  }
}

export function writeNote(file: string, note: AheadNote): void {
  const folder = dirname(file);
  const draft = `${file}.${process.pid}`;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(draft, JSON.stringify(note), { mode: 0o600 });
    renameSync(draft, file);
    dropOldNotes(folder);
  } catch {
    // A home that cannot be written costs each command some milliseconds, nothing else.
  }
}

function dropOldNotes(folder: string): void {
  const names = readdirSync(folder);
  if (names.length <= NOTES_KEPT) return;
  const dated = names
    // Another process may drop them, too.
    .map((name) => ({ name, mtimeMs: statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((a, b) => b.mtimeMs - a.mtimeMs);
  for (const { name } of dated.slice(NOTES_KEPT)) rmSync(join(folder, name), { force: true });
}

export const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);
