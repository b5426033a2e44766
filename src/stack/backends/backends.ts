/**
 * The services of a stack that live on other servers: reached, with what the template declares made there, and as the
 * rest of the stack needs them. Loaded only when the configuration names one: it brings the AWS SDK with it.
 */
import { SQSClient } from "@aws-sdk/client-sqs";
import type { Application } from "../../config/application.js";
import type { ResolvedConfig } from "../../config/schema.js";
import { parseArn } from "../../shared/arn.js";
import type { Clock } from "../../shared/clock.js";
import type { QueueClient } from "../../sources/sqs/queue-client.js";
import { remoteQueue } from "../../sources/sqs/remote-queue.js";
import type { ForeignEndpoints } from "./endpoints.js";
import { assertReachable } from "./reachable.js";
import { makeForeignResources, type ForeignQueue } from "./resources.js";
import { seedForeignBuckets } from "./seeds.js";

export interface BackendsOptions {
  readonly foreign: ForeignEndpoints;
  readonly config: ResolvedConfig;
  readonly clock: Clock;
  readonly notice: (text: string) => void;
}

export class Backends {
  readonly #options: BackendsOptions;
  #queues: ReadonlyMap<string, ForeignQueue> = new Map();
  #sqs: SQSClient | undefined;

  private constructor(options: BackendsOptions) {
    this.#options = options;
  }

  /** Throws LR5007 when a server does not answer, LR5008 when something cannot be made there. */
  static async open(options: BackendsOptions, application: Application): Promise<Backends> {
    await assertReachable(options.foreign);
    const backends = new Backends(options);
    await backends.prepare(application);
    for (const text of differences(options.foreign, application)) options.notice(text);
    return backends;
  }

  /** Makes what is missing. To be called again for a new reading of the template. */
  async prepare(application: Application): Promise<void> {
    const { foreign, config, notice } = this.#options;
    this.#queues = await makeForeignResources(foreign, application);
    for (const { name, arn } of application.queues) {
      const made = this.#queues.get(name)?.arn ?? arn;
      if (made !== arn)
        notice(
          `the queue ${name} is ${made} at its endpoint and ${arn} in the template: set region and accountId in the config`,
        );
    }
    const s3 = foreign.get("s3");
    if (s3 !== undefined && config.seeds.length > 0) await seedForeignBuckets(s3, config, application, notice);
  }

  /** URLs of the declared queues, by name. */
  get queueUrls(): ReadonlyMap<string, string> {
    return new Map([...this.#queues].map(([name, { url }]) => [name, url]));
  }

  /** For the pollers; undefined when queues are embedded. */
  get remoteQueue(): ((queueArn: string) => Promise<QueueClient>) | undefined {
    const address = this.#options.foreign.get("sqs");
    if (address === undefined) return undefined;
    return (queueArn) => {
      const { accountId = "", resource = "" } = parseArn(queueArn) ?? {};
      // One that the template does not declare has the URL that every server of this field understands.
      const url = this.#queues.get(resource)?.url ?? `${address.endpoint}/${accountId}/${resource}`;
      this.#sqs ??= new SQSClient(address);
      return Promise.resolve(remoteQueue(this.#sqs, queueArn, url, this.#options.clock));
    };
  }

  close(): void {
    this.#sqs?.destroy();
  }
}

/** What does not go to the other server although it concerns it. */
function differences(foreign: ForeignEndpoints, { buckets, functions }: Application): string[] {
  const s3 = foreign.get("s3")?.endpoint;
  const sqs = foreign.get("sqs")?.endpoint;
  const telling = buckets.filter(({ notifications, eventBridge }) => notifications.length > 0 || eventBridge);
  const texts: string[] = [];
  if (s3 !== undefined && telling.length > 0) {
    const names = telling.map(({ name }) => name).join(", ");
    texts.push(`events of ${names} fire nothing: the buckets are at ${s3}, and their notifications are not set there`);
  }
  if (sqs === undefined) return texts;
  if (
    s3 === undefined &&
    telling.some(({ notifications }) => notifications.some(({ target }) => target.kind === "queue"))
  )
    texts.push(`notifications of embedded buckets do not reach the queues at ${sqs}`);
  const failing = functions.filter((fn) => JSON.stringify(fn.asyncInvoke ?? {}).includes(":sqs:"));
  if (failing.length > 0) {
    const names = failing.map(({ name }) => name).join(", ");
    texts.push(
      `dead letters and destinations of asynchronous invocations of ${names} do not reach the queues at ${sqs}`,
    );
  }
  return texts;
}
