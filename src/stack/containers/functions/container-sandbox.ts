/**
 * The room of an environment whose function is a container image: each runtime process is a container of its own, which
 * brings file system, limits and process tree along. A reset makes a new one.
 */
import { readFileSync } from "node:fs";
import { PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { MEBIBYTE } from "../../../shared/aws-limits.js";
import { MemoryGuard, type TreeMemory } from "../../../runtime/limits/memory.js";
import { mountedBytes } from "../../../runtime/limits/tmp.js";
import { LiveProcesses } from "../../../runtime/sandbox/live-processes.js";
import { childrenOf } from "../../../runtime/sandbox/process-tree.js";
import { flushStreams } from "../../../runtime/sandbox/output.js";
import { KILLED } from "../../../runtime/sandbox/exit-status.js";
import type {
  Mount,
  ProcessExit,
  ProcessSpec,
  Sandbox,
  SandboxProcess,
  SandboxSpec,
} from "../../../runtime/sandbox/sandbox.js";
import type { EngineTarget } from "../engine.js";
import { FunctionContainer } from "./container.js";
import { creation, type ContainerShape } from "./shape.js";

/** What a container prints passes through its engine: a line that was printed before the answer may come after it. */
const OUTPUT_LAG_MS = 3;

export interface ContainerSandboxOptions {
  readonly target: EngineTarget;
  readonly shape: ContainerShape;
  readonly spec: SandboxSpec;
  /** For people who look at `docker ps`. */
  readonly name: string;
}

export class ContainerSandbox implements Sandbox {
  readonly tier = "container";
  readonly ready: Promise<void>;
  readonly notes: readonly string[] = [];
  readonly paths = { task: "/var/task", opt: "/opt", tmp: "/tmp", resolve: ({ guestPath }: Mount) => guestPath };
  readonly output = { stdout: new PassThrough(), stderr: new PassThrough() };
  readonly #options: ContainerSandboxOptions;
  readonly #guard: MemoryGuard;
  readonly #live = new LiveProcesses();
  readonly #removals = new Set<Promise<void>>();
  #current: FunctionContainer | undefined;
  #count = 0;
  #processId: number | undefined;
  #lastOutputAt = 0;
  #settleReady: { resolve(): void; reject(error: unknown): void } | undefined;
  /** Destroyed, or the engine has failed. */
  #isOver = false;

  constructor(options: ContainerSandboxOptions) {
    const { spec } = options;
    this.#options = options;
    this.ready = new Promise((resolve, reject) => (this.#settleReady = { resolve, reject }));
    this.ready.catch(() => undefined); // for those who do not ask
    this.#guard = new MemoryGuard({
      limitBytes: spec.memoryMb * MEBIBYTE,
      tmpSizeBytes: spec.ephemeralStorageMb * MEBIBYTE,
      // The wall of the engine's control group stands at memory and /tmp together.
      group: undefined,
      treeMemory: () => this.#treeMemory(),
      tmpUsedBytes: () => 0,
      onExceeded: () => this.#current?.kill(),
    });
  }

  get isGone(): boolean {
    return this.#isOver;
  }

  spawn(process: ProcessSpec): SandboxProcess {
    const { target, shape, spec, name } = this.#options;
    this.#count += 1;
    const container = new FunctionContainer({
      target,
      name: this.#count === 1 ? name : `${name}-${this.#count}`,
      creation: creation(shape, spec, process),
      print: (stream, bytes) => {
        this.#lastOutputAt = performance.now();
        if (!this.#isOver) this.output[stream].write(bytes);
      },
      started: (processId, id) => this.#watch(container, processId, id),
    });
    this.#current = container;
    return {
      name: process.name,
      exited: this.#endOf(container),
      terminate: () => container.terminate(),
      noteCleanExit: () => undefined, // the engine's word is exact
    };
  }

  freeze(): void {
    this.#guard.rest();
    this.#current?.freeze();
  }

  thaw(): void {
    this.#current?.thaw();
    if (this.#processId !== undefined) this.#guard.watch();
  }

  async killAll(): Promise<void> {
    const container = this.#current;
    if (container === undefined) return;
    this.#forget(container);
    container.kill();
    await container.ended.catch(() => undefined);
  }

  takePeakMemoryBytes(): number {
    const peak = Math.max(this.#live.takePeakBytes(), this.#guard.takePolledPeakBytes());
    return Math.min(peak, this.#options.spec.memoryMb * MEBIBYTE);
  }

  /** Undefined once the container has ended, or where its files may not be looked at. */
  tmpUsedBytes(): Promise<number | undefined> {
    const id = this.#processId;
    return Promise.resolve(id === undefined ? undefined : mountedBytes(`/proc/${id}/root/tmp`));
  }

  async flushOutput(): Promise<void> {
    if (this.#current !== undefined) {
      const asked = performance.now();
      for (let quiet = 0; quiet < OUTPUT_LAG_MS; quiet = performance.now() - Math.max(asked, this.#lastOutputAt))
        await sleep(1);
    }
    await flushStreams(this.output);
  }

  async destroy(): Promise<void> {
    this.#isOver = true;
    this.#guard.end();
    if (this.#current !== undefined) this.#forget(this.#current);
    await Promise.all(this.#removals);
    this.output.stdout.end();
    this.output.stderr.end();
  }

  async #endOf(container: FunctionContainer): Promise<ProcessExit> {
    try {
      const exit = await container.ended;
      this.#settleReady?.resolve();
      const isKill = exit.kind === "signal" && exit.signal === KILLED.signal;
      const grew = isKill && this.#current === container && this.#guard.takeExceeded();
      return grew ? { kind: "out-of-memory" } : exit;
    } catch (error) {
      this.#isOver = true;
      this.#settleReady?.reject(error);
      return KILLED;
    } finally {
      this.#forget(container);
    }
  }

  /** Its processes can be looked at when the engine counts them as we do. */
  #watch(container: FunctionContainer, processId: number, id: string): void {
    this.#settleReady?.resolve();
    if (this.#current !== container || !isOfContainer(processId, id)) return;
    this.#processId = processId;
    this.#live.keeper = processId;
    this.#guard.watch();
  }

  /** The first child of the container's init is the runtime; the kernel's mark of its memory is exact. */
  #treeMemory(): TreeMemory {
    if (this.#processId !== undefined && this.#live.startedPids.length === 0) {
      const [runtime] = childrenOf(this.#processId);
      if (runtime !== undefined) this.#live.add(runtime);
    }
    return this.#live.memory();
  }

  /** It is over, or about to be: another may come in its place, with a clean account. */
  #forget(container: FunctionContainer): void {
    if (this.#current === container) {
      this.#current = undefined;
      this.#guard.rest();
      this.#live.close();
      this.#processId = undefined;
    }
    const removal: Promise<void> = container
      .remove()
      .catch(() => undefined) // whatever is left of it goes with the session
      .finally(() => this.#removals.delete(removal));
    this.#removals.add(removal);
  }
}

/** In a virtual machine's engine the number means another process, or none, of ours. */
function isOfContainer(processId: number, id: string): boolean {
  try {
    return readFileSync(`/proc/${processId}/cgroup`, "latin1").includes(id);
  } catch {
    return false;
  }
}
