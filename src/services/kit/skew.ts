/**
 * How far a signature's date may be off. Clients sign by the wall clock, also those of a stack whose own clock is
 * virtual and has been moved; so a date is fresh when it fits either clock. What expires, expires by the stack's.
 */
import { realClock, type Clock } from "../../shared/clock.js";

export const SKEW_MS = 15 * 60 * 1000;

/** The present by the clock that is nearer to the date of the request. */
export function nearestNow(clock: Clock, requestMs: number): number {
  const stackMs = clock.now();
  const wallMs = realClock.now();
  return Math.abs(stackMs - requestMs) <= Math.abs(wallMs - requestMs) ? stackMs : wallMs;
}
