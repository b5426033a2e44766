import { killRounds } from "../../durability.mjs";
import { atLeast, atMost } from "../kit/stats.mjs";

const WRITES = 10_000;

export default {
  name: "kill",
  order: 150,
  slow: true,
  table: "services",
  measures: "SIGKILL in the middle of 10,000 mixed writes, 20 times: everything acknowledged is there, nothing twice",
  async run(bench) {
    // Throws at the first write that is lost or there twice.
    const { kills, writes, seed } = await killRounds({ writes: WRITES });
    bench.row("kill -9 in the middle of mixed writes: kills", atLeast(20), kills, { note: `seed ${seed}` });
    bench.row("writes acknowledged over all kills", atLeast(WRITES * 0.9), writes);
    bench.row("acknowledged writes lost, or there twice", atMost(0), 0);
  },
};
