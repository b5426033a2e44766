/**
 * `npm run bench [names...] [-- --quick] [--write]`: every promised number, measured here and now.
 *
 * Each case measures our side and the bare limit (or a peer) in turns and prints ratios: absolute times say more about
 * the machine than about the code. `--write` puts the rows into docs/benchmarks.md. Names choose cases; `--list` shows them.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { number, summary } from "./kit/stats.mjs";
import { buildProduct, ROOT } from "./kit/product.mjs";
import { conditions, writeRows } from "./kit/document.mjs";

const { values: flags, positionals: names } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    list: { type: "boolean", default: false },
  },
});

const folder = join(import.meta.dirname, "cases");
const cases = await Promise.all(
  readdirSync(folder)
    .sort()
    .map(async (file) => (await import(join(folder, file))).default),
);
cases.sort((a, b) => a.order - b.order);
if (flags.list) {
  for (const { name, measures } of cases) console.log(`${name.padEnd(14)}${measures}`);
  process.exit();
}
const unknown = names.filter((name) => !cases.some((one) => one.name === name));
if (unknown.length > 0) {
  console.error(
    `There is no benchmark "${unknown.join('", "')}". There are: ${cases.map(({ name }) => name).join(", ")}`,
  );
  process.exit(2);
}

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";
execFileSync(process.execPath, [join(ROOT, "scripts/build.mjs")], { stdio: "inherit" });
await buildProduct();
for (const line of conditions()) console.log(line);

const temporary = mkdtempSync(join(tmpdir(), "lambda-run-bench-"));
const rows = [];
let missed = 0;
const shared = new Map();

/** What a case gets. */
function benchFor({ table }) {
  return {
    quick: flags.quick,
    /** As many rounds as the run has time for. */
    rounds: (full, quick) => (flags.quick ? quick : full),
    /** A new folder that is gone after the run. */
    folder: (name) => mkdtempSync(join(temporary, `${name}-`)),
    /** Made once in a run, for all cases that ask for it. */
    shared(name, make) {
      if (!shared.has(name)) shared.set(name, make());
      return shared.get(name);
    },
    /** One line of the table. `values` are those of the rounds; the median is held against the bound. */
    row(what, bound, values, { table: other, note = "" } = {}) {
      const { p50, min, max } = summary([values].flat());
      const holds = bound.holds(p50);
      if (!holds) missed += 1;
      const spread = min === max ? "" : ` (${number(min)} - ${number(max)})`;
      const result = bound.text === "-" ? "" : holds ? "holds" : "MISSED";
      const measured = `${number(p50)}${bound.unit}${spread}`;
      rows.push({
        table: other ?? table,
        what,
        bound: bound.text,
        measured,
        result,
        note,
        load: loadavg()[0].toFixed(1),
      });
      console.log(`  ${what.padEnd(78)} ${measured.padEnd(26)} ${bound.text.padEnd(12)} ${result} ${note}`);
    },
    skip(what, why) {
      rows.push({ table, what, bound: "", measured: "not measured", result: "", note: why, load: "" });
      console.log(`  ${what}: skipped, ${why}`);
    },
    note: (text) => console.log(`  ${text}`),
  };
}

try {
  for (const one of cases) {
    if (names.length > 0 ? !names.includes(one.name) : flags.quick && one.slow === true) continue;
    const start = performance.now();
    console.log(`\n${one.name}: ${one.measures}`);
    try {
      await one.run(benchFor(one));
    } catch (error) {
      missed += 1;
      console.error(error);
    }
    // After each case: what has been measured is kept whatever happens later.
    if (flags.write) writeRows(rows);
    console.log(`  [${((performance.now() - start) / 1000).toFixed(0)} s, load ${loadavg()[0].toFixed(1)}]`);
  }
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
console.log(missed === 0 ? "\nEvery bound holds." : `\n${missed} missed.`);
process.exit(missed === 0 ? 0 : 1);
