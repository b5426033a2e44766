/** Waits until something holds, looking again whenever the stack says that something may have changed. */
import { AppError, messageOf } from "../shared/errors.js";
import type { Activity } from "./activity.js";

export interface WaitOptions {
  /** Real time, whatever clock the stack runs on. Default 5 s. */
  readonly timeoutMs?: number;
  /** What is waited for, for the message. */
  readonly what?: string;
}

const DEFAULT_TIMEOUT_MS = 5000;

/**
 * Resolves with the first value that is neither false, null nor undefined. A check that throws counts as "not yet"; its
 * error is the reason given when time is up (LR6001).
 */
export async function waitFor<T>(
  activity: Activity,
  check: () => T | Promise<T>,
  { timeoutMs = DEFAULT_TIMEOUT_MS, what = "what was waited for" }: WaitOptions = {},
): Promise<Exclude<T, false | null | undefined>> {
  let lastError: unknown;
  let timer: NodeJS.Timeout | undefined;
  const timeUp = new Promise<"time is up">((resolve) => {
    timer = setTimeout(() => resolve("time is up"), timeoutMs);
  });
  let over = false;
  const look = async (): Promise<T> => {
    for (;;) {
      const seen = activity.changes;
      try {
        const value = await check();
        lastError = undefined;
        if (value !== false && value !== null && value !== undefined) return value;
      } catch (error) {
        lastError = error;
      }
      if (over) return undefined as T;
      // What the check itself changed counts too: a turn of the event loop keeps such a loop from starving others.
      await new Promise((resolve) => setImmediate(resolve));
      if (activity.changes === seen) await changeOf(activity, timeUp);
      if (over) return undefined as T;
    }
  };
  try {
    const outcome = await Promise.race([look(), timeUp.then((text) => ({ text }))]);
    if (typeof outcome === "object" && outcome !== null && "text" in outcome && outcome.text === "time is up") {
      throw new AppError("LR6001", {
        what: `${what} did not come true within ${timeoutMs} ms`,
        ...(lastError === undefined ? {} : { why: messageOf(lastError), cause: lastError }),
      });
    }
    return outcome as Exclude<T, false | null | undefined>;
  } finally {
    over = true;
    clearTimeout(timer);
  }
}

function changeOf(activity: Activity, timeUp: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stop();
      resolve();
    };
    const stop = activity.on(done);
    void timeUp.then(done);
  });
}
