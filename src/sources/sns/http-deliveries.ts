/**
 * Posts messages to HTTP and HTTPS endpoints: at once, then three times more, 20 seconds apart.
 * https://docs.aws.amazon.com/sns/latest/dg/sns-http-https-endpoint-as-subscriber.html
 */
import { setMaxListeners } from "node:events";
import type { Agent } from "node:http";
import type { HttpAnswer, NameAndValue } from "../../services/kit/http-call.js";
import type { StateStore } from "../../services/kit/state-store.js";
import type { TopicDelivery } from "../../shared/bus.js";
import type { Clock } from "../../shared/clock.js";
import { messageOf } from "../../shared/errors.js";
import type { Logger } from "../../shared/logger.js";
import { RetryQueue, type RetryRow } from "../retry-queue.js";

export interface HttpDeliveryOptions {
  readonly store: StateStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly body: (delivery: TopicDelivery) => string;
  /** All attempts are spent, or the endpoint has refused for good. */
  readonly failed: (delivery: TopicDelivery, reason: string) => Promise<void>;
}

const TABLE = "sns-http-deliveries";
const POLICY = { maximumRetryAttempts: 3, maximumAgeSeconds: Infinity };
const RETRY_DELAY_MS = 20_000;
/** "If the endpoint does not answer within 15 seconds, SNS counts it as failed." Of the network, so in real time. */
const ANSWER_TIMEOUT_MS = 15_000;
/** Of an answer, which nobody looks at. */
const MAX_ANSWER_BYTES = 65_536;
/** To one endpoint at a time: a burst of messages must not take every socket that this process may open. */
const MAX_CONNECTIONS = 20;

/** What the endpoint answered is no success. */
class AnswerError extends Error {
  override readonly name = "AnswerError";
  readonly final: boolean;

  constructor({ statusCode }: HttpAnswer) {
    super(`HTTP ${statusCode}`);
    // "4xx are permanent failures, but 429"; all else is tried again.
    this.final = statusCode >= 400 && statusCode < 500 && statusCode !== 429;
  }
}

export class HttpDeliveries {
  readonly #options: HttpDeliveryOptions;
  readonly #queue: RetryQueue<TopicDelivery>;
  readonly #closing = new AbortController();
  readonly #agents = new Map<string, Promise<Agent>>();

  /** Goes on with the deliveries that an earlier process left. */
  constructor(options: HttpDeliveryOptions) {
    const { store, clock, log, failed } = options;
    this.#options = options;
    // One for each message that is on its way.
    setMaxListeners(0, this.#closing.signal);
    renewOlderRows(store, clock.now());
    this.#queue = new RetryQueue<TopicDelivery>({
      store,
      clock,
      log,
      table: TABLE,
      // A one-shot command ends before a retry is due, and the next one is to make it.
      leftIsDue: true,
      policyOf: () => POLICY,
      delayMs: () => RETRY_DELAY_MS,
      deliver: (delivery) => this.#post(delivery),
      isFinal: (error) => error instanceof AnswerError && error.final,
      failed: (delivery, { error }) => failed(delivery, messageOf(error)),
    });
  }

  /** Kept when this returns. */
  put(delivery: TopicDelivery): void {
    this.#queue.put(delivery, this.#options.clock.now());
  }

  /** Resolves when nothing is on its way; deliveries that wait for their next attempt do not count. */
  idle(): Promise<void> {
    return this.#queue.idle();
  }

  get busy(): boolean {
    return this.#queue.busy;
  }

  reset(): Promise<void> {
    return this.#queue.reset();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#queue.close();
  }

  async #post(delivery: TopicDelivery): Promise<void> {
    const { message, rawMessageDelivery: raw } = delivery;
    const body = Buffer.from(raw ? message.body : this.#options.body(delivery));
    const url = new URL(delivery.endpoint);
    const { callHttp } = await import("../../services/kit/http-call.js");
    const answer = await callHttp({
      url,
      method: "POST",
      headers: [...headersOf(delivery), ["content-length", String(body.length)]],
      body,
      timeoutMs: ANSWER_TIMEOUT_MS,
      maxBytes: MAX_ANSWER_BYTES,
      signal: this.#closing.signal,
      agent: await this.#agent(url.protocol),
    });
    if (answer.statusCode < 200 || answer.statusCode > 299) throw new AnswerError(answer);
  }

  #agent(protocol: string): Promise<Agent> {
    let agent = this.#agents.get(protocol);
    if (agent === undefined) this.#agents.set(protocol, (agent = agentFor(protocol)));
    return agent;
  }
}

/**
 * Loaded for the first message that needs it: every one-shot command would wait for TLS. A new connection for each message: one
 * that was kept may be closed by the endpoint just when a message is written.
 */
async function agentFor(protocol: string): Promise<Agent> {
  const { Agent } = protocol === "https:" ? await import("node:https") : await import("node:http");
  return new Agent({ maxSockets: MAX_CONNECTIONS });
}

function headersOf({ message, topicArn, subscriptionArn, rawMessageDelivery: raw }: TopicDelivery): NameAndValue[] {
  return [
    ["x-amz-sns-message-type", message.type],
    ["x-amz-sns-message-id", message.messageId],
    ["x-amz-sns-topic-arn", topicArn],
    ...(message.type === "Notification" ? [["x-amz-sns-subscription-arn", subscriptionArn] as const] : []),
    ...(raw ? [["x-amz-sns-rawdelivery", "true"] as const] : []),
    ["content-type", "text/plain; charset=UTF-8"],
    ["user-agent", "Amazon Simple Notification Service Agent"],
  ];
}

/** Rows of a state folder of before this queue was shared. */
interface OlderRow {
  readonly delivery: TopicDelivery;
  readonly attempts: number;
}

/** They go on where they were. Each in one write: it is never out of the table. */
function renewOlderRows(store: StateStore, nowMs: number): void {
  const rows = store.table<RetryRow<TopicDelivery> | OlderRow, number>(TABLE);
  for (const { key, value } of Array.from(rows.getRange({})))
    if ("delivery" in value)
      rows.putSync(key, { item: value.delivery, sinceMs: nowMs, retries: value.attempts, dueMs: nowMs });
}
