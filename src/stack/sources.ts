/**
 * Starts what makes functions fire, and stops it: S3 notifications, event source mappings, the queue of asynchronous
 * invocations. Only a stack begins them; a one-shot command runs what its own function invokes asynchronously.
 */
import type { FunctionConfig } from "../config/function-config.js";
import type { RuntimeHost } from "../runtime/host.js";
import { invoke } from "../runtime/invoke.js";
import type { KinesisAdmin } from "../services/kinesis/index.js";
import {
  continueTrace,
  deepestTrace,
  type DurableExecutionRow,
  type FunctionDirectory,
  type MappingManager,
} from "../services/lambda/index.js";
import type { LogsService } from "../services/logs/index.js";
import type { EmbeddedService, FunctionCaller } from "../services/service.js";
import type { SnsAdmin } from "../services/sns/index.js";
import type { SqsAdmin } from "../services/sqs/index.js";
import type { EventsAdmin } from "../services/events/admin.js";
import { AlarmActions } from "../sources/alarm-actions.js";
import type { AsyncInvoker } from "../sources/async/async-invoker.js";
import { deliverOutcome, type DestinationOptions } from "../sources/async/destinations.js";
import { DurableInvoker } from "../sources/async/durable-invoker.js";
import { sendDurableLetter } from "../sources/async/durable-letter.js";
import { LogSubscriptions } from "../sources/logs/subscriptions.js";
import { RuleDeliveries } from "../sources/eventbridge/deliveries.js";
import type { TargetServices } from "../sources/eventbridge/targets.js";
import { S3Notifications, type BucketRules } from "../sources/s3/notifications.js";
import { SnsDeliveries } from "../sources/sns/deliveries.js";
import type { MappingKind } from "../sources/mappings/mapping-kind.js";
import { EventSourceMappings } from "../sources/mappings/mappings.js";
import { embeddedQueue } from "../sources/sqs/embedded-queue.js";
import type { QueueSender } from "../sources/sqs/queue-sender.js";
import { queueMappings } from "../sources/sqs/queue-mapping.js";
import { arnOf, parseArn, parseFunctionArn } from "../shared/arn.js";
import { messageOf } from "../shared/errors.js";
import { ruleTargets } from "./rule-targets.js";
import { silentSources } from "./silent-sources.js";
import type { SourcesOptions } from "./sources-options.js";
import { streamKinds } from "./stream-kinds.js";
import { countUnfired, type UnfiredEvents } from "./unfired-events.js";

export class StackSources {
  readonly #options: SourcesOptions;
  readonly #mappings: EventSourceMappings;
  #host: RuntimeHost | undefined;
  #directory: FunctionDirectory | undefined;
  #async: DurableInvoker | undefined;
  #notifications: S3Notifications | undefined;
  #subscriptions: LogSubscriptions | undefined;
  #deliveries: SnsDeliveries | undefined;
  #alarmActions: AlarmActions | undefined;
  #ruleDeliveries: RuleDeliveries | undefined;
  #unfired: UnfiredEvents | undefined;
  #beginning: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: SourcesOptions) {
    this.#options = options;
    const { store, clock, notice, application } = options;
    this.#mappings = new EventSourceMappings({
      store,
      clock,
      notice,
      kinds: { sqs: this.#queueMappings(), ...this.#streamKinds() },
      resolve: (name, qualifier) => this.#functions().resolve(name, qualifier),
      invoke: (fn, payload, qualifier, traceHeaders) => {
        const arn = arnOf.function(application().realm, fn.name);
        const { header } = continueTrace(deepestTrace(traceHeaders, arn), arn, clock.now());
        return invoke(this.#hostNow(), fn, { payload, traceHeader: header, qualifier });
      },
    });
  }

  #queueMappings(): MappingKind {
    const { bus, clock, log, application, foreignQueues } = this.#options;
    const { realm } = application();
    return queueMappings({
      clock,
      log,
      region: realm.region,
      queue: async (arn) => foreignQueues?.queue(arn) ?? embeddedQueue(await this.#sqs(), arn),
      filtered: (message) => bus.emit("MessageFiltered", message),
      endless: (name, traceHeader) =>
        this.#functions().endsRecursion(name) &&
        continueTrace(traceHeader, arnOf.function(realm, name), clock.now()).endless,
    });
  }

  #streamKinds(): ReturnType<typeof streamKinds> {
    const { application, gateway } = this.#options;
    return streamKinds({
      ...this.#options,
      realm: () => application().realm,
      service: (name) => gateway().service(name),
      queues: () => this.#queues(),
      publish: async (arn, message) => void (await (await this.#sns()).publish(arn, message, {})),
    });
  }

  /** For the Lambda API. */
  get mappings(): MappingManager {
    return this.#mappings;
  }

  /** To be called once, before anything fires. */
  attach(host: RuntimeHost, directory: FunctionDirectory): void {
    this.#host = host;
    this.#directory = directory;
  }

  /** What a call of a version or alias runs. */
  versionOf(name: string, qualifier: string): FunctionConfig | undefined {
    return this.#functions().resolve(name, qualifier);
  }

  /** For everyone who invokes asynchronously. */
  get invoker(): AsyncInvoker {
    return { enqueue: async (name, payload, options) => this.#asyncQueue().enqueue(name, payload, options) };
  }

  /** For durable executions that have failed: their functions have no destinations, but dead letters. */
  readonly sendLetter = (row: DurableExecutionRow, input: string): Promise<void> =>
    sendDurableLetter(row, input, this.#destinations());

  /** For services that run functions by themselves. */
  get caller(): FunctionCaller {
    return {
      exists: (arn) => this.#byArn(arn) !== undefined,
      call: async (arn, event) => {
        const fn = this.#byArn(arn);
        if (fn === undefined) throw new Error(`there is no function ${arn}`);
        const qualifier = parseFunctionArn(arn)?.qualifier;
        const { functionError, payload } = await invoke(this.#hostNow(), fn, {
          payload: Buffer.from(JSON.stringify(event)),
          ...(qualifier === undefined ? {} : { qualifier }),
        });
        if (functionError !== undefined) throw new Error(payload.toString("utf8"));
      },
    };
  }

  /** For rules and schedules. */
  get targets(): TargetServices {
    const { clock, outside, gateway } = this.#options;
    return ruleTargets({
      clock,
      outside,
      queues: () => this.#queues(),
      invoker: this.invoker,
      knowsFunction: (name, qualifier) => this.#functions().resolve(name, qualifier) !== undefined,
      service: (name) => gateway().service(name),
    });
  }

  /** For services that check where they are to send: a queue, topic, stream or function. Of others nothing is known. */
  async targetExists(arn: string): Promise<boolean> {
    const service = parseArn(arn)?.service;
    if (service === "lambda") return this.#directory === undefined || this.#byArn(arn) !== undefined;
    if (service === "kinesis") return (await this.#kinesis()).streamExists(arn);
    if (service === "sns") return (await this.#sns()).topicExists(arn);
    if (service !== "sqs" || this.#options.foreignQueues !== undefined) return true;
    return (await this.#sqs()).queueByArn(arn) !== undefined;
  }

  /** To be called when CloudWatch Logs is there. */
  logsReady(logs: LogsService): void {
    if (this.#closed) return;
    this.#subscriptions ??= new LogSubscriptions({
      logs,
      invoker: this.invoker,
      log: this.#options.log,
      putRecord: async (streamArn, data, partitionKey) =>
        (await this.#kinesis()).putRecord(streamArn, { data, partitionKey }),
    });
  }

  /** To be called when seeds have been put: they fire nothing, and nobody is told that they did not. */
  seeded(): void {
    this.#unfired?.forget();
  }

  /** To be called when S3 is there with its declared objects: from now on it tells what happens. */
  s3Ready(s3: BucketRules): void {
    if (this.#notifications !== undefined || this.#closed) return;
    const { store, bus, clock, log, application } = this.#options;
    this.#notifications = new S3Notifications({
      s3,
      bus,
      clock,
      log,
      store: store(),
      realm: application().realm,
      queues: () => this.#queues(),
      publish: this.#publish,
      putEvent: this.#putEvent,
      invoker: this.invoker,
    });
  }

  /** To be called when SNS is there with its topics: what is published from now on, and was left over, is delivered. */
  snsReady(): void {
    if (this.#deliveries !== undefined || this.#closed) return;
    const { store, bus, clock, log, mail, application, gateway } = this.#options;
    this.#deliveries = new SnsDeliveries({
      store: store(),
      bus,
      clock,
      log,
      mail,
      realm: application().realm,
      queues: () => this.#queues(),
      invoker: this.invoker,
      knowsFunction: (name, qualifier) => this.#functions().resolve(name, qualifier) !== undefined,
      endpoint: () => gateway().endpoint,
    });
  }

  /** To be called when CloudWatch is there with its alarms: what they have to do from now on, and was left over, is done. */
  alarmsReady(): void {
    if (this.#alarmActions !== undefined || this.#closed) return;
    const { store, bus, clock, log } = this.#options;
    this.#alarmActions = new AlarmActions({ store: store(), bus, clock, log, publish: this.#publish });
  }

  /** To be called when EventBridge is there: what its rules match from now on, and was left over, is delivered. */
  eventsReady(service: EventsAdmin): void {
    if (this.#ruleDeliveries !== undefined || this.#closed) return;
    const { store, bus, clock, log } = this.#options;
    this.#ruleDeliveries = new RuleDeliveries({ ...this.targets, store: store(), bus, clock, log });
    service.resume();
  }

  /** Starts the mappings, and goes on with what an earlier process left, without holding up the start. */
  begin(): void {
    this.#beginning = this.#begin().catch((error: unknown) =>
      this.#options.notice(`events could not be started: ${messageOf(error)}`),
    );
  }

  /** Resolves when everything that fires is running. */
  started(): Promise<void> {
    return this.#beginning;
  }

  /** Forgets the events that are under way between a service and a function. */
  async reset(): Promise<void> {
    await Promise.all([
      this.#notifications?.reset(),
      this.#alarmActions?.reset(),
      this.#deliveries?.reset(),
      this.#ruleDeliveries?.reset(),
      this.#options.schedules()?.reset(),
      this.#async?.reset(),
    ]);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#beginning;
    await this.#options.bucketTeller?.close();
    await this.#options.schedules()?.close();
    this.#subscriptions?.close();
    await Promise.all([this.#notifications?.close(), this.#alarmActions?.close()]);
    await Promise.all([this.#deliveries?.close(), this.#ruleDeliveries?.close()]);
    await Promise.all([this.#mappings.close(), this.#async?.close()]);
  }

  /**
   * For a one-shot command, instead of `begin`. What it answers is to be called at the end: it lets asynchronous events
   * that are due run to their end, and says what nobody listened to.
   */
  standAside(): () => Promise<void> {
    const { bus, application, notice, states, durable } = this.#options;
    const unfired = countUnfired(bus, application);
    this.#unfired = unfired;
    return async () => {
      // A function may publish, set an alarm off or start an execution, and what is published may run a function.
      let executionsEnded: boolean;
      let busy: boolean;
      do {
        executionsEnded = (await durable()?.idle()) === true;
        if ((await states()?.idle()) === true) executionsEnded = true;
        await this.#alarmActions?.idle();
        await this.#deliveries?.idle();
        await this.#ruleDeliveries?.idle();
        await this.#async?.idle();
        busy = [this.#alarmActions, this.#deliveries, this.#ruleDeliveries].some((one) => one?.busy === true);
      } while (executionsEnded || busy);
      [...unfired.lines(), ...(states()?.unfinished() ?? []), ...(durable()?.unfinished() ?? [])].forEach(notice);
    };
  }

  async #begin(): Promise<void> {
    const { application, gateway, notice, states, schedules, durable } = this.#options;
    const { eventSources, buckets, functions, topics } = application();
    for (const sentence of silentSources(application())) notice(sentence);
    // Lets the caller say that the stack is ready first: the state is opened here.
    await new Promise((resolve) => setImmediate(resolve));
    if (this.#closed) return;
    this.#asyncQueue();
    this.alarmsReady();
    const { bucketTeller } = this.#options;
    if (bucketTeller !== undefined) {
      this.s3Ready(bucketTeller.rules);
      await bucketTeller.begin();
    } else if (buckets.length > 0) await gateway().service("s3");
    if (topics.length > 0) await gateway().service("sns");
    for (const source of eventSources) {
      const fn = functions.find(({ logicalId }) => logicalId === source.functionId);
      const polled = source.kind === "sqs" || source.kind === "dynamodb" || source.kind === "kinesis";
      if (polled && fn !== undefined && !this.#closed) await this.#mappings.declare(source, fn.name);
    }
    if (!this.#closed) await this.#mappings.resume();
    if (!this.#closed) await states()?.begin();
    if (!this.#closed) await durable()?.begin();
    if (!this.#closed) await schedules()?.begin();
  }

  #asyncQueue(): DurableInvoker {
    const { store, clock, log, application } = this.#options;
    this.#async ??= new DurableInvoker({
      store: store(),
      clock,
      host: this.#hostNow(),
      log,
      realm: application().realm,
      functions: this.#functions(),
      onOutcome: (outcome) => deliverOutcome(outcome, this.#destinations()),
    });
    return this.#async;
  }

  #destinations(): DestinationOptions {
    const { clock, log, application, writeObject } = this.#options;
    return {
      realm: application().realm,
      clock,
      log,
      invoker: this.invoker,
      settings: (name, qualifier) => this.#functions().asyncSettings(name, qualifier),
      queues: () => this.#queues(),
      writeObject,
      publish: async (arn, message, attributes) => {
        await (await this.#sns()).publish(arn, message, attributes === undefined ? {} : { attributes });
      },
      putEvent: this.#putEvent,
    };
  }

  #byArn(arn: string): FunctionConfig | undefined {
    const named = parseFunctionArn(arn);
    return named && this.#functions().resolve(named.name, named.qualifier);
  }

  #functions(): FunctionDirectory {
    if (this.#directory === undefined) throw new Error("the functions are not known yet");
    return this.#directory;
  }

  #hostNow(): RuntimeHost {
    if (this.#host === undefined) throw new Error("the runtime is not there yet");
    return this.#host;
  }

  /** Queues of this stack, wherever they are. */
  async #queues(): Promise<QueueSender> {
    return this.#options.foreignQueues?.sender ?? (await this.#sqs());
  }

  readonly #publish = async (topicArn: string, message: string, subject: string): Promise<void> => {
    await (await this.#sns()).publish(topicArn, message, { subject });
  };

  readonly #putEvent: EventsAdmin["putEvent"] = async (busName, event, more) =>
    (await this.#service<EventsAdmin>("events")).putEvent(busName, event, more);

  readonly #sns = (): Promise<SnsAdmin> => this.#service("sns");
  readonly #kinesis = (): Promise<KinesisAdmin> => this.#service("kinesis");
  readonly #sqs = (): Promise<SqsAdmin> => this.#service("sqs");

  async #service<T>(name: string): Promise<EmbeddedService & T> {
    return (await this.#options.gateway().service(name)) as EmbeddedService & T;
  }
}
