/**
 * The function's timeout, 1-900 s, on real time: it guards a real process. A debugger that stands at a breakpoint
 * stops the count, or nobody could look at anything.
 * AWS Lambda quotas: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */

export type Disarm = () => void;

/** How often a stopped debugger is looked for once the time is up. */
const PAUSE_CHECK_MS = 200;

/**
 * Calls `expired` once, `timeoutMs` from now, unless disarmed. While `paused()` is true the expiry waits, and each
 * check gives the paused time back.
 */
export function armTimeout(timeoutMs: number, expired: () => void, paused: () => boolean = () => false): Disarm {
  let timer = setTimeout(check, timeoutMs);
  function check(): void {
    if (paused()) timer = setTimeout(check, PAUSE_CHECK_MS);
    else expired();
  }
  return () => clearTimeout(timer);
}

/** Timers may fire a fraction of a millisecond early; nobody should read 2999.61 ms beside "3.00 seconds". */
export function durationOf(elapsedMs: number, limitMs: number, timedOut: boolean): number {
  return timedOut ? Math.max(elapsedMs, limitMs) : elapsedMs;
}
