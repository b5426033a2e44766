/**
 * The services of a stack that live on other servers: reached, with what the template declares made there, and as the
 * rest of the stack needs them. Loaded only when the configuration names one: it brings the AWS SDK with it.
 */
import type { Application } from "../../config/application.js";
import type { ResolvedConfig } from "../../config/schema.js";
import type { Clock } from "../../shared/clock.js";
import { messageOf } from "../../shared/errors.js";
import type { AwsAccount } from "./aws-account.js";
import { BucketEvents, type BucketEventsOptions } from "./bucket-events.js";
import { setQueueNotifications } from "./bucket-notifications.js";
import { placeOf, type ForeignEndpoints } from "./endpoints.js";
import { ForeignQueues } from "./queues.js";
import { assertReachable } from "./reachable.js";
import { makeForeignResources } from "./resources.js";
import { seedForeignBuckets } from "./seeds.js";

export interface BackendsOptions {
  readonly foreign: ForeignEndpoints;
  /** Undefined when nothing is in the user's account. */
  readonly aws: AwsAccount | undefined;
  readonly config: ResolvedConfig;
  readonly kind: "stack" | "command";
  readonly clock: Clock;
  readonly notice: (text: string) => void;
}

export class Backends {
  /** Undefined when queues are embedded. */
  readonly queues: ForeignQueues | undefined;
  readonly #options: BackendsOptions;
  #secretArns: ReadonlyMap<string, string> = new Map();

  private constructor(options: BackendsOptions) {
    this.#options = options;
    const sqs = options.foreign.get("sqs");
    this.queues = sqs === undefined ? undefined : new ForeignQueues(sqs, options.clock);
  }

  /** Throws LR5007 when a server does not answer, LR5008 when something cannot be made there. */
  static async open(options: BackendsOptions, application: Application): Promise<Backends> {
    const { aws, foreign, notice } = options;
    await assertReachable(foreign);
    if (aws !== undefined) notice(accountSentence(aws, application));
    if (aws !== undefined && !isLoopback(options.config.host))
      notice(`whoever reaches ${options.config.host} may run functions, and functions have your AWS keys`);
    const backends = new Backends(options);
    await backends.prepare(application);
    // A one-shot command fires nothing anyway.
    if (options.kind === "stack") for (const text of differences(options, application)) notice(text);
    return backends;
  }

  /** Makes what is missing. To be called again for a new reading of the template. */
  async prepare(application: Application): Promise<void> {
    const { foreign, config, notice } = this.#options;
    const { accountId, region } = application.realm;
    const mayMake = (missing: readonly string[]): boolean => {
      const what = `${missing.join(", ")} in the AWS account ${accountId}, ${region}`;
      if (config.createResources) notice(`making ${what}`);
      else notice(`the template declares, and nobody has made: ${what}. Pass --create-resources to have it made`);
      return config.createResources;
    };
    const { queues, secretArns } = await makeForeignResources({ foreign, application, mayMake, notice });
    this.#secretArns = secretArns;
    this.queues?.declare(queues);
    for (const { name, arn } of application.queues) {
      const made = queues.get(name)?.arn ?? arn;
      if (made !== arn)
        notice(
          `the queue ${name} is ${made} at its endpoint and ${arn} in the template: set region and accountId in the config`,
        );
    }
    const s3 = foreign.get("s3");
    if (s3 === undefined) return;
    // Before anybody is told: sample objects announce themselves to nobody, as in the embedded S3.
    if (config.seeds.length > 0) {
      if (s3.endpoint === undefined && !config.createResources)
        notice("buckets on AWS are not seeded without --create-resources");
      else await seedForeignBuckets(s3, config, application, notice);
    }
    if (isOneServer(foreign) && eventTokenOf(config) === undefined)
      await setQueueNotifications(s3, application, queues).catch((error: unknown) =>
        notice(`notifications of buckets at ${placeOf(s3)} could not be set: ${messageOf(error)}`),
      );
  }

  /** ARNs of secrets as their server names them, by those of the template. */
  get secretArns(): ReadonlyMap<string, string> {
    return this.#secretArns;
  }

  /** Undefined unless S3 is on a server that tells us what happens in its buckets. */
  bucketEvents(listeners: Pick<BucketEventsOptions, "bus" | "application">): BucketEvents | undefined {
    const { foreign, config, notice } = this.#options;
    const address = foreign.get("s3");
    const token = eventTokenOf(config);
    return address === undefined || token === undefined
      ? undefined
      : new BucketEvents({ address, token, notice, ...listeners });
  }

  close(): void {
    this.queues?.close();
  }
}

const eventTokenOf = ({ backends: { s3 } }: ResolvedConfig): string | undefined =>
  typeof s3 === "object" ? s3.eventToken : undefined;

const isLoopback = (host: string): boolean => /^(127\.|localhost$|::1$|\[::1\]$)/.test(host);

/** Which account it is, told before anything happens in it. */
function accountSentence({ region, endpoints }: AwsAccount, { realm }: Application): string {
  const set = Object.entries(endpoints).map(([name, url]) => `${name}=${url}`);
  const elsewhere = set.length === 0 ? "" : `, by ${set.join(", ")} of your environment`;
  return `functions work on real resources: the AWS account ${realm.accountId}, ${region}${elsewhere}`;
}

/** Whether S3 and SQS are behind one address, so that one can lead to the other. In an AWS account nothing is changed. */
function isOneServer(foreign: ForeignEndpoints): boolean {
  const [s3, sqs] = [foreign.get("s3")?.endpoint, foreign.get("sqs")?.endpoint];
  return s3 !== undefined && s3 === sqs;
}

/** What does not go to the other server although it concerns it, and what happens there that one may not expect. */
function differences({ foreign, config }: BackendsOptions, { buckets, eventSources, topics }: Application): string[] {
  const texts: string[] = [];
  const s3 = foreign.get("s3");
  const set = (target: "function" | "queue" | "topic"): boolean => target === "queue" && isOneServer(foreign);
  const telling = buckets.filter(
    ({ notifications, eventBridge }) => eventBridge || notifications.some(({ target }) => !set(target.kind)),
  );
  if (s3 !== undefined && telling.length > 0 && eventTokenOf(config) === undefined) {
    const names = telling.map(({ name }) => name).join(", ");
    texts.push(
      isOneServer(foreign)
        ? `events of ${names} reach queues at ${placeOf(s3)} only: it knows no functions, topics and buses of this stack`
        : `events of ${names} fire nothing: the buckets are at ${placeOf(s3)}, and their notifications are not set there`,
    );
  }
  const sns = foreign.get("sns");
  if (sns !== undefined && topics.length > 0)
    texts.push(
      `topics are at ${placeOf(sns)}: lambda-run makes none there, and what buckets, alarms and asynchronous invocations here would publish does not reach them`,
    );
  const sqs = foreign.get("sqs");
  const polled = eventSources.flatMap((source) => (source.kind === "sqs" && source.enabled ? [source.queueArn] : []));
  if (sqs !== undefined && sqs.endpoint === undefined && polled.length > 0)
    texts.push(`a running stack takes messages off ${[...new Set(polled)].join(", ")}, beside whoever else does`);
  return texts;
}
