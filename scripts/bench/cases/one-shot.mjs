import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { keptAwake } from "../kit/awake.mjs";
import { inTurns, timeProcess } from "../kit/processes.mjs";
import { ROOT } from "../kit/product.mjs";
import { atMost, noBound, ratios } from "../kit/stats.mjs";

const CLI = join(ROOT, "bin/lambda-run.js");

export default {
  name: "one-shot",
  order: 10,
  table: "job",
  measures: "whole commands beside `node -e 0`, as processes",
  async run(bench) {
    const project = makeProject(bench.folder("project"));
    const cli = (...args) => timeProcess(process.execPath, [CLI, ...args], { cwd: project });
    const bare = (env) => timeProcess(process.execPath, ["-e", "0"], { env });
    const tiny = () => cli("invoke", "tiny.js", "--data", "{}");
    const manifest = () => cli("invoke", "manifest", "--event", "s3.json");
    // The first of each makes what later ones find: builds, the SDK layer with its code cache, seeds.
    await tiny();
    await manifest();
    const series = await inTurns(bench.rounds(11, 3), {
      bare: () => bare(),
      version: () => cli("--version"),
      bareAgain: () => bare(),
      tiny,
      manifest: () => {
        rmSync(join(project, "node_modules/.cache/lambda-run/builds"), { recursive: true, force: true });
        return manifest();
      },
    });
    const tinyRatios = ratios(series.tiny, series.bareAgain);
    bench.row("one-shot `invoke` of a tiny handler, cached build / `node -e 0`", atMost(2.6, "x"), tinyRatios);
    bench.row("one-shot `invoke`, tiny, cached build / `node -e 0`, with all limits on", atMost(2.8, "x"), tinyRatios, {
      table: "environment",
    });
    const awake = await keptAwake(() => inTurns(bench.rounds(11, 3), { bare: () => bare(), tiny }));
    const awakeName = "processors kept awake: one-shot `invoke` of a tiny handler / `node -e 0`";
    if (awake === undefined) bench.skip(awakeName, "there is no chrt");
    else bench.row(awakeName, noBound("x"), ratios(awake.result.tiny, awake.result.bare));
    if (process.env.NODE_EXTRA_CA_CERTS) await withoutCertificates(bench, project, bare);
    bench.row(
      "one-shot `invoke manifest` (S3 SDK) with build / `node -e 0`",
      atMost(4.5, "x"),
      ratios(series.manifest, series.bareAgain),
    );
    bench.row("`lambda-run --version` / `node -e 0`", atMost(1.3, "x"), ratios(series.version, series.bare));
  },
};

/**
 * Node reads the certificates that NODE_EXTRA_CA_CERTS names at each start, before anything else: `node -e 0` and our
 * command do, the function does not. Where the variable is set it makes the ratio look better than it is elsewhere.
 */
async function withoutCertificates(bench, project, bare) {
  const env = { NODE_EXTRA_CA_CERTS: undefined };
  const series = await inTurns(bench.rounds(11, 3), {
    bare: () => bare(env),
    tiny: () => timeProcess(process.execPath, [CLI, "invoke", "tiny.js", "--data", "{}"], { cwd: project, env }),
  });
  const name = "without NODE_EXTRA_CA_CERTS: one-shot `invoke` of a tiny handler";
  bench.row(`${name} / \`node -e 0\``, noBound("x"), ratios(series.tiny, series.bare));
  bench.row(`${name}, over \`node -e 0\``, noBound(" ms"), differences(series.tiny, series.bare));
}

const differences = (ours, theirs) => ours.map((value, round) => value - theirs[round]);

/** The project of this repository, with a cache and a state of its own. */
function makeProject(folder) {
  for (const name of ["template.yaml", "lambda-run.config.json", "fixtures", "src/functions"]) {
    cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  }
  mkdirSync(join(folder, "node_modules"));
  writeFileSync(join(folder, "tiny.js"), "exports.handler = async () => 1;\n");
  return folder;
}
