/** The events that wait for their function: rows ordered by the time at which each is due. */
import type { Database } from "lmdb";
import type { InvokeResult } from "../../runtime/types.js";
import type { StateStore } from "../../services/kit/state-store.js";

export interface AsyncEvent {
  readonly requestId: string;
  readonly functionName: string;
  /** JSON text. */
  readonly payload: string;
  readonly qualifier?: string;
  readonly clientContext?: string;
  readonly traceHeader?: string;
  readonly enqueuedMs: number;
  /** Attempts in which the function ran. */
  readonly attempts: number;
  /** Throttles and faults of ours since the last of them. */
  readonly refusals: number;
  /** The function is through with it; only its destination has not been told yet. */
  readonly outcome?: {
    readonly condition: OutcomeCondition;
    readonly invokeCount: number;
    readonly result?: Omit<InvokeResult, "payload"> & { readonly payload: string };
  };
}

export type OutcomeCondition =
  | "Success"
  | "RetriesExhausted"
  | "EventAgeExceeded"
  | "ZeroReservedConcurrency"
  | "RecursiveInvocation";

/** When it is due, and a number that tells events of one millisecond apart. */
export type AsyncKey = [dueMs: number, sequence: number];

export interface QueuedEvent {
  readonly key: AsyncKey;
  readonly event: AsyncEvent;
}

const TABLE = "async-invocations";

export class AsyncQueueStore {
  readonly #store: StateStore;
  readonly #rows: Database<AsyncEvent, AsyncKey>;
  #sequence: number;

  constructor(store: StateStore) {
    this.#store = store;
    this.#rows = store.table<AsyncEvent, AsyncKey>(TABLE);
    // Rows of an earlier run keep their numbers; ours go on after the highest.
    this.#sequence = 1;
    for (const [, sequence] of this.#rows.getKeys()) this.#sequence = Math.max(this.#sequence, sequence + 1);
  }

  add(event: AsyncEvent, dueMs: number): Promise<AsyncKey> {
    const key: AsyncKey = [dueMs, this.#sequence++];
    return this.#store.write(() => {
      this.#rows.putSync(key, event);
      return key;
    });
  }

  /** The same event at a later time, or gone when `dueMs` is undefined. */
  settle(key: AsyncKey, next?: { readonly event: AsyncEvent; readonly dueMs: number }): Promise<void> {
    return this.#store.write(() => {
      // An event that was cleared while it ran does not come back.
      const isThere = this.#rows.removeSync(key);
      if (next !== undefined && isThere) this.#rows.putSync([next.dueMs, key[1]], next.event);
    });
  }

  /** The first events in order of time that are not in `running`. */
  next(limit: number, running: ReadonlySet<number>): QueuedEvent[] {
    const found: QueuedEvent[] = [];
    // Keys first: the events under way lie in front, and to read them all anew for each next one is work for nothing.
    for (const key of this.#rows.getKeys()) {
      if (running.has(key[1])) continue;
      const event = this.#rows.get(key);
      if (event === undefined) continue;
      found.push({ key, event });
      if (found.length >= limit) break;
    }
    return found;
  }

  /** Forgets every event. */
  async clear(): Promise<void> {
    await this.#rows.clearAsync();
  }

  get size(): number {
    return this.#rows.getCount();
  }
}
