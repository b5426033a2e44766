/** Receives that wait for a message. First come, first served. */
import type { Clock } from "../../shared/clock.js";
import type { Received, ReceiveOptions } from "./queue-types.js";

interface Waiter {
  readonly options: ReceiveOptions;
  readonly finish: (messages: Received[]) => void;
}

export class LongPolls {
  readonly #clock: Clock;
  readonly #waiters = new Set<Waiter>();
  #waking = false;
  #calls = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves with messages, or with none when the time is over or the client went away. */
  wait(options: ReceiveOptions, waitMs: number): Promise<Received[]> {
    return new Promise((resolve) => {
      const finish = (messages: Received[]): void => {
        cancel();
        options.signal?.removeEventListener("abort", giveUp);
        this.#waiters.delete(waiter);
        resolve(messages);
      };
      const giveUp = (): void => finish([]);
      const cancel = this.#clock.after(waitMs, giveUp);
      const waiter: Waiter = { options, finish };
      this.#waiters.add(waiter);
      options.signal?.addEventListener("abort", giveUp, { once: true });
    });
  }

  /** Serves waiting receives until there is nothing left to take. */
  async wake(take: (options: ReceiveOptions) => Promise<Received[]>): Promise<void> {
    this.#calls += 1;
    if (this.#waking || this.#waiters.size === 0) return;
    this.#waking = true;
    try {
      let served = 0;
      // What becomes visible while one receive looks may have come too late for that look.
      while (served !== this.#calls) {
        served = this.#calls;
        for (const waiter of this.#waiters) {
          const messages = await take(waiter.options);
          if (messages.length === 0) break;
          waiter.finish(messages);
        }
      }
    } finally {
      this.#waking = false;
    }
  }

  close(): void {
    for (const waiter of this.#waiters) waiter.finish([]);
  }
}
