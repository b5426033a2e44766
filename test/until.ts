/** For what no event tells of. What can be listened to is listened to, and virtual time is moved on. */

/** Less than a test may take, so that the message is seen. */
const PATIENCE_MS = 50_000;
const BETWEEN_LOOKS_MS = 2;

type Condition = () => boolean | Promise<boolean>;

/** Looks until it is so; fails with the condition that did not come true. */
export async function until(isSo: Condition, patienceMs = PATIENCE_MS): Promise<void> {
  const latest = performance.now() + patienceMs;
  while (!(await isSo())) {
    if (performance.now() > latest)
      throw new Error(`in ${patienceMs / 1000} s this did not come true: ${isSo.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_LOOKS_MS));
  }
}

/** Does it again and again until it is so, `times` at most; fails with the condition that did not come true. */
export async function repeatUntil(isSo: Condition, act: () => Promise<unknown>, times = 1000): Promise<void> {
  for (let done = 0; done < times; done++) {
    await act();
    if (await isSo()) return;
  }
  throw new Error(`after ${times} times this did not come true: ${isSo.toString()}`);
}
