/**
 * The way of events into the store and out to those who listen. Everything that arrives in one turn of the event loop
 * shares one commit: a function that prints a thousand lines costs one transaction, not a thousand.
 */
import type { Bus } from "../../shared/bus.js";
import type { Realm } from "../../shared/arn.js";
import type { Logger } from "../../shared/logger.js";
import { eventId } from "./events.js";
import { compileFilterPattern, type MessageTest } from "./filter-pattern.js";
import type { SubscriptionDelivery } from "./subscriptions.js";
import type { LogStore, NewEvent, StoredEvent } from "./store.js";

export type LogListener = (events: { readonly logStream: string; readonly events: readonly NewEvent[] }) => void;

interface Pending {
  readonly groupName: string;
  readonly streamName: string;
  readonly events: readonly NewEvent[];
  readonly create: boolean;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

export class LogIntake {
  readonly #store: LogStore;
  readonly #bus: Bus;
  readonly #realm: Realm;
  readonly #log: Logger;
  readonly #listeners = new Map<string, Set<LogListener>>();
  readonly #deliveryListeners = new Set<(delivery: SubscriptionDelivery) => void>();
  /** Patterns as they were compiled; a group has at most two filters, so this stays small. */
  readonly #patterns = new Map<string, MessageTest>();
  #pending: Pending[] = [];
  #flushing: Promise<void> = Promise.resolve();

  constructor(store: LogStore, context: { readonly bus: Bus; readonly realm: Realm; readonly log: Logger }) {
    this.#store = store;
    this.#bus = context.bus;
    this.#realm = context.realm;
    this.#log = context.log;
  }

  put(groupName: string, streamName: string, events: readonly NewEvent[], create: boolean): Promise<void> {
    if (events.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#pending.push({ groupName, streamName, events, create, resolve, reject });
      if (this.#pending.length === 1) setImmediate(() => void this.flush());
    });
  }

  /** Stores what is waiting; resolves when it and everything before it is stored. */
  flush(): Promise<void> {
    const batch = this.#pending;
    if (batch.length === 0) return this.#flushing;
    this.#pending = [];
    this.#flushing = this.#flushing.then(() => this.#commit(batch));
    return this.#flushing;
  }

  subscribe(groupName: string, listener: LogListener): () => void {
    const set = this.#listeners.get(groupName) ?? new Set();
    this.#listeners.set(groupName, set);
    set.add(listener);
    return () => {
      set.delete(listener);
      if (set.size === 0) this.#listeners.delete(groupName);
    };
  }

  onDelivery(listener: (delivery: SubscriptionDelivery) => void): () => void {
    this.#deliveryListeners.add(listener);
    return () => this.#deliveryListeners.delete(listener);
  }

  async #commit(batch: readonly Pending[]): Promise<void> {
    const stored: { readonly pending: Pending; readonly events: readonly StoredEvent[] }[] = [];
    const refused: { readonly pending: Pending; readonly reason: unknown }[] = [];
    try {
      await this.#store.write(() => {
        for (const pending of batch) {
          // A group may have been deleted meanwhile: that is the error of its own writer, not of the others.
          try {
            const events = this.#store.append(pending.groupName, pending.streamName, pending.events, pending.create);
            stored.push({ pending, events });
          } catch (reason) {
            refused.push({ pending, reason });
          }
        }
      });
    } catch (reason) {
      for (const pending of batch) pending.reject(reason);
      return;
    }
    for (const { pending, reason } of refused) pending.reject(reason);
    for (const { pending, events } of stored) {
      pending.resolve();
      // What is stored is stored: a listener that fails must not hold up the lines after it.
      try {
        this.#tell(pending, events);
      } catch (err) {
        this.#log.error({ err, logGroup: pending.groupName }, "a listener to log events failed");
      }
    }
  }

  #tell({ groupName, streamName, events }: Pending, stored: readonly StoredEvent[]): void {
    const timeMs = stored[0]?.ingestedMs ?? 0;
    const messages = events.map(({ message }) => message);
    this.#bus.emit("LogWritten", { logGroup: groupName, logStream: streamName, timeMs, messages });
    for (const listener of this.#listeners.get(groupName) ?? []) listener({ logStream: streamName, events });
    if (this.#deliveryListeners.size === 0) return;
    for (const filter of this.#store.group(groupName)?.subscriptions ?? []) {
      const matches = this.#pattern(filter.filterPattern);
      const logEvents = stored
        .filter(({ message }) => matches(message))
        .map((event) => ({ id: eventId(event), timestamp: event.timestampMs, message: event.message }));
      if (logEvents.length === 0) continue;
      const delivery: SubscriptionDelivery = {
        filterName: filter.filterName,
        destinationArn: filter.destinationArn,
        distribution: filter.distribution,
        message: {
          messageType: "DATA_MESSAGE",
          owner: this.#realm.accountId,
          logGroup: groupName,
          logStream: streamName,
          subscriptionFilters: [filter.filterName],
          logEvents,
        },
      };
      for (const listener of this.#deliveryListeners) listener(delivery);
    }
  }

  #pattern(source: string): MessageTest {
    const known = this.#patterns.get(source);
    if (known !== undefined) return known;
    const compiled = compileFilterPattern(source);
    this.#patterns.set(source, compiled);
    return compiled;
  }
}
