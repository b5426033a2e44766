/** docs/benchmarks.md: the tables stand between markers and are written by the run; what stands around them is not. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg, platform, release, totalmem } from "node:os";
import { join } from "node:path";
import { ROOT } from "./product.mjs";

const FILE = join(ROOT, "docs/benchmarks.md");
export const TABLES = {
  job: "The main job",
  environment: "The execution environment",
  services: "The embedded services",
  events: "Events and the aggregation system",
  loop: "The developer's loop",
  containers: "Containers",
};
const HEAD = "| what | bound | measured: median (min - max) | | load | |\n|---|---|---|---|---|---|";

/** What a reader has to know to judge the numbers. */
export function conditions() {
  const [cpu] = cpus();
  const load = loadavg()
    .map((value) => value.toFixed(1))
    .join(" ");
  return [
    `${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node}, ${platform()} ${release()}, ` +
      `${cpus().length} x ${cpu?.model.trim() ?? "?"}, ${Math.round(totalmem() / 2 ** 30)} GB`,
    `Load average at the start: ${load}`,
  ];
}

/** Replaces the rows that were measured now and keeps the others. */
export function writeRows(rows) {
  let text = existsSync(FILE) ? readFileSync(FILE, "utf8") : "# Benchmarks\n";
  text = replaceBlock(text, "conditions", conditions().join("  \n"));
  for (const [table, title] of Object.entries(TABLES)) {
    const kept = new Map(
      blockOf(text, table)
        .split("\n")
        .filter(isRow)
        .map((line) => [line.split(" | ")[0].slice(2), line]),
    );
    for (const row of rows) if (row.table === table) kept.set(row.what, lineOf(row));
    text = replaceBlock(text, table, [HEAD, ...kept.values()].join("\n"), `## ${title}\n\n`);
  }
  writeFileSync(FILE, text);
}

const isRow = (line) => line.startsWith("| ") && !line.startsWith("| what |");
const lineOf = ({ what, bound, measured, result, load, note }) =>
  `| ${what} | ${bound} | ${measured} | ${result} | ${load} | ${note} |`;

function blockOf(text, name) {
  return new RegExp(`<!-- bench:${name} -->\n([\\s\\S]*?)\n<!-- /bench:${name} -->`).exec(text)?.[1] ?? "";
}

function replaceBlock(text, name, content, title = "") {
  const block = `<!-- bench:${name} -->\n${content}\n<!-- /bench:${name} -->`;
  const pattern = new RegExp(`<!-- bench:${name} -->\n[\\s\\S]*?\n<!-- /bench:${name} -->`);
  return pattern.test(text) ? text.replace(pattern, () => block) : `${text}\n${title}${block}\n`;
}
