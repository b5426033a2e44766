/**
 * `node scripts/durability.mjs [rounds] [writes] [seed]`: SIGKILL to a running stack in the middle of mixed writes,
 * twenty times and 10,000 writes in all unless said otherwise. The tests run a few rounds of the same.
 */
import { build } from "esbuild";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..");
const BUNDLES = join(ROOT, "node_modules/.cache/lambda-run-bench");
const DEFAULT_ROUNDS = 20;
const DEFAULT_WRITES = 10_000;

export async function killRounds({
  rounds = DEFAULT_ROUNDS,
  writes = DEFAULT_WRITES,
  seed = Date.now() % 2 ** 31,
  onRound,
} = {}) {
  mkdirSync(BUNDLES, { recursive: true });
  const outfile = join(BUNDLES, "kill-rounds.cjs");
  await build({
    entryPoints: [join(ROOT, "test/durability/kill-rounds.ts")],
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    packages: "external",
    outfile,
    logLevel: "error",
  });
  const folder = mkdtempSync(join(tmpdir(), "lambda-run-kill-"));
  try {
    const { runKillRounds } = createRequire(import.meta.url)(outfile);
    const cli = join(ROOT, "bin/lambda-run.js");
    return {
      seed,
      ...(await runKillRounds({ cli, folder, rounds, writesPerRound: Math.ceil(writes / rounds), seed, onRound })),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] === import.meta.filename) {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";
  const [rounds, writes, seed] = process.argv.slice(2).map(Number);
  const onRound = (round, count) => console.log(`kill ${round + 1}: ${count} writes acknowledged, all there`);
  const result = await killRounds({ rounds, writes, seed, onRound });
  console.log(
    `${result.kills} kills in ${result.writes} acknowledged writes (seed ${result.seed}): none lost, none twice`,
  );
}
