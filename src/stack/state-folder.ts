/** Which state folder a stack or command works on, and its turn to do so. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { ResolvedConfig } from "../config/schema.js";
import { AppError } from "../shared/errors.js";
import { StateLock, type StackInfo } from "./state-lock.js";

export interface StateOptions {
  readonly config: ResolvedConfig;
  readonly projectRoot: string;
  readonly kind: StackInfo["kind"];
  readonly onNotice?: (text: string) => void;
}

const LOCK_WAIT_MS = 30_000;
const LOCK_POLL_MS = 50;

export function stateFolderOf({ config, projectRoot }: StateOptions, closers: (() => void)[]): string {
  if (!config.ephemeral) return resolve(projectRoot, config.state);
  const folder = mkdtempSync(join(tmpdir(), "lambda-run-state-"));
  closers.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A one-shot command waits for another one; a running stack is used instead of fought. */
export async function takeLock(
  folder: string,
  { kind, config, onNotice }: StateOptions,
): Promise<StateLock | StackInfo> {
  const deadline = Date.now() + LOCK_WAIT_MS;
  for (let told = false; ; told = true) {
    const lock = StateLock.take(folder, kind);
    if (lock instanceof StateLock) return lock;
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
