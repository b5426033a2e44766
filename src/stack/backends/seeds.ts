/** The seeds that the config names, for buckets on another server: applied when the bucket is empty. */
import { ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import type { Application } from "../../config/application.js";
import type { ResolvedConfig } from "../../config/schema.js";
import { seed } from "../seed/seed.js";
import { parseSize } from "../seed/size.js";
import { clientOptions, placeOf, type ServiceAddress } from "./endpoints.js";

export async function seedForeignBuckets(
  address: ServiceAddress,
  config: ResolvedConfig,
  application: Application,
  notice: (text: string) => void,
): Promise<void> {
  const client = new S3Client({ ...clientOptions(address), forcePathStyle: address.endpoint !== undefined });
  try {
    for (const { bucket: named, prefix, kind, count, rows, size, onlyWhenEmpty } of config.seeds) {
      const bucket = application.buckets.find(({ logicalId }) => logicalId === named)?.name ?? named;
      if (kind === "files") {
        notice(`seeds of kind ${kind} are not there yet; ${bucket} is left as it is`);
        continue;
      }
      const { KeyCount = 0 } = await client.send(new ListObjectsV2Command({ Bucket: bucket, MaxKeys: 1 }));
      if (onlyWhenEmpty && KeyCount > 0) continue;
      const sizeBytes = typeof size === "number" ? size : parseSize(size);
      const { uploaded } = await seed({ ...clientOptions(address), bucket, prefix, kind, count, rows, sizeBytes });
      notice(`${bucket} at ${placeOf(address)}: ${uploaded} sample objects seeded under ${prefix}`);
    }
  } finally {
    client.destroy();
  }
}
