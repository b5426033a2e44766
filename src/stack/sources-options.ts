/** What the sources of a stack work with. */
import type { Application } from "../config/application.js";
import type { Gateway } from "../services/gateway.js";
import type { StateStore } from "../services/kit/state-store.js";
import type { Bus } from "../shared/bus.js";
import type { Clock } from "../shared/clock.js";
import type { Logger } from "../shared/logger.js";
import type { ObjectWriter } from "../sources/async/destinations.js";
import type { SnsDeliveryOptions } from "../sources/sns/deliveries.js";
import type { ForeignQueues } from "./backends/queues.js";
import type { BucketTeller } from "./backends/bucket-teller.js";
import type { StackDurable } from "./durable.js";
import type { OutsideCalls } from "./rule-targets.js";
import type { StackSchedules } from "./schedules.js";
import type { StackStates } from "./states.js";

export interface SourcesOptions {
  readonly application: () => Application;
  readonly gateway: () => Gateway;
  readonly store: () => StateStore;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Logger;
  readonly notice: (text: string) => void;
  readonly outside: OutsideCalls;
  readonly writeObject: ObjectWriter;
  readonly mail: SnsDeliveryOptions["mail"];
  /** Queues on another server; undefined when they are embedded. */
  readonly foreignQueues?: ForeignQueues | undefined;
  /** Buckets on another server that tells what happens in them. */
  readonly bucketTeller?: BucketTeller | undefined;
  /** Undefined until they are there, and where another server has them. */
  readonly states: () => StackStates | undefined;
  /** Undefined until they are there. */
  readonly durable: () => StackDurable | undefined;
  /** Undefined until they are there. */
  readonly schedules: () => StackSchedules | undefined;
}
