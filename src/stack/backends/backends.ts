/**
 * The services of a stack that live on other servers: reached, with what the template declares made there, and as the
 * rest of the stack needs them. Loaded only when the configuration names one: it brings the AWS SDK with it.
 */
import type { Application, BucketConfig } from "../../config/application.js";
import type { ResolvedConfig } from "../../config/schema.js";
import type { Clock } from "../../shared/clock.js";
import { messageOf } from "../../shared/errors.js";
import type { AwsAccount } from "./aws-account.js";
import { BucketEvents, type BucketEventsOptions } from "./bucket-events.js";
import { setQueueNotifications } from "./bucket-notifications.js";
import { QueuedBucketEvents } from "./queued-bucket-events.js";
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
    const { eventToken, eventQueue } = eventsOf(config);
    // A server refuses two rules for one event: a bucket that announces through our queue does so with everything.
    const direct = application.buckets.filter((one) => eventQueue === undefined || isServedThere(one, foreign));
    if (isOneServer(foreign) && eventToken === undefined)
      await setQueueNotifications(s3, direct, queues).catch((error: unknown) =>
        notice(`notifications of buckets at ${placeOf(s3)} could not be set: ${messageOf(error)}`),
      );
  }

  /** ARNs of secrets as their server names them, by those of the template. */
  get secretArns(): ReadonlyMap<string, string> {
    return this.#secretArns;
  }

  /** Undefined unless S3 is on a server that tells us what happens in its buckets. */
  bucketTeller(
    listeners: Pick<BucketEventsOptions, "bus" | "application">,
  ): BucketEvents | QueuedBucketEvents | undefined {
    const { foreign, config, notice, clock } = this.#options;
    const address = foreign.get("s3");
    const { eventToken: token, eventQueue: queueName } = eventsOf(config);
    if (address === undefined) return undefined;
    if (token !== undefined) return new BucketEvents({ address, token, notice, ...listeners });
    if (queueName === undefined) return undefined;
    const tells = (bucket: BucketConfig): boolean => !isServedThere(bucket, foreign);
    return new QueuedBucketEvents({ address, queueName, clock, tells, notice, ...listeners });
  }

  close(): void {
    this.queues?.close();
  }
}

type EventWays = { readonly eventToken?: string | undefined; readonly eventQueue?: string | undefined };

/** How the server that has S3 tells us what happens in its buckets, if it does. */
const eventsOf = ({ backends: { s3 } }: ResolvedConfig): EventWays => (typeof s3 === "object" ? s3 : {});

/** Whether its own server can do everything that a bucket announces. */
const isServedThere = ({ notifications, eventBridge }: BucketConfig, foreign: ForeignEndpoints): boolean =>
  !eventBridge && notifications.every(({ target }) => target.kind === "queue" && isOneServer(foreign));

const isLoopback = (host: string): boolean => /^(127\.|localhost$|::1$|\[::1\]$)/.test(host);

/** Which account it is, told before anything happens in it. */
function accountSentence({ region, endpoints }: AwsAccount, { realm }: Application): string {
  const set = Object.entries(endpoints).map(([name, url]) => `${name}=${withoutPassword(url)}`);
  const elsewhere = set.length === 0 ? "" : `, by ${set.join(", ")} of your environment`;
  return `functions work on real resources: the AWS account ${realm.accountId}, ${region}${elsewhere}`;
}

function withoutPassword(url: string): string {
  if (!URL.canParse(url)) return url;
  const shown = new URL(url);
  shown.username = shown.password = "";
  return shown.href.replace(/\/$/, "");
}

/** Whether S3 and SQS are behind one address, so that one can lead to the other. In an AWS account nothing is changed. */
function isOneServer(foreign: ForeignEndpoints): boolean {
  const [s3, sqs] = [foreign.get("s3")?.endpoint, foreign.get("sqs")?.endpoint];
  return s3 !== undefined && s3 === sqs;
}

/** What does not go to the other server although it concerns it, and what happens there that one may not expect. */
function differences({ foreign, config }: BackendsOptions, application: Application): string[] {
  const { buckets, eventSources, topics } = application;
  const texts: string[] = [];
  const s3 = foreign.get("s3");
  const { eventToken, eventQueue } = eventsOf(config);
  const telling = buckets.filter((bucket) => !isServedThere(bucket, foreign));
  if (s3 !== undefined && telling.length > 0 && eventToken === undefined && eventQueue === undefined) {
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
  const kinesis = foreign.get("kinesis");
  if (kinesis !== undefined && application.streams.length > 0)
    texts.push(
      `streams are at ${placeOf(kinesis)}: lambda-run makes none there, and mappings, pipes, rules and subscription filters here do not reach them`,
    );
  const events = foreign.get("events");
  if (
    events !== undefined &&
    [application.rules, application.eventBuses, application.connections].some(({ length }) => length > 0)
  )
    texts.push(
      `event buses are at ${placeOf(events)}: lambda-run makes no rules there, and events of buckets, asynchronous invocations and schedules here do not reach them`,
    );
  const scheduler = foreign.get("scheduler");
  if (scheduler !== undefined && application.schedules.length > 0)
    texts.push(`schedules are at ${placeOf(scheduler)}: lambda-run makes none there, and none fires here`);
  const states = foreign.get("states");
  if (states !== undefined && application.stateMachines.length > 0)
    texts.push(
      `state machines are at ${placeOf(states)}: their tasks run there, and rules and schedules of this stack do not start them`,
    );
  const sqs = foreign.get("sqs");
  const polled = eventSources.flatMap((source) => (source.kind === "sqs" && source.enabled ? [source.queueArn] : []));
  if (sqs !== undefined && sqs.endpoint === undefined && polled.length > 0)
    texts.push(`a running stack takes messages off ${[...new Set(polled)].join(", ")}, beside whoever else does`);
  return texts;
}
