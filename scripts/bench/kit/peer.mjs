/**
 * serverless-offline on osls, as its user starts it; installed into the bench's cache at the first use. It runs handlers
 * in worker threads of its own process, as many as there are calls at once, with no limit but the timeout.
 */
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./product.mjs";

export const PACKAGES = ["osls@3", "serverless-offline@14"];
export const PORTS = { lambda: 13_002, http: 13_000 };
const FOLDER = join(ROOT, "node_modules/.cache/lambda-run-bench/peers");
const INSTALL_MS = 120_000;
const START_MS = 30_000;

/** Installs the peer beside the bench's other files, never into the project. False without a registry. */
export function installed() {
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

/** `options` of `serverless offline start`. Resolves when it answers. */
export async function startPeer(folder, handler, options = []) {
  writeFileSync(
    join(folder, "serverless.yml"),
    `service: bench
provider: { name: aws, runtime: nodejs20.x, memorySize: 512, timeout: 30 }
plugins: [serverless-offline]
custom:
  serverless-offline: { httpPort: ${PORTS.http}, lambdaPort: ${PORTS.lambda}, noTimeout: false }
functions:
  echo: { handler: echo.handler, events: [{ http: { method: post, path: echo } }, { httpApi: 'POST /web' }] }
`,
  );
  writeFileSync(join(folder, "echo.js"), handler);
  symlinkSync(join(FOLDER, "node_modules"), join(folder, "node_modules"));
  const osls = join(FOLDER, "node_modules/.bin/serverless");
  const child = spawn(process.execPath, [osls, "offline", "start", ...options], {
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
