import { VirtualClock } from "../../../src/shared/clock.js";
import { Throttles } from "../../../src/sources/http/throttle.js";

const LIMIT = { rateLimit: 2, burstLimit: 5 };

test("a burst passes at once, then as many as the rate brings, and a rest brings no more than a burst", async () => {
  const clock = new VirtualClock();
  const throttles = new Throttles(clock);
  /** How many of ten pass now. */
  const passing = (): number => Array.from({ length: 10 }, () => throttles.take("a", LIMIT)).filter(Boolean).length;
  expect(passing()).toBe(5);
  await clock.advance(499);
  expect(passing()).toBe(0);
  await clock.advance(1);
  expect(passing()).toBe(1);
  await clock.advance(3_600_000);
  expect(passing()).toBe(5);
  // Each name has a bucket of its own.
  expect(throttles.take("b", LIMIT)).toBe(true);
});
