/**
 * The room of an environment whose function is a container image: each of its processes, the runtime and the extensions,
 * is a container of its own, which brings file system, limits and process tree along. What they share, and what a reset
 * leaves, is the /tmp that the holder has.
 */
import { PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { MEBIBYTE } from "../../../shared/aws-limits.js";
import { MemoryGuard } from "../../../runtime/limits/memory.js";
import { mountedBytes } from "../../../runtime/limits/tmp.js";
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
import { FUNCTION_LABEL, HOLDER_LABEL } from "../labels.js";
import { FunctionContainer } from "./container.js";
import { Holder } from "./holder.js";
import { ownPlace, SHARED_PLACE, type FunctionNetwork, type Place } from "./network.js";
import { creation, type ContainerShape } from "./shape.js";
import { WatchedProcesses } from "./watched-processes.js";

/** What a container prints passes through its engine: a line that was printed before the answer may come after it. */
const OUTPUT_LAG_MS = 3;
const FREEZE_AFTER_MS = 20;

export interface ContainerSandboxOptions {
  readonly target: EngineTarget;
  readonly shape: ContainerShape;
  readonly spec: SandboxSpec;
  /** For people who look at `docker ps`. */
  readonly name: string;
  readonly functionName: string;
  /** Image of the holder. */
  readonly pauseImage: string;
  readonly network: FunctionNetwork;
  readonly ownNetwork: boolean;
  /** Ports of ours that its variables may name. */
  readonly ports: readonly number[];
}

export class ContainerSandbox implements Sandbox {
  readonly tier = "container";
  /** Rejects as soon as the engine fails, be it in the middle of an invocation; resolves at the end only. */
  readonly ready: Promise<void>;
  readonly notes: readonly string[] = [];
  readonly paths = { task: "/var/task", opt: "/opt", tmp: "/tmp", resolve: ({ guestPath }: Mount) => guestPath };
  readonly output = { stdout: new PassThrough(), stderr: new PassThrough() };
  readonly #options: ContainerSandboxOptions;
  readonly #guard: MemoryGuard;
  /** Those that live, with their processes as far as they can be seen. */
  readonly #containers = new Map<FunctionContainer, WatchedProcesses | undefined>();
  readonly #removals = new Set<Promise<void>>();
  #holder: Holder | undefined;
  /** Its own network, where it has one. */
  #place: Place | undefined;
  #freezing: NodeJS.Timeout | undefined;
  #count = 0;
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
      treeMemory: () => ({ residentBytes: this.#sum((processes) => processes.residentBytes) }),
      tmpUsedBytes: () => 0,
      onExceeded: () => this.#containers.forEach((_, container) => container.kill()),
    });
  }

  get address(): string | undefined {
    return this.#options.ownNetwork ? this.#place?.address : SHARED_PLACE.address;
  }

  get isGone(): boolean {
    return this.#isOver;
  }

  spawn(process: ProcessSpec): SandboxProcess {
    const { target, spec, name, functionName } = this.#options;
    const labels = { ...this.#options.shape.labels, [FUNCTION_LABEL]: functionName };
    const shape = { ...this.#options.shape, labels };
    this.#count += 1;
    const container = new FunctionContainer({
      target,
      name: `${name}-${this.#count}`,
      creation: async () => {
        const { id, place } = await this.#room();
        const env = await place.translate(process.env);
        return creation(shape, spec, { ...process, env }, { id, sharesNetwork: !place.shared });
      },
      print: (stream, bytes) => {
        this.#lastOutputAt = performance.now();
        if (!this.#isOver) this.output[stream].write(bytes);
      },
      started: (processId, id) => this.#watch(container, processId, id),
    });
    this.#containers.set(container, undefined);
    return {
      name: process.name,
      exited: this.#endOf(container),
      terminate: () => container.terminate(),
      noteCleanExit: () => undefined, // the engine's word is exact
    };
  }

  /** In a moment: an engine takes 20 ms to pause and wake a container, and who calls in a row comes before that. */
  freeze(): void {
    clearTimeout(this.#freezing);
    this.#freezing = setTimeout(() => {
      this.#guard.rest();
      for (const container of this.#containers.keys()) container.freeze();
    }, FREEZE_AFTER_MS);
    this.#freezing.unref();
  }

  thaw(): void {
    clearTimeout(this.#freezing);
    for (const container of this.#containers.keys()) container.thaw();
    this.#guardIfSeen();
  }

  async killAll(): Promise<void> {
    clearTimeout(this.#freezing);
    const containers = [...this.#containers.keys()];
    for (const container of containers) this.#forget(container);
    await Promise.all(containers.map((container) => container.ended.catch(() => undefined)));
  }

  takePeakMemoryBytes(): number {
    const peak = Math.max(
      this.#sum((processes) => processes.takePeakBytes()),
      this.#guard.takePolledPeakBytes(),
    );
    return Math.min(peak, this.#options.spec.memoryMb * MEBIBYTE);
  }

  /** Undefined where the files of the engine's containers may not be looked at. */
  tmpUsedBytes(): Promise<number | undefined> {
    const id = this.#holder?.processId;
    return Promise.resolve(id === undefined ? undefined : mountedBytes(`/proc/${id}/root/tmp`));
  }

  async flushOutput(): Promise<void> {
    if (this.#containers.size > 0) {
      const asked = performance.now();
      for (let quiet = 0; quiet < OUTPUT_LAG_MS; quiet = performance.now() - Math.max(asked, this.#lastOutputAt))
        await sleep(1);
    }
    await flushStreams(this.output);
  }

  async destroy(): Promise<void> {
    this.#isOver = true;
    clearTimeout(this.#freezing);
    this.#guard.end();
    for (const container of this.#containers.keys()) this.#forget(container);
    await Promise.all(this.#removals);
    await this.#holder?.remove().catch(() => undefined); // what is left goes with the session
    this.#leave();
    this.#settleReady?.resolve();
    this.output.stdout.end();
    this.output.stderr.end();
  }

  /** What its containers share. Who removes the holder (`lambda-run down`) takes that away, and no more. */
  async #room(): Promise<{ readonly id: string; readonly place: Place }> {
    const held = this.#holder;
    if (held !== undefined && !(await held.isThere()) && this.#holder === held) this.#leave();
    const { target, pauseImage, name, functionName, shape, spec, network, ownNetwork, ports } = this.#options;
    const labels = { ...shape.labels, [HOLDER_LABEL]: functionName };
    const holder = (this.#holder ??= new Holder({
      target,
      image: pauseImage,
      name,
      labels,
      sizeMb: spec.ephemeralStorageMb,
      ownNetwork,
    }));
    const id = await holder.created;
    if (ownNetwork) this.#place ??= ownPlace(network, await holder.addresses, ports);
    return { id, place: this.#place ?? SHARED_PLACE };
  }

  #leave(): void {
    this.#place?.close();
    this.#place = this.#holder = undefined;
  }

  async #endOf(container: FunctionContainer): Promise<ProcessExit> {
    try {
      const exit = await container.ended;
      const isKill = exit.kind === "signal" && exit.signal === KILLED.signal;
      const grew = isKill && this.#containers.has(container) && this.#guard.takeExceeded();
      return grew ? { kind: "out-of-memory" } : exit;
    } catch (error) {
      this.#isOver = true;
      this.#settleReady?.reject(error);
      return KILLED;
    } finally {
      if (this.#containers.has(container)) this.#forget(container);
    }
  }

  #watch(container: FunctionContainer, processId: number, id: string): void {
    if (!this.#containers.has(container)) return;
    this.#containers.set(container, WatchedProcesses.of(processId, id));
    this.#guardIfSeen();
  }

  #guardIfSeen(): void {
    if ([...this.#containers.values()].some((processes) => processes !== undefined)) this.#guard.watch();
  }

  #sum(of: (processes: WatchedProcesses) => number): number {
    let sum = 0;
    for (const processes of this.#containers.values()) if (processes !== undefined) sum += of(processes);
    return sum;
  }

  /** It is over, or killed now: others may come in its place, with a clean account. */
  #forget(container: FunctionContainer): void {
    this.#containers.get(container)?.close();
    this.#containers.delete(container);
    if (this.#containers.size === 0) this.#guard.rest();
    const removal: Promise<void> = container
      .remove()
      .catch(() => undefined) // whatever is left of it goes with the session
      .finally(() => this.#removals.delete(removal));
    this.#removals.add(removal);
  }
}
