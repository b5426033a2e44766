/**
 * The stack as `lambda-run start` runs it, on the functions of scripts/bench/functions and the manifest function:
 * `stack-server.mjs '{"standby": true, "maxEnvironments": 1, "state": FOLDER, "virtualClock": true,
 * "image": TAG}'`. With an image there is a function `boxed` that runs it.
 */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { countLive } from "../kit/processes.mjs";
import { PRODUCT, ROOT } from "../kit/product.mjs";
import { serveCalls } from "../kit/rpc.mjs";

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";
const { Stack, loadApplication, findFunction, growHeapSlowly, VirtualClock } = createRequire(import.meta.url)(PRODUCT);
const { standby = false, maxEnvironments, state, virtualClock = false, image } = JSON.parse(process.argv[2] ?? "{}");

const folder = makeProject();
const { application, config } = await loadApplication({
  folder,
  flags: { ports: { gateway: 0, http: 0 }, ...(state === undefined ? {} : { state }) },
});
// It begins now: signatures carry the real time.
const clock = virtualClock ? new VirtualClock(Date.now()) : undefined;
const counter = { ended: 0 };
const stack = await Stack.start({
  application,
  config,
  projectRoot: folder,
  kind: "stack",
  history: true,
  standby,
  maxEnvironments,
  ...(clock === undefined ? {} : { clock }),
  observers: [{ started: () => undefined, ended: () => void counter.ended++ }],
});

growHeapSlowly();

const EMPTY = Buffer.from("{}");
/** A standby environment is up within 200 ms, its layer warmed within 500. */
const STANDBY_WAIT_MS = 900;
const LOOK_EVERY_MS = 50;
const STALLED_MS = 10_000;
const functionOf = (name) => findFunction(stack.application, name);

serveCalls({
  endpoint: () => stack.endpoint,
  /** Where the HTTP API of the function `web` answers. */
  door: () => stack.doors[0].url,
  prepare: (name) => stack.host.prepare(functionOf(name)).then(() => undefined),
  invoke: async ({ name, payload }) => {
    const start = performance.now();
    const result = await stack.invoke(functionOf(name), {
      payload: payload === undefined ? EMPTY : Buffer.from(payload),
    });
    return { ms: performance.now() - start, payload: result.payload.toString(), report: result.report };
  },
  /** One cold start: everything built, no environment there; with `standby` one waits before INIT. */
  cold: async (name) => {
    const config = functionOf(name);
    stack.host.update(config, await stack.host.prepare(config));
    if (standby) await sleep(STANDBY_WAIT_MS);
    const start = performance.now();
    const result = await stack.invoke(config, { payload: EMPTY });
    const ms = performance.now() - start;
    if (result.functionError !== undefined) throw new Error(result.payload.toString());
    return { ms, report: result.report };
  },
  /** Runs into the timeout: from the deadline that the function saw until nothing of it is alive. */
  timeout: async (mark) => {
    const result = await stack.invoke(functionOf("runaway"), { payload: Buffer.from(JSON.stringify({ mark })) });
    const endedAt = Date.now();
    const deadlineMs = Number(/deadline (\d+)/.exec(result.logs)?.[1]);
    const started = Number(/started (\d+)/.exec(result.logs)?.[1] ?? 0);
    return { ms: endedAt - deadlineMs, survivors: countLive(mark), started, answer: result.payload.toString() };
  },
  advance: (ms) => clock.advance(ms),
  /** Resolves when so many invocations have ended; rejects when none has for a while. */
  ran: async (count) => {
    let [seen, seenAtMs] = [counter.ended, Date.now()];
    while (counter.ended < count) {
      await sleep(LOOK_EVERY_MS);
      if (counter.ended > seen) [seen, seenAtMs] = [counter.ended, Date.now()];
      else if (Date.now() - seenAtMs > STALLED_MS) throw new Error(`${seen} of ${count} invocations ended`);
    }
  },
  async close() {
    await stack.close();
    rmSync(folder, { recursive: true, force: true });
  },
});

/** A project with a template of its own and the build cache of this repository. */
function makeProject() {
  const project = mkdtempSync(join(tmpdir(), "lambda-run-bench-"));
  cpSync(join(ROOT, "scripts/bench/functions"), join(project, "functions"), { recursive: true });
  cpSync(join(ROOT, "src/functions/manifest"), join(project, "manifest"), { recursive: true });
  const bundled = (CodeUri, Handler, Timeout) => ({
    Type: "AWS::Serverless::Function",
    Properties: { CodeUri, Handler, Timeout, Runtime: "nodejs22.x", MemorySize: 512 },
    Metadata: { BuildMethod: "esbuild", BuildProperties: { External: ["@aws-sdk/*"] } },
  });
  const Resources = {
    echo: bundled("functions", "echo.handler", 30),
    web: bundled("functions", "web.handler", 30),
    sdk: bundled("functions", "sdk.handler", 30),
    chain1: bundled("functions", "chain.handler", 30),
    chain2: bundled("functions", "chain.handler", 30),
    chain3: bundled("functions", "chain.handler", 30),
    attempts: bundled("functions", "attempts.handler", 30),
    runaway: bundled("functions", "runaway.handler", 1),
    manifest: bundled("manifest", "handler.handler", 600),
  };
  if (image !== undefined) {
    const Properties = { PackageType: "Image", ImageUri: image, Timeout: 30, MemorySize: 512 };
    Resources.boxed = { Type: "AWS::Serverless::Function", Properties };
  }
  for (const [name, { Properties }] of Object.entries(Resources)) Properties.FunctionName = name;
  Resources.web.Properties.Events = { post: { Type: "HttpApi", Properties: { Method: "POST", Path: "/web" } } };
  const template = { Transform: "AWS::Serverless-2016-10-31", Resources };
  writeFileSync(join(project, "template.json"), JSON.stringify(template));
  mkdirSync(join(project, "node_modules"));
  return project;
}
