/**
 * Knows when something may have changed in a stack: an invocation began or ended, a service committed, an event went
 * over the bus. Tests wait on it instead of sleeping, and a virtual clock stands still while functions run.
 */
import type { InvocationObserver } from "../runtime/types.js";

/** Turns of the event loop that must pass without news before a stack counts as quiet: answers are on their way. */
const QUIET_TURNS = 8;

export class Activity {
  #running = 0;
  #changes = 0;
  readonly #listeners = new Set<() => void>();

  /** Invocations and tasks of state machines under way. */
  get running(): number {
    return this.#running;
  }

  /** Grows with every change. */
  get changes(): number {
    return this.#changes;
  }

  readonly observer: InvocationObserver = {
    started: () => this.#add(1),
    ended: () => this.#add(-1),
  };

  /** Something is under way until the answer is called; again is no matter. */
  begin(): () => void {
    this.#add(1);
    let over = false;
    return () => {
      if (!over) this.#add(-1);
      over = true;
    };
  }

  /** Something is under way until it has settled: a virtual clock waits for it. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    const ended = this.begin();
    try {
      return await work();
    } finally {
      ended();
    }
  }

  changed(): void {
    this.#changes += 1;
    for (const listener of this.#listeners) listener();
  }

  /** Calls at every change; returns the way to stop. */
  on(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves when no invocation runs and nothing has changed for some turns of the event loop. */
  async quiet(): Promise<void> {
    for (;;) {
      while (this.#running > 0) await this.#next();
      const before = this.#changes;
      for (let turn = 0; turn < QUIET_TURNS; turn++) await new Promise((resolve) => setImmediate(resolve));
      if (this.#changes === before && this.#running === 0) return;
    }
  }

  #add(count: 1 | -1): void {
    this.#running += count;
    this.changed();
  }

  #next(): Promise<void> {
    return new Promise((resolve) => {
      const stop = this.on(() => {
        stop();
        resolve();
      });
    });
  }
}
