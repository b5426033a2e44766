/**
 * Starts what makes functions fire, and stops it: S3 notifications, event source mappings, the queue of asynchronous
 * invocations. Only a stack has them; a one-shot command fires nothing.
 */
import type { Application, BucketConfig } from "../config/application.js";
import type { SqsSource } from "../config/event-source.js";
import type { FunctionConfig } from "../config/function-config.js";
import type { RuntimeHost } from "../runtime/host.js";
import { invoke } from "../runtime/invoke.js";
import type { Gateway } from "../services/gateway.js";
import type { StateStore } from "../services/kit/state-store.js";
import type { NotificationRuleInput, S3Service } from "../services/s3/index.js";
import type { EmbeddedService } from "../services/service.js";
import type { SqsAdmin } from "../services/sqs/index.js";
import type { AsyncInvoker } from "../sources/async/async-invoker.js";
import { DurableInvoker } from "../sources/async/durable-invoker.js";
import { S3Notifications, sameConfiguration } from "../sources/s3/notifications.js";
import { embeddedQueue } from "../sources/sqs/embedded-queue.js";
import { messageFilter } from "../sources/sqs/filter.js";
import { SqsPoller } from "../sources/sqs/poller.js";
import type { Bus } from "../shared/bus.js";
import type { Clock } from "../shared/clock.js";
import type { Logger } from "../shared/logger.js";
import { messageOf } from "../shared/errors.js";

export interface SourcesOptions {
  readonly application: () => Application;
  readonly gateway: () => Gateway;
  readonly store: () => StateStore;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Logger;
  readonly notice: (text: string) => void;
}

/** Batches that one mapping runs at once: as many as a function has environments on this machine. */
const MAX_BATCHES = 50;

export class StackSources {
  readonly #options: SourcesOptions;
  readonly #pollers: SqsPoller[] = [];
  #host: RuntimeHost | undefined;
  #async: DurableInvoker | undefined;
  #notifications: S3Notifications | undefined;
  #beginning: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: SourcesOptions) {
    this.#options = options;
  }

  /** For everyone who invokes asynchronously. */
  get invoker(): AsyncInvoker {
    return { enqueue: async (name, payload, options) => this.#asyncQueue().enqueue(name, payload, options) };
  }

  /** To be called when S3 is there with its declared objects: from now on it tells what happens. */
  s3Ready(s3: S3Service): void {
    if (this.#notifications !== undefined || this.#closed) return;
    const { store, bus, clock, log, application } = this.#options;
    this.#notifications = new S3Notifications({
      s3,
      bus,
      clock,
      log,
      store: store(),
      realm: application().realm,
      sqs: () => this.#sqs(),
      invoker: this.invoker,
    });
  }

  /** Starts the mappings, and goes on with what an earlier process left, without holding up the start. */
  begin(host: RuntimeHost): void {
    this.#host = host;
    this.#beginning = this.#begin().catch((error: unknown) =>
      this.#options.notice(`events could not be started: ${messageOf(error)}`),
    );
  }

  /** Resolves when everything that fires is running. */
  started(): Promise<void> {
    return this.#beginning;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#beginning;
    await this.#notifications?.close();
    await Promise.all([...this.#pollers.map((poller) => poller.close()), this.#async?.close()]);
  }

  async #begin(): Promise<void> {
    const { application, gateway } = this.#options;
    const { eventSources, buckets, functions } = application();
    // Lets the caller say that the stack is ready first: the state is opened here.
    await new Promise((resolve) => setImmediate(resolve));
    if (this.#closed || (eventSources.length === 0 && buckets.every(({ notifications }) => notifications.length === 0)))
      return;
    this.#asyncQueue();
    if (buckets.length > 0) await gateway().service("s3");
    for (const source of eventSources) {
      const fn = functions.find(({ logicalId }) => logicalId === source.functionId);
      if (source.kind === "sqs" && fn !== undefined && !this.#closed) this.#startMapping(source, fn, await this.#sqs());
    }
  }

  #startMapping(source: SqsSource, declared: FunctionConfig, sqs: SqsAdmin): void {
    const { clock, log, application, notice } = this.#options;
    const where = `${source.functionId}.${source.eventId}`;
    const visibility = sqs.queueByArn(source.queueArn)?.visibilityTimeout;
    if (visibility === undefined) {
      notice(`${where}: there is no embedded queue ${source.queueArn}; the mapping waits for it`);
    } else if (visibility < declared.timeoutSeconds) {
      notice(
        `${where}: AWS refuses this mapping: Queue visibility timeout: ${visibility} seconds is less than Function timeout: ${declared.timeoutSeconds} seconds`,
      );
    }
    const poller = new SqsPoller({
      queue: embeddedQueue(sqs, source.queueArn),
      settings: {
        batchSize: source.batchSize,
        maximumBatchingWindowSeconds: source.maximumBatchingWindowSeconds,
        reportBatchItemFailures: source.reportBatchItemFailures,
        filter: messageFilter(source.filterPatterns, where),
        maximumConcurrency: Math.min(
          MAX_BATCHES,
          source.maximumConcurrency ?? MAX_BATCHES,
          declared.reservedConcurrency ?? MAX_BATCHES,
        ),
        functionTimeoutSeconds: declared.timeoutSeconds,
      },
      region: application().realm.region,
      clock,
      log,
      invoke: (payload) => {
        // The template may have been read anew since.
        const fn = application().functions.find(({ logicalId }) => logicalId === source.functionId) ?? declared;
        return invoke(this.#hostNow(), fn, { payload });
      },
    });
    this.#pollers.push(poller);
    if (source.enabled) poller.start();
  }

  #asyncQueue(): DurableInvoker {
    const { store, clock, log, application } = this.#options;
    this.#async ??= new DurableInvoker({
      store: store(),
      clock,
      host: this.#hostNow(),
      log,
      find: (name) => application().functions.find((fn) => fn.name === name),
    });
    return this.#async;
  }

  #hostNow(): RuntimeHost {
    if (this.#host === undefined) throw new Error("the runtime is not there yet");
    return this.#host;
  }

  async #sqs(): Promise<SqsAdmin> {
    return (await this.#options.gateway().service("sqs")) as EmbeddedService & SqsAdmin;
  }
}

/** Gives buckets the notifications that the template declares; answers which buckets got something new. */
export async function applyNotifications(s3: S3Service, { buckets }: Application): Promise<string[]> {
  const changed: string[] = [];
  for (const bucket of buckets) {
    const wanted = notificationsOf(bucket);
    // What was put over the API stays, as it does on AWS when the template says nothing of it.
    if (wanted.rules.length === 0 && !wanted.eventBridge) continue;
    const before = s3.notificationConfiguration(bucket.name);
    const after = await s3.putNotificationConfiguration(bucket.name, wanted);
    if (!sameConfiguration(before, after)) changed.push(bucket.name);
  }
  return changed;
}

const KINDS = { function: "lambda", queue: "sqs", topic: "sns" } as const;

function notificationsOf({ notifications, eventBridge }: BucketConfig): {
  readonly rules: readonly NotificationRuleInput[];
  readonly eventBridge: boolean;
} {
  const rules = notifications.map(({ events, prefix, suffix, target }, index) => ({
    id: `notification-${index + 1}`,
    kind: KINDS[target.kind],
    targetArn: target.arn,
    events,
    filterRules: [
      ...(prefix === undefined ? [] : [{ name: "prefix", value: prefix }]),
      ...(suffix === undefined ? [] : [{ name: "suffix", value: suffix }]),
    ],
  }));
  return { rules, eventBridge };
}
