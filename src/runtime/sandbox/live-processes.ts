/**
 * The processes of one sandbox as signals and memory see them: those the supervisor started, whose files are kept open,
 * and whatever these have brought forth. The keeper and its waiting shells are never among them.
 */
import { childrenOf, descendantsOf, hasEnded, memoryOf, signal, WatchedProcess } from "./process-tree.js";
import type { TreeMemory } from "../limits/memory.js";

export class LiveProcesses {
  readonly #started = new Map<number, WatchedProcess>();
  readonly #waiters = new Set<number>();
  readonly #stopped = new Set<number>();
  #keeper: WatchedProcess | undefined;

  /** The process that orphans fall to. */
  set keeper(pid: number) {
    this.#keeper = new WatchedProcess(pid);
  }

  get keeperPid(): number | undefined {
    return this.#keeper?.pid;
  }

  add(pid: number, waiter?: number): void {
    this.#started.set(pid, new WatchedProcess(pid));
    if (waiter !== undefined) this.#waiters.add(waiter);
  }

  remove(pid: number, waiter?: number): void {
    this.#started.get(pid)?.close();
    this.#started.delete(pid);
    this.#stopped.delete(pid);
    if (waiter !== undefined) this.#waiters.delete(waiter);
  }

  get startedPids(): readonly number[] {
    return [...this.#started.keys()];
  }

  /** All live processes. In the common case, one process without children, this is two reads of 3 us. */
  pids(): number[] {
    const found = new Set<number>();
    for (const watched of this.#started.values()) {
      found.add(watched.pid);
      for (const child of watched.children()) addWithDescendants(found, child);
    }
    for (const orphan of this.#orphans()) addWithDescendants(found, orphan);
    return [...found];
  }

  /** The same with the children of every thread: for when it may take its time. */
  allPids(): number[] {
    const found = new Set<number>(this.#started.keys());
    for (const pid of this.#started.keys()) for (const child of descendantsOf(pid)) found.add(child);
    for (const orphan of this.#orphans()) addWithDescendants(found, orphan);
    return [...found];
  }

  /** Ended orphans that the keeper has not counted yet. */
  hasUnreapedOrphans(): boolean {
    return this.#orphans().some(hasEnded);
  }

  /** Memory of the tree. Shared pages are mostly the same (node, its libraries): the largest share counts once. */
  memory(): TreeMemory {
    let privateBytes = 0;
    let sharedBytes = 0;
    for (const pid of this.pids()) {
      const memory = this.#started.get(pid)?.memory() ?? memoryOf(pid);
      if (memory === undefined) continue;
      privateBytes += memory.residentBytes - memory.sharedBytes;
      sharedBytes = Math.max(sharedBytes, memory.sharedBytes);
    }
    return { residentBytes: privateBytes + sharedBytes };
  }

  /** The kernel's high-water marks since the last call, exact for a single process, a sum for several. */
  takePeakBytes(): number {
    let peak = 0;
    for (const watched of this.#started.values()) peak += watched.takePeakBytes();
    return peak;
  }

  stop(): void {
    this.#stopAll(this.pids());
  }

  /** Stops what the quick look may have missed: children of other threads, those born while it looked. */
  stopRest(): void {
    this.#stopAll(this.allPids());
  }

  continue(): void {
    for (const pid of this.#stopped) signal(pid, "SIGCONT");
    this.#stopped.clear();
  }

  kill(): void {
    for (const pid of this.#started.keys()) signal(pid, "SIGKILL");
  }

  close(): void {
    for (const pid of this.startedPids) this.remove(pid);
    this.#keeper?.close();
    this.#keeper = undefined;
  }

  #orphans(): number[] {
    return this.#keeper?.children().filter((pid) => !this.#waiters.has(pid)) ?? [];
  }

  #stopAll(pids: readonly number[]): void {
    for (const pid of pids) {
      if (this.#stopped.has(pid)) continue;
      signal(pid, "SIGSTOP");
      this.#stopped.add(pid);
    }
  }
}

function addWithDescendants(found: Set<number>, pid: number): void {
  if (found.has(pid)) return;
  found.add(pid);
  for (const child of childrenOf(pid)) addWithDescendants(found, child);
}
