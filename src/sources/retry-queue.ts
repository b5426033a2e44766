/**
 * What is tried until its target has it, or its policy is spent: each item by itself, at growing distances. A row is
 * written in the turn of `put`, with the number of its attempts, so that the next process goes on where this one was.
 */
import type { Database } from "lmdb";
import type { StateStore } from "../services/kit/state-store.js";
import type { Cancel, Clock } from "../shared/clock.js";
import { messageOf } from "../shared/errors.js";
import type { Logger } from "../shared/logger.js";

/** AWS says "exponential back-off" and no figures; with these, 185 attempts fill the day that is the default age. */
const FIRST_DELAY_MS = 1000;
const MAX_DELAY_MS = 480_000;

/** `retries`: made so far. */
export const backOff = (retries: number): number => Math.min(FIRST_DELAY_MS * 2 ** retries, MAX_DELAY_MS);

export interface RetryPolicy {
  readonly maximumRetryAttempts: number;
  readonly maximumAgeSeconds: number;
}

export interface Failure {
  /** Of the last attempt; undefined when there was none. */
  readonly error: unknown;
  readonly retries: number;
  /** Undefined when the target has refused for good. */
  readonly exhausted: "MaximumRetryAttempts" | "MaximumEventAgeInSeconds" | undefined;
}

export interface RetryQueueOptions<T> {
  readonly store: StateStore;
  readonly table: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly policyOf: (item: T) => RetryPolicy;
  /** The time that an attempt has been given, now or later. Asked once for each; undefined: there is no need to wait. */
  readonly slotMs?: (item: T) => Promise<number | undefined>;
  /** Between an attempt that failed and the next; `backOff` when absent. Infinity retries: `failed` has rejected. */
  readonly delayMs?: (retries: number, error: unknown) => number;
  /** `attempt` counts from 1. */
  readonly deliver: (item: T, attempt: number) => Promise<void>;
  readonly isFinal: (error: unknown) => boolean;
  /** What an earlier process left is tried at once, whenever its next attempt was to be. */
  readonly leftIsDue?: boolean;
  /** It will not be tried again. Rejects when this is to be said once more. */
  readonly failed: (item: T, failure: Failure) => Promise<void>;
}

export interface RetryRow<T> {
  readonly item: T;
  readonly sinceMs: number;
  readonly retries: number;
  /** Of the next attempt. */
  readonly dueMs: number;
}

export class RetryQueue<T> {
  readonly #options: RetryQueueOptions<T>;
  readonly #rows: Database<RetryRow<T>, number>;
  readonly #running = new Map<number, Promise<void>>();
  readonly #waiting = new Map<number, Cancel>();
  /** Their attempts have their slots, which are still to come. */
  readonly #reserved = new Set<number>();
  #next: number;
  #closed = false;

  /** Goes on with what an earlier process left. */
  constructor(options: RetryQueueOptions<T>) {
    this.#options = options;
    this.#rows = options.store.table<RetryRow<T>, number>(options.table);
    const left = [...this.#rows.getRange({})];
    this.#next = (left.at(-1)?.key ?? 0) + 1;
    for (const { key, value } of left) this.#wait(key, options.leftIsDue === true ? 0 : value.dueMs);
  }

  /** Kept when this returns; its age counts from `sinceMs`. */
  put(item: T, sinceMs: number): void {
    const key = this.#next++;
    this.#rows.putSync(key, { item, sinceMs, retries: 0, dueMs: sinceMs });
    this.#start(key);
  }

  /** Resolves when nothing is on its way; what waits for its next attempt does not count. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running.values());
  }

  get busy(): boolean {
    return this.#running.size > 0;
  }

  async reset(): Promise<void> {
    this.#cancelWaits();
    await this.#rows.clearAsync();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelWaits();
    await this.idle();
  }

  #cancelWaits(): void {
    for (const cancel of this.#waiting.values()) cancel();
    this.#waiting.clear();
    this.#reserved.clear();
  }

  #wait(key: number, dueMs: number): void {
    if (this.#closed) return;
    const { clock } = this.#options;
    if (dueMs <= clock.now()) return this.#start(key);
    const cancel = clock.after(dueMs - clock.now(), () => {
      this.#waiting.delete(key);
      this.#start(key);
    });
    this.#waiting.set(key, cancel);
  }

  #start(key: number): void {
    const { log, clock, delayMs = backOff } = this.#options;
    const work = this.#attempt(key)
      .catch((error: unknown) => {
        log.warn({ reason: messageOf(error) }, "what a target refused could not be put aside; it is tried again");
        return clock.now() + delayMs(Infinity, error);
      })
      .then((dueMs) => {
        this.#running.delete(key);
        if (dueMs !== undefined) this.#wait(key, dueMs);
      });
    this.#running.set(key, work);
  }

  /** The time of the next attempt; undefined when it is over. */
  async #attempt(key: number): Promise<number | undefined> {
    // The turn of the item belongs to the one who answers the client.
    await new Promise((resolve) => setImmediate(resolve));
    const { store, clock, policyOf, slotMs, deliver } = this.#options;
    await store.settled();
    const hasSlot = this.#reserved.delete(key);
    const row = this.#rows.get(key);
    if (row === undefined || this.#closed) return undefined;
    const policy = policyOf(row.item);
    const endMs = row.sinceMs + policy.maximumAgeSeconds * 1000;
    if (clock.now() > endMs) return this.#fail(key, row, { error: undefined, exhausted: "MaximumEventAgeInSeconds" });
    const startMs = hasSlot ? undefined : await slotMs?.(row.item);
    if (startMs !== undefined && startMs > clock.now()) {
      this.#reserved.add(key);
      return startMs;
    }
    try {
      await deliver(row.item, row.retries + 1);
    } catch (error) {
      // Cut off at the end of the process, the next one tries it anew; a reset may have forgotten it meanwhile.
      if (this.#closed || this.#rows.get(key) === undefined) return undefined;
      return this.#again(key, row, { policy, endMs, error });
    }
    await store.write(() => this.#rows.removeSync(key));
    return undefined;
  }

  async #again(
    key: number,
    row: RetryRow<T>,
    { policy, endMs, error }: { readonly policy: RetryPolicy; readonly endMs: number; readonly error: unknown },
  ): Promise<number | undefined> {
    const { store, clock, isFinal, delayMs = backOff } = this.#options;
    const dueMs = clock.now() + delayMs(row.retries, error);
    if (isFinal(error)) return this.#fail(key, row, { error, exhausted: undefined });
    if (row.retries >= policy.maximumRetryAttempts)
      return this.#fail(key, row, { error, exhausted: "MaximumRetryAttempts" });
    if (dueMs > endMs) return this.#fail(key, row, { error, exhausted: "MaximumEventAgeInSeconds" });
    await store.write(() => this.#rows.putSync(key, { ...row, retries: row.retries + 1, dueMs }));
    return dueMs;
  }

  async #fail(key: number, { item, retries }: RetryRow<T>, failure: Omit<Failure, "retries">): Promise<undefined> {
    await this.#options.failed(item, { retries, ...failure });
    await this.#options.store.write(() => this.#rows.removeSync(key));
  }
}
