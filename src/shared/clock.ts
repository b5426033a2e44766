/**
 * The one clock. Every wait, deadline, retry, visibility timeout and schedule of the emulated services goes
 * through it, so that a test can move time. Timeouts that guard a real process use real time (runtime/limits).
 */

/** Stops a timer. Calling it twice, or after the timer fired, does nothing. */
export type Cancel = () => void;

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls `callback` once, `delayMs` from now. Does not keep the process alive. */
  after(delayMs: number, callback: () => void): Cancel;
  /** Resolves `delayMs` from now; rejects with the signal's reason when aborted. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}

function sleepOn(clock: Pick<Clock, "after">, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason as Error);
      return;
    }
    const onAbort = (): void => {
      cancel();
      reject(signal?.reason as Error);
    };
    const cancel = clock.after(delayMs, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** setTimeout takes 31 bits of milliseconds; longer waits fire at once, so they are cut into laps. */
const MAX_TIMER_MS = 2 ** 31 - 1;

class RealClock implements Clock {
  now(): number {
    return Date.now();
  }

  after(delayMs: number, callback: () => void): Cancel {
    let timer: NodeJS.Timeout;
    const lap = (leftMs: number): void => {
      timer = setTimeout(
        () => (leftMs > MAX_TIMER_MS ? lap(leftMs - MAX_TIMER_MS) : callback()),
        Math.min(leftMs, MAX_TIMER_MS),
      );
      timer.unref();
    };
    lap(Math.max(0, delayMs));
    return () => clearTimeout(timer);
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, delayMs, signal);
  }
}

export const realClock: Clock = new RealClock();

interface VirtualTimer {
  readonly atMs: number;
  readonly order: number;
  readonly callback: () => void;
}

/** A clock that stands still until it is advanced. Timers run in order of their time, then of their making. */
export class VirtualClock implements Clock {
  #nowMs: number;
  #order = 0;
  readonly #timers = new Set<VirtualTimer>();

  constructor(startMs: number = Date.UTC(2026, 0, 1)) {
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  after(delayMs: number, callback: () => void): Cancel {
    const timer: VirtualTimer = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, delayMs, signal);
  }

  /** Time of the next timer, if there is one. */
  nextTimerAtMs(): number | undefined {
    return this.#next()?.atMs;
  }

  /** Moves time on by `ms`, running every timer that falls due, each followed by a turn of the event loop. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    for (let timer = this.#next(); timer !== undefined && timer.atMs <= endMs; timer = this.#next()) {
      this.#timers.delete(timer);
      this.#nowMs = Math.max(this.#nowMs, timer.atMs);
      timer.callback();
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#nowMs = endMs;
    await new Promise((resolve) => setImmediate(resolve));
  }

  #next(): VirtualTimer | undefined {
    let first: VirtualTimer | undefined;
    for (const timer of this.#timers) {
      if (first === undefined || timer.atMs < first.atMs || (timer.atMs === first.atMs && timer.order < first.order))
        first = timer;
    }
    return first;
  }
}
