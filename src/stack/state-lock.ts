/**
 * One process at a time owns a state folder. The owner writes who it is and where its gateway listens, so that a
 * second command finds the running stack and talks to it. A lock whose process is gone is taken over.
 */
import { mkdirSync, openSync, readFileSync, rmSync, writeFileSync, closeSync } from "node:fs";
import { join } from "node:path";
import { AppError, errnoOf, messageOf } from "../shared/errors.js";

export interface StackInfo {
  readonly pid: number;
  /** Empty until the gateway listens, and for one-shot commands. */
  readonly endpoint: string;
  /** A stack serves others; a one-shot command only keeps them out. */
  readonly kind: "stack" | "command";
}

const FILE = "owner.json";

export class StateLock {
  readonly #path: string;
  #held = true;

  private constructor(path: string) {
    this.#path = path;
  }

  /** Takes the folder, or says who has it. Throws LR5002 when it cannot be written. */
  static take(folder: string, kind: StackInfo["kind"]): StateLock | StackInfo {
    const path = join(folder, FILE);
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      for (;;) {
        try {
          const file = openSync(path, "wx", 0o600);
          writeFileSync(file, JSON.stringify({ pid: process.pid, endpoint: "", kind } satisfies StackInfo));
          closeSync(file);
          return new StateLock(path);
        } catch (error) {
          if (errnoOf(error) !== "EEXIST") throw error;
        }
        const owner = readOwner(folder);
        if (owner !== undefined) return owner;
        // Left behind by a process that was killed.
        rmSync(path, { force: true });
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

  /** Says where the gateway listens. */
  publish(endpoint: string): void {
    writeFileSync(this.#path, JSON.stringify({ pid: process.pid, endpoint, kind: "stack" } satisfies StackInfo), {
      mode: 0o600,
    });
  }

  release(): void {
    if (!this.#held) return;
    this.#held = false;
    rmSync(this.#path, { force: true });
  }
}

/** Who owns the folder and is alive. */
export function readOwner(folder: string): StackInfo | undefined {
  let text: string;
  try {
    text = readFileSync(join(folder, FILE), "utf8");
  } catch {
    // Nobody, or not ours to read: taking it will say so.
    return undefined;
  }
  try {
    const owner = JSON.parse(text) as StackInfo;
    return isAlive(owner.pid) ? owner : undefined;
  } catch {
    // Cut off by a kill in the middle of writing.
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) === "EPERM";
  }
}
