/** How far the heap of a server grows under load: a process by itself, since the flag holds for a whole process. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { transformSync } from "esbuild";

const SOURCE = join(__dirname, "../../src/cli/heap-growth.ts");
/** 35 MB in use, a quarter of them for so long that they outlive the collections of the young. */
const LOAD = `
const old = () => v8.getHeapSpaceStatistics().find(({ space_name }) => space_name === "old_space").space_used_size;
const kept = Array.from({ length: 150_000 }, (_, i) => ({ i, list: [i, i] }));
const passing = new Array(100_000);
gc();
let most = 0;
for (let i = 0; i < 3_000_000; i++) {
  passing[i % passing.length] = { i, list: [i, i, i, i] };
  if (i % 1000 === 0) most = Math.max(most, old());
}
console.log(JSON.stringify({ most, kept: kept.length }));
`;

it("a heap that is worked with grows by half of what is in use before its garbage is collected", () => {
  const { code } = transformSync(readFileSync(SOURCE, "utf8"), { loader: "ts", format: "cjs" });
  const program = `${code}; growHeapSlowly(); const v8 = require("node:v8"); ${LOAD}`;
  const { most } = JSON.parse(execFileSync(process.execPath, ["--expose-gc", "-e", program], { encoding: "utf8" })) as {
    most: number;
  };
  // 63 MB; 132 and more where V8 decides.
  expect(most).toBeLessThan(100 * 1024 * 1024);
}, 60_000);
