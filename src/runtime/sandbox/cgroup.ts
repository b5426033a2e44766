/**
 * A control group per sandbox, where this user may make one: version 2 (root, or a delegated subtree) or version 1.
 * See cgroups(7) and the kernel's Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/memory.rst.
 */
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, readSync, rmdirSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { MEBIBYTE } from "../../shared/aws-limits.js";
import { errnoOf } from "../../shared/errors.js";
import { cpuQuotaOf } from "../limits/cpu.js";
import type { MemoryGroup } from "../limits/memory.js";
import { isSupervisorAlive, safeName, supervisorName } from "./environment-folder.js";
import type { SandboxSpec } from "./sandbox.js";

/** Folders that sandboxes' groups are made in. Version 2 has one for all, version 1 one per controller. */
export interface CgroupHome {
  readonly version: 1 | 2;
  readonly memory: string;
  readonly cpu: string | undefined;
}

/** All groups of this product are made in folders of this name. */
const HOME_NAME = "lambda-run";
/** The kernel lets go of a group some milliseconds after its last process. */
const REMOVE_ATTEMPTS = 50;
const REMOVE_PAUSE_MS = 4;

const FILES = {
  1: {
    usage: "memory.usage_in_bytes",
    limit: "memory.limit_in_bytes",
    events: "memory.oom_control",
    anonymous: "rss",
    mapped: "mapped_file",
  },
  2: {
    usage: "memory.current",
    limit: "memory.max",
    events: "memory.events",
    anonymous: "anon",
    mapped: "file_mapped",
  },
} as const;

const buffer = Buffer.alloc(4096);

export class Cgroup implements MemoryGroup {
  readonly #home: CgroupHome;
  readonly #folders: readonly string[];
  readonly #memory: string;
  readonly #usage: number;
  #removed = false;

  constructor(home: CgroupHome, spec: SandboxSpec) {
    const name = `${supervisorName()}.${safeName(spec.id)}`;
    this.#home = home;
    this.#memory = join(home.memory, name);
    const cpu = spec.faithfulCpu && home.cpu !== undefined ? join(home.cpu, name) : undefined;
    this.#folders = [...new Set([this.#memory, ...(cpu === undefined ? [] : [cpu])])];
    // Recursive: another supervisor may have removed the home as its last user.
    for (const folder of this.#folders) mkdirSync(folder, { recursive: true });
    this.#usage = openSync(join(this.#memory, FILES[home.version].usage), "r");
    this.setLimit((spec.memoryMb + spec.ephemeralStorageMb) * MEBIBYTE);
    this.#forbidSwap();
    if (cpu !== undefined) this.#setCpu(cpu, spec.memoryMb);
  }

  /**
   * Files through which a process comes in by itself, by writing 0. Moving another one holds up every fork and every new
   * thread of the machine for 5 to 20 ms (cgroup_threadgroup_rwsem); a process of one thread that moves itself needs no
   * lock. Empty in version 2, where a thread may not enter such a group alone. See cgroup_procs_write_start() in
   * kernel/cgroup/cgroup.c.
   */
  get doors(): readonly string[] {
    return this.#home.version === 1 ? this.#folders.map((folder) => join(folder, "tasks")) : [];
  }

  /**
   * Takes in the keeper, by whom all later processes are born inside, then those that were born meanwhile; does nothing
   * when it came in by itself. Nobody waits for the kernel here: what was allocated before shows in `processBytes`, which
   * then is less than the processes hold.
   */
  async adopt(keeper: number, born: () => readonly number[]): Promise<void> {
    for (const folder of this.#folders) {
      const procs = join(folder, "cgroup.procs");
      if (readFileSync(procs, "latin1").split("\n").includes(String(keeper))) continue;
      await writeFile(procs, String(keeper)).catch(ignoreEnded);
      for (const pid of born()) await writeFile(procs, String(pid)).catch(ignoreEnded);
    }
  }

  usageBytes(): number {
    return Number(buffer.toString("latin1", 0, readSync(this.#usage, buffer, 0, buffer.length, 0)));
  }

  processBytes(): number {
    const text = readFileSync(join(this.#memory, "memory.stat"), "latin1");
    const { anonymous, mapped } = FILES[this.#home.version];
    return fieldOf(text, anonymous) + fieldOf(text, mapped);
  }

  oomKills(): number {
    if (this.#removed) return 0;
    return fieldOf(readFileSync(join(this.#memory, FILES[this.#home.version].events), "latin1"), "oom_kill");
  }

  /**
   * A limit below what is in use is not set. Version 1 refuses it. Version 2 takes it and kills until the rest fits: in
   * the middle of an exit, when the account lags behind, that would be the keeper.
   */
  setLimit(bytes: number): boolean {
    if (this.#home.version === 2 && this.usageBytes() > bytes) return false;
    try {
      writeFileSync(join(this.#memory, FILES[this.#home.version].limit), String(Math.floor(bytes)));
      return true;
    } catch (error) {
      if (errnoOf(error) !== "EBUSY") throw error;
      return false;
    }
  }

  /** Call when the last process is gone. */
  async remove(): Promise<void> {
    if (this.#removed) return;
    this.#removed = true;
    closeSync(this.#usage);
    for (const folder of this.#folders) await removeGroup(folder);
  }

  /** Swapping would turn a kill into a crawl; Lambda has no swap. The files exist only where swap is accounted. */
  #forbidSwap(): void {
    const [file, value] = this.#home.version === 1 ? ["memory.swappiness", "0"] : ["memory.swap.max", "0"];
    writeQuietly(join(this.#memory, file), value);
  }

  #setCpu(folder: string, memoryMb: number): void {
    const { quotaUs, periodUs } = cpuQuotaOf(memoryMb);
    if (this.#home.version === 2) {
      writeFileSync(join(folder, "cpu.max"), `${quotaUs} ${periodUs}`);
      return;
    }
    writeFileSync(join(folder, "cpu.cfs_period_us"), String(periodUs));
    writeFileSync(join(folder, "cpu.cfs_quota_us"), String(quotaUs));
  }
}

let removesAtExit = false;

/** The folders themselves go with the last supervisor that uses them. */
function removeAtExit(home: CgroupHome): void {
  if (removesAtExit) return;
  removesAtExit = true;
  process.once("exit", () => {
    for (const folder of [home.memory, home.cpu]) if (folder !== undefined) removeIfEmpty(folder);
  });
}

function fieldOf(text: string, field: string): number {
  return Number(new RegExp(`^${field} (\\d+)$`, "m").exec(text)?.[1] ?? 0);
}

function ignoreEnded(error: unknown): void {
  if (errnoOf(error) !== "ESRCH" && errnoOf(error) !== "ENOENT") throw error;
}

/** Removes groups of supervisors that were killed; their processes died with them. */
export function sweepCgroups(home: CgroupHome): void {
  for (const folder of new Set([home.memory, home.cpu])) {
    if (folder === undefined) continue;
    for (const name of namesIn(folder))
      if (!isSupervisorAlive(name.split(".")[0] ?? "")) removeIfEmpty(join(folder, name));
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // removed with its last group
  }
}

async function removeGroup(folder: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      rmdirSync(folder);
      return;
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return;
      if (errnoOf(error) !== "EBUSY" || attempt === REMOVE_ATTEMPTS) throw error;
      await sleep(REMOVE_PAUSE_MS);
    }
  }
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // in use by another sandbox or supervisor, or gone
  }
}

function writeQuietly(path: string, text: string): boolean {
  try {
    writeFileSync(path, text);
    return true;
  } catch {
    return false;
  }
}

export type CgroupSearch = { readonly home: CgroupHome } | { readonly reason: string };

/** Looks for a place where this user may make groups that bound memory. */
export function findCgroupHome(): CgroupSearch {
  if (process.platform !== "linux") return { reason: `${process.platform} has no control groups` };
  try {
    const mounts = readFileSync("/proc/self/mountinfo", "utf8");
    const own = readFileSync("/proc/self/cgroup", "utf8");
    const home = findVersion2(mounts, own) ?? findVersion1(mounts, own);
    if (home !== undefined) removeAtExit(home);
    return home === undefined
      ? { reason: "no control group with the memory controller may be written by this user" }
      : { home };
  } catch (error) {
    return { reason: `control groups cannot be read (${errnoOf(error) ?? "unknown"})` };
  }
}

interface CgroupMount {
  readonly mountPoint: string;
  readonly root: string;
}

function cgroupMount(mounts: string, type: "cgroup" | "cgroup2", controller?: string): CgroupMount | undefined {
  for (const line of mounts.split("\n")) {
    const [left = "", right = ""] = line.split(" - ");
    const [fsType, , options = ""] = right.split(" ");
    if (fsType !== type || (controller !== undefined && !options.split(",").includes(controller))) continue;
    const [, , , root = "/", mountPoint] = left.split(" ");
    if (mountPoint !== undefined) return { mountPoint, root };
  }
  return undefined;
}

/** Our own group as a folder: /proc/self/cgroup counts from the hierarchy's root, a container's mount may start lower. */
function ownFolder(mount: CgroupMount, path: string): string {
  const below = mount.root !== "/" && path.startsWith(mount.root) ? path.slice(mount.root.length) : path;
  return join(mount.mountPoint, below);
}

function findVersion1(mounts: string, own: string): CgroupHome | undefined {
  const memory = makeVersion1(mounts, own, "memory", "memory.limit_in_bytes");
  return memory === undefined
    ? undefined
    : { version: 1, memory, cpu: makeVersion1(mounts, own, "cpu", "cpu.cfs_quota_us") };
}

/** Below our own group, so that limits set on us hold for our sandboxes too. */
function makeVersion1(mounts: string, own: string, controller: string, proof: string): string | undefined {
  const mount = cgroupMount(mounts, "cgroup", controller);
  const path = own
    .split("\n")
    .map((line) => line.split(":"))
    .find(([, controllers]) => controllers?.split(",").includes(controller))?.[2];
  if (mount === undefined || path === undefined) return undefined;
  return makeHome(ownFolder(mount, path), proof);
}

/**
 * The nearest ancestor that we may move processes below and that hands the memory controller on. Our own group will not
 * do unless it is the root: version 2 forbids processes in a group whose children have controllers.
 */
function findVersion2(mounts: string, own: string): CgroupHome | undefined {
  const mount = cgroupMount(mounts, "cgroup2");
  const path = /^0::(.*)$/m.exec(own)?.[1];
  if (mount === undefined || path === undefined) return undefined;
  for (let folder = ownFolder(mount, path); folder.startsWith(mount.mountPoint); folder = join(folder, "..")) {
    if (enableControllers(folder)) {
      const home = makeHome(folder, "cgroup.subtree_control");
      if (home !== undefined && enableControllers(home))
        return {
          version: 2,
          memory: home,
          cpu: readWords(home, "cgroup.subtree_control").includes("cpu") ? home : undefined,
        };
    }
  }
  return undefined;
}

function enableControllers(folder: string): boolean {
  const missing = ["memory", "cpu"].filter((name) => !readWords(folder, "cgroup.subtree_control").includes(name));
  for (const name of missing) {
    if (readWords(folder, "cgroup.controllers").includes(name))
      writeQuietly(join(folder, "cgroup.subtree_control"), `+${name}`);
  }
  return readWords(folder, "cgroup.subtree_control").includes("memory");
}

function readWords(folder: string, file: string): string[] {
  try {
    return readFileSync(join(folder, file), "latin1").trim().split(" ");
  } catch {
    return [];
  }
}

function makeHome(parent: string, proof: string): string | undefined {
  const home = join(parent, HOME_NAME);
  try {
    mkdirSync(home, { recursive: true });
    closeSync(openSync(join(home, proof), "r+"));
    return home;
  } catch {
    removeIfEmpty(home);
    return undefined;
  }
}
