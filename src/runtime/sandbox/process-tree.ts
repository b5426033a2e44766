/**
 * Processes as the host sees them: who descends from whom, how much memory they hold. Files under /proc are kept open,
 * since a read at offset 0 costs 3 us where open, read and close cost 20. See proc(5).
 */
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync, writeSync } from "node:fs";
import { errnoOf } from "../../shared/errors.js";

const buffer = Buffer.alloc(4096);
const PAGE_SIZES = [4096, 16_384, 65_536];

/** Bytes in a page of /proc/<pid>/statm: told by comparing our own two figures of resident memory. */
const pageBytes = once((): number => {
  try {
    const pages = Number(readFileSync("/proc/self/statm", "latin1").split(" ")[1]);
    return PAGE_SIZES.find((size) => pages * size > process.memoryUsage.rss() / 2) ?? 4096;
  } catch {
    return 4096; // no /proc here: nobody asks
  }
});

/** Whether the kernel lists children (CONFIG_PROC_CHILDREN). */
const listsChildren = once(() => existsSync(`/proc/self/task/${process.pid}/children`));

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** Sends a signal; a process that is gone already is fine. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (errnoOf(error) !== "ESRCH" && errnoOf(error) !== "EPERM") throw error;
  }
}

/** Text of a kept-open /proc file, or undefined when its process is gone. */
function readAgain(fd: number | undefined): string | undefined {
  if (fd === undefined) return undefined;
  try {
    return buffer.toString("latin1", 0, readSync(fd, buffer, 0, buffer.length, 0));
  } catch {
    return undefined;
  }
}

function openQuietly(path: string, flags = "r"): number | undefined {
  try {
    return openSync(path, flags);
  } catch {
    return undefined;
  }
}

function parsePids(text: string | undefined): number[] {
  return text === undefined || text === "" ? [] : text.trim().split(" ").map(Number);
}

export interface ProcessMemory {
  readonly residentBytes: number;
  /** The part that is backed by files or shared: the program itself, its libraries. */
  readonly sharedBytes: number;
}

function parseStatm(text: string): ProcessMemory {
  const [, resident = "0", shared = "0"] = text.split(" ");
  return { residentBytes: Number(resident) * pageBytes(), sharedBytes: Number(shared) * pageBytes() };
}

/** Memory of a process that is looked at once in a while. */
export function memoryOf(pid: number): ProcessMemory | undefined {
  const text = readQuietly(`/proc/${pid}/statm`);
  return text === undefined ? undefined : parseStatm(text);
}

function readQuietly(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return undefined; // the process has ended
  }
}

/** One process with its files kept open; `close` when it has ended. */
export class WatchedProcess {
  readonly pid: number;
  readonly #children: number | undefined;
  readonly #statm: number | undefined;
  readonly #status: number | undefined;
  readonly #clearRefs: number | undefined;

  constructor(pid: number) {
    this.pid = pid;
    this.#children = openQuietly(`/proc/${pid}/task/${pid}/children`);
    this.#statm = openQuietly(`/proc/${pid}/statm`);
    this.#status = openQuietly(`/proc/${pid}/status`);
    this.#clearRefs = openQuietly(`/proc/${pid}/clear_refs`, "w");
  }

  /** Children of the main thread; those of other threads take `descendantsOf`. */
  children(): number[] {
    return parsePids(readAgain(this.#children));
  }

  memory(): ProcessMemory | undefined {
    const text = readAgain(this.#statm);
    if (text === undefined) return undefined;
    return parseStatm(text);
  }

  /** Highest resident memory since the last call. Writing 5 to clear_refs starts the kernel's mark anew. */
  takePeakBytes(): number {
    const match = /VmHWM:\s*(\d+) kB/.exec(readAgain(this.#status) ?? "");
    try {
      if (match && this.#clearRefs !== undefined) writeSync(this.#clearRefs, "5");
    } catch {
      // ended meanwhile, or not ours to reset: the mark then counts from the start of the process
    }
    return match ? Number(match[1]) * 1024 : 0;
  }

  close(): void {
    for (const fd of [this.#children, this.#statm, this.#status, this.#clearRefs]) if (fd !== undefined) closeSync(fd);
  }
}

/** All descendants, of every thread, parents first. */
export function descendantsOf(pid: number): number[] {
  const found: number[] = [];
  const queue = [pid];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const children = childrenOf(next);
    found.push(...children);
    queue.push(...children);
  }
  return found;
}

/** Children of every thread of a process. */
export function childrenOf(pid: number): number[] {
  if (!listsChildren()) return childrenByScan(pid);
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      parsePids(readQuietly(`/proc/${pid}/task/${thread}/children`)),
    );
  } catch {
    return []; // ended
  }
}

function childrenByScan(pid: number): number[] {
  const pids = readdirSync("/proc").map(Number);
  return pids.filter((other) => other > 0 && statFieldsOf(other)?.[1] === String(pid));
}

/** Fields of /proc/<pid>/stat that follow the name in brackets: state, parent ... */
function statFieldsOf(pid: number): string[] | undefined {
  const text = readQuietly(`/proc/${pid}/stat`);
  return text?.slice(text.lastIndexOf(")") + 2).split(" ");
}

/** Clock ticks since boot at which a process began: with its id, a name that is never given twice. */
export function startTicksOf(pid: number): string | undefined {
  return statFieldsOf(pid)?.[19];
}

/** The process id inside the innermost PID namespace. */
export function innerPidOf(pid: number): number | undefined {
  const match = /^NSpid:.*\t(\d+)$/m.exec(readQuietly(`/proc/${pid}/status`) ?? "");
  return match ? Number(match[1]) : undefined;
}

/** Ended, and only waiting to be counted by its parent. */
export function hasEnded(pid: number): boolean {
  const state = statFieldsOf(pid)?.[0];
  return state === undefined || state === "Z" || state === "X";
}
