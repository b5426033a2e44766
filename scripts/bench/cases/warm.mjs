import { keptAwake } from "../kit/awake.mjs";
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
      const inRounds = async (connections) => {
        const oursRuns = [];
        const theirsRuns = [];
        for (let round = 0; round < bench.rounds(5, 3); round++) {
          theirsRuns.push(await measure(theirs, connections, seconds / 2));
          oursRuns.push(await measure(ours, connections, seconds));
        }
        const of = (runs, field) => runs.map((run) => run[field]);
        return {
          perSecond: ratios(of(oursRuns, "perSecond"), of(theirsRuns, "perSecond")),
          note: `${Math.round(Math.max(...of(oursRuns, "perSecond")))} req/s at best`,
          p50: ratios(of(oursRuns, "p50"), of(theirsRuns, "p50")),
          p50OverMs: of(oursRuns, "p50").map((ms, round) => ms - theirsRuns[round].p50),
        };
      };
      for (const connections of [1, 8, 32]) {
        const { perSecond, note, p50, p50OverMs } = await inRounds(connections);
        const bound = connections === 1 ? noBound("x") : atLeast(0.14, "x");
        const what = `warm invoke over HTTP, 1 environment, c=${connections}: req/s vs bare \`node:http\``;
        bench.row(what, bound, perSecond, { note });
        if (connections > 1) continue;
        bench.row("warm p50 at c=1 vs bare", atMost(3.5, "x"), p50);
        bench.row("warm p50 at c=1 over bare", atMost(0.25, " ms"), p50OverMs);
      }
      const awake = await keptAwake(async () => [await inRounds(1), await inRounds(8), await inRounds(32)]);
      if (awake === undefined) bench.skip("the same with processors kept awake", "there is no chrt");
      else {
        const [one, eight, many] = awake.result;
        bench.row("the same with processors kept awake, c=1: p50 vs bare", noBound("x"), one.p50);
        bench.row("the same with processors kept awake, c=1: p50 over bare", noBound(" ms"), one.p50OverMs);
        bench.row("the same with processors kept awake, c=8: req/s", noBound("x"), eight.perSecond, {
          note: eight.note,
        });
        bench.row("the same with processors kept awake, c=32: req/s", noBound("x"), many.perSecond, {
          note: many.note,
        });
      }
      const invoke = (count) =>
        load.run({
          endpoint: ours,
          requests: Array.from({ length: count }, () => request(ours)),
          connections: 8,
          once: true,
        });
      // Between two collections RSS goes up and down by 40 MB: what stays shows in the lowest of several looks.
      const floorBytes = async () => {
        const looks = [];
        for (let batch = 0; batch < 5; batch++) {
          await invoke(INVOCATIONS / 5);
          looks.push(stack.usage()?.residentBytes);
        }
        return Math.min(...looks);
      };
      if (stack.usage() === undefined) bench.skip("10,000 invocations: growth of the supervisor", "no /proc here");
      else {
        const before = await floorBytes();
        await invoke(INVOCATIONS);
        bench.row(
          "10,000 invocations, one environment, payload 1 KB: supervisor RSS grows",
          atMost(20, " MB"),
          megabytes((await floorBytes()) - before),
        );
      }
    } finally {
      await Promise.all([load.stop(), bare.stop(), stack.stop()]);
    }
  },
};
