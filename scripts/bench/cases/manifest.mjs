import { BIG, MIDDLE, objectsState } from "../kit/gateway.mjs";
import { startChild } from "../kit/rpc.mjs";
import { atMost, noBound, ratios } from "../kit/stats.mjs";

export default {
  name: "manifest",
  order: 25,
  table: "job",
  measures: "the manifest function over 100,000 and 1,000,000 keys, beside listing them with the SDK alone",
  async run(bench) {
    const stack = await startChild("stack-server.mjs", {
      args: [JSON.stringify({ state: await objectsState(bench) })],
    });
    const client = await startChild("sdk-client.mjs");
    try {
      const endpoint = await stack.call("endpoint");
      const invoke = async ({ bucket, count }) => {
        const payload = JSON.stringify({ bucket, prefix: "2026/04/" });
        const { ms, report, payload: answer } = await stack.call("invoke", { name: "manifest", payload });
        if (JSON.parse(answer).count !== count) throw new Error(answer);
        return { ms, megabytes: report.maxMemoryUsedMb };
      };
      const list = async ({ bucket }) => (await client.call("list", { endpoint, bucket })).ms;
      await invoke(MIDDLE);
      await list(MIDDLE);
      const ours = [];
      const alone = [];
      for (let round = 0; round < bench.rounds(5, 2); round++) {
        alone.push(await list(MIDDLE));
        ours.push(await invoke(MIDDLE));
      }
      const times = ours.map(({ ms }) => ms);
      const middleMb = ours.map(({ megabytes }) => megabytes);
      bench.row(
        "manifest of 100,000 keys, whole invocation / listing them with the SDK alone",
        atMost(2, "x"),
        ratios(times, alone),
      );
      bench.row("manifest of 100,000 keys, whole invocation", noBound(" ms"), times);
      bench.row("manifest of 100,000 keys: RSS of the function", atMost(180, " MB"), middleMb);
      if (bench.quick) return;
      const { megabytes } = await invoke(BIG);
      bench.row("manifest of 1,000,000 keys: RSS of the function", atMost(180, " MB"), megabytes);
      bench.row("the same, over 100,000 keys (flat)", atMost(1.15, "x"), megabytes / Math.max(...middleMb));
    } finally {
      await Promise.all([stack.stop(), client.stop()]);
    }
  },
};
