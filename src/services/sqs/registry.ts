/** The queues there are: creating, finding, listing and deleting them, and who is whose dead-letter queue. */
import { arnOf, parseArn, type Realm } from "../../shared/arn.js";
import type { Logger } from "../../shared/logger.js";
import type { Clock } from "../../shared/clock.js";
import { sqsError } from "./errors.js";
import { SQS } from "./limits.js";
import { Queue } from "./queue.js";
import type { QueueServices } from "./queue-types.js";
import { describeAttributes, mergeAttributes, normalizeAttributes } from "./queue-attributes.js";
import { ReceiptHandles } from "./receipt-handle.js";
import { allowsSource, parseRedrivePolicy } from "./redrive-policy.js";
import type { QueueRow, SqsStore } from "./store.js";

export interface RegistryOptions {
  readonly store: SqsStore;
  readonly clock: Clock;
  readonly realm: Realm;
  readonly log: Logger;
  readonly announce: (queue: Queue) => void;
}

const STANDARD_NAME = /^[A-Za-z0-9_-]{1,80}$/;
const FIFO_NAME = /^[A-Za-z0-9_-]{1,75}\.fifo$/;

export class QueueRegistry {
  readonly #options: RegistryOptions;
  readonly #services: QueueServices<Queue>;
  readonly #queues = new Map<string, Queue>();
  #sweeping = false;
  #closed = false;

  constructor(options: RegistryOptions) {
    this.#options = options;
    this.#services = {
      store: options.store,
      clock: options.clock,
      handles: new ReceiptHandles(options.store.secret),
      arnOf: (name) => arnOf.queue(options.realm, name),
      queueByArn: (arn) => this.byArn(arn),
      announce: (queue) => {
        if (!this.#closed) options.announce(queue);
      },
    };
    for (const { value: row } of options.store.queues.getRange({}))
      this.#queues.set(row.name, new Queue(row, this.#services));
    this.#sweepLater();
  }

  /** All queues, by name. */
  list(): Queue[] {
    return [...this.#queues.values()].sort((left, right) => (left.name < right.name ? -1 : 1));
  }

  byName(name: string): Queue | undefined {
    return this.#queues.get(name);
  }

  byArn(arn: string): Queue | undefined {
    const parsed = parseArn(arn);
    const { region, accountId } = this.#options.realm;
    if (parsed?.service !== "sqs" || parsed.region !== region || parsed.accountId !== accountId) return undefined;
    return this.#queues.get(parsed.resource);
  }

  /** A URL whose path ends in `/account/name` on any host, or the bare name. */
  byUrl(url: string): Queue | undefined {
    const parts = url.split("/");
    const name = parts.pop() ?? "";
    const account = parts.pop();
    return account === undefined || account === this.#options.realm.accountId ? this.#queues.get(name) : undefined;
  }

  /** Queues that send their failed messages to `arn`. */
  sourcesOf(arn: string): Queue[] {
    return this.list().filter((queue) => queue.redrive?.deadLetterTargetArn === arn);
  }

  async create(
    name: string,
    given: ReadonlyMap<string, string>,
    tags: Readonly<Record<string, string>>,
    force = false,
  ): Promise<Queue> {
    const fifo = checkName(name, given);
    const attributes = normalizeAttributes(given, fifo);
    const existing = this.#queues.get(name);
    if (existing !== undefined) {
      const current = describeAttributes(existing.row.attributes, fifo);
      for (const [attribute, value] of attributes) {
        if ((current[attribute] ?? "") !== value) throw sqsError.queueNameExists(attribute);
      }
      return existing;
    }
    const nowMs = this.#options.clock.now();
    const { store } = this.#options;
    if (!force && nowMs - (store.deletedQueues.get(name) ?? -Infinity) < SQS.recreateWaitMs)
      throw sqsError.queueDeletedRecently();
    this.checkDeadLetterTarget(name, attributes);
    const merged = mergeAttributes({}, attributes);
    return store.write(
      () => {
        const raced = this.#queues.get(name);
        if (raced !== undefined) return raced;
        const numbers = { number: store.nextNumber(), space: store.nextNumber() };
        const row: QueueRow = { name, ...numbers, createdMs: nowMs, modifiedMs: nowMs, attributes: merged, tags };
        store.queues.putSync(name, row);
        store.deletedQueues.removeSync(name);
        const queue = new Queue(row, this.#services);
        this.#queues.set(name, queue);
        return queue;
      },
      () => this.#queues.delete(name),
    );
  }

  async setAttributes(queue: Queue, given: ReadonlyMap<string, string>): Promise<void> {
    if (queue.fifo && given.has("FifoQueue") && given.get("FifoQueue") !== "true") {
      throw sqsError.invalidAttributeValue("FifoQueue", "Modifying queue type is not supported.");
    }
    const attributes = normalizeAttributes(given, queue.fifo);
    this.checkDeadLetterTarget(queue.name, attributes);
    mergeAttributes(queue.row.attributes, attributes);
    const modifiedMs = this.#options.clock.now();
    await queue.update((row) => ({ attributes: mergeAttributes(row.attributes, attributes), modifiedMs }));
  }

  /** `forget` leaves the name free at once. */
  async delete(queue: Queue, forget = false): Promise<void> {
    const { store, clock } = this.#options;
    queue.close();
    this.#queues.delete(queue.name);
    const deletedMs = clock.now();
    await store.write(() => {
      store.queues.removeSync(queue.name);
      if (!forget) store.deletedQueues.putSync(queue.name, deletedMs);
      store.abandon(queue.row.space);
      // Its deduplication rows stand under the number.
      store.abandon(queue.row.number);
    });
    this.#sweepLater();
  }

  async purge(queue: Queue, force = false): Promise<void> {
    await queue.purge(force);
    this.#sweepLater();
  }

  checkDeadLetterTarget(sourceName: string, attributes: ReadonlyMap<string, string>): void {
    const text = attributes.get("RedrivePolicy");
    if (text === undefined || text === "") return;
    const { deadLetterTargetArn } = parseRedrivePolicy(text);
    const refuse = (reason: string): Error => sqsError.invalidValue(text, "RedrivePolicy", reason);
    const target = this.byArn(deadLetterTargetArn);
    if (target === undefined) throw refuse("Dead letter target does not exist.");
    if (target.fifo !== sourceName.endsWith(".fifo"))
      throw refuse("Dead-letter queue must be same type of queue as the source.");
    const sourceArn = this.#services.arnOf(sourceName);
    if (!allowsSource(target.redriveAllow, sourceArn))
      throw refuse(`Queue ${sourceArn} is not permitted by the redrive allow policy of its dead-letter queue.`);
  }

  async reset(): Promise<void> {
    for (const queue of this.#queues.values()) queue.close();
    this.#queues.clear();
    await this.#options.store.clear();
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const queue of this.#queues.values()) queue.close();
    await this.#options.store.flush();
  }

  /** Rows of purged and deleted queues go a few hundred at a time, between requests. */
  #sweepLater(): void {
    if (this.#sweeping || this.#closed) return;
    this.#sweeping = true;
    this.#options.clock.after(0, () => {
      this.#sweeping = false;
      if (this.#closed) return;
      this.#options.store.sweepGarbage().then(
        (more) => {
          if (more) this.#sweepLater();
        },
        (error: unknown) => this.#options.log.error({ err: error }, "the rows of deleted queues cannot be swept away"),
      );
    });
  }
}

function checkName(name: string, attributes: ReadonlyMap<string, string>): boolean {
  const fifo = attributes.get("FifoQueue")?.toLowerCase() === "true";
  if (fifo) {
    if (!FIFO_NAME.test(name)) {
      throw sqsError.invalidParameter(
        "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length",
      );
    }
  } else if (!STANDARD_NAME.test(name)) {
    throw sqsError.invalidParameter(
      "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
    );
  }
  return fifo;
}
