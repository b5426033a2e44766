/**
 * What happens without a caller: items expire, stream records and tokens age, rows of deleted tables go. Work is done in
 * small transactions with a turn of the event loop between them, so that requests are not kept waiting.
 */
import type { Cancel } from "../../shared/clock.js";
import { announce, type Engine } from "./engine.js";
import { expiryOf } from "./store/item-store.js";
import type { TableRecord } from "./store/table-record.js";
import type { TokenStore } from "./store/token-store.js";

/** AWS deletes "typically within a few days"; here it is soon, so that it can be seen. */
export const DEFAULT_TTL_SWEEP_MS = 10_000;
const TRIM_INTERVAL_MS = 60 * 60 * 1000;
const ROWS_PER_STEP = 500;
/** Items whose time is further back are not touched: AWS takes that for a mistake. */
const MAX_OVERDUE_SECONDS = 5 * 365 * 24 * 60 * 60;

export class Housekeeping {
  readonly #engine: Engine;
  readonly #tokens: TokenStore;
  readonly #sweepMs: number;
  #cancelSweep: Cancel | undefined;
  #cancelTrim: Cancel | undefined;
  /** Tasks run one after the other. */
  #work: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(engine: Engine, tokens: TokenStore, sweepMs: number) {
    this.#engine = engine;
    this.#tokens = tokens;
    this.#sweepMs = sweepMs;
  }

  /** Starts what there is to do; called at the start and whenever tables change. */
  wake(): void {
    if (this.#closed) return;
    if (this.#cancelSweep === undefined && this.#expiringTables().length > 0) this.#scheduleSweep();
    this.#cancelTrim ??= this.#engine.clock.after(TRIM_INTERVAL_MS, () => this.#trim());
    this.#enqueue(() => this.#removeLeftovers());
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelSweep?.();
    this.#cancelTrim?.();
    await this.#work;
  }

  #enqueue(task: () => Promise<void>): void {
    this.#work = this.#work.then(task).catch((error: unknown) => {
      this.#engine.log.error({ err: error }, "DynamoDB housekeeping failed");
    });
  }

  #scheduleSweep(): void {
    this.#cancelSweep = this.#engine.clock.after(this.#sweepMs, () => {
      this.#cancelSweep = undefined;
      this.#enqueue(() => this.#sweep());
      this.wake();
    });
  }

  #expiringTables(): TableRecord[] {
    return [...this.#engine.tables.all()].filter((table) => table.ttlAttribute !== undefined);
  }

  /** Deletes what has expired, table by table. */
  async #sweep(): Promise<void> {
    const nowMs = this.#engine.clock.now();
    for (const table of this.#expiringTables()) {
      while (!this.#closed && (await this.#expireSome(table, nowMs))) await turn();
    }
  }

  async #expireSome(table: TableRecord, nowMs: number): Promise<boolean> {
    const { store, items } = this.#engine;
    const nowSeconds = Math.floor(nowMs / 1000);
    let streamed = false;
    const found = await store.write(() => {
      const rowKeys = items.expiring(table.id, nowSeconds - MAX_OVERDUE_SECONDS, nowSeconds, ROWS_PER_STEP);
      for (const rowKey of rowKeys) {
        const item = items.get(rowKey);
        if (item === undefined || expiryOf(item, table.ttlAttribute ?? "") === undefined) continue;
        streamed = items.replace(table, rowKey, item, undefined, nowMs, { expired: true }).streamed || streamed;
      }
      return rowKeys.length;
    });
    if (streamed) announce(this.#engine, [table]);
    return found === ROWS_PER_STEP;
  }

  #trim(): void {
    this.#cancelTrim = undefined;
    this.#enqueue(async () => {
      const { store, streams, clock } = this.#engine;
      const step = (): Promise<number> => store.write(() => streams.trim(clock.now(), ROWS_PER_STEP));
      while (!this.#closed && (await step()) === ROWS_PER_STEP) await turn();
      if (!this.#closed) await store.write(() => this.#tokens.trim(clock.now()));
    });
    this.wake();
  }

  async #removeLeftovers(): Promise<void> {
    const { store, tables, items } = this.#engine;
    for (let next = tables.firstLeftover(); next !== undefined && !this.#closed; next = tables.firstLeftover()) {
      const { tableId, indexId } = next;
      const leftover = next;
      const more = await store.write(() => {
        const rest = items.removeSome(tableId, indexId, ROWS_PER_STEP);
        if (!rest) {
          if (indexId === undefined) items.unscheduleAll(tableId);
          tables.removeLeftover(leftover);
        }
        return rest;
      });
      if (more) await turn();
    }
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
