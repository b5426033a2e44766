/** External and internal extensions, their events and failures, and what they are told by the Telemetry API. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FunctionConfig } from "../../src/config/function-config.js";
import { VirtualClock } from "../../src/shared/clock.js";
import { repeatUntil, until } from "../until.js";
import { bodyOf, FunctionHost, HANDLERS } from "./function-host.js";

const LAYER = join(HANDLERS, "layer-extension");

const IDLE_TIMEOUT_MS = 60_000;
const clock = new VirtualClock();
const functions = new FunctionHost({ clock, idleTimeoutMs: IDLE_TIMEOUT_MS });
afterAll(() => functions.close());

function watched(
  environment: Record<string, string> = {},
  handler = "counts.handler",
  config: Partial<FunctionConfig> = {},
): FunctionConfig {
  return functions.function("node", handler, {
    layers: [LAYER],
    timeoutSeconds: 5,
    environment: { PATH: "/usr/local/bin:/usr/bin:/bin", ...environment },
    ...config,
  });
}

/** What the extension printed under this word. */
function said(config: FunctionConfig, word: string): unknown[] {
  const start = `watcher ${word} `;
  return functions
    .lines(config)
    .filter((line) => line.startsWith(start))
    .map((line) => JSON.parse(line.slice(start.length)) as unknown);
}

interface Event {
  readonly eventType: string;
  readonly requestId?: string;
  readonly shutdownReason?: string;
  readonly deadlineMs: number;
}
const events = (config: FunctionConfig): Event[] => said(config, "event") as Event[];

test("an external extension registers, sees each event and ends at SHUTDOWN", async () => {
  const config = watched();
  const first = await functions.invoke(config, {}, { traceHeader: "Root=1-a-b" });
  expect(bodyOf(first)).toBe(1);
  // On a busy machine the extension may take longer than the host waits for it.
  await until(() => functions.host.poolOf(config).running === 0);
  expect(bodyOf(await functions.invoke(config))).toBe(2);
  const identity = {
    functionName: config.name,
    functionVersion: "$LATEST",
    handler: "counts.handler",
    accountId: "123456789012",
  };
  expect(said(config, "registered")).toEqual([[200, identity]]);
  await until(() => events(config).length === 2);
  expect(events(config)[0]).toEqual({
    eventType: "INVOKE",
    deadlineMs: expect.any(Number),
    requestId: first.requestId,
    invokedFunctionArn: config.arn,
    tracing: { type: "X-Amzn-Trace-Id", value: "Root=1-a-b" },
  });
  expect(functions.lines(config)).toContain("EXTENSION\tName: watcher\tState: Ready\tEvents: [INVOKE, SHUTDOWN]");
  // The environment is idle, and its time runs, when the extension has asked for its next event.
  await until(() => functions.host.poolOf(config).running === 0);
  await clock.advance(IDLE_TIMEOUT_MS);
  await until(() => events(config).length === 3);
  expect(events(config).at(-1)).toEqual({
    eventType: "SHUTDOWN",
    shutdownReason: "SPINDOWN",
    deadlineMs: expect.any(Number),
  });
});

test("the caller has its answer while an extension works on, and the environment takes no event until it is done", async () => {
  const config = watched({ WATCHER_WORKS_MS: "400" });
  const result = await functions.invoke(config);
  expect(bodyOf(result)).toBe(1);
  expect(said(config, "worked")).toEqual([]);
  expect(result.logs).not.toContain("REPORT RequestId");
  expect(functions.host.poolOf(config).running).toBe(1);
  await until(() => functions.host.poolOf(config).running === 0);
  expect(said(config, "worked")).toEqual([400]);
  const report = functions.lines(config).find((line) => line.startsWith(`REPORT RequestId: ${result.requestId}`));
  expect(Number(/Duration: ([\d.]+) ms/.exec(report ?? "")?.[1])).toBeGreaterThanOrEqual(400);
  expect(bodyOf(await functions.invoke(config))).toBe(2);
});

test("an extension that works past the timeout is cut although the caller has its answer", async () => {
  const config = watched({ WATCHER_WORKS_MS: "20000" }, "counts.handler", { timeoutSeconds: 1 });
  expect(bodyOf(await functions.invoke(config))).toBe(1);
  await until(() => functions.host.poolOf(config).running === 0);
  expect(functions.lines(config).find((line) => line.startsWith("REPORT"))).toMatch(/\tStatus: timeout$/);
  expect(functions.lines(config).join("\n")).toContain("Task timed out after 1.00 seconds");
}, 10_000);

test("what an extension still does behind an answer is finished, and it is told of the end, when everything ends", async () => {
  const ending = new FunctionHost({ clock });
  const config = watched({ WATCHER_WORKS_MS: "400" });
  const stuck = watched({ WATCHER_WORKS_MS: "20000" }, "counts.handler", { timeoutSeconds: 20 });
  const results = await Promise.all([ending.invoke(config), ending.invoke(stuck)]);
  expect(results.map(bodyOf)).toEqual([1, 1]);
  await ending.close();
  const lines = ending.lines(config);
  expect(lines).toContain("watcher worked 400");
  expect(lines.some((line) => line.startsWith("REPORT RequestId"))).toBe(true);
  expect(lines.some((line) => line.includes('"shutdownReason":"SPINDOWN"'))).toBe(true);
  // Nobody waits for ever for one that does not come to its end.
  expect(ending.lines(stuck).join("\n")).not.toContain("worked");
}, 15_000);

test("a timeout tells the extension why, and it is started anew", async () => {
  const config = watched({}, "sleeps.handler", { timeoutSeconds: 1 });
  const result = await functions.invoke(config, { ms: 20_000 });
  expect(bodyOf(result)).toMatchObject({ errorType: "Sandbox.Timedout" });
  expect(events(config).map(({ eventType, shutdownReason }) => shutdownReason ?? eventType)).toEqual([
    "INVOKE",
    "TIMEOUT",
  ]);
  expect(bodyOf(await functions.invoke(config))).toMatchObject({ rounds: 1 });
  expect(said(config, "registered")).toHaveLength(2);
});

test("a crash of the runtime tells the extension FAILURE", async () => {
  const config = watched({}, "exits.handler");
  await functions.invoke(config, { code: 3 });
  expect(events(config).at(-1)).toMatchObject({ shutdownReason: "FAILURE" });
});

test("an extension that ignores SHUTDOWN is killed after two seconds", async () => {
  const config = watched({ WATCHER_MODE: "ignores-shutdown" }, "exits.handler");
  const startedAt = performance.now();
  await functions.invoke(config, { code: 3 });
  expect(performance.now() - startedAt).toBeGreaterThan(1900);
  expect(bodyOf(await functions.invoke(config))).toBe(1);
}, 15_000);

test.each([
  ["crash", "Extension.Crash", "exit status 4"],
  ["init-error", "Extension.InitError", "exit status 2"],
])("an extension with %s at INIT fails the invocation as %s", async (mode, errorType, text) => {
  const config = watched({ WATCHER_MODE: mode });
  const result = await functions.invoke(config);
  expect(bodyOf(result)).toEqual({ errorType, errorMessage: `RequestId: ${result.requestId} Error: ${text}` });
  expect(result.functionError).toBe("Unhandled");
  expect(functions.lines(config).filter((line) => line.startsWith("INIT_REPORT"))).toHaveLength(2);
  expect(result.report.errorType).toBe(errorType);
});

test.each([
  ["crash-later", "Extension.Crash", "exit status 5"],
  ["exit-error", "Extension.ExitError", "exit status 6"],
])("an extension with %s during an invocation fails it as %s", async (mode, errorType, text) => {
  const config = watched({ WATCHER_MODE: mode }, "sleeps.handler");
  const result = await functions.invoke(config, { ms: 3000 });
  expect(bodyOf(result)).toEqual({ errorType, errorMessage: `RequestId: ${result.requestId} Error: ${text}` });
});

test.each([
  ["without the permission to run", "#!/bin/sh\n", 0o644, "permission denied", "PermissionDenied"],
  ["with Windows line ends", "#!/bin/sh\r\n", 0o755, "no such file or directory", "UnknownError"],
  ["that is no program", "some text\n", 0o755, "exec format error", "UnknownError"],
])("an extension %s fails INIT as Extension.LaunchError", async (_what, content, mode, reason, errorType) => {
  const layer = mkdtempSync(join(tmpdir(), "lambda-run-layer-"));
  try {
    mkdirSync(join(layer, "extensions"));
    writeFileSync(join(layer, "extensions", "broken"), content, { mode });
    const config = functions.function("node", "counts.handler", { layers: [layer] });
    const result = await functions.invoke(config);
    expect(bodyOf(result)).toEqual({
      errorType: "Extension.LaunchError",
      errorMessage: `RequestId: ${result.requestId} Error: fork/exec /opt/extensions/broken: ${reason}`,
    });
    expect(functions.lines(config)).toContain(
      `EXTENSION\tName: broken\tState: LaunchError\tEvents: []\tError Type: ${errorType}`,
    );
    expect(functions.lines(config).at(-1)).toMatch(/\tStatus: error\tError Type: Extension\.LaunchError$/);
  } finally {
    rmSync(layer, { recursive: true });
  }
});

test.each([
  ["a link to another file of its layer", "/opt/bin/program"],
  ["a link through a folder that is an absolute link", "../current/program"],
])("an extension may be %s", async (_what, target) => {
  const layer = mkdtempSync(join(tmpdir(), "lambda-run-layer-"));
  try {
    cpSync(join(LAYER, "extensions", "watcher"), join(layer, "bin", "program"));
    mkdirSync(join(layer, "extensions"));
    symlinkSync("/opt/bin", join(layer, "current"));
    symlinkSync(target, join(layer, "extensions", "watcher"));
    const config = watched({}, "counts.handler", { layers: [layer] });
    expect(bodyOf(await functions.invoke(config))).toBe(1);
    expect(functions.lines(config).join()).toContain("Name: watcher\tState: Ready");
  } finally {
    rmSync(layer, { recursive: true });
  }
});

test("an extension that wants only SHUTDOWN does not hold invocations up", async () => {
  const config = watched({ WATCHER_EVENTS: '["SHUTDOWN"]' });
  await functions.invoke(config);
  expect(bodyOf(await functions.invoke(config))).toBe(2);
  expect(events(config)).toEqual([]);
});

test("an extension sees the function's variables but not those of the runtime", async () => {
  const config = watched({ WATCHER_MODE: "variables", OWN: "1" });
  await functions.invoke(config);
  const [names] = said(config, "variables") as string[][];
  expect(names).toEqual(
    expect.arrayContaining(["OWN", "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_RUNTIME_API", "AWS_SESSION_TOKEN"]),
  );
  for (const hidden of ["_HANDLER", "LAMBDA_TASK_ROOT", "AWS_EXECUTION_ENV", "AWS_LAMBDA_LOG_GROUP_NAME"])
    expect(names).not.toContain(hidden);
});

test("an internal extension registers during INIT, and wrong calls are refused by name", async () => {
  const config = functions.function("node", "internal-extension.handler");
  await functions.invoke(config);
  const body = bodyOf(await functions.invoke(config)) as { refusals: object };
  expect(body).toMatchObject({ seen: expect.arrayContaining(["INVOKE"]), late: [403, "Extension.RegistrationClosed"] });
  expect(body.refusals).toEqual({
    shutdown: [403, "Extension.InvalidEventType"],
    unknownEvent: [403, "Extension.InvalidEventType"],
    twice: [403, "Extension.InvalidExtensionState"],
    noName: [403, "Extension.InvalidExtensionName"],
    garbage: [403, "InvalidRequestFormat"],
    noId: [403, "Extension.MissingExtensionIdentifier"],
    badId: [403, "Extension.InvalidExtensionIdentifier"],
    unknownId: [403, "Extension.UnknownExtensionIdentifier"],
    noHeader: [403, "Extension.MissingHeader"],
  });
});

test("telemetry comes over HTTP with platform events and the function's lines", async () => {
  const config = watched({ WATCHER_TELEMETRY: "http" }, "logs-json.handler", {
    logging: { format: "JSON", applicationLogLevel: "INFO", systemLogLevel: "WARN", logGroup: "/g" },
  });
  const { requestId } = await functions.invoke(config);
  await until(() => functions.host.poolOf(config).running === 0);
  const records = said(config, "http") as { type: string; time: string; record: Record<string, unknown> }[];
  expect(said(config, "subscribed")).toEqual([[200, '"OK"']]);
  const types = records.map(({ type }) => type);
  for (const type of [
    "platform.telemetrySubscription",
    "platform.extension",
    "platform.initRuntimeDone",
    "platform.initReport",
    "platform.start",
    "function",
    "platform.runtimeDone",
    "platform.report",
  ]) {
    expect(types).toContain(type);
  }
  expect(records.find(({ type }) => type === "platform.start")?.record).toEqual({ requestId, version: "$LATEST" });
  expect(records.find(({ type }) => type === "platform.runtimeDone")?.record).toMatchObject({
    requestId,
    status: "success",
    metrics: { durationMs: expect.any(Number), producedBytes: 4 },
    spans: ["responseLatency", "responseDuration", "runtimeOverhead"].map((name) => ({
      name,
      durationMs: expect.any(Number),
      start: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{3}Z$/),
    })),
  });
  expect(records.filter(({ type }) => type === "function").map(({ record }) => record)).toContainEqual(
    expect.objectContaining({ level: "INFO", message: "plain" }),
  );
});

test("what an extension prints is telemetry of its own kind, and in the log all the same", async () => {
  const config = watched({ WATCHER_TELEMETRY: "http", WATCHER_TYPES: '["function","extension"]' }, "logs-json.handler");
  const lines = (): { type: string; record: unknown }[] => said(config, "http") as { type: string; record: unknown }[];
  const saysOf = (kind: string, words: string): boolean =>
    lines().some(({ type, record }) => type === kind && JSON.stringify(record).includes(words));
  // They come in batches, each kind when it has been printed.
  await repeatUntil(
    () => saysOf("function", "plain") && saysOf("extension", "watcher event "),
    () => functions.invoke(config),
  );
  expect(
    lines()
      .filter(({ type }) => type === "function")
      .map(({ record }) => JSON.stringify(record))
      .join(),
  ).not.toContain("watcher");
  expect(events(config)[0]).toMatchObject({ eventType: "INVOKE" });
});

test("the older Logs API delivers over TCP, one record a line, and only the kinds asked for", async () => {
  const config = watched({ WATCHER_TELEMETRY: "tcp", WATCHER_TYPES: '["platform"]' });
  const reported = (): boolean =>
    said(config, "tcp").some((record) => (record as { type: string }).type === "platform.report");
  // What is written just before the freeze is read after a thaw, in the first turn of the extension or in a later one.
  await repeatUntil(reported, () => functions.invoke(config));
  const types = (said(config, "tcp") as { type: string }[]).map(({ type }) => type);
  expect(types).toContain("platform.start");
  expect(types).not.toContain("function");
});
