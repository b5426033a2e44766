/** Which state folder a stack or command works on, and its turn to do so. */
import { existsSync, mkdtempSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { ResolvedConfig } from "../config/schema.js";
import { refuseDamagedStore } from "../services/kit/store-file.js";
import { AppError } from "../shared/errors.js";
import { isRunning } from "../shared/processes.js";
import { LOCK_FILE, readOwner, StateLock, type StackInfo } from "./state-lock.js";

export interface StateOptions {
  readonly config: ResolvedConfig;
  readonly projectRoot: string;
  readonly kind: StackInfo["kind"];
  readonly onNotice?: (text: string) => void;
}

const EPHEMERAL_PREFIX = "lambda-run-run-";
const LOCK_WAIT_MS = 30_000;
const LOCK_POLL_MS = 50;

/** The folder of the config, or for a throw-away run a temporary one that is deleted at the end. */
export function stateFolderOf({ config, projectRoot }: StateOptions, closers: (() => void)[]): string {
  if (!config.ephemeral) return resolve(projectRoot, config.state);
  sweepAbandoned();
  const folder = mkdtempSync(join(tmpdir(), `${EPHEMERAL_PREFIX}${process.pid}-`));
  closers.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The stack that runs on the project's state folder, once it listens. */
export function runningStack({
  config,
  projectRoot,
}: Pick<StateOptions, "config" | "projectRoot">): StackInfo | undefined {
  const owner = config.ephemeral ? undefined : readOwner(resolve(projectRoot, config.state));
  return owner?.kind === "stack" && owner.endpoint !== "" ? owner : undefined;
}

/** A one-shot command waits for another one; a running stack is used instead of fought. Throws LR5003, and LR5002 for a damaged state. */
export async function takeLock(
  folder: string,
  { kind, config, onNotice }: StateOptions,
): Promise<StateLock | StackInfo> {
  const deadline = Date.now() + LOCK_WAIT_MS;
  for (let told = false; ; told = true) {
    const lock = StateLock.take(folder, kind);
    if (lock instanceof StateLock) {
      try {
        refuseDamagedStore(folder);
        return lock;
      } catch (error) {
        lock.release();
        throw error;
      }
    }
    if (lock.kind === "stack" && kind === "command" && lock.endpoint !== "") return lock;
    if (lock.kind === "stack" && kind === "stack") {
      throw new AppError("LR5003", {
        what: `A stack is already running on this state folder (process ${lock.pid})`,
        where: join(folder),
        why: lock.endpoint,
      });
    }
    if (Date.now() > deadline) {
      throw new AppError("LR5003", {
        what: `Another lambda-run command (process ${lock.pid}) has held the state folder for ${LOCK_WAIT_MS / 1000} s`,
        where: config.state,
      });
    }
    if (!told)
      onNotice?.(`waiting for another lambda-run command (process ${lock.pid}) to finish with ${config.state}`);
    await new Promise((wake) => setTimeout(wake, LOCK_POLL_MS));
  }
}

/** Deletes the throw-away folders of runs that were killed. */
function sweepAbandoned(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = Number(new RegExp(`^${EPHEMERAL_PREFIX}(\\d+)-`).exec(name)?.[1]);
    if (pid > 0 && !isRunning(pid)) rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}

/** What lambda-run keeps in a state folder. */
const ENTRIES = ["state.mdb", "state.mdb-lock", "blobs", "history", "code", "lambda", LOCK_FILE, "secret"];

/** What may lie there before anything has run: code out of the template, ZIPs of `package`. */
const NO_STATE: ReadonlySet<string> = new Set(["code", "package", LOCK_FILE]);

/**
 * Deletes the state in a folder, and the folder when nothing else is in it. False when there is none. Throws LR5003
 * when somebody uses it and LR1004 when the folder is not one of ours: a mistyped path must not cost anybody's files.
 */
export function deleteState(folder: string): boolean {
  if (!existsSync(folder)) return false;
  const names = readdirSync(folder);
  if (names.every((name) => NO_STATE.has(name))) return false;
  if (!names.includes("secret")) {
    throw new AppError("LR1004", {
      what: "This is not a state folder of lambda-run",
      where: folder,
      fix: "Name the folder that holds the state, .lambda-run unless you chose another.",
    });
  }
  const lock = StateLock.take(folder, "command");
  if (!(lock instanceof StateLock)) {
    throw new AppError("LR5003", {
      what: `The state is in use by process ${lock.pid}`,
      where: folder,
      fix: "Stop that stack first.",
    });
  }
  for (const name of ENTRIES) rmSync(join(folder, name), { recursive: true, force: true });
  lock.release();
  if (readdirSync(folder).length === 0) rmdirSync(folder);
  return true;
}
