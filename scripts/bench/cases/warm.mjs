import { startLoad } from "../kit/load.mjs";
import { megabytes } from "../kit/memory.mjs";
import { startChild } from "../kit/rpc.mjs";
import { signedRequest } from "../kit/sign.mjs";
import { atLeast, atMost, noBound, ratios } from "../kit/stats.mjs";

const PATH = "/2015-03-31/functions/echo/invocations";
const EVENT = JSON.stringify({ text: "x".repeat(1000) });
const INVOCATIONS = 10_000;

export default {
  name: "warm",
  order: 40,
  table: "environment",
  measures:
    "warm invocations over HTTP on one environment with all limits, beside bare `node:http` with the same bodies",
  async run(bench) {
    const seconds = bench.quick ? 1 : 2;
    const load = await startLoad();
    const bare = await startChild("bare-server.mjs");
    const stack = await startChild("stack-server.mjs", { args: [JSON.stringify({ maxEnvironments: 1 })] });
    try {
      const theirs = await bare.call("listen");
      const ours = await stack.call("endpoint");
      const request = (endpoint) =>
        signedRequest({ endpoint, service: "lambda", method: "POST", path: PATH, body: EVENT });
      const measure = (endpoint, connections, time) =>
        load.run({ endpoint, requests: [request(endpoint)], connections, seconds: time });
      await measure(ours, 8, 1.5);
      await measure(theirs, 8, 0.5);
      for (const connections of [1, 8, 32]) {
        const oursRuns = [];
        const theirsRuns = [];
        for (let round = 0; round < bench.rounds(5, 3); round++) {
          theirsRuns.push(await measure(theirs, connections, seconds / 2));
          oursRuns.push(await measure(ours, connections, seconds));
        }
        const of = (runs, field) => runs.map((run) => run[field]);
        const perSecond = ratios(of(oursRuns, "perSecond"), of(theirsRuns, "perSecond"));
        const bound = connections === 1 ? noBound("x") : atLeast(0.14, "x");
        bench.row(
          `warm invoke over HTTP, 1 environment, c=${connections}: req/s vs bare \`node:http\``,
          bound,
          perSecond,
          {
            note: `${Math.round(Math.max(...of(oursRuns, "perSecond")))} req/s at best`,
          },
        );
        if (connections > 1) continue;
        bench.row("warm p50 at c=1 vs bare", atMost(3.5, "x"), ratios(of(oursRuns, "p50"), of(theirsRuns, "p50")));
        bench.row(
          "warm p50 at c=1 over bare",
          atMost(0.25, " ms"),
          of(oursRuns, "p50").map((ms, i) => ms - theirsRuns[i].p50),
        );
      }
      const before = stack.usage();
      await load.run({
        endpoint: ours,
        requests: Array.from({ length: bench.quick ? 3000 : INVOCATIONS }, () => request(ours)),
        connections: 8,
        once: true,
      });
      const after = stack.usage();
      if (before === undefined || after === undefined)
        bench.skip("10,000 invocations: growth of the supervisor", "no /proc here");
      else
        bench.row(
          "10,000 invocations, one environment, payload 1 KB: supervisor RSS grows",
          atMost(20, " MB"),
          megabytes(after.residentBytes - before.residentBytes),
        );
    } finally {
      await Promise.all([load.stop(), bare.stop(), stack.stop()]);
    }
  },
};
