/**
 * Removes records that are too old, and those of streams that are gone, in small transactions with a turn of the event loop
 * between them. Until then nobody can read them either.
 */
import type { Cancel, Clock } from "../../shared/clock.js";
import type { Logger } from "../../shared/logger.js";
import type { KinesisStore } from "./store.js";

const TRIM_INTERVAL_MS = 60 * 60 * 1000;
const ROWS_PER_STEP = 500;

export class Housekeeping {
  readonly #store: KinesisStore;
  readonly #clock: Clock;
  readonly #log: Logger;
  #cancel: Cancel | undefined;
  #work: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(store: KinesisStore, clock: Clock, log: Logger) {
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
  }

  /** There is something that will have to go. */
  wake(): void {
    if (this.#closed) return;
    this.#cancel ??= this.#clock.after(TRIM_INTERVAL_MS, () => {
      this.#cancel = undefined;
      this.#work = this.#trim().catch((error: unknown) =>
        this.#log.error({ err: error }, "Kinesis housekeeping failed"),
      );
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancel?.();
    await this.#work;
  }

  async #trim(): Promise<void> {
    const step = (): Promise<number> => this.#store.write(() => this.#store.trim(this.#clock.now(), ROWS_PER_STEP));
    while (!this.#closed && (await step()) === ROWS_PER_STEP) await new Promise((resolve) => setImmediate(resolve));
    if (this.#store.hasRecords) this.wake();
  }
}
