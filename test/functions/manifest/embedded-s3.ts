/** The embedded S3 behind its gateway, for tests of what talks to it. */
import { S3Client } from "@aws-sdk/client-s3";
import type { S3ClientConfig } from "@aws-sdk/client-s3";
import { startGateway } from "../../../src/services/gateway.js";
import { StateStore } from "../../../src/services/kit/state-store.js";
import { Bus } from "../../../src/shared/bus.js";
import { realClock } from "../../../src/shared/clock.js";
import { silentLogger } from "../../../src/shared/logger.js";

export const REGION = "us-east-1";
export const CREDENTIALS = { accessKeyId: "test", secretAccessKey: "test" };

export interface EmbeddedS3 {
  readonly endpoint: string;
  /** Destroyed when the store stops. */
  newClient(config?: S3ClientConfig): S3Client;
  stop(): Promise<void>;
}

export async function startEmbeddedS3(): Promise<EmbeddedS3> {
  let store: StateStore | undefined;
  const clients: S3Client[] = [];
  const gateway = await startGateway({
    port: 0,
    store: () => (store ??= StateStore.ephemeral()),
    clock: realClock,
    bus: new Bus(),
    realm: { region: REGION, accountId: "000000000000" },
    log: silentLogger,
  });
  return {
    endpoint: gateway.endpoint,
    newClient: (config = {}) => {
      const client = new S3Client({ endpoint: gateway.endpoint, region: REGION, credentials: CREDENTIALS, ...config });
      clients.push(client);
      return client;
    },
    stop: async () => {
      for (const client of clients) client.destroy();
      await gateway.close();
      await store?.close();
    },
  };
}
