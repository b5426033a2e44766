/** The seeds that the config names: applied once, when their bucket is empty and S3 is first needed. */
import type { Application } from "../../config/application.js";
import type { ResolvedConfig } from "../../config/schema.js";
import { startGateway, type GatewayOptions } from "../../services/gateway.js";
import type { S3Service } from "../../services/s3/index.js";
import { parseSize } from "./size.js";

export interface ConfigSeeds {
  readonly config: ResolvedConfig;
  readonly application: Application;
  readonly s3: S3Service;
  /** What the stack's own gateway was made with: the seeds go through a short-lived one of their own. */
  readonly gateway: Omit<GatewayOptions, "port" | "prepare">;
  readonly notice: (text: string) => void;
}

/** Fills the empty buckets of `seeds`. Runs before the first request to S3 is answered, hence the gateway of its own. */
export async function applyConfigSeeds({ config, application, s3, gateway, notice }: ConfigSeeds): Promise<void> {
  for (const { bucket: named, prefix, kind, count, rows, size, onlyWhenEmpty } of config.seeds) {
    const bucket = application.buckets.find(({ logicalId }) => logicalId === named)?.name ?? named;
    if (kind === "files") {
      notice(`seeds of kind ${kind} are not there yet; ${bucket} is left as it is`);
      continue;
    }
    await s3.createBucketIfMissing(bucket);
    if (onlyWhenEmpty && !s3.isBucketEmpty(bucket)) continue;
    const { seed } = await import("./seed.js");
    const own = await startGateway({ ...gateway, port: 0 });
    try {
      own.addService("s3", s3);
      const { accessKeyId, secretAccessKey } = config.credentials;
      const { uploaded } = await seed({
        endpoint: own.endpoint,
        region: application.realm.region,
        credentials: { accessKeyId, secretAccessKey },
        bucket,
        prefix,
        kind,
        count,
        rows,
        sizeBytes: typeof size === "number" ? size : parseSize(size),
      });
      notice(`${bucket} was empty: ${uploaded} sample objects seeded under ${prefix}`);
    } finally {
      own.addService("s3", detached);
      await own.close();
    }
  }
}

/** Takes the place of the stack's S3 before the short-lived gateway closes what it holds. */
const detached = { handle: () => Promise.resolve(), reset: () => Promise.resolve(), close: () => Promise.resolve() };
