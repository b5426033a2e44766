/** How a one-shot command waits for executions that its function has started: of state machines, and durable ones. */
import { realClock } from "../shared/clock.js";
import type { Activity } from "./activity.js";

/** How long a one-shot command waits for executions in which nothing happens. */
const PATIENCE_MS = 10_000;

/**
 * Resolves when no execution runs any more, or nothing has happened in those that do for a while: they wait for a person,
 * or for long. True when some have come to their end.
 */
export async function idle(activity: Activity, running: () => readonly string[]): Promise<boolean> {
  if (running().length === 0) return false;
  for (let changes = -1; running().length > 0 && changes !== activity.changes;) {
    changes = activity.changes;
    await change(activity);
  }
  return running().length === 0;
}

/** What a one-shot command leaves behind, in sentences. */
export const unfinished = (running: readonly string[]): string[] =>
  running.map((arn) => `the execution ${arn} has not ended: a running stack goes on with it (lambda-run start)`);

/** Resolves at the next change in the stack, or when there was none for a while. */
async function change(activity: Activity): Promise<void> {
  const patience = new AbortController();
  const stop = activity.on(() => patience.abort());
  // Real time: this waits for real processes. Its end by a change is what is hoped for.
  await realClock.sleep(PATIENCE_MS, patience.signal).catch(() => undefined);
  stop();
}
