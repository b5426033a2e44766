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

const TABLE = "async-events";
/** Keys that are looked up at once. */
const AHEAD = 100;

type AlwaysThere = Pick<AsyncEvent, "requestId" | "functionName" | "payload" | "enqueuedMs" | "attempts" | "refusals">;
/**
 * An event as it lies in the store. Without the names of its fields a row takes two thirds of the room, and the pages of
 * the state file that hold a long queue are memory of this process while it is worked on.
 */
type AsyncRow = [
  requestId: string,
  functionName: string,
  payload: string,
  enqueuedMs: number,
  attempts: number,
  refusals: number,
  rest?: Omit<AsyncEvent, keyof AlwaysThere>,
];

export class AsyncQueueStore {
  readonly #store: StateStore;
  readonly #rows: Database<AsyncRow, AsyncKey>;
  #sequence: number;
  /** Numbers of the events that were taken and are not settled. */
  readonly #taken = new Set<number>();
  /** The next ones to take, as far as they have been looked up: due, and in order. */
  #ahead: AsyncKey[] = [];
  /** Every event up to this one is taken or ahead. Undefined when that is not known. */
  #front: AsyncKey | undefined;

  constructor(store: StateStore) {
    this.#store = store;
    this.#rows = store.table<AsyncRow, AsyncKey>(TABLE);
    // Rows of an earlier run keep their numbers; ours go on after the highest.
    this.#sequence = 1;
    for (const [, sequence] of this.#rows.getKeys()) this.#sequence = Math.max(this.#sequence, sequence + 1);
  }

  async add(event: AsyncEvent, dueMs: number): Promise<void> {
    const key: AsyncKey = [dueMs, this.#sequence++];
    await this.#store.write(() => this.#rows.putSync(key, rowOf(event)));
    this.#arrived(key);
  }

  /** A taken event is through: it lies at a later time, or is gone when there is no `next`. */
  async settle(key: AsyncKey, next?: { readonly event: AsyncEvent; readonly dueMs: number }): Promise<void> {
    const later: AsyncKey | undefined = next && [next.dueMs, key[1]];
    await this.#store.write(() => {
      // An event that was cleared while it ran does not come back.
      const isThere = this.#rows.removeSync(key);
      if (isThere && next !== undefined && later !== undefined) this.#rows.putSync(later, rowOf(next.event));
    });
    this.#taken.delete(key[1]);
    if (later !== undefined) this.#arrived(later);
  }

  /** A taken event lies where it was and waits again. */
  putBack(key: AsyncKey): void {
    this.#taken.delete(key[1]);
    this.#lookAnew();
  }

  /** Takes the first events that are due, `limit` at most. When there are fewer, also tells when the next one is. */
  take(limit: number, nowMs: number): { readonly due: readonly QueuedEvent[]; readonly nextMs?: number } {
    const due: QueuedEvent[] = [];
    for (;;) {
      for (let key = this.#ahead.shift(); key !== undefined; key = this.#ahead.shift()) {
        const row = this.#rows.get(key);
        if (row === undefined) continue;
        due.push({ key, event: eventOf(row) });
        this.#taken.add(key[1]);
        if (due.length >= limit) return { due };
      }
      const nextMs = this.#lookAhead(nowMs);
      if (this.#ahead.length === 0) return nextMs === undefined ? { due } : { due, nextMs };
    }
  }

  /** Many keys at once: a cursor costs more than a row. Tells when the first event is due that it came upon too early. */
  #lookAhead(nowMs: number): number | undefined {
    // Those that are taken lie in front.
    const range = this.#front === undefined ? {} : { start: this.#front, exclusiveStart: true };
    for (const key of this.#rows.getKeys(range)) {
      if (key[0] > nowMs) return key[0];
      this.#front = key;
      if (!this.#taken.has(key[1]) && this.#ahead.push(key) >= AHEAD) break;
    }
    return undefined;
  }

  #lookAnew(): void {
    this.#ahead = [];
    this.#front = undefined;
  }

  /** Events that are under way. */
  get taken(): number {
    return this.#taken.size;
  }

  /** Forgets every event. */
  async clear(): Promise<void> {
    await this.#rows.clearAsync();
  }

  get size(): number {
    return this.#rows.getCount();
  }

  /** Clocks may be set back, and a write that waits for the disk may come after later ones. */
  #arrived([dueMs, sequence]: AsyncKey): void {
    if (this.#front === undefined) return;
    const [frontMs, frontSequence] = this.#front;
    if (dueMs < frontMs || (dueMs === frontMs && sequence < frontSequence)) this.#lookAnew();
  }
}

function rowOf(event: AsyncEvent): AsyncRow {
  const { requestId, functionName, payload, enqueuedMs, attempts, refusals, ...rest } = event;
  const row: AsyncRow = [requestId, functionName, payload, enqueuedMs, attempts, refusals];
  if (Object.keys(rest).length > 0) row.push(rest);
  return row;
}

function eventOf([requestId, functionName, payload, enqueuedMs, attempts, refusals, rest]: AsyncRow): AsyncEvent {
  return { requestId, functionName, payload, enqueuedMs, attempts, refusals, ...rest };
}
