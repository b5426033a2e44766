/**
 * # S3 notifications
 *
 * Tells queues, functions, topics and the event bus what happened in a bucket, by the configuration that the bucket has
 * at that moment. At least once and in order of the events; a write that failed says nothing, since S3 announces only
 * what it has committed.
 *
 * Mimics: event version 2.1 (2.3 for tags) and the EventBridge form, as recorded on AWS in January 2025.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventNotifications.html
 *
 * Gaps:
 * - ACL, lifecycle, replication and restore events: those operations are not emulated, so nothing is announced
 * - Topics are not looked up when a configuration is put, nor is anything that a template names; a notification to a queue,
 *   topic or function that is not there is dropped with a line in the log
 *
 * By design:
 * - Events flow while a stack runs. What a one-shot command writes is announced to nobody (it says at its end what would
 *   have fired), and so are seeds
 * - Notifications come once and in order, unless the process is killed between delivery and its note of it
 * - Events of buckets on a MinIO elsewhere take the same way, in the same form; they have no trace header
 * - The template's configuration sends its s3:TestEvent when it is new or changed, not at every start
 *
 * Unverified:
 * - The principal ids, which have AWS's form and no meaning; the detail type of removed tags
 */
import { randomUUID } from "node:crypto";
import type { NotificationConfiguration, NotificationRule } from "../../services/s3/index.js";
// Not from the index, which brings all of S3: 9 ms of a one-shot command that may never use it.
import { matchingRules } from "../../services/s3/notification.js";
import { AwsError } from "../../services/kit/aws-error.js";
import type { StateStore } from "../../services/kit/state-store.js";
import { parseFunctionArn, type Realm } from "../../shared/arn.js";
import type { Bus, ObjectEvent } from "../../shared/bus.js";
import type { Clock } from "../../shared/clock.js";
import type { Logger } from "../../shared/logger.js";
import type { AsyncInvoker } from "../async/async-invoker.js";
import { Outbox } from "../outbox.js";
import type { QueueSender } from "../sqs/queue-sender.js";
import {
  S3_SUBJECT,
  eventNameOf,
  s3BusEvent,
  s3Notification,
  testNotification,
  type ObjectEventKind,
} from "./event.js";

/** Whose events these are, and what a bucket has been told to announce: of the embedded S3, or of one elsewhere. */
export interface BucketRules {
  readonly namespace: string;
  notificationConfiguration(bucket: string): NotificationConfiguration | undefined;
}

export interface S3NotificationOptions {
  readonly s3: BucketRules;
  readonly queues: () => Promise<QueueSender>;
  readonly invoker: AsyncInvoker;
  /** Publishes to a topic. */
  readonly publish: (topicArn: string, message: string, subject: string) => Promise<void>;
  /** Resolves when deliveries to the rules that match are kept. */
  readonly putEvent: (
    busName: string,
    event: Record<string, unknown>,
    more: { readonly traceHeader?: string },
  ) => Promise<unknown>;
  readonly bus: Bus;
  readonly store: StateStore;
  readonly clock: Clock;
  readonly realm: Realm;
  readonly log: Logger;
}

interface Addressed {
  readonly to: NotificationRule["kind"];
  readonly arn: string;
  readonly body: string;
  readonly traceHeader?: string;
}
interface BusDelivery {
  readonly to: "bus";
  readonly event: Record<string, unknown>;
  readonly traceHeader?: string;
}
type Delivery = Addressed | BusDelivery;

const KINDS: readonly ObjectEventKind[] = ["ObjectCreated", "ObjectRemoved", "ObjectTagged"];
const DEFAULT_BUS = "default";

export class S3Notifications {
  readonly #options: S3NotificationOptions;
  readonly #outbox: Outbox<Delivery>;
  readonly #unsubscribe: (() => void)[];

  constructor(options: S3NotificationOptions) {
    this.#options = options;
    const { store, clock, log, bus, s3 } = options;
    this.#outbox = new Outbox({ store, clock, log, table: "s3-notifications", deliver: (item) => this.#deliver(item) });
    this.#unsubscribe = [
      ...KINDS.map((kind) => bus.on(kind, (event) => this.#happened(kind, event))),
      bus.on("NotificationsConfigured", ({ namespace, bucket, requestId }) => {
        if (namespace === s3.namespace) this.#configured(bucket, requestId);
      }),
    ];
  }

  /** Resolves when everything that happened so far has been delivered. */
  idle(): Promise<void> {
    return this.#outbox.idle();
  }

  reset(): Promise<void> {
    return this.#outbox.reset();
  }

  async close(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    await this.#outbox.close();
  }

  #happened(kind: ObjectEventKind, event: ObjectEvent): void {
    const { s3, realm } = this.#options;
    // A second store (MinIO) has events of its own and nobody who listens.
    if (event.namespace !== s3.namespace) return;
    const configuration = s3.notificationConfiguration(event.bucket);
    if (configuration === undefined) return;
    for (const rule of matchingRules(configuration, `s3:${eventNameOf(kind, event.action)}`, event.key)) {
      const body = JSON.stringify(s3Notification(kind, event, rule.id, realm));
      const { traceHeader } = event;
      this.#outbox.put({
        to: rule.kind,
        arn: rule.targetArn,
        body,
        ...(traceHeader === undefined ? {} : { traceHeader }),
      });
    }
    if (configuration.eventBridge)
      this.#outbox.put({ to: "bus", event: s3BusEvent(kind, event, realm, randomUUID()), ...traceOf(event) });
  }

  /** S3 tries every queue and topic of a new configuration with a message; functions get none. */
  #configured(bucket: string, requestId: string): void {
    const { s3, clock } = this.#options;
    const rules = s3.notificationConfiguration(bucket)?.rules ?? [];
    const body = JSON.stringify(testNotification(bucket, clock.now(), requestId));
    for (const { kind, targetArn } of rules)
      if (kind !== "lambda") this.#outbox.put({ to: kind, arn: targetArn, body });
  }

  async #deliver(delivery: Delivery): Promise<void> {
    const { queues, publish, putEvent } = this.#options;
    switch (delivery.to) {
      case "bus":
        await putEvent(DEFAULT_BUS, delivery.event, traceOf(delivery));
        return;
      case "lambda":
        return this.#toFunction(delivery);
      case "sns":
        return this.#unlessRefused(delivery.arn, () => publish(delivery.arn, delivery.body, S3_SUBJECT));
      case "sqs":
        return this.#unlessRefused(delivery.arn, async () =>
          (await queues()).sendMessage(delivery.arn, { body: delivery.body, ...traceOf(delivery) }),
        );
    }
  }

  #toFunction({ arn, body, ...traced }: Addressed): Promise<void> {
    const { name, qualifier } = parseFunctionArn(arn) ?? { name: arn };
    const options = { ...traceOf(traced), ...(qualifier === undefined ? {} : { qualifier }) };
    return this.#options.invoker.enqueue(name, Buffer.from(body), options);
  }

  /** A queue or topic that is gone stays gone; S3 drops such notifications, too. */
  async #unlessRefused(arn: string, send: () => Promise<unknown>): Promise<void> {
    try {
      await send();
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      this.#options.log.warn({ arn, code: error.code }, "an S3 notification was refused by its target and is dropped");
    }
  }
}

const traceOf = ({ traceHeader }: { readonly traceHeader?: string }): { readonly traceHeader?: string } =>
  traceHeader === undefined ? {} : { traceHeader };

/** Whether two configurations say the same; ids that S3 made do not count. */
export function sameConfiguration(
  a: NotificationConfiguration | undefined,
  b: Pick<NotificationConfiguration, "rules" | "eventBridge">,
): boolean {
  const told = ({ rules, eventBridge }: Pick<NotificationConfiguration, "rules" | "eventBridge">): string =>
    JSON.stringify([
      eventBridge,
      rules.map(({ kind, targetArn, events, prefix, suffix }) => [
        kind,
        targetArn,
        events,
        prefix ?? null,
        suffix ?? null,
      ]),
    ]);
  return a !== undefined && told(a) === told(b);
}
