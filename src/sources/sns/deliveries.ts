/**
 * Brings the messages of topics to queues, functions, HTTP endpoints and people. A delivery is kept together with the message
 * that it belongs to, and goes when its target has it or has refused it for good.
 * https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
 */
import { AwsError } from "../../services/kit/aws-error.js";
import type { StateStore } from "../../services/kit/state-store.js";
import { parseFunctionArn, type Realm } from "../../shared/arn.js";
import type { Bus, TopicDelivery } from "../../shared/bus.js";
import type { Clock } from "../../shared/clock.js";
import type { Logger } from "../../shared/logger.js";
import type { AsyncInvoker } from "../async/async-invoker.js";
import { Outbox } from "../outbox.js";
import type { OutgoingMessage, QueueSender } from "../sqs/queue-sender.js";
import { notificationBody, snsEvent } from "./envelope.js";
import { HttpDeliveries } from "./http-deliveries.js";
import { mailOf, type OutgoingMail } from "./mail.js";

export interface SnsDeliveryOptions {
  readonly store: StateStore;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Logger;
  readonly realm: Realm;
  readonly queues: () => Promise<QueueSender>;
  readonly invoker: AsyncInvoker;
  /** Whether a function of that ARN is there. */
  readonly knowsFunction: (name: string, qualifier: string | undefined) => boolean;
  /** Keeps a mail for a person. */
  readonly mail: (mail: OutgoingMail) => Promise<void>;
  /** Where the links in messages lead. */
  readonly endpoint: () => string;
}

/** "Messages with more than ten attributes are discarded as client-side errors" when they are raw. */
const MAX_QUEUE_ATTRIBUTES = 10;

export class SnsDeliveries {
  readonly #options: SnsDeliveryOptions;
  readonly #outbox: Outbox<TopicDelivery>;
  readonly #http: HttpDeliveries;
  readonly #unsubscribe: () => void;

  constructor(options: SnsDeliveryOptions) {
    this.#options = options;
    const { store, clock, log, bus, realm, endpoint } = options;
    this.#http = new HttpDeliveries({
      store,
      clock,
      log,
      body: (delivery) => notificationBody(delivery, realm, endpoint()),
      failed: (delivery, reason) => this.#undeliverable(delivery, reason),
    });
    this.#outbox = new Outbox({
      store,
      clock,
      log,
      table: "sns-deliveries",
      deliver: (one) => this.#deliver(one),
      groupOf,
    });
    this.#unsubscribe = bus.on("NotificationDue", (delivery) => {
      if (isHttp(delivery)) this.#http.put(delivery);
      else this.#outbox.put(delivery);
    });
  }

  /** Resolves when everything published so far has been delivered, or waits for the clock. */
  async idle(): Promise<void> {
    await Promise.all([this.#outbox.idle(), this.#http.idle()]);
  }

  /** Whether something is on its way. */
  get busy(): boolean {
    return this.#outbox.busy || this.#http.busy;
  }

  async reset(): Promise<void> {
    await Promise.all([this.#outbox.reset(), this.#http.reset()]);
  }

  async close(): Promise<void> {
    this.#unsubscribe();
    await Promise.all([this.#outbox.close(), this.#http.close()]);
  }

  async #deliver(delivery: TopicDelivery): Promise<void> {
    const { protocol, endpoint, topicArn } = delivery;
    const { log } = this.#options;
    switch (protocol) {
      case "sqs":
        return this.#toQueue(delivery);
      case "lambda":
        return this.#toFunction(delivery);
      case "email":
      case "email-json":
        return this.#options.mail(mailOf(delivery, this.#options.realm, this.#options.endpoint()));
      default:
        log.warn({ topicArn, protocol, endpoint }, "messages of this kind are not sent: the notification ends here");
    }
  }

  async #toQueue(delivery: TopicDelivery): Promise<void> {
    const { endpoint, rawMessageDelivery: raw, message } = delivery;
    if (raw && Object.keys(message.attributes).length > MAX_QUEUE_ATTRIBUTES)
      return this.#undeliverable(delivery, "a raw message for a queue has at most 10 attributes");
    const content = raw ? { body: message.body, attributes: message.attributes } : { body: this.#body(delivery) };
    try {
      await (await this.#options.queues()).sendMessage(endpoint, { ...content, ...orderOf(delivery, endpoint) });
    } catch (error) {
      // A queue that is gone stays gone: SNS tries client-side errors only once.
      if (!(error instanceof AwsError)) throw error;
      await this.#undeliverable(delivery, `${error.code}: ${error.message}`);
    }
  }

  async #toFunction(delivery: TopicDelivery): Promise<void> {
    const { realm, invoker, knowsFunction, endpoint } = this.#options;
    const { name, qualifier } = parseFunctionArn(delivery.endpoint) ?? { name: "" };
    if (!knowsFunction(name, qualifier)) return this.#undeliverable(delivery, "the function does not exist");
    const { traceHeader } = delivery.message;
    await invoker.enqueue(name, Buffer.from(JSON.stringify(snsEvent(delivery, realm, endpoint()))), {
      ...(qualifier === undefined ? {} : { qualifier }),
      ...(traceHeader === undefined ? {} : { traceHeader }),
    });
  }

  /** To the dead-letter queue of the subscription, else to the log. */
  async #undeliverable(delivery: TopicDelivery, reason: string): Promise<void> {
    const { queues, log } = this.#options;
    const { deadLetterTargetArn: target, subscriptionArn, message, rawMessageDelivery: raw } = delivery;
    if (target !== undefined) {
      const content = raw ? { body: message.body, attributes: message.attributes } : { body: this.#body(delivery) };
      try {
        await (await queues()).sendMessage(target, { ...content, ...orderOf(delivery, target) });
        return;
      } catch (error) {
        if (!(error instanceof AwsError)) throw error;
        log.warn({ target, code: error.code }, "the dead-letter queue of a subscription refused a message");
      }
    }
    log.warn({ subscriptionArn, reason }, "a notification could not be delivered and is dropped");
  }

  #body(delivery: TopicDelivery): string {
    return notificationBody(delivery, this.#options.realm, this.#options.endpoint());
  }
}

const isHttp = ({ protocol }: TopicDelivery): boolean => protocol === "http" || protocol === "https";

/**
 * The order of a FIFO topic is that of each group and subscription; a standard queue gets its messages without one.
 * https://docs.aws.amazon.com/sns/latest/dg/fifo-topic-message-ordering.html
 */
const groupOf = ({ endpoint, subscriptionArn, message: { groupId } }: TopicDelivery): string | undefined =>
  endpoint.endsWith(".fifo") && groupId !== undefined ? `${subscriptionArn} ${groupId}` : undefined;

/** FIFO queues get group and deduplication id of the topic; fair queues the group. */
function orderOf({ message }: TopicDelivery, queueArn: string): Omit<OutgoingMessage, "body"> {
  const { groupId, deduplicationId, traceHeader } = message;
  return {
    ...(groupId === undefined ? {} : { groupId }),
    ...(queueArn.endsWith(".fifo") && deduplicationId !== undefined ? { deduplicationId } : {}),
    ...(traceHeader === undefined ? {} : { traceHeader }),
  };
}
