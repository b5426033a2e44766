/**
 * The folder of one environment on the host: mount points, identity files, the portable tier's /tmp. Folders carry the
 * supervisor's process id and start time, so that a later start can tell those of the dead and sweep them.
 */
import { chmodSync, lstatSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppError, errnoOf } from "../../shared/errors.js";
import { startTicksOf } from "./process-tree.js";

const UNSAFE_CHARACTERS = /[^A-Za-z0-9._-]/g;

/** Names a folder or cgroup: path separators and dots that climb are gone. */
export function safeName(id: string): string {
  return id.replace(UNSAFE_CHARACTERS, "_").replace(/^\.+/, "_").slice(0, 100);
}

/** `<pid>-<start time>`: unique over the life of the machine, as far as /proc tells start times. */
export function supervisorName(): string {
  ownName ??= `${process.pid}-${startTicksOf(process.pid) ?? "0"}`;
  return ownName;
}

let ownName: string | undefined;

/** False as soon as the process that made this name is gone. */
export function isSupervisorAlive(name: string): boolean {
  const match = /^(\d+)-(\d+)$/.exec(name);
  if (!match) return true; // not one of ours: leave it alone
  const pid = Number(match[1]);
  const startTime = startTicksOf(pid);
  if (startTime !== undefined) return startTime === match[2];
  try {
    process.kill(pid, 0);
    return match[2] === "0";
  } catch (error) {
    return errnoOf(error) === "EPERM";
  }
}

/** Private to this user; in the system's temporary folder since it must not outlive the machine's boot. */
function userFolder(): string {
  const uid = process.getuid?.() ?? 0;
  const folder = join(tmpdir(), `lambda-run-${uid}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const stats = lstatSync(folder);
  // Anyone may make names in /tmp: a link or folder of another user's would decide where our files go.
  if (!stats.isDirectory() || stats.uid !== uid) {
    throw new AppError("LR5005", {
      what: "The folder for execution environments belongs to another user",
      where: folder,
      fix: "Remove it, or set TMPDIR to a folder of your own.",
    });
  }
  return folder;
}

const made = new Set<string>();
let removesAtExit = false;

export function makeEnvironmentFolder(id: string): string {
  const folder = join(userFolder(), supervisorName(), safeName(id));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (!removesAtExit) process.once("exit", removeAllNow);
  removesAtExit = true;
  made.add(folder);
  return folder;
}

export async function removeEnvironmentFolder(folder: string): Promise<void> {
  made.delete(folder);
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  if (made.size === 0) await rm(join(userFolder(), supervisorName()), { recursive: true, force: true });
}

/** A process that leaves without destroying its sandboxes still leaves no folder. */
function removeAllNow(): void {
  if (made.size > 0) rmSync(join(userFolder(), supervisorName()), { recursive: true, force: true });
}

/** Removes what supervisors that were killed have left behind. */
export async function sweepEnvironmentFolders(): Promise<void> {
  const folder = userFolder();
  for (const name of readdirSync(folder)) {
    if (isSupervisorAlive(name)) continue;
    const dead = join(folder, name);
    // A handler may have made folders of its own unreadable in the portable tier's /tmp.
    await rm(dead, { recursive: true, force: true }).catch(() => {
      chmodSync(dead, 0o700);
    });
  }
}
