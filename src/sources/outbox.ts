/**
 * What a service has said and nobody has been told yet. A row is written in the turn in which the event happened, so
 * before the client has its answer; it goes when the delivery has succeeded. What a killed process left is delivered by
 * the next one: at least once, as AWS promises, in the order of the events. A row that failed is overtaken by those behind
 * it, except by those of its own group, which wait until it is through.
 */
import type { Database } from "lmdb";
import type { StateStore } from "../services/kit/state-store.js";
import type { Cancel, Clock } from "../shared/clock.js";
import { messageOf } from "../shared/errors.js";
import type { Logger } from "../shared/logger.js";

const RETRY_DELAY_MS = 1000;
/** Rows read at once. */
const CHUNK = 100;

export interface OutboxOptions<T> {
  readonly store: StateStore;
  readonly table: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Rejects when it should be tried again. */
  readonly deliver: (item: T) => Promise<void>;
  /** Items of one group are delivered one after the other; undefined = order is not promised. */
  readonly groupOf?: (item: T) => string | undefined;
}

/** One way through all rows. */
interface Round {
  readonly failures: unknown[];
  /** Groups of which a row has failed: what is behind it waits for the next round. */
  readonly stuck: Set<string>;
}

export class Outbox<T> {
  readonly #options: OutboxOptions<T>;
  readonly #rows: Database<T, number>;
  #next: number;
  #draining: Promise<void> | undefined;
  #again: Cancel | undefined;
  #closed = false;

  constructor(options: OutboxOptions<T>) {
    this.#options = options;
    this.#rows = options.store.table<T, number>(options.table);
    const [last] = this.#rows.getKeys({ reverse: true, limit: 1 });
    this.#next = (last ?? 0) + 1;
    this.#wake();
  }

  /** Kept when this returns. */
  put(item: T): void {
    this.#rows.putSync(this.#next++, item);
    this.#wake();
  }

  /** Resolves when everything has been delivered, or the next try waits for the clock. */
  async idle(): Promise<void> {
    while (this.#draining !== undefined) await this.#draining;
  }

  /** Whether something is on its way. */
  get busy(): boolean {
    return this.#draining !== undefined;
  }

  /** Forgets what has not been delivered. */
  async reset(): Promise<void> {
    this.#again?.();
    this.#again = undefined;
    await this.#rows.clearAsync();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#again?.();
    await this.#draining;
  }

  #wake(): void {
    if (this.#closed || this.#draining !== undefined || this.#again !== undefined) return;
    this.#draining = this.#drain().finally(() => {
      this.#draining = undefined;
      if (this.#rows.getCount() > 0) this.#wake();
    });
  }

  async #drain(): Promise<void> {
    // The turn of the event belongs to the one who answers the client.
    await new Promise((resolve) => setImmediate(resolve));
    // A row that was put inside a transaction is there when that is committed.
    await this.#options.store.settled();
    let start = 0;
    const round: Round = { failures: [], stuck: new Set() };
    for (;;) {
      // What has failed stays where it is, and keeps nobody behind it from his turn.
      const rows = [...this.#rows.getRange({ start, limit: CHUNK })];
      if (rows.length === 0 || this.#closed) break;
      start = (rows.at(-1)?.key ?? start) + 1;
      const delivered = await this.#deliver(
        rows.map(({ value }) => value),
        round,
      );
      await this.#options.store.write(() => {
        for (const [index, { key }] of rows.entries()) if (delivered[index] === true) this.#rows.removeSync(key);
      });
    }
    if (round.failures.length === 0 || this.#closed) return;
    this.#options.log.warn(
      { reason: messageOf(round.failures[0]) },
      "a notification could not be delivered; it is tried again",
    );
    this.#again = this.#options.clock.after(RETRY_DELAY_MS, () => {
      this.#again = undefined;
      this.#wake();
    });
  }

  /** All at once, and those of a group one after the other: the sends share one commit, their order is that of the calls. */
  #deliver(items: readonly T[], round: Round): Promise<boolean[]> {
    const { groupOf = () => undefined } = this.#options;
    const turns = new Map<string, Promise<boolean>>();
    return Promise.all(
      items.map((item) => {
        const group = groupOf(item);
        if (group === undefined) return this.#attempt(item, round);
        const turn = this.#attempt(item, round, group, turns.get(group));
        turns.set(group, turn);
        return turn;
      }),
    );
  }

  /** Whether it is through. */
  async #attempt(item: T, { failures, stuck }: Round, group?: string, earlier?: Promise<boolean>): Promise<boolean> {
    if (earlier !== undefined) await earlier;
    if (group !== undefined && stuck.has(group)) return false;
    try {
      await this.#options.deliver(item);
      return true;
    } catch (error) {
      failures.push(error);
      if (group !== undefined) stuck.add(group);
      return false;
    }
  }
}
