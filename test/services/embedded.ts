/** All embedded services on a free port, over a store that ends with them. */
import { DEFAULT_ACCOUNT_ID, DEFAULT_REGION } from "../../src/shared/arn.js";
import { Bus } from "../../src/shared/bus.js";
import { realClock } from "../../src/shared/clock.js";
import { silentLogger } from "../../src/shared/logger.js";
import { startGateway, type Gateway, type GatewayOptions } from "../../src/services/gateway.js";
import { StateStore } from "../../src/services/kit/state-store.js";

const TEST_PAIR = { accessKeyId: "test", secretAccessKey: "test" };

export interface Embedded {
  readonly gateway: Gateway;
  /** For clients of the SDK, which writes into the credentials that it is given: a copy each time. */
  readonly client: () => { endpoint: string; region: string; credentials: typeof TEST_PAIR };
  close(): Promise<void>;
}

export async function startEmbedded(options: Partial<Omit<GatewayOptions, "store">> = {}): Promise<Embedded> {
  const store = StateStore.ephemeral();
  const realm = options.realm ?? { region: DEFAULT_REGION, accountId: DEFAULT_ACCOUNT_ID };
  const [keys = TEST_PAIR] = options.keyPairs ?? [];
  const plain = { port: 0, clock: realClock, bus: new Bus(), log: silentLogger };
  const gateway = await startGateway({ ...plain, ...options, realm, store: () => store });
  return {
    gateway,
    client: () => ({ endpoint: gateway.endpoint, region: realm.region, credentials: { ...keys } }),
    async close() {
      await gateway.close();
      await store.close();
    },
  };
}
