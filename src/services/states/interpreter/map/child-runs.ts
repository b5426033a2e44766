/**
 * Runs the child executions of a distributed Map: as many at once as the Map Run allows, until all have ended or more have
 * failed than it tolerates.
 */
import type { ChildEnd, ChildExecution, MapRun, MapRunLimits } from "../map-runs.js";
import type { Batch } from "./batches.js";
import type { ChildResult } from "./results.js";

/** What AWS runs at once where the state sets no bound. */
const MAX_CONCURRENT_CHILDREN = 10_000;

export interface ChildRuns {
  readonly mapRun: MapRun;
  readonly batches: readonly Batch[];
  readonly definition: ChildExecution["definition"];
  /** Aborted with the state. */
  readonly signal: AbortSignal;
}

export interface ChildrenEnd {
  readonly results: readonly ChildResult[];
  readonly exceeded: boolean;
}

export async function runChildren({ mapRun, batches, definition, signal }: ChildRuns): Promise<ChildrenEnd> {
  const ending = new AbortController();
  const ended: (ChildEnd | undefined)[] = batches.map(() => undefined);
  const items = batches.reduce((count, { itemCount }) => count + itemCount, 0);
  let running = 0;
  let freed = (): void => undefined;
  let failedItems = 0;
  let exceeded = false;
  const run = async (batch: Batch, index: number): Promise<void> => {
    const { input, itemCount } = batch;
    const bounds = AbortSignal.any([signal, ending.signal]);
    const end = await mapRun.runChild({ definition, input, itemCount, signal: bounds });
    ended[index] = end;
    if (end.end.status !== "SUCCEEDED") {
      failedItems += itemCount;
      exceeded ||= exceeds(mapRun.limits(), failedItems, items);
      if (exceeded) ending.abort({ error: undefined, cause: undefined });
    }
    running -= 1;
    freed();
  };
  const children: Promise<void>[] = [];
  for (const [index, batch] of batches.entries()) {
    // Asked each time: the bound may be changed while the Map Run goes on.
    while (running >= (mapRun.limits().maxConcurrency || MAX_CONCURRENT_CHILDREN))
      await new Promise<void>((resolve) => {
        freed = resolve;
      });
    if (exceeded || signal.aborted) break;
    running += 1;
    children.push(run(batch, index));
  }
  await Promise.all(children);
  return { results: batches.map((batch, index) => ({ batch, ended: ended[index] })), exceeded };
}

/** A threshold of 0 that stands beside another is not asked; where both are 0, no failure is tolerated. */
function exceeds(limits: MapRunLimits, failed: number, all: number): boolean {
  const { toleratedFailureCount: count, toleratedFailurePercentage: percentage } = limits;
  if (count === 0 && percentage === 0) return failed > 0;
  return (count > 0 && failed > count) || (percentage > 0 && (failed / all) * 100 > percentage);
}
