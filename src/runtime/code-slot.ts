/**
 * A folder of an environment's own, shown at /var/task, made of hard links to a build. Until INIT nothing in it has
 * been read, so a standby takes on new code by exchanging the links: no process and no mount is made anew.
 */
import { randomBytes } from "node:crypto";
import { linkSync, mkdirSync, readdirSync, rmSync, copyFileSync } from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../shared/errors.js";
import { isRunning } from "../shared/processes.js";

/** Shown from elsewhere: a place to mount on, never part of a build. */
const MOUNT_POINT = "node_modules";

let swept = false;

export class CodeSlot {
  readonly folder: string;

  /** Empty without a build. */
  constructor(cache: string, build?: string) {
    const slots = join(cache, "slots");
    if (!swept) sweep(slots);
    swept = true;
    this.folder = join(slots, `${process.pid}-${randomBytes(4).toString("hex")}`);
    if (build === undefined) mkdirSync(this.folder, { recursive: true });
    else linkTree(build, this.folder);
  }

  /** Exchanges the code. */
  fill(build: string): void {
    for (const name of readdirSync(this.folder))
      if (name !== MOUNT_POINT) rmSync(join(this.folder, name), { recursive: true, force: true });
    linkTree(build, this.folder);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Makes the folder `to` like `from`, of hard links where the file system has them. */
export function linkTree(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) linkTree(source, target);
    else link(source, target);
  }
}

function link(source: string, target: string): void {
  try {
    linkSync(source, target);
  } catch (error) {
    // File systems without hard links, and those at their limit.
    if (!["EPERM", "EXDEV", "EMLINK", "ENOTSUP"].includes(errnoOf(error) ?? "")) throw error;
    copyFileSync(source, target);
  }
}

/** Removes what killed processes left behind. */
function sweep(slots: string): void {
  let names: string[];
  try {
    names = readdirSync(slots);
  } catch {
    // None were ever made.
    return;
  }
  for (const name of names) {
    if (!isRunning(Number.parseInt(name, 10))) rmSync(join(slots, name), { recursive: true, force: true });
  }
}
