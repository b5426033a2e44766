/**
 * A sandbox in Linux namespaces, whichever tool opened them. The keeper starts processes and kills inside; signals for
 * freezing and the first blow of a kill come from outside, since they must not wait for a busy machine's shell.
 */
import { join } from "node:path";
import { AppError, messageOf } from "../../shared/errors.js";
import { MEBIBYTE } from "../../shared/aws-limits.js";
import { MemoryGuard } from "../limits/memory.js";
import { mountedBytes } from "../limits/tmp.js";
import type { Cgroup } from "./cgroup.js";
import { makeEnvironmentFolder, removeMountPoints } from "./environment-folder.js";
import { exitFromStatus, KILLED } from "./exit-status.js";
import { Keeper } from "./keeper.js";
import { through, type Launch } from "./launch.js";
import { LiveProcesses } from "./live-processes.js";
import { flushStreams } from "./output.js";
import { childrenOf, descendantsOf, innerPidOf, signal } from "./process-tree.js";
import { GUEST } from "./root-plan.js";
import type { Mount, ProcessExit, ProcessSpec, Sandbox, SandboxProcess, SandboxSpec, SandboxTier } from "./sandbox.js";

/** After the quick stop of a freeze, time for forks under way to show. */
const FREEZE_SWEEP_MS = 20;
/** How long a room that is still being built may take to notice that nobody wants it. */
const DISMISS_MS = 1000;

/** How a tier opens its room: writes what it needs into the folder and names the command. */
export type Launcher = (spec: SandboxSpec, folder: string) => Launch;

export interface LinuxSandboxOptions {
  readonly tier: SandboxTier;
  readonly spec: SandboxSpec;
  readonly launcher: Launcher;
  readonly tools: { readonly env: string; readonly sh: string };
  readonly cgroup: Cgroup | undefined;
  /** The room could not be built: what the tier's tools said. */
  onRefused(reason: string): void;
}

interface StartedProcess {
  readonly name: string;
  readonly exited: PromiseWithResolvers;
  hostPid?: number;
  waiterPid?: number;
  innerPid?: number;
  cleanCode?: number;
  terminating?: boolean;
}

interface PromiseWithResolvers {
  readonly promise: Promise<ProcessExit>;
  resolve(exit: ProcessExit): void;
}

export class LinuxSandbox implements Sandbox {
  readonly tier: SandboxTier;
  readonly ready: Promise<void>;
  readonly notes: string[];
  readonly paths = { ...GUEST, resolve: (mount: Mount): string => mount.guestPath };
  readonly output: Sandbox["output"];
  readonly #options: LinuxSandboxOptions;
  readonly #folder: string;
  readonly #keeper: Keeper;
  readonly #live = new LiveProcesses();
  readonly #guard: MemoryGuard;
  readonly #processes = new Map<number, StartedProcess>();
  readonly #closed: Promise<void>;
  #adopted: Promise<void> | undefined;
  #lastToken = 0;
  #kills = 0;
  #frozen = false;
  #gone = false;
  #freezeSweep: NodeJS.Timeout | undefined;
  #destroyed: Promise<void> | undefined;
  /** Destroyed, or gone of its own accord. */
  #isOver = false;

  constructor(options: LinuxSandboxOptions) {
    const { spec, cgroup } = options;
    this.#options = options;
    this.tier = options.tier;
    this.#folder = makeEnvironmentFolder(spec.id, "mountPoints");
    this.#guard = new MemoryGuard({
      limitBytes: spec.memoryMb * MEBIBYTE,
      tmpSizeBytes: spec.ephemeralStorageMb * MEBIBYTE,
      group: cgroup,
      treeMemory: () => this.#live.memory(),
      tmpUsedBytes: () => this.#tmpBytes(),
      onExceeded: () => this.#live.kill(),
    });
    const launch = through(cgroup?.doors ?? [], options.launcher(spec, this.#folder), options.tools.sh);
    this.notes = [...launch.notes];

    let resolveClosed: () => void = () => undefined;
    this.#closed = new Promise((resolve) => (resolveClosed = resolve));
    let settleReady: { resolve(): void; reject(error: Error): void } | undefined;
    this.ready = new Promise((resolve, reject) => (settleReady = { resolve, reject }));
    this.ready.catch(() => undefined); // for those who do not ask
    let isReady = false;
    this.#keeper = new Keeper(launch, options.tools.env, spec.holdsInput === true, {
      ready: () => {
        isReady = true;
        this.#findKeeper();
        settleReady?.resolve();
      },
      started: (token, innerPid) => this.#onStarted(token, innerPid),
      ended: (token, status) => this.#onEnded(token, status),
      closed: (diagnostics) => {
        this.#gone = true;
        if (!isReady) {
          if (this.#destroyed === undefined) options.onRefused(diagnostics);
          settleReady?.reject(
            new AppError("LR5005", {
              what: "The execution environment could not be built",
              where: `tier ${this.tier}`,
              why: diagnostics,
            }),
          );
        }
        this.#onAllGone();
        resolveClosed();
      },
    });
    const { stdout, stderr, extensionOutput } = this.#keeper;
    this.output = { stdout, stderr, extensions: extensionOutput };
  }

  get isGone(): boolean {
    return this.#gone;
  }

  spawn(spec: ProcessSpec): SandboxProcess {
    const token = ++this.#lastToken;
    let resolve: (exit: ProcessExit) => void = () => undefined;
    const promise = new Promise<ProcessExit>((settle) => (resolve = settle));
    const started: StartedProcess = { name: spec.name, exited: { promise, resolve } };
    this.#processes.set(token, started);
    if (this.#isOver) {
      this.#settle(token, KILLED);
    } else {
      this.#keeper.start(token, spec);
      this.#guard.watch();
    }
    return {
      name: spec.name,
      exited: promise,
      terminate: () => this.#terminate(started),
      noteCleanExit: (code) => {
        started.cleanCode = code;
      },
      ...(spec.awaitsVariables === true
        ? { giveVariables: (variables) => this.#keeper.give(JSON.stringify(variables)) }
        : {}),
    };
  }

  freeze(): void {
    if (this.#isOver) return;
    this.#frozen = true;
    this.#live.stop();
    this.#guard.rest();
    clearTimeout(this.#freezeSweep);
    this.#freezeSweep = setTimeout(() => {
      this.#live.stopRest();
      if (this.#live.hasUnreapedOrphans()) this.#keeper.reap();
    }, FREEZE_SWEEP_MS);
    this.#freezeSweep.unref();
  }

  thaw(): void {
    this.#frozen = false;
    clearTimeout(this.#freezeSweep);
    this.#live.continue();
    this.#guard.watch();
  }

  async killAll(): Promise<void> {
    this.#thawQuietly();
    this.#kills++;
    this.#live.kill();
    const dying = [...this.#processes.keys()];
    await this.#keeper.killAll();
    for (const token of dying) this.#settle(token, KILLED);
    this.#kills--;
  }

  takePeakMemoryBytes(): number {
    const peak = Math.max(this.#live.takePeakBytes(), this.#guard.takePolledPeakBytes());
    return Math.min(peak, this.#options.spec.memoryMb * MEBIBYTE);
  }

  tmpUsedBytes(): Promise<number> {
    return Promise.resolve(this.#tmpBytes());
  }

  flushOutput(): Promise<void> {
    return flushStreams(this.output);
  }

  destroy(): Promise<void> {
    this.#destroyed ??= this.#destroy();
    return this.#destroyed;
  }

  async #destroy(): Promise<void> {
    this.#isOver = true;
    this.#thawQuietly();
    this.#guard.end();
    this.#kills++;
    this.#live.kill();
    this.#keeper.dismiss();
    // Killing process 1 from outside kills the namespace; its opener then returns when the last process is gone.
    if (this.#live.keeperPid !== undefined) signal(this.#live.keeperPid, "SIGKILL");
    const timer = setTimeout(() => this.#keeper.killHard(), DISMISS_MS);
    await this.#closed;
    clearTimeout(timer);
    this.#live.close();
    for (const stream of [this.#keeper.stdout, this.#keeper.stderr, this.#keeper.extensionOutput])
      if (stream.readableFlowing === null) stream.destroy();
    await this.#adopted?.catch(() => undefined); // noted already
    await this.#options.cgroup?.remove();
    removeMountPoints(this.#folder);
  }

  /** SIGKILL reaches the stopped as well: only the sweep that would stop the next ones has to end. */
  #thawQuietly(): void {
    this.#frozen = false;
    clearTimeout(this.#freezeSweep);
    this.#guard.rest();
  }

  #terminate(started: StartedProcess): void {
    started.terminating = true;
    if (started.hostPid !== undefined) signal(started.hostPid, "SIGTERM");
    else if (started.innerPid !== undefined) this.#keeper.terminate(started.innerPid);
  }

  /** The opener's only child is process 1 of the namespace. */
  #findKeeper(): void {
    const [pid] = this.#keeper.pid === undefined ? [] : childrenOf(this.#keeper.pid);
    if (pid === undefined || this.#destroyed !== undefined) return;
    this.#live.keeper = pid;
    this.#adopted = this.#options.cgroup?.adopt(pid, () => descendantsOf(pid));
    this.#adopted?.catch((error: unknown) => {
      this.notes.push(`memory is polled: the control group refused (${messageOf(error)})`);
    });
  }

  /** Finds on the host what the keeper calls by the namespace's number. */
  #onStarted(token: number, innerPid: number): void {
    const started = this.#processes.get(token);
    if (started === undefined || this.#live.keeperPid === undefined) return;
    started.innerPid = innerPid;
    for (const waiter of childrenOf(this.#live.keeperPid)) {
      const pid = childrenOf(waiter).find((child) => innerPidOf(child) === innerPid);
      if (pid === undefined) continue;
      started.hostPid = pid;
      started.waiterPid = waiter;
      this.#live.add(pid, waiter);
      break;
    }
    if (started.terminating) this.#terminate(started);
    if (this.#frozen) this.#live.stop();
  }

  #onEnded(token: number, status: number): void {
    const exit = exitFromStatus(status, this.#processes.get(token)?.cleanCode);
    const isKill = exit.kind === "signal" && exit.signal === KILLED.signal;
    const outOfMemory = isKill && this.#kills === 0 && this.#guard.takeExceeded();
    this.#settle(token, outOfMemory ? { kind: "out-of-memory" } : exit);
  }

  #settle(token: number, exit: ProcessExit): void {
    const started = this.#processes.get(token);
    if (started === undefined) return;
    this.#processes.delete(token);
    if (started.hostPid !== undefined) this.#live.remove(started.hostPid, started.waiterPid);
    if (this.#processes.size === 0) this.#guard.emptied();
    started.exited.resolve(exit);
  }

  #onAllGone(): void {
    this.#isOver = true;
    clearTimeout(this.#freezeSweep);
    const outOfMemory = this.#kills === 0 && this.#processes.size > 0 && this.#guard.takeExceeded();
    for (const token of this.#processes.keys()) this.#settle(token, outOfMemory ? { kind: "out-of-memory" } : KILLED);
  }

  #tmpBytes(): number {
    const pid = this.#live.keeperPid;
    return (pid === undefined ? undefined : mountedBytes(join("/proc", String(pid), "root", GUEST.tmp))) ?? 0;
  }
}
