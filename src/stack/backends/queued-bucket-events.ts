/**
 * What happens in buckets of a server that has S3 and SQS (LocalStack, moto) fires functions here: the server announces it
 * to a queue of its own that is ours, and we poll that. Rules of the template are decided here, as for MinIO's webhook.
 */
import { CreateQueueCommand, GetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import type { Application, BucketConfig } from "../../config/application.js";
import type { Bus } from "../../shared/bus.js";
import { realClock, type Clock } from "../../shared/clock.js";
import { messageOf } from "../../shared/errors.js";
import { bucketEvents } from "../../sources/s3/foreign-event.js";
import type { BucketRules } from "../../sources/s3/notifications.js";
import { setNotifications } from "./bucket-notifications.js";
import { FOREIGN_NAMESPACE, foreignRules, newRequestId, type BucketTeller } from "./bucket-teller.js";
import { placeOf, type ServiceAddress } from "./endpoints.js";
import { ForeignQueues } from "./queues.js";

export interface QueuedBucketEventsOptions {
  readonly address: ServiceAddress;
  readonly clock: Clock;
  /** Which buckets announce through our queue. */
  readonly tells: (bucket: BucketConfig) => boolean;
  /** Name of our queue there. */
  readonly queueName: string;
  readonly application: () => Application;
  readonly bus: Bus;
  readonly notice: (text: string) => void;
}

const VISIBILITY_SECONDS = 30;
const LONG_POLL_MS = 20_000;
const MAX_MESSAGES = 10;
const RETRY_MS = 1000;

export class QueuedBucketEvents implements BucketTeller {
  readonly rules: BucketRules;
  readonly #options: QueuedBucketEventsOptions;
  readonly #queues: ForeignQueues;
  readonly #stop = new AbortController();
  #polling: Promise<void> | undefined;

  constructor(options: QueuedBucketEventsOptions) {
    this.#options = options;
    // The queue is where the buckets are, wherever the queues of the template are.
    this.#queues = new ForeignQueues(options.address, options.clock);
    this.rules = foreignRules(options.application, options.tells);
  }

  async begin(): Promise<void> {
    const { address, application, bus, notice, tells } = this.#options;
    const buckets = application().buckets.filter(tells);
    if (buckets.length === 0) return;
    try {
      const arn = await this.#queueArn();
      for (const bucket of await setNotifications(address, buckets, arn, (events) => [...new Set(events)].sort()))
        bus.emit("NotificationsConfigured", { namespace: FOREIGN_NAMESPACE, bucket, requestId: newRequestId() });
      this.#polling ??= this.#poll(arn);
    } catch (error) {
      notice(
        `notifications of buckets at ${placeOf(address)} could not be set, so their events fire nothing: ${messageOf(error)}`,
      );
    }
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#polling;
    this.#queues.close();
  }

  async #queueArn(): Promise<string> {
    const { queueName } = this.#options;
    const queues = this.#queues;
    const known = await queues.inspector.find(queueName);
    if (known !== undefined) return known.arn;
    const { QueueUrl } = await queues.client.send(new CreateQueueCommand({ QueueName: queueName }));
    const made = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["QueueArn"] });
    return (await queues.client.send(made)).Attributes?.["QueueArn"] ?? "";
  }

  /** Real time: it polls a real server. */
  async #poll(arn: string): Promise<void> {
    const { bus, notice, address } = this.#options;
    const { signal } = this.#stop;
    const queue = this.#queues.queue(arn);
    let complained = false;
    while (!signal.aborted) {
      try {
        const messages = await queue.receive({
          max: MAX_MESSAGES,
          waitMs: LONG_POLL_MS,
          visibilityTimeoutSeconds: VISIBILITY_SECONDS,
          signal,
        });
        // Kept by whoever listens when `emit` returns; only then are they given up there.
        for (const { body } of messages)
          for (const { kind, event } of bucketEvents(body, FOREIGN_NAMESPACE) ?? []) bus.emit(kind, event);
        if (messages.length > 0) await queue.delete(messages.map(({ receiptHandle }) => receiptHandle));
        complained = false;
      } catch (error) {
        if (!complained)
          notice(`events of buckets at ${placeOf(address)} cannot be received; trying on: ${messageOf(error)}`);
        complained = true;
        await realClock.sleep(RETRY_MS, signal).catch(() => undefined);
      }
    }
  }
}
