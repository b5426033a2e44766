/**
 * How a process ended, in the words Lambda uses: "Runtime exited with error: signal: killed". The names are those of
 * Go's syscall.Signal on Linux, since Lambda's supervisor is written in Go.
 * AWS: Lambda developer guide, "Troubleshoot execution issues" (Runtime.ExitError).
 */
import { constants } from "node:os";
import type { ProcessExit } from "./sandbox.js";

const SIGNAL_WORDS: Readonly<Record<number, string>> = {
  1: "hangup",
  2: "interrupt",
  3: "quit",
  4: "illegal instruction",
  5: "trace/breakpoint trap",
  6: "aborted",
  7: "bus error",
  8: "floating point exception",
  9: "killed",
  10: "user defined signal 1",
  11: "segmentation fault",
  12: "user defined signal 2",
  13: "broken pipe",
  14: "alarm clock",
  15: "terminated",
  16: "stack fault",
  24: "CPU time limit exceeded",
  25: "file size limit exceeded",
  26: "virtual timer expired",
  27: "profiling timer expired",
  29: "I/O possible",
  30: "power failure",
  31: "bad system call",
};

/** A shell reports death by signal n as 128 + n. */
const SIGNAL_STATUS_BASE = 128;

export const KILLED = { kind: "signal", signal: "killed" } as const satisfies ProcessExit;

/** The end of a process as a shell's `$?` tells it; `cleanCode` is what the process said of itself. */
export function exitFromStatus(status: number, cleanCode?: number): ProcessExit {
  const signal = SIGNAL_WORDS[status - SIGNAL_STATUS_BASE];
  if (signal === undefined || cleanCode === status) return { kind: "exit", code: status };
  return { kind: "signal", signal };
}

/** The end of a process as Node's `exit` event tells it. */
export function exitFromNode(code: number | null, signal: NodeJS.Signals | null): ProcessExit {
  if (signal === null) return { kind: "exit", code: code ?? 0 };
  // Numbers differ between Linux and macOS (SIGBUS, SIGUSR1 ...): those are named here, the common ones by number.
  if (signal === "SIGBUS") return { kind: "signal", signal: "bus error" };
  if (signal === "SIGUSR1" || signal === "SIGUSR2")
    return { kind: "signal", signal: `user defined signal ${signal.slice(-1)}` };
  return { kind: "signal", signal: SIGNAL_WORDS[constants.signals[signal]] ?? signal };
}
