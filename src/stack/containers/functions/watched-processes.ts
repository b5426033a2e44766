/** The processes of one container as this machine sees them, where the engine counts them as we do: for their memory. */
import { readFileSync } from "node:fs";
import { LiveProcesses } from "../../../runtime/sandbox/live-processes.js";
import { childrenOf } from "../../../runtime/sandbox/process-tree.js";

export class WatchedProcesses {
  readonly #init: number;
  readonly #live = new LiveProcesses();

  private constructor(init: number) {
    this.#init = init;
    this.#live.keeper = init;
  }

  /** Undefined in a virtual machine's engine, where the number means another process, or none, of ours. */
  static of(processId: number, containerId: string): WatchedProcesses | undefined {
    try {
      const isItsOwn = readFileSync(`/proc/${processId}/cgroup`, "latin1").includes(containerId);
      return isItsOwn ? new WatchedProcesses(processId) : undefined;
    } catch {
      return undefined;
    }
  }

  get residentBytes(): number {
    // The first child of the container's init is the program: the kernel's mark of its memory is exact.
    if (this.#live.startedPids.length === 0) {
      const [program] = childrenOf(this.#init);
      if (program !== undefined) this.#live.add(program);
    }
    return this.#live.memory().residentBytes;
  }

  takePeakBytes(): number {
    return this.#live.takePeakBytes();
  }

  close(): void {
    this.#live.close();
  }
}
