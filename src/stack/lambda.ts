/** Puts the Lambda API behind the gateway, with what it needs from other services and from the sources. */
import type { Application } from "../config/application.js";
import type { FunctionUrlSource } from "../config/event-source.js";
import type { RuntimeHost } from "../runtime/host.js";
import type { Gateway } from "../services/gateway.js";
import type { StateStore } from "../services/kit/state-store.js";
import { createLambdaService, type DurableSurroundings, type LambdaService } from "../services/lambda/index.js";
import type { Realm } from "../shared/arn.js";
import type { Clock } from "../shared/clock.js";
import type { Logger } from "../shared/logger.js";
import { objectReader } from "./objects.js";
import type { StackSources } from "./sources.js";

export interface StackLambdaOptions {
  readonly host: RuntimeHost;
  readonly realm: Realm;
  readonly clock: Clock;
  readonly log: Logger;
  readonly store: () => StateStore;
  readonly gateway: Gateway;
  readonly sources: StackSources;
  readonly application: () => Application;
  readonly functionUrl: (urlId: string) => string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly surroundings: DurableSurroundings;
}

/** Starts of the paths of all its API versions, for requests that carry no signature. */
const PATHS = (
  "2014-11-13 2015-03-31 2016-08-19 2017-03-31 2017-10-31 2018-10-31 2019-09-25 " +
  "2019-09-30 2020-06-30 2021-07-20 2021-10-31 2021-11-15 2024-08-31 2025-12-01"
)
  .split(" ")
  .map((version) => `/${version}/`);

export function lambdaService(options: StackLambdaOptions): LambdaService {
  const { host, realm, clock, log, store, gateway, sources, application, functionUrl, credentials, surroundings } =
    options;
  const service = createLambdaService({
    host,
    realm,
    clock,
    log,
    store,
    functions: () => application().functions,
    functionUrls: () =>
      application().eventSources.filter((source): source is FunctionUrlSource => source.kind === "functionUrl"),
    async: () => Promise.resolve(sources.invoker),
    mappings: async () => {
      await sources.started();
      return sources.mappings;
    },
    readObject: objectReader(() => ({ endpoint: gateway.endpoint, region: realm.region, credentials })),
    functionUrl,
    surroundings,
  });
  gateway.addService("lambda", service, { paths: PATHS });
  return service;
}
