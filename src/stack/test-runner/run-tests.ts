/** Runs cases side by side, each in its own stack. Results come in the order of the cases, however they finish. */
import { availableParallelism } from "node:os";
import type { TestCase } from "./discover.js";
import { runCase, type CaseOptions, type CaseResult } from "./run-case.js";

export interface RunTestsOptions extends CaseOptions {
  /** How many stacks at a time; by default half of the processors. */
  readonly workers?: number;
  readonly onResult?: (result: CaseResult) => void;
}

export async function runTests(tests: readonly TestCase[], options: RunTestsOptions): Promise<CaseResult[]> {
  const workers = options.workers ?? Math.max(1, Math.floor(availableParallelism() / 2));
  const results: CaseResult[] = [];
  let next = 0;
  let told = 0;
  const work = async (): Promise<void> => {
    for (let at = next++; at < tests.length; at = next++) {
      const test = tests[at];
      if (test === undefined) return;
      results[at] = await runCase(test, options);
      for (let ready = results[told]; ready !== undefined; ready = results[told]) {
        options.onResult?.(ready);
        told += 1;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(workers, tests.length) }, work));
  return results;
}
