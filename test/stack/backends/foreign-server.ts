/** Another server for tests: a gateway of its own, with its own keys and nobody else's. */
import { startGateway, type Gateway } from "../../../src/services/gateway.js";
import { StateStore } from "../../../src/services/kit/state-store.js";
import { Bus } from "../../../src/shared/bus.js";
import { realClock } from "../../../src/shared/clock.js";
import { silentLogger } from "../../../src/shared/logger.js";

const KEYS = { accessKeyId: "FARKEY", secretAccessKey: "far-away" };

export interface ForeignServer {
  readonly gateway: Gateway;
  /** For clients of the SDK, which writes into the credentials that it is given: a copy each time. */
  readonly client: () => { endpoint: string; region: string; credentials: typeof KEYS };
  /** For `backends` of the config. */
  readonly backend: { readonly url: string } & typeof KEYS;
  close(): Promise<void>;
}

export async function startForeignServer(
  realm = { region: "us-east-1", accountId: "000000000000" },
): Promise<ForeignServer> {
  const store = StateStore.ephemeral();
  const gateway = await startGateway({
    port: 0,
    store: () => store,
    clock: realClock,
    bus: new Bus(),
    realm,
    log: silentLogger,
    keyPairs: [KEYS],
    withoutDefaultPair: true,
  });
  return {
    gateway,
    client: () => ({ endpoint: gateway.endpoint, region: realm.region, credentials: { ...KEYS } }),
    backend: { url: gateway.endpoint, ...KEYS },
    async close() {
      await gateway.close();
      await store.close();
    },
  };
}
