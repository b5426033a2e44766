import { copyFileSync, rmSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { createBucket, startGateway } from "../kit/gateway.mjs";
import { startLoad } from "../kit/load.mjs";
import { megabytes } from "../kit/memory.mjs";
import { startChild } from "../kit/rpc.mjs";
import { atMost, noBound, ratios } from "../kit/stats.mjs";
import { presignedUrl } from "../kit/presigned.mjs";

const SIZE_MB = 256;

export default {
  name: "s3-large",
  order: 90,
  table: "services",
  measures: "one object of 256 MB beside copying the file",
  async run(bench) {
    const folder = bench.folder("large");
    const file = join(folder, "file");
    writeFileSync(file, randomBytes(SIZE_MB * 2 ** 20));
    const load = await startLoad();
    const client = await startChild("sdk-client.mjs");
    const gateway = await startGateway(bench.folder("large-state"));
    try {
      await createBucket(load, gateway.endpoint, "bench");
      const url = (method, key) => presignedUrl(gateway.endpoint, method, "bench", key);
      const put = async (key) => client.call("put", { url: await url("PUT", key), headers: {}, file });
      const get = async (key) => {
        const ms = await client.call("get", { url: await url("GET", key), headers: {}, file: join(folder, "got") });
        rmSync(join(folder, "got"));
        return ms;
      };
      const copy = () => {
        const start = performance.now();
        copyFileSync(file, join(folder, "copy"));
        const ms = performance.now() - start;
        rmSync(join(folder, "copy"));
        return ms;
      };
      copy();
      await put("warm-up");
      const before = gateway.usage();
      const series = { copy: [], put: [], get: [] };
      for (let round = 0; round < bench.rounds(7, 3); round++) {
        series.copy.push(copy());
        series.put.push(await put("object"));
        series.get.push(await get("object"));
      }
      bench.row("S3 put of 256 MB / copying the file", atMost(3, "x"), ratios(series.put, series.copy));
      bench.row("S3 get of 256 MB into a file / copying the file", atMost(3, "x"), ratios(series.get, series.copy));
      bench.row("copying the file of 256 MB", noBound(" ms"), series.copy);
      const after = gateway.usage();
      if (before === undefined || after === undefined) return;
      bench.row(
        "S3 put and get of 256 MB: RSS growth of the server, at its peak",
        atMost(32, " MB"),
        megabytes(after.peakBytes - before.residentBytes),
      );
    } finally {
      await Promise.all([load.stop(), client.stop(), gateway.stop()]);
    }
  },
};
