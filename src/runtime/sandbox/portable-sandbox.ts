/**
 * The tier for hosts without namespaces (macOS, hardened Linux): plain processes, a private folder for /tmp, measured
 * instead of bounded. Every limit of it is approximate and named so.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { MEBIBYTE } from "../../shared/aws-limits.js";
import { MemoryGuard } from "../limits/memory.js";
import { FILE_LIMIT_SETUP } from "../limits/files.js";
import { fileSizeLimitSetup, folderBytes } from "../limits/tmp.js";
import { makeEnvironmentFolder, removeEnvironmentFolder } from "./environment-folder.js";
import { exitFromNode, KILLED } from "./exit-status.js";
import { findMembers } from "./host-processes.js";
import { mergeLayers } from "./layers.js";
import { LiveProcesses } from "./live-processes.js";
import { flushStreams } from "./output.js";
import { signal } from "./process-tree.js";
import { ResidentSampler } from "./resident-sampler.js";
import type { Mount, ProcessExit, ProcessSpec, Sandbox, SandboxProcess, SandboxSpec } from "./sandbox.js";
import { Watchdog } from "./watchdog.js";

/** Names the private /tmp to the preload that redirects (bootstrap/portable-tmp.ts); it also marks our processes. */
const TMP_VARIABLE = "LAMBDA_RUN_TMP";
/** What the preload must leave alone although it may lie in the host's /tmp. */
const KEEP_VARIABLE = "LAMBDA_RUN_TMP_KEEP";
const TMP_POLL_MS = 250;
const FREEZE_SWEEP_MS = 20;
const KILL_POLL_MS = 2;
/** A tree that forks while it is being stopped is stopped again; more rounds than that never were needed. */
const MAX_STOP_ROUNDS = 5;

export class PortableSandbox implements Sandbox {
  readonly tier = "portable";
  readonly ready = Promise.resolve();
  readonly isGone = false;
  readonly notes: readonly string[] = [];
  readonly paths: Sandbox["paths"];
  readonly output = { stdout: new PassThrough(), stderr: new PassThrough(), extensions: new PassThrough() };
  readonly #spec: SandboxSpec;
  readonly #folder: string;
  readonly #mark: string;
  readonly #keep: string;
  readonly #children = new Map<number, ChildProcess>();
  /** Process groups that may have members, their leaders alive or not. */
  readonly #groups = new Set<number>();
  readonly #live = new LiveProcesses();
  readonly #sampler = new ResidentSampler();
  readonly #guard: MemoryGuard;
  readonly #watchdog: Watchdog;
  #kills = 0;
  #freezeSweep: NodeJS.Timeout | undefined;
  #tmpPoll: NodeJS.Timeout | undefined;
  #stoppedBySweep: readonly number[] = [];
  #destroyed: Promise<void> | undefined;

  constructor(spec: SandboxSpec) {
    this.#spec = spec;
    this.#folder = makeEnvironmentFolder(spec.id, "storage");
    const tmp = join(this.#folder, "tmp");
    mkdirSync(tmp, { mode: 0o700 });
    this.#mark = `${TMP_VARIABLE}=${tmp}`;
    this.paths = { task: spec.taskRoot, opt: this.#makeOpt(), tmp, resolve: (mount: Mount) => mount.hostPath };
    const kept = [spec.taskRoot, ...spec.layers, ...spec.mounts.map((mount) => mount.hostPath), this.#folder];
    // Node names modules by their real path, and a folder of code may be reached through a link.
    this.#keep = [...new Set([...kept, ...kept.map(realPathOf)])].join(delimiter);
    this.#watchdog = new Watchdog(this.#mark);
    this.#guard = new MemoryGuard({
      limitBytes: spec.memoryMb * MEBIBYTE,
      tmpSizeBytes: spec.ephemeralStorageMb * MEBIBYTE,
      group: undefined,
      treeMemory: () =>
        process.platform === "linux" ? this.#live.memory() : this.#sampler.sample([...this.#children.keys()]),
      tmpUsedBytes: () => 0, // counts in a cgroup alone
      onExceeded: () => this.#live.kill(),
    });
  }

  spawn(spec: ProcessSpec): SandboxProcess {
    if (this.#destroyed !== undefined) return endedProcess(spec.name);
    const limits = `${FILE_LIMIT_SETUP}; ${fileSizeLimitSetup(this.#spec.ephemeralStorageMb)}; ulimit -c 0; exec "$@"`;
    const env = { ...spec.env, TMPDIR: this.paths.tmp, [TMP_VARIABLE]: this.paths.tmp, [KEEP_VARIABLE]: this.#keep };
    const child = spawn("/bin/sh", ["-c", limits, "sh", ...spec.command], {
      cwd: this.#spec.taskRoot,
      env,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const { stdout, stderr, extensions } = this.output;
    child.stdout.pipe(spec.isExtension === true ? extensions : stdout, { end: false });
    child.stderr.pipe(spec.isExtension === true ? extensions : stderr, { end: false });
    const { pid } = child;
    if (pid !== undefined) {
      this.#children.set(pid, child);
      this.#groups.add(pid);
      this.#live.add(pid);
      this.#watchdog.guard(pid);
    }
    this.#watch();
    const exited = new Promise<ProcessExit>((resolve) => {
      child.once("error", (error) => {
        // As the shell answers when a program is missing: the shell itself, or the code's folder, is.
        this.output.stderr.write(`${error.message}\n`);
        resolve({ kind: "exit", code: 127 });
      });
      child.once("exit", (code, signalName) => {
        if (pid !== undefined) this.#forget(pid);
        const killed = signalName === "SIGKILL" && this.#kills === 0 && this.#guard.takeExceeded();
        resolve(killed ? { kind: "out-of-memory" } : exitFromNode(code, signalName));
      });
    });
    return {
      name: spec.name,
      exited,
      terminate: () => {
        if (pid !== undefined && this.#children.has(pid)) signal(pid, "SIGTERM");
      },
      noteCleanExit: () => undefined, // Node's own report is exact
    };
  }

  freeze(): void {
    if (this.#destroyed !== undefined) return;
    // One call stops a process and the children that stayed in its group; the sweep finds the others.
    for (const pid of this.#children.keys()) signal(-pid, "SIGSTOP");
    this.#rest();
    clearTimeout(this.#freezeSweep);
    this.#freezeSweep = setTimeout(() => {
      this.#stoppedBySweep = this.#members();
      for (const pid of this.#stoppedBySweep) signal(pid, "SIGSTOP");
    }, FREEZE_SWEEP_MS);
    this.#freezeSweep.unref();
  }

  thaw(): void {
    clearTimeout(this.#freezeSweep);
    for (const pid of this.#children.keys()) signal(-pid, "SIGCONT");
    for (const pid of this.#stoppedBySweep) signal(pid, "SIGCONT");
    this.#stoppedBySweep = [];
    this.#watch();
  }

  async killAll(): Promise<void> {
    clearTimeout(this.#freezeSweep);
    this.#rest();
    this.#kills++;
    for (const pid of this.#children.keys()) signal(-pid, "SIGSTOP");
    // Again until nobody is left: one that was about to start another program had no mark in the moment of the look.
    for (let found = this.#members(); found.length > 0; found = this.#members()) await this.#kill(found);
    this.#kills--;
  }

  async #kill(first: readonly number[]): Promise<void> {
    // Stopped processes cannot fork: once a look finds nobody new, the list is whole.
    let members: readonly number[] = [];
    for (let round = 0, found = first; round < MAX_STOP_ROUNDS; round++, found = this.#members()) {
      if (found.every((pid) => members.includes(pid))) break;
      for (const pid of found) signal(pid, "SIGSTOP");
      members = found;
    }
    for (const pid of members) signal(pid, "SIGKILL");
    const isDying = (pid: number): boolean => members.includes(pid);
    while ([...this.#children.keys()].some(isDying) || this.#members().some(isDying)) await sleep(KILL_POLL_MS);
    for (const pid of members) this.#groups.delete(pid);
  }

  takePeakMemoryBytes(): number {
    const peak = Math.max(this.#live.takePeakBytes(), this.#guard.takePolledPeakBytes());
    return Math.min(peak, this.#spec.memoryMb * MEBIBYTE);
  }

  tmpUsedBytes(): Promise<number> {
    return folderBytes(this.paths.tmp);
  }

  flushOutput(): Promise<void> {
    return flushStreams(this.output);
  }

  destroy(): Promise<void> {
    this.#destroyed ??= this.#destroy();
    return this.#destroyed;
  }

  async #destroy(): Promise<void> {
    await this.killAll();
    this.#guard.end();
    this.#rest();
    this.#watchdog.dismiss();
    this.#live.close();
    for (const stream of Object.values(this.output)) stream.end();
    await removeEnvironmentFolder(this.#folder);
  }

  /** One layer is used where it lies; several are united by links. */
  #makeOpt(): string {
    const [only] = this.#spec.layers;
    if (only !== undefined && this.#spec.layers.length === 1) return only;
    const opt = join(this.#folder, "opt");
    mkdirSync(opt);
    for (const entry of mergeLayers(this.#spec.layers, "/")) {
      const path = join(opt, entry.guestPath);
      mkdirSync(dirname(path), { recursive: true });
      if (entry.kind === "directory") mkdirSync(path, { recursive: true });
      else symlinkSync(entry.kind === "bind" ? entry.hostPath : entry.target, path);
    }
    return opt;
  }

  #members(): number[] {
    return findMembers(this.#groups, this.#mark, this.#watchdog.startedAt);
  }

  #forget(pid: number): void {
    this.#children.delete(pid);
    this.#live.remove(pid);
    if (this.#children.size === 0) this.#rest();
  }

  #watch(): void {
    if (this.#destroyed !== undefined) return;
    this.#guard.watch();
    this.#tmpPoll ??= setInterval(() => void this.#checkTmp(), TMP_POLL_MS).unref();
  }

  #rest(): void {
    this.#guard.rest();
    clearInterval(this.#tmpPoll);
    this.#tmpPoll = undefined;
  }

  /** The preload refuses further writes with ENOSPC while this file exists. */
  async #checkTmp(): Promise<void> {
    const full = (await this.tmpUsedBytes()) >= this.#spec.ephemeralStorageMb * MEBIBYTE;
    const marker = `${this.paths.tmp}.full`;
    if (full && existsSync(this.#folder)) writeFileSync(marker, "");
    else rmSync(marker, { force: true });
  }
}

/** Asked for when the sandbox was gone already. */
function endedProcess(name: string): SandboxProcess {
  return { name, exited: Promise.resolve(KILLED), terminate: () => undefined, noteCleanExit: () => undefined };
}

function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    // Not there: whoever needs it says so.
    return path;
  }
}
