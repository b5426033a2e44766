/** The clients of a stack's integrations: one of each service, made at its first call. */
import type { ServiceAddress, ServiceName } from "../../backends/endpoints.js";
import type { ServiceClient } from "../service-call.js";
import { SDK_SERVICES } from "./services.js";

type Closable = ServiceClient & { close?(): void };

export class IntegrationClients {
  readonly #address: (service: ServiceName) => ServiceAddress;
  readonly #clients = new Map<string, Promise<Closable>>();

  constructor(address: (service: ServiceName) => ServiceAddress) {
    this.#address = address;
  }

  /** By the name in the resource ARN, which is one of `SDK_SERVICES`. */
  of(name: string): Promise<ServiceClient> {
    const known = this.#clients.get(name);
    if (known !== undefined) return known;
    const client = this.#open(name);
    this.#clients.set(name, client);
    // A client that could not be loaded is tried again at the next call.
    client.catch(() => this.#clients.delete(name));
    return client;
  }

  async close(): Promise<void> {
    const clients = await Promise.allSettled(this.#clients.values());
    for (const client of clients) if (client.status === "fulfilled") client.value.close?.();
    this.#clients.clear();
  }

  async #open(name: string): Promise<Closable> {
    const service = SDK_SERVICES.get(name);
    if (service === undefined) throw new Error(`there is no client for ${name}`);
    const { backend, client } = service;
    const address = (): ServiceAddress => this.#address(backend);
    if ("sdk" in client) {
      const { SdkClient } = await import("./sdk-client.js");
      return SdkClient.open(client.sdk, address());
    }
    if ("json" in client) {
      const { JsonClient } = await import("./json-client.js");
      return new JsonClient(client.json, address);
    }
    const { SchedulerClient } = await import("./scheduler-client.js");
    return new SchedulerClient(address);
  }
}
