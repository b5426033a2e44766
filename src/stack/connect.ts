/**
 * Connects the runtime with what needs it, once both are there: the Lambda API, the APIs' own doors, Step Functions, and
 * what makes functions fire.
 */
import type { ResolvedConfig } from "../config/schema.js";
import type { RuntimeHost } from "../runtime/host.js";
import type { EventsAdmin } from "../services/events/index.js";
import type { Gateway } from "../services/gateway.js";
import type { Credentials } from "../services/kit/credentials.js";
import type { StateStore } from "../services/kit/state-store.js";
import type { EmbeddedService } from "../services/service.js";
import type { FunctionDirectory } from "../services/lambda/index.js";
import type { Bus } from "../shared/bus.js";
import type { Clock } from "../shared/clock.js";
import type { Logger } from "../shared/logger.js";
import type { Activity } from "./activity.js";
import { embeddedPart } from "./backends/embedded-part.js";
import type { ServiceAddress, ServiceName } from "./backends/endpoints.js";
import type { LookUp } from "./dynamic-references.js";
import { durableSurroundings, StackDurable } from "./durable.js";
import { lambdaService } from "./lambda.js";
import { localUrl } from "./local-url.js";
import { outsideOf } from "./outside-calls.js";
import { StackPipes } from "./pipes.js";
import { keyPairOf, type Live } from "./services.js";
import { StackSchedules } from "./schedules.js";
import type { StackSources } from "./sources.js";
import { StackStates } from "./states.js";

export interface Connected {
  readonly options: { readonly kind: "stack" | "command"; readonly projectRoot: string };
  readonly live: Live;
  readonly gateway: Gateway;
  readonly host: RuntimeHost;
  readonly activity: Activity;
  readonly credentials: Credentials;
  readonly config: ResolvedConfig;
  readonly lookUp: LookUp;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Logger;
  readonly notice: (text: string) => void;
}

/** What has to end before the runtime does is added to `closers`. */
export async function connect(parts: Connected, closers: (() => Promise<void> | void)[]): Promise<void> {
  const { options, live, gateway, host, credentials, config, clock, log, notice } = parts;
  const { sources, store } = live;
  if (sources === undefined || store === undefined) return;
  const { realm } = live.application;
  const lambda = lambdaService({
    host,
    realm,
    clock,
    log,
    store,
    gateway,
    sources,
    application: () => live.application,
    functionUrl: live.http?.urlAddress ?? ((urlId) => `http://${urlId}.lambda-url.localhost:${gateway.port}/`),
    credentials: config.credentials,
    surroundings: durableSurroundings({
      kind: options.kind,
      gateway,
      bus: parts.bus,
      notice,
      sendLetter: sources.sendLetter,
    }),
  });
  const durable = new StackDurable({ lambda, host, activity: parts.activity, store });
  live.durable = durable;
  closers.push(() => durable.close());
  sources.attach(host, lambda.directory);
  await live.http?.open({
    application: () => live.application,
    directory: lambda.directory,
    host,
    gateway,
    credentials,
    clock,
    log,
    config,
    notice,
    folder: options.projectRoot,
    outside: outsideOf({
      address: addressesOf(parts),
      invoker: sources.invoker,
      localUrl: (url) => localUrl(url, live),
    }),
  });
  closers.push(() => live.http?.farewell());
  const states = statesOf(parts, lambda.directory, sources, store);
  live.states = states;
  if (states !== undefined) closers.push(() => states.close());
  live.schedules = schedulesOf(parts, sources, store);
  const pipes = pipesOf(parts, lambda.directory, sources, store);
  live.pipes = pipes;
  if (options.kind === "stack") {
    sources.begin();
    void pipes.begin(sources.started());
    // Elsewhere somebody may write as soon as we say that we are ready; embedded services wait by themselves.
    if (live.backends !== undefined) await sources.started();
  }
  closers.push(() => sources.close());
  if (options.kind === "command") closers.push(sources.standAside());
  closers.push(() => pipes.close());
}

/** Where each service is: embedded, or on another server. */
function addressesOf({ live, gateway, config }: Connected): (service: ServiceName) => ServiceAddress {
  const { region } = live.application.realm;
  const embedded = { endpoint: gateway.endpoint, region, credentials: keyPairOf(config) };
  return (service) => live.foreign.get(service) ?? embedded;
}

function pipesOf(
  { options, live, gateway, host, activity, config, bus, clock, log, notice }: Connected,
  directory: FunctionDirectory,
  sources: StackSources,
  store: () => StateStore,
): StackPipes {
  const { realm } = live.application;
  return new StackPipes({
    kind: options.kind,
    gateway,
    application: () => live.application,
    store,
    bus,
    clock,
    log,
    notice,
    foreignQueues: live.backends?.queues,
    services: async () => {
      const { pipeServices } = await import("./pipe-services.js");
      return pipeServices({
        realm,
        clock,
        host,
        directory,
        activity,
        invoker: sources.invoker,
        queues: () => sources.targets.queues(),
        service: (name) => gateway.service(name),
        apiUrl: (id) => live.http?.apiById(id),
        embedded: { endpoint: gateway.endpoint, region: realm.region, credentials: keyPairOf(config) },
      });
    },
  });
}

function schedulesOf(parts: Connected, sources: StackSources, store: () => StateStore): StackSchedules {
  const { options, live, gateway, activity, lookUp, bus, clock, log, notice } = parts;
  return new StackSchedules({
    kind: options.kind,
    activity,
    gateway,
    application: () => embeddedPart(live.application, live.foreign),
    store,
    bus,
    clock,
    log,
    notice,
    targets: () => sources.targets,
    address: addressesOf(parts),
    lookUp,
    isForeign: live.foreign.has("scheduler"),
  });
}

/** Undefined where another server has them. */
function statesOf(
  { live, gateway, host, activity, config, clock, notice }: Connected,
  directory: FunctionDirectory,
  sources: StackSources,
  store: () => StateStore,
): StackStates | undefined {
  if (live.foreign.has("states")) return undefined;
  const { realm } = live.application;
  return new StackStates({
    gateway,
    activity,
    application: () => live.application,
    store,
    notice,
    tasks: async (states) => {
      const { StackTasks } = await import("./tasks/task-runner.js");
      const embedded = { endpoint: gateway.endpoint, region: realm.region, credentials: keyPairOf(config) };
      return new StackTasks({
        realm,
        clock,
        host,
        directory,
        invoker: sources.invoker,
        states,
        embedded,
        address: (service) => live.foreign.get(service) ?? embedded,
        apiUrl: (id) => live.http?.apiById(id),
        localUrl: (url) => localUrl(url, live),
        events: async () => (await gateway.service("events")) as EmbeddedService & EventsAdmin,
      });
    },
  });
}
