/**
 * Calls what is due, by the clock: one timer for the next of all entries. What fell due while nobody looked (the machine
 * slept) is not made up for, but for entries that say so.
 */
import type { Cancel, Clock } from "../../shared/clock.js";

/** "Schedules invoke their targets with 60 second precision": what is later than that is missed. */
const PRECISION_MS = 60_000;

export interface Entry {
  /** The first scheduled time after a moment. */
  readonly next: (afterMs: number) => number | undefined;
  /** How long after the scheduled time it fires; at once when absent. */
  readonly delayMs?: () => number;
  /** Fires late rather than not at all. */
  readonly makesUp: boolean;
  readonly fire: (scheduledMs: number, dueMs: number) => void;
}

interface Due {
  readonly entry: Entry;
  readonly scheduledMs: number;
  readonly dueMs: number;
}

export class Timetable {
  readonly #clock: Clock;
  readonly #due = new Map<string, Due>();
  #timer: { readonly dueMs: number; readonly cancel: Cancel } | undefined;
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Fires after `afterMs`; an entry of the same key goes. */
  set(key: string, entry: Entry, afterMs: number): void {
    this.#plan(key, entry, afterMs);
    const due = this.#due.get(key);
    if (due !== undefined && due.dueMs < (this.#timer?.dueMs ?? Infinity)) this.#arm(due.dueMs);
  }

  /** The timer may be its own: then it finds nothing, and is set for the next. */
  remove(key: string): void {
    this.#due.delete(key);
  }

  clear(): void {
    this.#due.clear();
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  close(): void {
    this.#closed = true;
    this.clear();
  }

  #plan(key: string, entry: Entry, afterMs: number): void {
    const earliestMs = this.#clock.now() - PRECISION_MS;
    const scheduledMs = entry.next(entry.makesUp ? afterMs : Math.max(afterMs, earliestMs));
    if (scheduledMs === undefined) this.#due.delete(key);
    else this.#due.set(key, { entry, scheduledMs, dueMs: scheduledMs + (entry.delayMs?.() ?? 0) });
  }

  #arm(dueMs: number): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#closed || dueMs === Infinity) return;
    const delayMs = dueMs - this.#clock.now();
    if (delayMs <= 0) this.#run();
    else this.#timer = { dueMs, cancel: this.#clock.after(delayMs, () => this.#run()) };
  }

  #run(): void {
    this.#timer = undefined;
    const nowMs = this.#clock.now();
    // A timer may come a moment early: then nothing is due, and it is set again.
    const due = [...this.#due].filter(([, { dueMs }]) => dueMs <= nowMs).sort(([, a], [, b]) => a.dueMs - b.dueMs);
    for (const [key, { entry, scheduledMs, dueMs }] of due) {
      this.#plan(key, entry, scheduledMs);
      if (entry.makesUp || dueMs >= nowMs - PRECISION_MS) entry.fire(scheduledMs, dueMs);
    }
    let nextMs = Infinity;
    for (const { dueMs } of this.#due.values()) nextMs = Math.min(nextMs, dueMs);
    this.#arm(nextMs);
  }
}
