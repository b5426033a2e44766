/** How long a gateway waits for a function. */
import { realClock, type Cancel } from "../../shared/clock.js";

/** Undefined when it takes longer: the function goes on, as on AWS, and nobody waits. In real time: it guards a real process. */
export async function within<T>(asked: Promise<T>, timeoutMs: number): Promise<T | undefined> {
  let cancel: Cancel = () => undefined;
  const timeout = new Promise<undefined>((resolve) => {
    cancel = realClock.after(timeoutMs, () => resolve(undefined));
  });
  try {
    return await Promise.race([asked, timeout]);
  } finally {
    cancel();
    asked.catch(() => undefined);
  }
}
