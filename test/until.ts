/** For what no event tells of. What can be listened to is listened to, and virtual time is moved on. */

export interface Pace {
  readonly patienceMs: number;
  /** Between two looks. */
  readonly pauseMs: number;
}

/** Less than a test may take, so that the message is seen. */
const PACE: Pace = { patienceMs: 50_000, pauseMs: 2 };

/** For `stack.waitFor`, whose own five seconds a busy machine can take to start a function. */
export const PATIENT = { timeoutMs: PACE.patienceMs };

type Eventually<T> = T | Promise<T>;

/** Looks until there is something, which it gives; fails with what it looked for. */
export async function found<T>(look: () => Eventually<T | undefined>, what = look.toString()): Promise<T> {
  return poll(look, what, PACE);
}

/** Looks until it is so; fails with the condition that did not come true. */
export async function until(isSo: () => Eventually<boolean>, pace: Partial<Pace> = {}): Promise<void> {
  await poll(async () => (await isSo()) || undefined, isSo.toString(), { ...PACE, ...pace });
}

/** Does it again and again until it is so, `times` at most; fails with the condition that did not come true. */
export async function repeatUntil(isSo: () => boolean, act: () => Promise<unknown>, times = 1000): Promise<void> {
  for (let done = 0; done < times; done++) {
    await act();
    if (isSo()) return;
  }
  throw new Error(`after ${times} times in vain: ${isSo.toString()}`);
}

async function poll<T>(look: () => Eventually<T | undefined>, what: string, pace: Pace): Promise<T> {
  const latest = performance.now() + pace.patienceMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (performance.now() > latest) throw new Error(`after ${pace.patienceMs / 1000} s in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, pace.pauseMs));
  }
}
