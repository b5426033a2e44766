/**
 * Posts messages to HTTP and HTTPS endpoints: at once, then three times more, 20 seconds apart. Each delivery is a row
 * with the number of its attempts, so that a restart goes on where the last process was.
 * https://docs.aws.amazon.com/sns/latest/dg/sns-http-https-endpoint-as-subscriber.html
 */
import { setMaxListeners } from "node:events";
import type { Agent, RequestOptions, request } from "node:http";
import type { Database } from "lmdb";
import type { StateStore } from "../../services/kit/state-store.js";
import type { TopicDelivery } from "../../shared/bus.js";
import type { Cancel, Clock } from "../../shared/clock.js";
import { messageOf } from "../../shared/errors.js";
import type { Logger } from "../../shared/logger.js";

export interface HttpDeliveryOptions {
  readonly store: StateStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly body: (delivery: TopicDelivery) => string;
  /** All attempts are spent, or the endpoint has refused for good. */
  readonly failed: (delivery: TopicDelivery, reason: string) => Promise<void>;
}

const RETRIES = 3;
const RETRY_DELAY_MS = 20_000;
/** "If the endpoint does not answer within 15 seconds, SNS counts it as failed." Of the network, so in real time. */
const ANSWER_TIMEOUT_MS = 15_000;
/** To one endpoint at a time: a burst of messages must not take every socket that this process may open. */
const MAX_CONNECTIONS = 20;

interface Row {
  readonly delivery: TopicDelivery;
  readonly attempts: number;
}

export class HttpDeliveries {
  readonly #options: HttpDeliveryOptions;
  readonly #rows: Database<Row, number>;
  readonly #running = new Map<number, Promise<void>>();
  readonly #waiting = new Map<number, Cancel>();
  readonly #closing = new AbortController();
  readonly #clients = new Map<string, Promise<Client>>();
  #next: number;

  constructor(options: HttpDeliveryOptions) {
    this.#options = options;
    // One for each message that is on its way.
    setMaxListeners(0, this.#closing.signal);
    this.#rows = options.store.table<Row, number>("sns-http-deliveries");
    const keys = [...this.#rows.getKeys({})];
    this.#next = (keys.at(-1) ?? 0) + 1;
    for (const key of keys) this.#start(key);
  }

  /** Kept when this returns. */
  put(delivery: TopicDelivery): void {
    const key = this.#next++;
    this.#rows.putSync(key, { delivery, attempts: 0 });
    this.#start(key);
  }

  /** Resolves when nothing is on its way; deliveries that wait for their next attempt do not count. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running.values());
  }

  get busy(): boolean {
    return this.#running.size > 0;
  }

  async reset(): Promise<void> {
    this.#cancelWaits();
    await this.#rows.clearAsync();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#cancelWaits();
    await this.idle();
  }

  #cancelWaits(): void {
    for (const cancel of this.#waiting.values()) cancel();
    this.#waiting.clear();
  }

  #start(key: number): void {
    const attempt = this.#attempt(key)
      .catch((error: unknown) => {
        this.#options.log.error({ err: error }, "a notification could not be posted; it is tried again");
        this.#again(key);
      })
      .finally(() => this.#running.delete(key));
    this.#running.set(key, attempt);
  }

  async #attempt(key: number): Promise<void> {
    // The turn of the message belongs to the one who answers the publisher.
    await new Promise((resolve) => setImmediate(resolve));
    const { store, failed, body } = this.#options;
    // The row was put inside the transaction of the message.
    await store.settled();
    const row = this.#rows.get(key);
    if (row === undefined || this.#closing.signal.aborted) return;
    const outcome = await this.#post(row.delivery, body(row.delivery));
    // A reset may have forgotten it meanwhile.
    if (this.#closing.signal.aborted || this.#rows.get(key) === undefined) return;
    const attempts = row.attempts + 1;
    if (outcome.again && attempts <= RETRIES) {
      await store.write(() => this.#rows.putSync(key, { ...row, attempts }));
      this.#again(key);
      return;
    }
    if (outcome.reason !== undefined) await failed(row.delivery, outcome.reason);
    await store.write(() => this.#rows.removeSync(key));
  }

  #again(key: number): void {
    if (this.#closing.signal.aborted) return;
    const cancel = this.#options.clock.after(RETRY_DELAY_MS, () => {
      this.#waiting.delete(key);
      this.#start(key);
    });
    this.#waiting.set(key, cancel);
  }

  async #post(delivery: TopicDelivery, envelope: string): Promise<Outcome> {
    const { protocol } = new URL(delivery.endpoint);
    let client = this.#clients.get(protocol);
    if (client === undefined) this.#clients.set(protocol, (client = clientOf(protocol)));
    const { agent, send } = await client;
    return post(send, delivery, envelope, { agent, signal: this.#closing.signal });
  }
}

interface Client {
  readonly send: typeof request;
  readonly agent: Agent;
}

/** Loaded for the first message that needs it: every one-shot command would wait for TLS. */
async function clientOf(protocol: string): Promise<Client> {
  const module = protocol === "https:" ? await import("node:https") : await import("node:http");
  // A new connection for each message: one that was kept may be closed by the endpoint just when a message is written.
  return { send: module.request, agent: new module.Agent({ maxSockets: MAX_CONNECTIONS }) };
}

interface Outcome {
  /** Why it failed; undefined = delivered. */
  readonly reason: string | undefined;
  readonly again: boolean;
}

const DELIVERED: Outcome = { reason: undefined, again: false };

function post(
  send: Client["send"],
  delivery: TopicDelivery,
  envelope: string,
  connection: Pick<RequestOptions, "agent" | "signal">,
): Promise<Outcome> {
  const { message, topicArn, subscriptionArn, rawMessageDelivery: raw } = delivery;
  const bytes = Buffer.from(raw ? message.body : envelope);
  const url = new URL(delivery.endpoint);
  return new Promise((resolve) => {
    const sent = send(
      url,
      {
        method: "POST",
        ...connection,
        headers: {
          "x-amz-sns-message-type": message.type,
          "x-amz-sns-message-id": message.messageId,
          "x-amz-sns-topic-arn": topicArn,
          ...(message.type === "Notification" ? { "x-amz-sns-subscription-arn": subscriptionArn } : {}),
          ...(raw ? { "x-amz-sns-rawdelivery": "true" } : {}),
          "content-type": "text/plain; charset=UTF-8",
          "content-length": bytes.length,
          "user-agent": "Amazon Simple Notification Service Agent",
        },
      },
      (response) => {
        const { statusCode = 0 } = response;
        response.resume();
        response.once("close", () => {
          if (statusCode >= 200 && statusCode < 300) resolve(DELIVERED);
          // "4xx are permanent failures, but 429"; all else is tried again.
          else
            resolve({
              reason: `HTTP ${statusCode}`,
              again: statusCode === 429 || statusCode < 400 || statusCode >= 500,
            });
        });
      },
    );
    // Of the whole answer: one that trickles would keep its socket for ever.
    const tooLate = setTimeout(
      () => sent.destroy(new Error(`no answer within ${ANSWER_TIMEOUT_MS / 1000} seconds`)),
      ANSWER_TIMEOUT_MS,
    );
    sent.once("close", () => clearTimeout(tooLate));
    sent.once("error", (error) => resolve({ reason: messageOf(error), again: true }));
    sent.end(bytes);
  });
}
