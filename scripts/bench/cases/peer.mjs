import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startLoad } from "../kit/load.mjs";
import { ROOT } from "../kit/product.mjs";
import { startChild } from "../kit/rpc.mjs";
import { rawRequest, signedRequest } from "../kit/sign.mjs";
import { atLeast, atMost, ratios } from "../kit/stats.mjs";

const EVENT = JSON.stringify({ text: "x".repeat(1000) });
const PACKAGES = ["osls@3", "serverless-offline@14"];
const FOLDER = join(ROOT, "node_modules/.cache/lambda-run-bench/peers");
const INSTALL_MS = 120_000;
const START_MS = 30_000;
const PORTS = { lambda: 13_002, http: 13_000 };

export default {
  name: "peer",
  order: 50,
  slow: true,
  table: "environment",
  measures: "warm invocations by the same call beside serverless-offline (osls)",
  async run(bench) {
    const what = "warm invoke vs serverless-offline (osls)";
    if (!installed()) {
      bench.skip(what, `${PACKAGES.join(" and ")} cannot be installed here`);
      return;
    }
    const load = await startLoad();
    const stack = await startChild("stack-server.mjs", { args: [JSON.stringify({ maxEnvironments: 1 })] });
    const peer = await startPeer(bench.folder("peer"));
    try {
      const ours = await stack.call("endpoint");
      const theirs = `http://127.0.0.1:${PORTS.lambda}`;
      const oursRequest = signedRequest({
        endpoint: ours,
        service: "lambda",
        method: "POST",
        path: "/2015-03-31/functions/echo/invocations",
        body: EVENT,
      });
      const theirsRequest = rawRequest({
        method: "POST",
        path: "/2015-03-31/functions/bench-dev-echo/invocations",
        headers: { host: `127.0.0.1:${PORTS.lambda}`, "content-type": "application/json" },
        body: EVENT,
      });
      const measureOurs = (connections, seconds) =>
        load.run({ endpoint: ours, requests: [oursRequest], connections, seconds });
      const measureTheirs = (connections, seconds) =>
        load.run({ endpoint: theirs, requests: [theirsRequest], connections, seconds });
      await measureOurs(8, 1.5);
      await measureTheirs(8, 1.5);
      for (const connections of [1, 8, 32]) {
        const oursRuns = [];
        const theirsRuns = [];
        for (let round = 0; round < bench.rounds(5, 2); round++) {
          theirsRuns.push(await measureTheirs(connections, 1.5));
          oursRuns.push(await measureOurs(connections, 1.5));
        }
        const of = (runs, field) => runs.map((run) => run[field]);
        bench.row(
          `${what}, c=${connections}: req/s`,
          atLeast(4, "x"),
          ratios(of(oursRuns, "perSecond"), of(theirsRuns, "perSecond")),
        );
        bench.row(
          `${what}, c=${connections}: p99`,
          atMost(0.333, "x"),
          ratios(of(oursRuns, "p99"), of(theirsRuns, "p99")),
        );
      }
    } finally {
      peer.kill("SIGTERM");
      await Promise.all([load.stop(), stack.stop()]);
    }
  },
};

/** Installs the peer beside the bench's other files, never into the project. False without a registry. */
function installed() {
  if (existsSync(join(FOLDER, "node_modules/serverless-offline"))) return true;
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, "package.json"), '{ "private": true }\n');
  try {
    execFileSync("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", ...PACKAGES], {
      cwd: FOLDER,
      stdio: "ignore",
      timeout: INSTALL_MS,
    });
    return true;
  } catch {
    return false;
  }
}

async function startPeer(folder) {
  writeFileSync(
    join(folder, "serverless.yml"),
    `service: bench
provider: { name: aws, runtime: nodejs20.x, memorySize: 512, timeout: 30 }
plugins: [serverless-offline]
custom:
  serverless-offline: { httpPort: ${PORTS.http}, lambdaPort: ${PORTS.lambda}, noTimeout: false }
functions:
  echo: { handler: echo.handler, events: [{ http: { method: post, path: echo } }] }
`,
  );
  writeFileSync(join(folder, "echo.js"), "exports.handler = async (event) => event;\n");
  const { symlinkSync } = await import("node:fs");
  symlinkSync(join(FOLDER, "node_modules"), join(folder, "node_modules"));
  const osls = join(FOLDER, "node_modules/.bin/serverless");
  const child = spawn(process.execPath, [osls, "offline", "start"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, AWS_ACCESS_KEY_ID: "x", AWS_SECRET_ACCESS_KEY: "x" },
  });
  let text = "";
  await new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`serverless-offline did not start:\n${text}`)), START_MS);
    const listen = (data) => {
      text += data;
      if (!/Server ready/.test(text)) return;
      clearTimeout(late);
      resolve();
    };
    child.stdout.on("data", listen);
    child.stderr.on("data", listen);
    child.once("exit", (code) => reject(new Error(`serverless-offline ended with ${code}:\n${text}`)));
  });
  return child;
}
