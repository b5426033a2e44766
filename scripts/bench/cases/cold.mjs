import { timeProcess } from "../kit/processes.mjs";
import { startChild } from "../kit/rpc.mjs";
import { atMost, noBound, ratios } from "../kit/stats.mjs";

export default {
  name: "cold",
  order: 60,
  table: "environment",
  measures: "cold starts, with and without standby",
  async run(bench) {
    const start = (standby) => startChild("stack-server.mjs", { args: [JSON.stringify({ standby })] });
    const [withStandby, without] = [await start(true), await start(false)];
    try {
      const standby = [];
      const init = [];
      const cold = { echo: [], sdk: [] };
      const bare = { echo: [], sdk: [] };
      await withStandby.call("cold", "sdk");
      for (const name of ["echo", "sdk"]) await without.call("cold", name);
      for (let round = 0; round < bench.rounds(11, 4); round++) {
        const { ms, report } = await withStandby.call("cold", "sdk");
        standby.push(ms);
        init.push(report.initDurationMs);
        for (const name of ["echo", "sdk"]) {
          bare[name].push(await timeProcess(process.execPath, ["-e", "0"]));
          cold[name].push((await without.call("cold", name)).ms);
        }
      }
      bench.row("cold start with standby, handler using the S3 and DynamoDB SDK", atMost(10, " ms"), standby);
      bench.row("the INIT of it", noBound(" ms"), init);
      bench.row(
        "cold start without standby, S3 and DynamoDB SDK / `node -e 0`",
        atMost(2.2, "x"),
        ratios(cold.sdk, bare.sdk),
      );
      bench.row(
        "cold start without standby, tiny handler / `node -e 0`",
        atMost(2.2, "x"),
        ratios(cold.echo, bare.echo),
      );
    } finally {
      await Promise.all([withStandby.stop(), without.stop()]);
    }
  },
};
