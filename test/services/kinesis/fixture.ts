/** Kinesis behind a gateway, with time that is moved by hand. */
import { KinesisClient } from "@aws-sdk/client-kinesis";
import type { KinesisService } from "../../../src/services/kinesis/index.js";
import { VirtualClock } from "../../../src/shared/clock.js";
import { startEmbedded, type Embedded } from "../embedded.js";

export interface Fixture {
  readonly clock: VirtualClock;
  readonly embedded: Embedded;
  readonly client: KinesisClient;
  readonly service: KinesisService;
  close(): Promise<void>;
}

export async function startKinesis(): Promise<Fixture> {
  const clock = new VirtualClock();
  const embedded = await startEmbedded({ clock });
  // Throttles are to be seen, not tried again.
  const client = new KinesisClient({ ...embedded.client(), maxAttempts: 1 });
  return {
    clock,
    embedded,
    client,
    service: (await embedded.gateway.service("kinesis")) as KinesisService,
    async close() {
      client.destroy();
      await embedded.close();
    },
  };
}

export const text = (data: Uint8Array | undefined): string => Buffer.from(data ?? []).toString();
