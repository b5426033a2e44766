/**
 * Brings a template to life: state, gateway, resources and runtime in one process. The CLI's commands and the
 * programmatic API are thin shells over this class.
 */
import type { Application } from "../config/application.js";
import type { FunctionConfig } from "../config/function-config.js";
import { usesAws } from "../config/load-application.js";
import type { ResolvedConfig } from "../config/schema.js";
import type { RuntimeHost } from "../runtime/host.js";
import { invoke } from "../runtime/invoke.js";
import type { LimitTiers } from "../runtime/sandbox/sandbox.js";
import type { InvokeRequest, InvokeResult } from "../runtime/types.js";
import type { Gateway } from "../services/gateway.js";
import { createCredentials, type Credentials } from "../services/kit/credentials.js";
import { stateSecret } from "../services/kit/state-secret.js";
import { Bus } from "../shared/bus.js";
import { realClock, type Clock } from "../shared/clock.js";
import { silentLogger } from "../shared/logger.js";
import { lookUpAt, lookUpIn, type LookUp } from "./dynamic-references.js";
import { Activity } from "./activity.js";
import { closeAll } from "./close-all.js";
import { connect } from "./connect.js";
import type { AwsAccount } from "./backends/aws-account.js";
import { embeddedPart } from "./backends/embedded-part.js";
import { placesOf, foreignEndpoints, type ServiceAddress, type ServiceName } from "./backends/endpoints.js";
import { StackCounters } from "./counters.js";
import type { ForeignQueues } from "./backends/queues.js";
import { withContainers } from "./containers/backend.js";
import type { FrontDoor } from "./doors.js";
import { lazily, type StackDurable } from "./durable.js";
import { bindLocally } from "./local-addresses.js";
import type { StackInbox } from "./inbox.js";
import { HistoryRecorder } from "./history/recorder.js";
import { runtimeHost } from "./runtime-host.js";
import type { SecondStore } from "./second-stores.js";
import { keyPairOf, keyPairsOf, startServices, type Live } from "./services.js";
import { StackTelemetry } from "./telemetry.js";
import type { StackOptions } from "./stack-options.js";
import { stateFolderOf, takeLock } from "./state-folder.js";
import { StateLock, type StackInfo } from "./state-lock.js";

export class Stack {
  readonly config: ResolvedConfig;
  readonly endpoint: string;
  readonly host: RuntimeHost;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly stateFolder: string;
  readonly gateway: Gateway | undefined;
  readonly activity: Activity;
  readonly #live: Live;
  readonly #credentials: Credentials;
  readonly #closers: (() => Promise<void> | void)[];

  private constructor(
    parts: Pick<Stack, "config" | "endpoint" | "host" | "bus" | "clock" | "stateFolder" | "gateway" | "activity"> & {
      live: Live;
      credentials: Credentials;
      closers: (() => Promise<void> | void)[];
    },
  ) {
    this.activity = parts.activity;
    this.#live = parts.live;
    this.config = parts.config;
    this.endpoint = parts.endpoint;
    this.host = parts.host;
    this.bus = parts.bus;
    this.clock = parts.clock;
    this.stateFolder = parts.stateFolder;
    this.gateway = parts.gateway;
    this.#credentials = parts.credentials;
    this.#closers = parts.closers;
  }

  /**
   * Starts everything; what is slow is loaded when first needed. When another stack owns the state folder, a command
   * uses that one's services and a stack is refused (LR5003).
   */
  static async start(asked: StackOptions): Promise<Stack> {
    const closers: (() => Promise<void> | void)[] = [];
    try {
      const options = await withContainers(asked, closers);
      const { config, clock = realClock, log = silentLogger } = options;
      const aws = usesAws(config) ? await openAccount(config.region) : undefined;
      if (aws !== undefined) closers.push(() => aws.close());
      const foreign = foreignEndpoints(config, aws);
      const notice = (text: string): void => options.onNotice?.(text);
      const live: Live = { application: options.application, foreign, aws };
      if (foreign.size > 0) {
        const { Backends } = await import("./backends/backends.js");
        const backends = await Backends.open(
          { foreign, aws, config, kind: options.kind, clock, notice },
          options.application,
        );
        live.backends = backends;
        closers.push(() => backends.close());
      }
      const folder = stateFolderOf(options, closers);
      const lock = await takeLock(folder, options);
      if (lock instanceof StateLock) closers.push(() => lock.release());
      const bus = new Bus();
      const activity = new Activity();
      const realm = options.application.realm;
      const credentials = createCredentials({
        realm,
        clock,
        secret: () => stateSecret(folder),
        keyPairs: keyPairsOf(config, foreign),
        currentPair: aws === undefined ? undefined : () => aws.keys,
      });
      const gateway =
        lock instanceof StateLock ? await startServices(options, folder, bus, activity, live, closers) : undefined;
      const endpoint = gateway?.endpoint ?? (lock as StackInfo).endpoint;
      if (!(lock instanceof StateLock)) live.front = lock.front;
      if (gateway !== undefined && options.kind === "stack") {
        const fallback = options.fixedPorts?.includes("http") !== true;
        const { StackHttp } = await import("./http.js");
        const http = await StackHttp.listen(
          options.application,
          config,
          gateway.port,
          fallback,
          notice,
          options.projectRoot,
        );
        live.http = http;
        closers.push(() => http.close());
      }
      if (lock instanceof StateLock && options.kind === "stack") lock.publish({ endpoint, front: live.http?.address });
      live.application = bindLocally(options.application, config, endpoint, live);
      const { application } = live;
      const history = options.history === true ? new HistoryRecorder(folder, bus, notice) : undefined;
      if (history !== undefined) closers.push(() => history.close());
      // A one-shot command prints its log and is gone; a stack keeps it.
      const telemetry =
        gateway !== undefined && options.kind === "stack"
          ? new StackTelemetry({
              gateway,
              clock,
              bus,
              activity,
              realm,
              hasQueues: embeddedPart(application, foreign).queues.length > 0,
              notice,
            })
          : undefined;
      if (telemetry !== undefined) {
        live.telemetry = telemetry;
        closers.push(() => telemetry.close());
      }
      const counters = telemetry === undefined ? undefined : new StackCounters(bus);
      if (gateway !== undefined) counters?.serve(gateway, folder);
      const address: ServiceAddress = { endpoint, region: realm.region, credentials: keyPairOf(config) };
      const embeddedLookUp = gateway === undefined ? lookUpAt(address) : lookUpIn(gateway);
      const lookUp: LookUp = (reference) => {
        const elsewhere = foreign.get(reference.kind === "ssm" ? "ssm" : "secretsmanager");
        return elsewhere === undefined ? embeddedLookUp(reference) : lookUpAt(elsewhere)(reference);
      };
      const host = runtimeHost(
        {
          options,
          live,
          gateway,
          endpoint,
          credentials,
          clock,
          lookUp,
          observers: [activity, telemetry, counters, history].flatMap((one) => one?.observer ?? []),
          record: (fn, logStream, record) => telemetry?.record(fn, logStream, record),
          notice,
        },
        closers,
      );
      closers.push(() => host.close());
      // Environments have the keys with which they were started; new ones come with new keys.
      aws?.onRenewed(
        // The time of AWS, whatever this stack's clock shows.
        realClock,
        () => live.application.functions.forEach((fn) => host.updateSource(fn)),
        (error) => notice(`${error.what}: functions go on with the old ones`),
      );
      if (gateway !== undefined)
        await connect(
          { options, live, gateway, host, activity, credentials, config, lookUp, bus, clock, log, notice },
          closers,
        );
      else
        host.runDurableWith(
          lazily(async () => (await import("./durable-elsewhere.js")).durableElsewhere({ address, notice })),
        );
      log.debug({ endpoint, folder }, "stack started");
      return new Stack({
        live,
        activity,
        config,
        endpoint,
        host,
        bus,
        clock,
        stateFolder: folder,
        gateway,
        credentials,
        closers,
      });
    } catch (error) {
      await closeAll(closers);
      throw error;
    }
  }

  get application(): Application {
    return this.#live.application;
  }

  /** Where APIs and function URLs answer; empty unless this is a stack that has some. */
  get doors(): readonly FrontDoor[] {
    return this.#live.http?.doors() ?? [];
  }

  /**
   * A new reading of the template: functions are found in it from now on, and what is new in services is made. What
   * makes functions fire stays as it was at the start.
   */
  async replaceApplication(next: Application): Promise<void> {
    await this.#live.backends?.prepare(next);
    this.#live.application = bindLocally(next, this.config, this.endpoint, this.#live);
    await this.gateway?.prepare();
    await this.#live.schedules?.begin();
    await this.#live.pipes?.begin();
    await this.#live.bucketTeller?.begin();
  }

  /** Forgets all data, makes the declared resources anew, and lets every function start cold. */
  async reset(): Promise<void> {
    await this.gateway?.reset();
    for (const { gateway } of this.#live.secondStores ?? []) await gateway.reset();
    await this.#live.sources?.reset();
    for (const fn of this.application.functions) this.host.updateSource(fn);
  }

  /** Resolves when log lines and metrics of what has run are where services find them. */
  async measured(): Promise<void> {
    await this.#live.telemetry?.flush();
  }

  /** The stores beside S3, by their names in the config. */
  get secondStores(): readonly SecondStore[] {
    return this.#live.secondStores ?? [];
  }

  /** Undefined when another process owns the state. */
  get inbox(): StackInbox | undefined {
    return this.#live.inbox;
  }

  /** Port of the inbox; undefined when none was asked for. */
  get smtpPort(): number | undefined {
    return this.#live.smtpPort;
  }

  /** What a call of this version or alias runs. */
  versionOf(fn: FunctionConfig, qualifier: string): FunctionConfig | undefined {
    return this.#live.sources?.versionOf(fn.name, qualifier);
  }

  /**
   * A durable function runs to the end of its execution, however long that takes - with virtual time, that is told to move -
   * or until the signal stops it.
   */
  async invoke(fn: FunctionConfig, request: InvokeRequest, signal?: AbortSignal): Promise<InvokeResult> {
    if (fn.durable === undefined) return invoke(this.host, fn, request);
    // Virtual time stands still until it has begun.
    const begun = this.activity.begin();
    try {
      return await this.host.durable.runToEnd(fn, request, { started: begun, signal });
    } finally {
      begun();
    }
  }

  /** Undefined where another stack has the services. */
  get durable(): StackDurable | undefined {
    return this.#live.durable;
  }

  /** What of the application the embedded services hold. */
  get embedded(): Application {
    return embeddedPart(this.application, this.#live.foreign);
  }

  /** Services on other servers, for a person. */
  get elsewhere(): readonly string[] {
    return placesOf(this.#live.foreign);
  }

  /** Undefined when queues are embedded. */
  get foreignQueues(): ForeignQueues | undefined {
    return this.#live.backends?.queues;
  }

  /** Where clients of ours reach a service. */
  addressOf(service: ServiceName): ServiceAddress {
    const { endpoint, credentials } = this;
    const region = this.application.realm.region;
    return this.#live.foreign.get(service) ?? { endpoint, region, credentials };
  }

  /** Credentials for clients of the embedded services. */
  get credentials(): { readonly accessKeyId: string; readonly secretAccessKey: string } {
    return this.config.credentials;
  }

  get credentialsRegistry(): Credentials {
    return this.#credentials;
  }

  tiers(): Promise<LimitTiers> {
    return this.host.tiers();
  }

  /** Ends environments, then services, then the state; nothing stays behind. */
  close(): Promise<void> {
    return closeAll(this.#closers);
  }
}

/** Loaded by those who use it: it brings the AWS SDK with it. */
async function openAccount(region: string): Promise<AwsAccount> {
  const { AwsAccount } = await import("./backends/aws-account.js");
  return AwsAccount.open(region);
}
