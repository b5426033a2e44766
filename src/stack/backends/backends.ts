/**
 * The services of a stack that live on other servers: reached, with what the template declares made there, and as the
 * rest of the stack needs them. Loaded only when the configuration names one: it brings the AWS SDK with it.
 */
import type { Application } from "../../config/application.js";
import type { ResolvedConfig } from "../../config/schema.js";
import type { Clock } from "../../shared/clock.js";
import type { ForeignEndpoints } from "./endpoints.js";
import { assertReachable } from "./reachable.js";
import { ForeignQueues } from "./queues.js";
import { makeForeignResources } from "./resources.js";
import { seedForeignBuckets } from "./seeds.js";

export interface BackendsOptions {
  readonly foreign: ForeignEndpoints;
  readonly config: ResolvedConfig;
  readonly clock: Clock;
  readonly notice: (text: string) => void;
}

export class Backends {
  /** Undefined when queues are embedded. */
  readonly queues: ForeignQueues | undefined;
  readonly #options: BackendsOptions;

  private constructor(options: BackendsOptions) {
    this.#options = options;
    const sqs = options.foreign.get("sqs");
    this.queues = sqs === undefined ? undefined : new ForeignQueues(sqs, options.clock);
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
    const queues = await makeForeignResources(foreign, application);
    this.queues?.declare(queues);
    for (const { name, arn } of application.queues) {
      const made = queues.get(name)?.arn ?? arn;
      if (made !== arn)
        notice(
          `the queue ${name} is ${made} at its endpoint and ${arn} in the template: set region and accountId in the config`,
        );
    }
    const s3 = foreign.get("s3");
    if (s3 !== undefined && config.seeds.length > 0) await seedForeignBuckets(s3, config, application, notice);
  }

  close(): void {
    this.queues?.close();
  }
}

/** What does not go to the other server although it concerns it. */
function differences(foreign: ForeignEndpoints, { buckets }: Application): string[] {
  const s3 = foreign.get("s3")?.endpoint;
  const telling = buckets.filter(({ notifications, eventBridge }) => notifications.length > 0 || eventBridge);
  if (s3 === undefined || telling.length === 0) return [];
  const names = telling.map(({ name }) => name).join(", ");
  return [`events of ${names} fire nothing: the buckets are at ${s3}, and their notifications are not set there`];
}
