/**
 * The folder of one environment on the host: mount points, identity files, the portable tier's /tmp. Folders carry the
 * supervisor's process id and start time, so that a later start can tell those of the dead and sweep them.
 */
import { accessSync, constants, lstatSync, mkdirSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { chmod, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
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

/**
 * Mount points and identity files are thirty names that nobody ever writes to again: in memory they are made in a
 * millisecond, on a disk in ten. What a handler writes in the portable tier belongs on the disk.
 */
export type FolderKind = "mountPoints" | "storage";

/** Where folders of a kind are made. Both places are emptied by a boot at the latest. */
function baseOf(kind: FolderKind): string {
  const inMemory = [process.env["XDG_RUNTIME_DIR"], "/dev/shm"].find(
    (path) => path?.startsWith("/") && isWritable(path),
  );
  return (kind === "mountPoints" ? inMemory : undefined) ?? tmpdir();
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Private to this user. */
function userFolder(kind: FolderKind): string {
  const uid = process.getuid?.() ?? 0;
  const folder = join(baseOf(kind), `lambda-run-${uid}`);
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

/** All places that may hold environments' folders. */
export function userFolders(): string[] {
  return [...new Set([userFolder("mountPoints"), userFolder("storage")])];
}

const made = new Set<string>();
let removesAtExit = false;

export function makeEnvironmentFolder(id: string, kind: FolderKind): string {
  const folder = join(userFolder(kind), supervisorName(), safeName(id));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (!removesAtExit) process.once("exit", removeAllNow);
  removesAtExit = true;
  made.add(folder);
  return folder;
}

export async function removeEnvironmentFolder(folder: string): Promise<void> {
  made.delete(folder);
  await removeTree(folder);
  removeIfEmpty(dirname(folder));
}

/** The same for a folder of mount points: thirty names in memory are gone before the thread pool would have begun. */
export function removeMountPoints(folder: string): void {
  made.delete(folder);
  rmSync(folder, { recursive: true, force: true });
  removeIfEmpty(dirname(folder));
}

/** A process that leaves without destroying its sandboxes still leaves no folder. */
function removeAllNow(): void {
  for (const folder of made) removeMountPoints(folder);
}

/** Removes what supervisors that were killed have left behind. */
export async function sweepEnvironmentFolders(): Promise<void> {
  for (const folder of userFolders()) {
    for (const name of readdirSync(folder)) if (!isSupervisorAlive(name)) await removeTree(join(folder, name));
  }
}

async function removeTree(folder: string): Promise<void> {
  try {
    await rm(folder, { recursive: true, force: true });
  } catch {
    // A handler may have closed folders of its own in the portable tier's /tmp.
    await openTree(folder);
    await rm(folder, { recursive: true, force: true });
  }
}

async function openTree(folder: string): Promise<void> {
  await chmod(folder, 0o700);
  for (const entry of await readdir(folder, { withFileTypes: true }))
    if (entry.isDirectory()) await openTree(join(folder, entry.name));
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // another environment's folder is in it, or it is gone
  }
}
