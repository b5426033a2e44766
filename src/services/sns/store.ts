/**
 * Topics and subscriptions in the state store.
 *
 *     topics          name
 *     subscriptions   [topic name, id]
 *     deduplication   [topic name, deduplication id]    FIFO topics: what was published in the last five minutes
 *     expiry          [expires at ms, topic name, deduplication id]
 */
import type { Database } from "lmdb";
import type { StateStore } from "../kit/state-store.js";

export interface TopicRow {
  readonly name: string;
  /** As SetTopicAttributes takes them; only what was given. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  /** FIFO topics: of the next message. */
  readonly nextSequence: number;
  readonly deletedSubscriptions: number;
}

export interface SubscriptionRow {
  readonly topicName: string;
  readonly id: string;
  readonly protocol: string;
  readonly endpoint: string;
  /** As SetSubscriptionAttributes takes them; only what was given. */
  readonly attributes: Readonly<Record<string, string>>;
  /** ARN of who subscribed. */
  readonly principal: string;
  /** Present until the endpoint has confirmed. */
  readonly token?: string;
  /** The token that confirmed it: confirming again is no error. */
  readonly confirmedToken?: string;
  readonly confirmedBySignature: boolean;
  /** The template declares it: it goes when the template says so no more. */
  readonly declared: boolean;
}

export interface Published {
  readonly expiresMs: number;
  readonly messageId: string;
  readonly sequenceNumber: string;
}

/** Rows removed with each publish: more than a publish adds, so that the table shrinks. */
const SWEEP_PER_PUBLISH = 20;

export class SnsStore {
  readonly #state: StateStore;
  readonly #topics: Database<TopicRow, string>;
  readonly #subscriptions: Database<SubscriptionRow, [string, string]>;
  readonly #published: Database<Published, [string, string]>;
  readonly #expiry: Database<boolean, [number, string, string]>;

  constructor(state: StateStore) {
    this.#state = state;
    this.#topics = state.table("sns-topics");
    this.#subscriptions = state.table("sns-subscriptions");
    this.#published = state.table("sns-deduplication");
    this.#expiry = state.table("sns-deduplication-expiry");
  }

  write<T>(work: () => T): Promise<T> {
    return this.#state.write(work);
  }

  topic(name: string): TopicRow | undefined {
    return name === "" ? undefined : this.#topics.get(name);
  }

  /** In order of their names, after a name. */
  *topics(after = ""): Generator<TopicRow> {
    for (const { key, value } of this.#topics.getRange(after === "" ? {} : { start: after }))
      if (key !== after) yield value;
  }

  putTopic(row: TopicRow): void {
    this.#topics.putSync(row.name, row);
  }

  removeTopic(name: string): void {
    for (const row of this.subscriptionsOf(name)) this.removeSubscription(row);
    this.#topics.removeSync(name);
  }

  subscription(topicName: string, id: string): SubscriptionRow | undefined {
    return this.#subscriptions.get([topicName, id]);
  }

  subscriptionsOf(topicName: string): SubscriptionRow[] {
    // Nothing sorts after the highest code point, and an id is hexadecimal.
    const range = this.#subscriptions.getRange({ start: [topicName, ""], end: [topicName, "\uffff"] });
    return Array.from(range, ({ value }) => value);
  }

  *subscriptions(): Generator<SubscriptionRow> {
    for (const { value } of this.#subscriptions.getRange({})) yield value;
  }

  putSubscription(row: SubscriptionRow): void {
    this.#subscriptions.putSync([row.topicName, row.id], row);
  }

  removeSubscription({ topicName, id }: Pick<SubscriptionRow, "topicName" | "id">): void {
    this.#subscriptions.removeSync([topicName, id]);
  }

  published(topicName: string, deduplicationId: string, nowMs: number): Published | undefined {
    const row = this.#published.get([topicName, deduplicationId]);
    return row !== undefined && row.expiresMs > nowMs ? row : undefined;
  }

  putPublished(topicName: string, deduplicationId: string, row: Published): void {
    this.#published.putSync([topicName, deduplicationId], row);
    this.#expiry.putSync([row.expiresMs, topicName, deduplicationId], true);
  }

  sweep(nowMs: number): void {
    for (const key of Array.from(this.#expiry.getKeys({ end: [nowMs + 1], limit: SWEEP_PER_PUBLISH }))) {
      const [, topicName, id] = key;
      this.#expiry.removeSync(key);
      // The same id may have been published anew since.
      if (this.published(topicName, id, nowMs) === undefined) this.#published.removeSync([topicName, id]);
    }
  }

  async clear(): Promise<void> {
    await Promise.all([
      this.#topics.clearAsync(),
      this.#subscriptions.clearAsync(),
      this.#published.clearAsync(),
      this.#expiry.clearAsync(),
    ]);
  }
}
