/**
 * Memory: MemorySize bounds what the processes hold; /tmp is not part of it.
 * AWS: Lambda developer guide, "Configure Lambda function memory".
 *
 * With a cgroup the kernel kills at the exact byte, but it counts two things otherwise than Lambda does:
 * - the pages of /tmp (a tmpfs) are charged to the group. The wall therefore stands at MemorySize plus what /tmp holds,
 *   and wide open, at MemorySize plus all of /tmp, while /tmp grows or less than half of the memory is used, so that a
 *   full /tmp is ENOSPC and never a kill;
 * - files that other processes brought into memory (the node binary) are charged to those, and what a process allocated
 *   before it entered the group to nobody. The wall is lowered by both, so that resident memory, which Max Memory Used
 *   reports, never passes MemorySize.
 * Left over: a function that fills its memory and /tmp at once is watched by polling, as are all functions without a cgroup.
 */
import { hrtime } from "node:process";

/** What a runaway can touch per millisecond; measured 1-2 MB, so the poll always comes before the wall. */
const RUNAWAY_BYTES_PER_MS = 4 * 1024 * 1024;
const MIN_POLL_MS = 2;
const MAX_POLL_MS = 50;
/** /tmp counts as growing for so long after it last grew. */
const TMP_QUIET_MS = 250;
/** Below this share of the limit nothing can pass the wall before the next poll. */
const OPEN_SHARE = 0.5;
/** Mapped files of others take less than the rest of the limit. */
const LOWEST_WALL_SHARE = 0.25;
/** Cheaper than moving the wall for every page. */
const WALL_STEP_BYTES = 256 * 1024;

/** The kernel's account of a sandbox. */
export interface MemoryGroup {
  usageBytes(): number;
  /** Memory of processes that is charged to the group: anonymous, and mapped files. */
  processBytes(): number;
  /** False when more than that is in use: then the old limit stands. */
  setLimit(bytes: number): boolean;
  /** How many processes the kernel has killed for want of memory. */
  oomKills(): number;
}

export interface TreeMemory {
  readonly residentBytes: number;
}

export interface MemoryGuardOptions {
  readonly limitBytes: number;
  readonly tmpSizeBytes: number;
  readonly group: MemoryGroup | undefined;
  treeMemory(): TreeMemory;
  tmpUsedBytes(): number;
  /** The tree holds more than it may: kill it. Not called when the kernel does it. */
  onExceeded(): void;
}

export class MemoryGuard {
  readonly #options: MemoryGuardOptions;
  #timer: NodeJS.Timeout | undefined;
  #peakBytes = 0;
  #wallBytes: number;
  #tmpBytes = 0;
  #tmpGrewAtMs = -TMP_QUIET_MS;
  #residentBytes = 0;
  #unchargedBytes = 0;
  #exceeded = false;
  #oomKillsSeen: number;
  #running = false;
  #over = false;

  constructor(options: MemoryGuardOptions) {
    this.#options = options;
    this.#wallBytes = options.limitBytes + options.tmpSizeBytes;
    this.#oomKillsSeen = options.group?.oomKills() ?? 0;
  }

  /** Watches until `rest`. */
  watch(): void {
    if (this.#running || this.#over) return;
    this.#running = true;
    this.#schedule(MIN_POLL_MS);
  }

  /** Nothing runs: frozen, or between two runtimes. */
  rest(): void {
    this.#running = false;
    clearTimeout(this.#timer);
  }

  /** The last process has ended: the wall that stood for it is none for the next one. */
  emptied(): void {
    this.rest();
    const { group, limitBytes, tmpSizeBytes } = this.#options;
    const wallBytes = limitBytes + tmpSizeBytes;
    this.#residentBytes = 0;
    this.#unchargedBytes = 0;
    if (wallBytes !== this.#wallBytes && group?.setLimit(wallBytes) === true) this.#wallBytes = wallBytes;
  }

  /** The sandbox is being destroyed: there is nothing to look at any more. */
  end(): void {
    this.#over = true;
    this.rest();
  }

  /** Highest polled memory since the last call. */
  takePolledPeakBytes(): number {
    const peak = this.#peakBytes;
    this.#peakBytes = 0;
    return peak;
  }

  /** Whether memory was the cause of a kill since the last call. */
  takeExceeded(): boolean {
    const kills = this.#options.group?.oomKills() ?? 0;
    const exceeded = this.#exceeded || kills > this.#oomKillsSeen;
    this.#oomKillsSeen = kills;
    this.#exceeded = false;
    if (exceeded) this.#peakBytes = this.#options.limitBytes;
    return exceeded;
  }

  #schedule(delayMs: number): void {
    this.#timer = setTimeout(() => {
      const nextMs = this.#poll();
      if (this.#running) this.#schedule(nextMs);
    }, delayMs);
    this.#timer.unref();
  }

  /** One look; returns when to look again, in ms. */
  #poll(): number {
    const { group, limitBytes } = this.#options;
    const tree = this.#options.treeMemory();
    this.#peakBytes = Math.max(this.#peakBytes, Math.min(tree.residentBytes, limitBytes));
    const used = group === undefined ? tree.residentBytes : this.#moveWall(group, tree);
    if (tree.residentBytes > limitBytes) {
      this.#exceeded = true;
      this.#options.onExceeded();
    }
    const aheadBytes = Math.max(0, used < limitBytes * OPEN_SHARE ? limitBytes * OPEN_SHARE - used : limitBytes - used);
    return Math.min(MAX_POLL_MS, Math.max(MIN_POLL_MS, aheadBytes / RUNAWAY_BYTES_PER_MS));
  }

  /** Puts the kernel's limit where Lambda's would be. Returns the memory in use by Lambda's count. */
  #moveWall(group: MemoryGroup, tree: TreeMemory): number {
    const { limitBytes, tmpSizeBytes } = this.#options;
    const nowMs = Number(hrtime.bigint() / 1_000_000n);
    const tmpBytes = this.#options.tmpUsedBytes();
    if (tmpBytes > this.#tmpBytes) this.#tmpGrewAtMs = nowMs;
    this.#tmpBytes = tmpBytes;
    if (Math.abs(tree.residentBytes - this.#residentBytes) > WALL_STEP_BYTES) {
      this.#residentBytes = tree.residentBytes;
      this.#unchargedBytes = Math.max(0, tree.residentBytes - group.processBytes());
    }
    const used = group.usageBytes() - tmpBytes + this.#unchargedBytes;
    const open = used < limitBytes * OPEN_SHARE || nowMs - this.#tmpGrewAtMs < TMP_QUIET_MS;
    const wallBytes = limitBytes + (open ? tmpSizeBytes : tmpBytes) - this.#unchargedBytes;
    // In the middle of an exit the group's account is empty before the processes are: that is no place for a wall.
    if (wallBytes < limitBytes * LOWEST_WALL_SHARE) return used;
    if (Math.abs(wallBytes - this.#wallBytes) >= WALL_STEP_BYTES && group.setLimit(wallBytes))
      this.#wallBytes = wallBytes;
    return used;
  }
}
