/**
 * What runs and what has run since a stack began, by function and state machine: a handful of numbers, counted as it happens,
 * for those who look on from another process.
 */
import type { InvocationObserver } from "../runtime/types.js";
import type { Gateway } from "../services/gateway.js";
import type { Bus } from "../shared/bus.js";
import { askInspector, serveInspector, type Asked } from "./inspector-door.js";

export interface FunctionCounts {
  running: number;
  invocations: number;
  errors: number;
  throttles: number;
}

export interface MachineCounts {
  running: number;
  succeeded: number;
  /** Whatever did not succeed. */
  failed: number;
}

export interface Counts {
  readonly functions: Readonly<Record<string, FunctionCounts>>;
  readonly machines: Readonly<Record<string, MachineCounts>>;
}

const NAME = "counters";

export class StackCounters {
  readonly #functions = new Map<string, FunctionCounts>();
  readonly #machines = new Map<string, MachineCounts>();

  constructor(bus: Bus) {
    bus.on("ExecutionStarted", ({ machineName }) => void this.#machine(machineName).running++);
    bus.on("ExecutionEnded", ({ machineName, status, durable }) => {
      // What a durable function did is counted by its invocations.
      if (durable === true) return;
      const counts = this.#machine(machineName);
      // Executions that an earlier process left have begun there.
      counts.running = Math.max(0, counts.running - 1);
      if (status === "SUCCEEDED") counts.succeeded += 1;
      else counts.failed += 1;
    });
  }

  readonly observer: InvocationObserver = {
    started: ({ name }) => void this.#function(name).running++,
    ended: ({ name }, _requestId, _request, outcome) => {
      const counts = this.#function(name);
      counts.running -= 1;
      counts.invocations += 1;
      if (!("result" in outcome) || outcome.result.functionError !== undefined) counts.errors += 1;
    },
    throttled: ({ name }) => void this.#function(name).throttles++,
  };

  counts(): Counts {
    return { functions: Object.fromEntries(this.#functions), machines: Object.fromEntries(this.#machines) };
  }

  /** For other processes. */
  serve(gateway: Gateway, stateFolder: string): void {
    serveInspector(gateway, stateFolder, { name: NAME, answer: () => Promise.resolve([200, this.counts()]) });
  }

  #function(name: string): FunctionCounts {
    let counts = this.#functions.get(name);
    if (counts === undefined)
      this.#functions.set(name, (counts = { running: 0, invocations: 0, errors: 0, throttles: 0 }));
    return counts;
  }

  #machine(name: string): MachineCounts {
    let counts = this.#machines.get(name);
    if (counts === undefined) this.#machines.set(name, (counts = { running: 0, succeeded: 0, failed: 0 }));
    return counts;
  }
}

/** Those of a running stack. Throws LR1004. */
export const askCounters = (asked: Asked): Promise<Counts> => askInspector(asked, NAME);
