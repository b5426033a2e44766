/** What the operations work with. One per service; the operations themselves keep no state. */
import type { Realm } from "../../shared/arn.js";
import type { Bus } from "../../shared/bus.js";
import type { Clock } from "../../shared/clock.js";
import type { Logger } from "../../shared/logger.js";
import type { StateStore } from "../kit/state-store.js";
import type { PartitionMeter } from "./partition-meter.js";
import type { Counters } from "./store/counters.js";
import type { ItemStore } from "./store/item-store.js";
import type { StreamLog } from "./store/stream-log.js";
import type { TableRecord } from "./store/table-record.js";
import type { TableStore } from "./store/table-store.js";
import type { WriteQueue } from "./store/write-queue.js";

export interface Engine {
  readonly clock: Clock;
  readonly realm: Realm;
  readonly bus: Bus;
  readonly log: Logger;
  readonly store: StateStore;
  /** For writes to single items: they share commits. A transaction, which may fail half-way, goes to the store itself. */
  readonly writes: WriteQueue;
  readonly tables: TableStore;
  readonly items: ItemStore;
  readonly streams: StreamLog;
  readonly counters: Counters;
  readonly meter: PartitionMeter;
  /** Tells the housekeeping that there is something new to do: leftovers of a table, an attribute with expiry times. */
  readonly wakeHousekeeping: () => void;
}

/** Tells sources that a table's stream has news; after the commit. */
export function announce(engine: Engine, tables: Iterable<TableRecord>): void {
  for (const table of new Set(tables)) {
    if (table.stream !== undefined)
      engine.bus.emit("ItemChanged", { tableName: table.name, streamArn: table.stream.arn });
  }
}
