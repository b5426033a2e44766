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

  /** By the name in the resource ARN; undefined for a service that is not there. */
  of(name: string): Promise<ServiceClient> | undefined {
    const known = this.#clients.get(name);
    if (known !== undefined) return known;
    const client = this.#open(name);
    if (client !== undefined) this.#clients.set(name, client);
    // A client that could not be loaded is tried again at the next call.
    client?.catch(() => this.#clients.delete(name));
    return client;
  }

  async close(): Promise<void> {
    const clients = await Promise.allSettled(this.#clients.values());
    for (const client of clients) if (client.status === "fulfilled") client.value.close?.();
    this.#clients.clear();
  }

  #open(name: string): Promise<Closable> | undefined {
    const service = SDK_SERVICES.get(name);
    if (service === undefined) return undefined;
    const { backend, client } = service;
    const address = (): ServiceAddress => this.#address(backend);
    if ("sdk" in client)
      return import("./sdk-client.js").then(({ SdkClient }) => SdkClient.open(client.sdk, address()));
    if ("json" in client)
      return import("./json-client.js").then(({ JsonClient }) => new JsonClient(client.json, address));
    return import("./scheduler-client.js").then(({ SchedulerClient }) => new SchedulerClient(address));
  }
}
