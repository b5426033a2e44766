/**
 * S3 stores beside the one of the stack: a MinIO on premise, played by our own S3 under an address and credentials of
 * its own. Their objects live in the same state folder, in a namespace of their own; nothing of theirs fires a source.
 */
import { createHmac } from "node:crypto";
import { startGateway, type Gateway, type GatewayOptions } from "../services/gateway.js";
import type { S3Service } from "../services/s3/index.js";
import type { EmbeddedService } from "../services/service.js";
import type { ResolvedConfig } from "../config/schema.js";
import { AppError } from "../shared/errors.js";

export interface SecondStoresOptions {
  readonly config: ResolvedConfig;
  readonly shared: Pick<GatewayOptions, "host" | "store" | "clock" | "bus" | "realm" | "log"> & {
    readonly secret: () => Buffer;
  };
  readonly notice: (text: string) => void;
  /** Any free port instead of the configured one: two worlds side by side must not share a store. */
  readonly freePorts: boolean;
}

export interface SecondStore {
  readonly name: string;
  /** Of the config. */
  readonly declaredPort: number;
  readonly gateway: Gateway;
}

/** Opens no state until the first request. A port in use is told, not fatal: most functions need no second store. */
export async function startSecondStores({
  config,
  shared,
  notice,
  freePorts,
}: SecondStoresOptions): Promise<SecondStore[]> {
  const stores: SecondStore[] = [];
  for (const [name, { port, accessKeyId, secretAccessKey, buckets }] of Object.entries(config.secondStores)) {
    try {
      const gateway = await startGateway({
        ...shared,
        port: freePorts ? 0 : port,
        services: [],
        keyPairs: [{ accessKeyId, secretAccessKey }],
        withoutDefaultPair: true,
        // Sessions of the stack are not good here.
        secret: () => createHmac("sha256", shared.secret()).update(name).digest(),
      });
      const open = async (): Promise<S3Service> => {
        const { clock, bus, realm, log } = shared;
        const context = {
          store: shared.store(),
          clock,
          bus,
          realm,
          log,
          credentials: gateway.credentials,
          endpoint: () => gateway.endpoint,
        };
        // Loaded by whoever uses it: 12 ms of a one-shot command's start.
        const { createS3Service } = await import("../services/s3/index.js");
        const s3 = createS3Service(context, { namespace: name });
        await makeBuckets(s3, buckets);
        return s3;
      };
      gateway.addService("s3", openedAtFirstUse(open, buckets));
      stores.push({ name, declaredPort: port, gateway });
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== "LR5001") {
        for (const { gateway } of stores) await gateway.close();
        throw error;
      }
      notice(`port ${port} is in use: the second store "${name}" is not there (secondStores.${name}.port)`);
    }
  }
  return stores;
}

async function makeBuckets(s3: S3Service, buckets: readonly string[]): Promise<void> {
  for (const bucket of buckets) await s3.createBucketIfMissing(bucket);
}

function openedAtFirstUse(open: () => Promise<S3Service>, buckets: readonly string[]): EmbeddedService {
  let opened: Promise<S3Service> | undefined;
  const get = (): Promise<S3Service> => {
    const opening = (opened ??= open());
    // One that failed is tried again at the next request.
    opening.catch(() => (opened = undefined));
    return opening;
  };
  return {
    handle: async (request, response) => (await get()).handle(request, response),
    reset: async () => {
      const s3 = await get();
      await s3.reset();
      await makeBuckets(s3, buckets);
    },
    close: async () => (await opened)?.close(),
  };
}
