/** The services on offer behind the gateway: what there is, what is loaded, and what the stack adds while running. */
import type { Realm } from "../shared/arn.js";
import type { Bus } from "../shared/bus.js";
import type { Clock } from "../shared/clock.js";
import type { Logger } from "../shared/logger.js";
import { createCredentials, type Credentials, type KeyPair } from "./kit/credentials.js";
import type { StateStore } from "./kit/state-store.js";
import {
  SERVICES,
  indexServices,
  serviceEntry,
  type EntryParts,
  type ServiceEntry,
  type ServiceIndex,
} from "./registry.js";
import type { EmbeddedService, FunctionCaller, SecretKeeper, ServiceContext } from "./service.js";

export interface ServiceSetOptions {
  /** Opens the state; called once, at the first request that needs it. */
  readonly store: () => StateStore;
  readonly clock: Clock;
  readonly bus: Bus;
  readonly realm: Realm;
  readonly log: Logger;
  /** Accepted besides `test`/`test`. */
  readonly keyPairs?: readonly KeyPair[];
  readonly currentPair?: (() => KeyPair | undefined) | undefined;
  readonly withoutDefaultPair?: boolean;
  /** Names of the services to offer; all of them when absent. */
  readonly services?: readonly string[];
  /** Secret of the state folder, where it can be had without opening the store. */
  readonly secret?: () => Buffer;
  /** For services that run functions by themselves. */
  readonly functions?: FunctionCaller;
  readonly targetExists?: (arn: string) => Promise<boolean>;
  readonly localUrl?: (url: string) => string;
  /** Runs once for a service that has just been loaded, before its first request: the stack makes its resources here. */
  readonly prepare?: (name: string, service: EmbeddedService) => Promise<void>;
}

export class ServiceSet {
  readonly credentials: Credentials;
  endpoint = "";
  readonly #options: ServiceSetOptions;
  readonly #entries = new Map<string, ServiceEntry>();
  readonly #loading = new Map<string, Promise<EmbeddedService>>();
  readonly #loaded = new Map<string, EmbeddedService>();
  #index: ServiceIndex;
  #context: ServiceContext | undefined;

  constructor(options: ServiceSetOptions) {
    this.#options = options;
    this.credentials = createCredentials({
      realm: options.realm,
      clock: options.clock,
      secret: options.secret ?? (() => this.#makeContext().store.secret),
      ...(options.keyPairs === undefined ? {} : { keyPairs: options.keyPairs }),
      currentPair: options.currentPair,
      ...(options.withoutDefaultPair === undefined ? {} : { withoutDefaultPair: options.withoutDefaultPair }),
    });
    const wanted = options.services === undefined ? undefined : new Set(options.services);
    for (const entry of SERVICES) {
      this.#entries.set(
        entry.name,
        wanted === undefined || wanted.has(entry.name) ? entry : { ...entry, load: undefined },
      );
    }
    this.#index = indexServices(this.#entries.values());
  }

  get index(): ServiceIndex {
    return this.#index;
  }

  /** `running` when loaded, `available` when it will be at the first request. */
  status(): Record<string, "running" | "available"> {
    const status: Record<string, "running" | "available"> = {};
    for (const { name, load } of this.#entries.values()) {
      if (load !== undefined) status[name] = this.#loaded.has(name) ? "running" : "available";
    }
    return status;
  }

  /** The service if it is there already: the path of nearly every request. */
  loaded(name: string): EmbeddedService | undefined {
    return this.#loaded.get(name);
  }

  get(name: string): Promise<EmbeddedService> {
    const known = this.#loading.get(name);
    if (known !== undefined) return known;
    const load = this.#entries.get(name)?.load;
    if (load === undefined) return Promise.reject(new Error(`there is no embedded service "${name}"`));
    const loading = (async () => {
      const service = await load(this.#makeContext());
      await this.#options.prepare?.(name, service);
      this.#loaded.set(name, service);
      return service;
    })();
    this.#loading.set(name, loading);
    // A service that failed to start is tried again at the next request.
    loading.catch(() => this.#loading.delete(name));
    return loading;
  }

  add(name: string, service: EmbeddedService, parts: Omit<EntryParts, "load"> = {}): void {
    const entry = this.#entries.get(name) ?? serviceEntry(name, {});
    this.#entries.set(name, { ...entry, ...parts, load: () => Promise.resolve(service) });
    this.#loading.set(name, Promise.resolve(service));
    this.#loaded.set(name, service);
    this.#index = indexServices(this.#entries.values());
  }

  /** What the stack can make and nobody may need: loaded at the first request. */
  offer(name: string, load: NonNullable<ServiceEntry["load"]>): void {
    const entry = this.#entries.get(name) ?? serviceEntry(name, {});
    this.#entries.set(name, { ...entry, load });
    this.#index = indexServices(this.#entries.values());
  }

  /** Forgets, then prepares as at the first use. */
  async reset(): Promise<void> {
    for (const service of this.#loaded.values()) await service.reset();
    await this.prepare();
  }

  /** Runs the stack's preparation again for what is loaded: the template has changed. */
  async prepare(): Promise<void> {
    for (const [name, service] of this.#loaded) await this.#options.prepare?.(name, service);
  }

  async close(): Promise<void> {
    const loading = await Promise.allSettled(this.#loading.values());
    for (const result of loading) if (result.status === "fulfilled") await result.value.close();
  }

  #makeContext(): ServiceContext {
    if (this.#context === undefined) {
      const { clock, bus, realm, log, functions, targetExists, localUrl } = this.#options;
      const { credentials } = this;
      this.#context = {
        store: this.#options.store(),
        clock,
        bus,
        realm,
        log,
        credentials,
        functions,
        targetExists,
        localUrl,
        secrets: async () => (await this.get("secretsmanager")) as EmbeddedService & SecretKeeper,
        endpoint: () => this.endpoint,
      };
    }
    return this.#context;
  }
}
