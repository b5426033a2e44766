/**
 * Gives back what a burst of work has left on the heap. V8 collects when it needs room, and a server that waits needs
 * none: after its start, and after every burst, some 7 MB of garbage would stay until the next one.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { realClock, type Clock } from "../shared/clock.js";

const LOOK_EVERY_MS = 2_000;
/** Below this share of a core nobody waits for the 10 ms that a collection takes. */
const IDLE_SHARE = 0.01;
/** As much work as is worth a collection. */
const WORTH_US = 100_000;

export interface WorkingProcess {
  /** CPU time since it began. */
  usedUs(): number;
  collect(): void;
}

/** Looks every two seconds; ends by itself with the process. */
export function collectWhenIdle(worker: WorkingProcess = thisProcess(), clock: Clock = realClock): void {
  let looked = worker.usedUs();
  let collected = 0;
  const look = (): void => {
    clock.after(LOOK_EVERY_MS, look);
    const used = worker.usedUs();
    const idle = used - looked < LOOK_EVERY_MS * 1000 * IDLE_SHARE;
    looked = used;
    if (!idle || used - collected < WORTH_US) return;
    worker.collect();
    // Its own time is no work.
    collected = worker.usedUs();
  };
  clock.after(LOOK_EVERY_MS, look);
}

function thisProcess(): WorkingProcess {
  setFlagsFromString("--expose-gc");
  return {
    usedUs: () => {
      const { user, system } = process.cpuUsage();
      return user + system;
    },
    collect: runInNewContext("gc") as () => void,
  };
}
