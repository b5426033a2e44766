import { createRequire } from "node:module";
import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { PRODUCT } from "../kit/product.mjs";
import { atLeast, noBound, ratios } from "../kit/stats.mjs";

const BUCKET = "my-company-reports-bucket";
const OURS = 20_000;
const THEIRS = 400;

export default {
  name: "presign",
  order: 20,
  table: "job",
  measures: "one presigned URL by the manifest function and by the SDK",
  async run(bench) {
    const { createPresigner } = createRequire(import.meta.url)(PRODUCT);
    const client = new S3Client({ region: "us-east-1", credentials: { accessKeyId: "test", secretAccessKey: "test" } });
    const presigner = await createPresigner(client, BUCKET, 3600);
    const keys = Array.from({ length: OURS }, (_, i) => `2026/04/report-${String(i).padStart(6, "0")}.pdf`);
    const ours = async () => {
      const start = performance.now();
      const sign = await presigner.at(new Date());
      for (const key of keys) sign(key);
      return ((performance.now() - start) / OURS) * 1000;
    };
    const theirs = async () => {
      const start = performance.now();
      for (const Key of keys.slice(0, THEIRS))
        await getSignedUrl(client, new GetObjectCommand({ Bucket: BUCKET, Key }), { expiresIn: 3600 });
      return ((performance.now() - start) / THEIRS) * 1000;
    };
    await ours();
    await theirs();
    const oursUs = [];
    const theirsUs = [];
    for (let round = 0; round < bench.rounds(9, 3); round++) {
      oursUs.push(await ours());
      theirsUs.push(await theirs());
    }
    bench.row("presign, per URL: the SDK's `getSignedUrl` / ours", atLeast(20, "x"), ratios(theirsUs, oursUs));
    bench.row("presign, per URL, ours", noBound(" us"), oursUs);
  },
};
