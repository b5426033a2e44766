/**
 * Whether this process is the bottleneck. Each event passes through it three times; where it has no time left, a further
 * environment makes nothing faster: it has to be woken, takes a processor from the others and is put to sleep again.
 */
import { availableParallelism } from "node:os";
import { performance } from "node:perf_hooks";

export interface Saturation {
  /** Whether one more environment would be of use beside so many at work. */
  hasTimeBeside(environments: number): boolean;
  /** So long may a call wait for a busy environment while others rest. */
  readonly patienceMs: number;
}

/** Looked at so often; between two looks the last one counts. */
const SAMPLE_MS = 50;
const SATURATED = 0.95;
/** A saturated process serves dozens of short invocations in this time. */
const PATIENCE_MS = 20;

export function saturationOfProcess(): Saturation {
  const processors = availableParallelism();
  let last = performance.eventLoopUtilization();
  let sampledAt = performance.now();
  let isSaturated = false;
  return {
    patienceMs: PATIENCE_MS,
    hasTimeBeside(environments) {
      if (environments < processors) return true;
      const now = performance.now();
      if (now - sampledAt >= SAMPLE_MS) {
        const current = performance.eventLoopUtilization();
        isSaturated = performance.eventLoopUtilization(current, last).utilization >= SATURATED;
        last = current;
        sampledAt = now;
      }
      return !isSaturated;
    },
  };
}
