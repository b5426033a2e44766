/** One embedded service behind a plain HTTP server, for tests of that service alone: no gateway, no signature check. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { randomUUID } from "node:crypto";
import { Bus } from "../../src/shared/bus.js";
import { VirtualClock } from "../../src/shared/clock.js";
import { silentLogger } from "../../src/shared/logger.js";
import { DEFAULT_ACCOUNT_ID, DEFAULT_REGION } from "../../src/shared/arn.js";
import { createCredentials } from "../../src/services/kit/credentials.js";
import { StateStore } from "../../src/services/kit/state-store.js";
import type { EmbeddedService, ServiceContext } from "../../src/services/service.js";

export interface ServedService<S extends EmbeddedService> {
  readonly service: S;
  readonly endpoint: string;
  readonly clock: VirtualClock;
  readonly bus: Bus;
  readonly context: ServiceContext;
  /** Options of an SDK client that talks to the service. */
  readonly client: {
    readonly endpoint: string;
    readonly region: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
    readonly maxAttempts: number;
  };
  /** A bare call of a JSON service. */
  post(target: string, body: unknown): Promise<{ readonly status: number; readonly body: Record<string, unknown> }>;
  stop(): Promise<void>;
}

export async function serveService<S extends EmbeddedService>(
  create: (context: ServiceContext) => S,
): Promise<ServedService<S>> {
  const clock = new VirtualClock();
  const bus = new Bus();
  const store = StateStore.ephemeral();
  let endpoint = "";
  const realm = { region: DEFAULT_REGION, accountId: DEFAULT_ACCOUNT_ID };
  const context: ServiceContext = {
    store,
    clock,
    bus,
    realm,
    credentials: createCredentials({ realm, clock, secret: () => store.secret }),
    log: silentLogger,
    endpoint: () => endpoint,
  };
  const service = create(context);
  const server = createServer((incoming, response) => {
    const [path = "/", query = ""] = (incoming.url ?? "/").split("?");
    const request = {
      method: incoming.method ?? "GET",
      path,
      query,
      headers: incoming.headers,
      body: incoming,
      caller: {
        accessKeyId: "test",
        accountId: DEFAULT_ACCOUNT_ID,
        arn: `arn:aws:iam::${DEFAULT_ACCOUNT_ID}:root`,
        userId: DEFAULT_ACCOUNT_ID,
      },
      requestId: randomUUID(),
      endpoint,
      remoteAddress: "127.0.0.1",
      payload: { kind: "unsigned" as const },
    };
    void service.handle(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    service,
    endpoint,
    clock,
    bus,
    context,
    client: {
      endpoint,
      region: DEFAULT_REGION,
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
      maxAttempts: 1,
    },
    post: async (target, body) => {
      const answer = await fetch(endpoint, {
        method: "POST",
        headers: { "x-amz-target": target, "content-type": "application/x-amz-json-1.1" },
        body: JSON.stringify(body),
      });
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
    },
    stop: async () => {
      await service.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await store.close();
    },
  };
}
