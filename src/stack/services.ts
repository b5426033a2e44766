/** The embedded services of a stack: the gateway, what the template declares behind it, and what fires functions. */
import { randomBytes } from "node:crypto";
import type { RequestListener } from "node:http";
import type { Application } from "../config/application.js";
import type { PortName } from "../config/named-ports.js";
import type { ResolvedConfig } from "../config/schema.js";
import { startGateway, type Gateway } from "../services/gateway.js";
import type { KeyPair } from "../services/kit/credentials.js";
import { stateSecret } from "../services/kit/state-secret.js";
import { StateStore } from "../services/kit/state-store.js";
import type { DynamoDbAdmin } from "../services/dynamodb/index.js";
import type { EventsAdmin } from "../services/events/index.js";
import type { KinesisAdmin } from "../services/kinesis/index.js";
import type { LogsService } from "../services/logs/index.js";
import type { PipesService } from "../services/pipes/index.js";
import type { SchedulerService } from "../services/scheduler/index.js";
import type { EmbeddedService } from "../services/service.js";
import type { S3Service } from "../services/s3/index.js";
import type { StatesService } from "../services/states/index.js";
import type { Bus } from "../shared/bus.js";
import { realClock, type Clock } from "../shared/clock.js";
import { silentLogger, type Logger } from "../shared/logger.js";
import type { Activity } from "./activity.js";
import type { AwsAccount } from "./backends/aws-account.js";
import type { BucketTeller } from "./backends/bucket-teller.js";
import type { Backends } from "./backends/backends.js";
import { embeddedPart } from "./backends/embedded-part.js";
import { foreignCredentials, type ForeignEndpoints } from "./backends/endpoints.js";
import type { StackHttp } from "./http.js";
import { StackInbox } from "./inbox.js";
import { applyNotifications } from "./bucket-rules.js";
import { localUrl } from "./local-url.js";
import { serveQueueInspector } from "./queue-inspector.js";
import { objectWriter } from "./objects.js";
import type { StackPipes } from "./pipes.js";
import { makeResources } from "./resources.js";
import type { StackSchedules } from "./schedules.js";
import { startSecondStores, type SecondStore } from "./second-stores.js";
import type { StackDurable } from "./durable.js";
import { StackSources } from "./sources.js";
import type { StackStates } from "./states.js";

export interface ServicesOptions {
  readonly application: Application;
  readonly config: ResolvedConfig;
  readonly kind: "stack" | "command";
  readonly fixedPorts?: readonly PortName[];
  readonly freeStorePorts?: boolean;
  /** Where a container posts what happens in its buckets. */
  readonly answerEvents?: (listener: RequestListener) => void;
  readonly clock?: Clock;
  readonly log?: Logger;
  readonly onNotice?: (text: string) => void;
}

/** What a running stack may exchange while everyone else holds on to it. */
export interface Live {
  application: Application;
  readonly foreign: ForeignEndpoints;
  /** Undefined when nothing is in the user's account. */
  readonly aws: AwsAccount | undefined;
  backends?: Backends;
  sources?: StackSources;
  bucketTeller?: BucketTeller | undefined;
  secondStores?: readonly SecondStore[];
  inbox?: StackInbox;
  /** Of the inbox; undefined when it is not open. */
  smtpPort?: number;
  store?: () => StateStore;
  http?: StackHttp;
  /** Undefined where another server has the state machines. */
  states?: StackStates | undefined;
  durable?: StackDurable;
  schedules?: StackSchedules;
  pipes?: StackPipes;
  telemetry?: { flush(): Promise<void> };
  /** Where the APIs of the stack answer whose services a command uses. */
  front?: string | undefined;
}

/** Starts the gateway, with what the template declares behind it, and what makes functions fire. */
export async function startServices(
  options: ServicesOptions,
  folder: string,
  bus: Bus,
  activity: Activity,
  live: Live,
  closers: (() => Promise<void> | void)[],
): Promise<Gateway> {
  const { application, clock = realClock, log = silentLogger } = options;
  // Seeds of buckets on another server have been put there.
  const config = live.foreign.has("s3") ? { ...options.config, seeds: [] } : options.config;
  const notice = (text: string): void => options.onNotice?.(text);
  let store: StateStore | undefined;
  const secret = stateSecret(folder);
  closers.push(() => store?.close());
  const shared = {
    host: config.host,
    hosts: config.hosts,
    origins: config.origins,
    store: () => (store ??= StateStore.open({ folder, onCommit: () => activity.changed() })),
    secret: () => secret,
    clock,
    bus,
    realm: application.realm,
    log,
    keyPairs: keyPairsOf(config, live.foreign),
    currentPair: live.aws === undefined ? undefined : () => live.aws?.keys,
  };
  const embedded = (): Application => embeddedPart(live.application, live.foreign);
  const gateway = await startGateway({
    ...shared,
    port: config.ports.gateway,
    fallbackPorts: options.fixedPorts?.includes("gateway") !== true,
    functions: {
      exists: (arn) => live.sources?.caller.exists(arn) === true,
      call: (arn, event) =>
        live.sources?.caller.call(arn, event) ?? Promise.reject(new Error("nothing runs functions yet")),
    },
    localUrl: (url) => localUrl(url, live),
    targetExists: (arn) => live.sources?.targetExists(arn) ?? Promise.resolve(true),
    prepare: async (name, service) => {
      if (name === "dynamodb")
        (service as EmbeddedService & DynamoDbAdmin).limitPartitions(config.limits.partitionUnits);
      if (name === "kinesis") (service as EmbeddedService & KinesisAdmin).limitShards(config.limits.shardThroughput);
      if (name === "cloudwatch") live.sources?.alarmsReady();
      await makeResources(name, service, embedded());
      if (name === "logs" && options.kind === "stack") live.sources?.logsReady(service as LogsService);
      if (name === "sns") live.sources?.snsReady();
      if (name === "events") {
        const events = service as EmbeddedService & EventsAdmin;
        live.sources?.eventsReady(events);
        await live.schedules?.eventsReady(events);
      }
      if (name === "scheduler") await live.schedules?.schedulerReady(service as SchedulerService);
      if (name === "pipes") await live.pipes?.ready(service as PipesService);
      if (name === "states") await live.states?.declare(service as StatesService);
      if (name !== "s3") return;
      const s3 = service as S3Service;
      const configured = await applyNotifications(s3, embedded());
      if (config.seeds.length > 0) {
        // Brings the SDK with it: 70 ms that only a run with seeds pays.
        const { applyConfigSeeds } = await import("./seed/config-seeds.js");
        await applyConfigSeeds({ config, application: live.application, s3, gateway: shared, notice });
      }
      // Seeds were there before anybody listened: they fire nothing.
      live.sources?.seeded();
      if (options.kind === "stack" && !live.foreign.has("s3")) live.sources?.s3Ready(s3);
      for (const bucket of configured)
        bus.emit("NotificationsConfigured", {
          namespace: s3.namespace,
          bucket,
          requestId: randomBytes(8).toString("hex").toUpperCase(),
        });
    },
  });
  closers.push(() => gateway.close());
  live.store = shared.store;
  const bucketTeller =
    options.kind === "stack" ? live.backends?.bucketTeller({ bus, application: () => live.application }) : undefined;
  live.bucketTeller = bucketTeller;
  if (bucketTeller !== undefined && "serve" in bucketTeller) {
    bucketTeller.serve(gateway);
    options.answerEvents?.(bucketTeller.listener);
  }
  const inbox = new StackInbox({ store: shared.store, clock });
  live.inbox = inbox;
  live.sources = new StackSources({
    application: embedded,
    gateway: () => gateway,
    writeObject: objectWriter(
      () =>
        live.foreign.get("s3") ?? {
          endpoint: gateway.endpoint,
          region: live.application.realm.region,
          credentials: keyPairOf(config),
        },
    ),
    mail: inbox.put,
    foreignQueues: live.backends?.queues,
    bucketTeller,
    states: () => live.states,
    durable: () => live.durable,
    schedules: () => live.schedules,
    outside: { activity, localUrl: (url) => localUrl(url, live) },
    store: shared.store,
    bus,
    clock,
    log,
    notice,
  });
  if (options.kind === "stack") {
    serveQueueInspector(gateway, folder);
    inbox.serve(gateway, folder);
    if (config.ports.smtp !== undefined)
      live.smtpPort = await inbox.listen(config, options.freeStorePorts === true, closers);
  }
  live.secondStores = await startSecondStores({ config, shared, notice, freePorts: options.freeStorePorts === true });
  for (const store of live.secondStores) closers.push(() => store.gateway.close());
  if (config.ports.gateway !== 0 && gateway.port !== config.ports.gateway) {
    options.onNotice?.(`port ${config.ports.gateway} is in use, the services listen on ${gateway.port}`);
  }
  return gateway;
}

/** The configured pair, and the one that functions have for other servers. */
export function keyPairsOf(config: ResolvedConfig, foreign: ForeignEndpoints): KeyPair[] {
  const keys = foreignCredentials(foreign);
  return keys === undefined ? [keyPairOf(config)] : [keyPairOf(config), keys];
}

/** The configured pair, without the members that are not set. */
export function keyPairOf({ credentials: { accessKeyId, secretAccessKey, sessionToken } }: ResolvedConfig): KeyPair {
  return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
}
