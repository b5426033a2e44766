// AWS's own Node client, aws-lambda-ric 3.3.0, unmodified on our Runtime API: every handler of the test tables for Node
// 22 and older must be answered with the same bodies as under our client.
//   node scripts/ric-compat.mjs [folder that holds node_modules/aws-lambda-ric]
// It compiles C++ at its install (one to four minutes, needs g++, make, cmake, autoconf, automake and libtool), so it is
// no dependency: without the tools one line says so and the run counts as passed.
import { build } from "esbuild";
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const VERSION = "3.3.0";
const TOOLS = ["g++", "make", "cmake", "autoreconf", "libtoolize"];
const WIDTH = 4;
/** The end of a require stack: each client's own file. */
const RUNTIME_FILE = /- \/(var\/runtime\/index|opt\/node_modules\/aws-lambda-ric\/dist\/index)\.mjs/g;
const root = fileURLToPath(new URL("..", import.meta.url));

/** Where the two are known to differ, and why. */
const KNOWN_DIFFERENCES = new Set([
  // The client's published bundle answers null; its newer source names the fault, and so do we.
  "a promise that never settles is told from an answer on Node 22",
  // A custom runtime does not tell its exit code, so that 128 + 9 looks like a signal.
  "process.exit(137) is a status and no signal",
]);

function has(tool) {
  try {
    execFileSync("sh", ["-c", `command -v ${tool}`], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** The folder with the client's node_modules, or undefined with the reason printed. */
function install(work) {
  const missing = TOOLS.filter((tool) => !has(tool));
  if (missing.length > 0) {
    console.log(`aws-lambda-ric ${VERSION} was not compared: its install needs ${missing.join(", ")}`);
    return undefined;
  }
  writeFileSync(join(work, "package.json"), "{}");
  try {
    execFileSync("npm", ["install", "--no-audit", "--no-fund", `aws-lambda-ric@${VERSION}`], {
      cwd: work,
      stdio: "pipe",
    });
    return work;
  } catch (error) {
    const words = String(error.stderr ?? error.message)
      .trim()
      .split("\n")
      .at(-1);
    console.log(`aws-lambda-ric ${VERSION} was not compared: its install failed (${words})`);
    return undefined;
  }
}

/** The test's own tables and host, as one CommonJS file beside them. */
async function loadTests() {
  const outfile = join(root, "test/runtime/.ric-compat.cjs");
  const contents =
    'export * from "./handler-cases.js"; export { CLIENT_CASES } from "./client-cases.js"; export { FunctionHost, inParallel } from "./function-host.js";';
  await build({
    stdin: { contents, resolveDir: join(root, "test/runtime"), loader: "ts" },
    bundle: true,
    platform: "node",
    packages: "external",
    outfile,
    logLevel: "error",
  });
  try {
    return createRequire(import.meta.url)(outfile);
  } finally {
    rmSync(outfile);
  }
}

/** A layer whose bootstrap starts AWS's client with the function's handler. */
function makeLayer(work, folder) {
  const layer = join(work, "layer");
  mkdirSync(layer);
  const client = existsSync(join(folder, "node_modules/aws-lambda-ric")) ? join(folder, "node_modules") : folder;
  execFileSync("cp", ["-r", client, join(layer, "node_modules")]);
  const bootstrap = join(layer, "bootstrap");
  writeFileSync(
    bootstrap,
    '#!/bin/sh\nexec /usr/bin/env node /opt/node_modules/aws-lambda-ric/bin/index.mjs "$_HANDLER"\n',
  );
  chmodSync(bootstrap, 0o755);
  return layer;
}

/** What both must agree on: ids and the frames of the client itself aside. */
function essence(result) {
  const text = result.payload.length > 1_000_000 ? `${result.payload.length} bytes` : result.payload.toString("utf8");
  let body = text;
  try {
    body = JSON.parse(text);
  } catch {
    // An empty or streamed answer is compared as text.
  }
  if (typeof body === "object" && body !== null) {
    if (Array.isArray(body.trace))
      body.trace = body.trace
        .filter((line) => !line.startsWith("    at ") || line.includes("/var/task/"))
        .map((line) => line.replace(RUNTIME_FILE, "- <runtime>"));
    if (typeof body.errorMessage === "string")
      body.errorMessage = body.errorMessage.replaceAll(result.requestId, "<id>").replace(RUNTIME_FILE, "- <runtime>");
    if (body.json !== undefined)
      for (const key of ["awsRequestId", "logStreamName", "invokedFunctionArn", "functionName", "logGroupName"])
        body.json[key] = `<${key}>`;
    for (const key of ["logStream", "before", "after"]) if (key in body) body[key] = `<${key}>`;
    if (typeof body.arn === "string") body.arn = body.arn.replace(/fn-\d+/, "<name>");
  }
  return JSON.stringify({
    body,
    functionError: result.functionError,
    errorType: result.report.errorType,
    log: logOf(result),
  });
}

/** What the function and its client printed, without times, ids and the client's own stack frames. */
function logOf({ logs, requestId }) {
  return logs
    .split("\n")
    .filter(
      (line) =>
        line !== "" &&
        !/^(\{"time":|INIT_START|INIT_REPORT|START|END|REPORT|Executing '|\[ERROR\] \[\d+\] LAMBDA_RUNTIME |-----|\s*\d+: |    at |Require stack|- \/|\[lambda-run)/.test(
          line,
        ),
    )
    .map((line) =>
      line
        .replaceAll(requestId, "<id>")
        .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "<time>")
        .replaceAll(/,"    at [^"]*"/g, "")
        .replaceAll(/\\n {4,}(?:at|\.\.\.) (?:(?!\\n|").)*|\r {4,}(?:at|\.\.\.) [^\r]*/g, "")
        .replace(RUNTIME_FILE, "- <runtime>"),
    );
}

async function compare(folder, work) {
  const tests = await loadTests();
  const {
    FunctionHost,
    inParallel,
    RESULT_CASES,
    CONTEXT_CASES,
    ERROR_CASES,
    LOADING_CASES,
    END_CASES,
    ENVIRONMENT_CASES,
    CLIENT_CASES,
  } = tests;
  const layer = makeLayer(work, folder);
  const functions = new FunctionHost({ initTimeoutMs: 1500 });
  const streaming = ["streams", "streams-http", "streams-error-early", "streams-returns"].map((name) => ({
    that: `streaming: ${name}`,
    handler: `${name}.handler`,
  }));
  const logging = ENVIRONMENT_CASES.filter(({ handler }) => handler.startsWith("logs-"));
  const json = { format: "JSON", applicationLogLevel: "INFO", systemLogLevel: "WARN", logGroup: "/g" };
  const failing = ["throws-custom", "throws-string", "uncaught", "throws-at-load"].map((name) => ({
    that: `${name} in JSON logs`,
    handler: `${name}.handler`,
    config: { logging: json },
  }));
  const cases = [
    ...logging,
    ...failing,
    ...RESULT_CASES,
    ...CONTEXT_CASES,
    ...ERROR_CASES,
    ...LOADING_CASES,
    ...END_CASES,
    ...CLIENT_CASES,
    ...streaming,
  ].filter(({ config }) => config?.runtime === undefined);
  let differences = 0;
  try {
    await inParallel(
      cases,
      WIDTH,
      async ({ that, handler, folder: code = "node", config = {}, events = [{}], request }) => {
        const ours = functions.function(code, handler, config);
        // Our name for the clients is the runtime's: AWS's client goes by AWS_EXECUTION_ENV nowhere.
        const theirs = functions.function(code, handler, {
          ...config,
          runtime: "provided.al2023",
          layers: [layer],
          environment: { ...config.environment, PATH: process.env.PATH },
        });
        for (const [at, event] of events.entries()) {
          const [own, aws] = [
            essence(await functions.invoke(ours, event, request)),
            essence(await functions.invoke(theirs, event, request)),
          ];
          if (own === aws) continue;
          const known = KNOWN_DIFFERENCES.has(that);
          if (!known) differences += 1;
          console.log(
            `${known ? "known difference" : "DIFFERENT"}: ${that} (event ${at + 1})\n  ours ${own}\n  AWS's ${aws}`,
          );
        }
      },
    );
  } finally {
    await functions.close();
  }
  console.log(`aws-lambda-ric ${VERSION}: ${cases.length} handlers, ${differences} unexpected differences`);
  return differences;
}

const work = mkdtempSync(join(tmpdir(), "lambda-run-ric-"));
chmodSync(work, 0o755);
try {
  const folder = process.argv[2] ?? install(work);
  if (folder !== undefined) process.exitCode = (await compare(folder, work)) === 0 ? 0 : 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}
