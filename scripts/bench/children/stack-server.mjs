/** Functions behind the Lambda API of a gateway: `stack-server.mjs '{"functions": {...}, "standby": true, ...}'`. */
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { countLive } from "../kit/processes.mjs";
import { PRODUCT, ROOT } from "../kit/product.mjs";
import { serveCalls } from "../kit/rpc.mjs";

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";
const product = createRequire(import.meta.url)(PRODUCT);
const given = JSON.parse(process.argv[2]);
const { functions, standby = false, maxEnvironments = 50, sandboxTier } = given;
const realm = { region: "us-east-1", accountId: "000000000000" };
const folder = given.folder ?? mkdtempSync(join(tmpdir(), "lambda-run-bench-"));

let store;
let lastLog = "";
const gateway = await product.startGateway({
  port: 0,
  store: () => (store ??= product.StateStore.open({ folder })),
  clock: product.realClock,
  bus: new product.Bus(),
  realm,
  log: product.silentLogger,
});
const host = new product.RuntimeHost({
  realm,
  clock: product.realClock,
  cache: product.cacheFolder(ROOT),
  credentials: (fn) =>
    gateway.credentials.issueSession({
      roleArn: `arn:aws:iam::${realm.accountId}:role/bench`,
      sessionName: fn.name,
      expiresAtMs: Date.now() + 3_600_000,
    }),
  endpoints: () => ({ AWS_ENDPOINT_URL: gateway.endpoint }),
  log: (_fn, _stream, record) => void (lastLog = record.text),
  notice: () => undefined,
  standby,
  maxEnvironments,
  ...(sandboxTier === undefined ? {} : { sandboxTier }),
});
const configs = new Map();
for (const [name, { file, timeoutSeconds = 30, memoryMb = 512 }] of Object.entries(functions)) {
  configs.set(name, { ...product.functionFromFile(file, ROOT, realm), name, timeoutSeconds, memoryMb });
}
gateway.addService(
  "lambda",
  product.createLambdaService({ host, realm, log: product.silentLogger, find: (name) => configs.get(name) }),
);

const EMPTY = Buffer.from("{}");
/** A standby environment is up within 200 ms, its layer warmed within 500. */
const STANDBY_WAIT_MS = 900;

serveCalls({
  endpoint: () => gateway.endpoint,
  tiers: () => host.tiers(),
  prepare: (name) => host.prepare(configs.get(name)).then(() => undefined),
  usage: () => process.memoryUsage(),
  invoke: async ({ name, payload }) => {
    const start = performance.now();
    const result = await product.invoke(host, configs.get(name), {
      payload: payload === undefined ? EMPTY : Buffer.from(payload),
    });
    return { ms: performance.now() - start, payload: result.payload.toString(), report: result.report };
  },
  /** One cold start: everything built, no environment there; with `standby` one waits before INIT. */
  cold: async ({ name, waitForStandby }) => {
    const config = configs.get(name);
    const code = await host.prepare(config);
    host.update(config, code);
    if (waitForStandby) {
      await host.prepare(config);
      await sleep(STANDBY_WAIT_MS);
    }
    const start = performance.now();
    const result = await product.invoke(host, config, { payload: EMPTY });
    const ms = performance.now() - start;
    if (result.functionError !== undefined) throw new Error(result.payload.toString());
    return { ms, report: result.report };
  },
  /** Runs into the timeout: from the deadline the function saw until nothing of it is alive. */
  timeout: async ({ name, mark }) => {
    const config = configs.get(name);
    const result = await product.invoke(host, config, { payload: Buffer.from(JSON.stringify({ mark })) });
    const endedAt = Date.now();
    const deadlineMs = Number(/deadline (\d+)/.exec(result.logs)?.[1]);
    const started = Number(/started (\d+)/.exec(result.logs)?.[1] ?? 0);
    return { ms: endedAt - deadlineMs, survivors: countLive(mark), started, answer: result.payload.toString() };
  },
  lastLog: () => lastLog,
  async close() {
    await host.close();
    await gateway.close();
    await store?.close();
    if (given.folder === undefined) rmSync(folder, { recursive: true, force: true });
  },
});
