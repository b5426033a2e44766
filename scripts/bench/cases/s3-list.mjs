import { BIG, MIDDLE, objectsState, SMALL, startGateway } from "../kit/gateway.mjs";
import { startLoad } from "../kit/load.mjs";
import { startChild } from "../kit/rpc.mjs";
import { signedRequest } from "../kit/sign.mjs";
import { atMost, noBound } from "../kit/stats.mjs";

/** "Flat": what noise on a shared machine makes of equal things. */
const FLAT = 1.3;

export default {
  name: "s3-list",
  order: 100,
  table: "services",
  measures: "listing: the server's share of an SDK listing, and the cost of a page by size of the bucket",
  async run(bench) {
    const load = await startLoad();
    const client = await startChild("sdk-client.mjs");
    const gateway = await startGateway(await objectsState(bench));
    const { endpoint } = gateway;
    try {
      const list = (bucket) => client.call("list", { endpoint, bucket: bucket.bucket });
      await list(SMALL);
      await list(MIDDLE);
      const shares = [];
      const whole = [];
      for (let round = 0; round < bench.rounds(5, 2); round++) {
        const before = await gateway.call("cpu");
        const { ms, keys } = await list(MIDDLE);
        const after = await gateway.call("cpu");
        // The manifest function may have put a manifest of its own into the bucket.
        if (keys < MIDDLE.count) throw new Error(`${keys} keys were listed`);
        shares.push(((after.user + after.system - before.user - before.system) / 1000 / ms) * 100);
        whole.push(ms);
      }
      bench.row(
        "list 100,000 keys by SDK paginator: CPU time of the server, share of the whole",
        atMost(15, " %"),
        shares,
      );
      bench.row("list 100,000 keys by SDK paginator", noBound(" ms"), whole);

      const page = async ({ bucket, prefix, suffix, count }) => {
        // From the middle on, so that what lies before and after counts too.
        const from = `${prefix}${String(Math.floor(count / 2)).padStart(7, "0")}${suffix}`;
        const query = `list-type=2&max-keys=${SMALL.count / 2 - 1}&start-after=${encodeURIComponent(from)}`;
        const requests = [signedRequest({ endpoint, service: "s3", method: "GET", path: `/${bucket}`, query })];
        return (await load.run({ endpoint, requests, connections: 1, seconds: bench.quick ? 0.5 : 1 })).p50;
      };
      const sizes = bench.quick ? [SMALL, MIDDLE] : [SMALL, MIDDLE, BIG];
      const series = sizes.map(() => []);
      for (let round = 0; round < bench.rounds(5, 3); round++) {
        for (const [i, size] of sizes.entries()) series[i].push(await page(size));
      }
      for (const [i, { count }] of sizes.entries()) {
        if (i === 0) continue;
        const text = `a page of a listing: ${count.toLocaleString("en-US")} keys in the bucket / 1,000 keys`;
        bench.row(
          text,
          atMost(FLAT, "x"),
          series[i].map((ms, round) => ms / series[0][round]),
        );
      }
    } finally {
      await Promise.all([load.stop(), client.stop(), gateway.stop()]);
    }
  },
};
