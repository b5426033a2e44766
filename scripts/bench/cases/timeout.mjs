import { startChild } from "../kit/rpc.mjs";
import { atMost } from "../kit/stats.mjs";

export default {
  name: "timeout",
  order: 30,
  table: "job",
  measures: "from the deadline that the handler sees until its tree is dead, through the whole product",
  async run(bench) {
    const stack = await startChild("stack-server.mjs");
    const ms = [];
    let survivors = 0;
    let children = 0;
    try {
      await stack.call("prepare", "runaway");
      for (let round = 0; round < bench.rounds(12, 4); round++) {
        // A number that `sleep` takes and that nobody else's command line holds.
        const mark = `7777.${process.pid}${round}`;
        const end = await stack.call("timeout", mark);
        if (!end.answer.includes("Sandbox.Timedout")) throw new Error(end.answer);
        ms.push(end.ms);
        survivors += end.survivors;
        children += end.started;
      }
    } finally {
      await stack.stop();
    }
    bench.row("timeout: deadline to the whole tree dead (busy loop, 3 detached children), p50", atMost(15, " ms"), ms);
    for (const table of ["environment"]) {
      bench.row("timeout to dead tree, p50", atMost(15, " ms"), ms, { table });
      bench.row("timeout to dead tree, slowest", atMost(50, " ms"), Math.max(...ms), { table });
    }
    bench.row(`timeout: survivors of ${children} detached children`, atMost(0), survivors);
  },
};
