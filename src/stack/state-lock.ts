/**
 * One process at a time owns a state folder. The owner writes who it is and where it listens, so that a second command
 * finds the running stack and talks to it. A lock whose process is gone is taken over.
 *
 * The file is always whole: it is written beside its place and linked or renamed into it. A stale one is removed only
 * under a guard and after a second look, so that nobody removes the lock that another has just taken over.
 */
import { randomUUID } from "node:crypto";
import {
  linkSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { AppError, errnoOf, messageOf } from "../shared/errors.js";
import { makeFolder } from "../shared/folders.js";
import { isRunning } from "../shared/processes.js";

export interface StackInfo {
  readonly pid: number;
  /** Of the gateway. Empty until the stack listens, and for one-shot commands. */
  readonly endpoint: string;
  /** Of the APIs and function URLs; absent where the template had none. */
  readonly front?: string | undefined;
  /** A stack serves others; a one-shot command only keeps them out. */
  readonly kind: "stack" | "command";
}

interface Owner extends StackInfo {
  /** Tells this taking of the folder from every other. */
  readonly nonce: string;
}

export const LOCK_FILE = "owner.json";
const GUARD = "owner.guard";
/** A guard is held for microseconds; one this old was left behind by a kill. */
const GUARD_LIFE_MS = 5000;

/** Nonces of the locks that this process holds: its own pid alone would not tell them from stale ones. */
const held = new Set<string>();

export class StateLock {
  readonly #path: string;
  readonly #owner: Owner;

  private constructor(path: string, owner: Owner) {
    this.#path = path;
    this.#owner = owner;
    held.add(owner.nonce);
  }

  /** Takes the folder, or says who has it. Throws LR5002 when it cannot be written. */
  static take(folder: string, kind: StackInfo["kind"]): StateLock | StackInfo {
    try {
      makeFolder(folder);
      const path = join(realpathSync(folder), LOCK_FILE);
      const owner: Owner = { pid: process.pid, endpoint: "", kind, nonce: randomUUID() };
      for (;;) {
        if (placeNew(path, owner)) return new StateLock(path, owner);
        const other = readOwner(folder);
        if (other !== undefined) return other;
        removeStale(folder, path);
      }
    } catch (error) {
      throw new AppError("LR5002", {
        what: "The state folder cannot be written",
        where: folder,
        why: messageOf(error),
        cause: error,
      });
    }
  }

  /** Says where the stack listens. */
  publish({ endpoint, front }: Pick<StackInfo, "endpoint" | "front">): void {
    const draft = `${this.#path}.${this.#owner.nonce}`;
    const owner: Owner = { ...this.#owner, endpoint, front, kind: "stack" };
    writeFileSync(draft, JSON.stringify(owner), { mode: 0o600 });
    renameSync(draft, this.#path);
  }

  release(): void {
    if (!held.delete(this.#owner.nonce)) return;
    // While we live nobody takes it over, so what is there is ours unless somebody deleted the folder.
    if (parseOwner(this.#path)?.nonce === this.#owner.nonce) rmSync(this.#path, { force: true });
  }
}

/** True when the file was not there and is ours now. */
function placeNew(path: string, owner: Owner): boolean {
  const draft = `${path}.${owner.nonce}`;
  writeFileSync(draft, JSON.stringify(owner), { mode: 0o600 });
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (errnoOf(error) === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Removes a lock whose owner is gone, unless another process has taken it over meanwhile. */
function removeStale(folder: string, path: string): void {
  const guard = join(folder, GUARD);
  try {
    mkdirSync(guard);
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
    const age = Date.now() - (statSync(guard, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > GUARD_LIFE_MS) rmSync(guard, { recursive: true, force: true });
    return;
  }
  try {
    if (readOwner(folder) === undefined) rmSync(path, { force: true });
  } finally {
    rmdirSync(guard);
  }
}

/** Who owns the folder and is alive. */
export function readOwner(folder: string): StackInfo | undefined {
  const owner = parseOwner(join(folder, LOCK_FILE));
  return owner !== undefined && isAlive(owner) ? owner : undefined;
}

function parseOwner(path: string): Owner | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Owner;
  } catch {
    // Nobody, or not ours to read (taking the folder will say so), or no lock of this version.
    return undefined;
  }
}

function isAlive({ pid, nonce }: Owner): boolean {
  return pid === process.pid ? held.has(nonce) : isRunning(pid);
}
