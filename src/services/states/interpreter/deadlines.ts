/** The times that a task has: TimeoutSeconds in all, HeartbeatSeconds from one sign of life to the next. */
import type { Cancel, Clock } from "../../../shared/clock.js";
import { TaskTimeout } from "./states-error.js";

const MS_PER_SECOND = 1000;

export interface Deadlines {
  readonly timeoutSeconds: number | undefined;
  readonly heartbeatSeconds: number | undefined;
}

/** Runs `work` and rejects when its time is up or `outer` is aborted; its signal is aborted then, whatever it makes of it. */
export async function underDeadlines<T>(
  clock: Clock,
  { timeoutSeconds, heartbeatSeconds }: Deadlines,
  outer: AbortSignal,
  work: (signal: AbortSignal, heartbeat: () => void) => Promise<T>,
): Promise<T> {
  const ending = new AbortController();
  const { signal } = ending;
  const stopped = (): void => ending.abort(outer.reason);
  const timer = (seconds: number | undefined, heartbeat: boolean): Cancel | undefined =>
    seconds === undefined
      ? undefined
      : clock.after(seconds * MS_PER_SECOND, () => ending.abort(new TaskTimeout(heartbeat)));
  const cancelTimeout = timer(timeoutSeconds, false);
  let cancelHeartbeat = timer(heartbeatSeconds, true);
  const heartbeat = (): void => {
    cancelHeartbeat?.();
    if (!signal.aborted) cancelHeartbeat = timer(heartbeatSeconds, true);
  };
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
  outer.addEventListener("abort", stopped, { once: true });
  if (outer.aborted) stopped();
  try {
    return await Promise.race([aborted, work(signal, heartbeat)]);
  } finally {
    cancelTimeout?.();
    cancelHeartbeat?.();
    outer.removeEventListener("abort", stopped);
  }
}
