import { fuzzParser } from "../../fuzz-parser.mjs";
import { atLeast, atMost, noBound } from "../kit/stats.mjs";

export default {
  name: "fuzz",
  order: 68,
  table: "environment",
  measures: "the parser of the Runtime API against Node's own, on generated and on broken requests",
  async run(bench) {
    const run = await fuzzParser(bench.quick ? 50_000 : 1_000_000);
    for (const fault of run.faults.slice(0, 3)) bench.note(fault);
    bench.row("fuzz of the Runtime API's parser: cases", bench.quick ? noBound() : atLeast(1_000_000), run.cases, {
      note: `seed ${run.firstSeed}, ${Math.round(run.perSecond)}/s`,
    });
    bench.row("fuzz: verdicts that differ from Node's parser, crashes and hangs", atMost(0), run.faults.length);
    bench.row("fuzz: growth of the heap", atMost(16, " MB"), Math.max(0, run.grownMb));
  },
};
