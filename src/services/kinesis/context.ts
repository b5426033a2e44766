/** What the operations work with. One per service; the operations themselves keep no state. */
import type { Realm } from "../../shared/arn.js";
import type { Bus } from "../../shared/bus.js";
import type { Clock } from "../../shared/clock.js";
import type { JsonOperation } from "../kit/json-protocol.js";
import type { ShardMeter } from "./shard-meter.js";
import type { KinesisStore } from "./store.js";

export interface KinesisContext {
  readonly store: KinesisStore;
  readonly meter: ShardMeter;
  readonly clock: Clock;
  readonly bus: Bus;
  readonly realm: Realm;
  /** There are rows now that will be too old one day. */
  readonly wakeHousekeeping: () => void;
}

export type Operations = Readonly<Record<string, JsonOperation>>;
