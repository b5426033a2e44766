/** Environments of a host: reuse, standby, expiry, new code, limits of concurrency, and what happens when one breaks. */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FunctionConfig } from "../../src/config/function-config.js";
import { answerOf, invoke } from "../../src/runtime/invoke.js";
import { saturationOfProcess } from "../../src/runtime/saturation.js";
import type { InvokeAnswer, InvokeResult } from "../../src/runtime/types.js";
import { VirtualClock } from "../../src/shared/clock.js";
import { repeatUntil, until } from "../until.js";
import { bodyOf, FunctionHost } from "./function-host.js";

const IDLE_TIMEOUT_MS = 60_000;
const clock = new VirtualClock();
const functions = new FunctionHost({ clock, idleTimeoutMs: IDLE_TIMEOUT_MS });
const standing = new FunctionHost({ standby: true });
const narrow = new FunctionHost({ maxEnvironments: 1 });
const folder = mkdtempSync(join(tmpdir(), "lambda-run-host-"));
chmodSync(folder, 0o755);
afterAll(async () => {
  await Promise.all([functions.close(), standing.close(), narrow.close()]);
  rmSync(folder, { recursive: true, force: true });
});

test("an idle environment is reused, and ends when it has been idle for long", async () => {
  const config = functions.function("node", "counts.handler");
  await functions.invoke(config);
  expect(bodyOf(await functions.invoke(config))).toBe(2);
  expect(functions.host.poolOf(config).environments).toBe(1);
  await clock.advance(IDLE_TIMEOUT_MS);
  expect(functions.host.poolOf(config).environments).toBe(0);
  expect(bodyOf(await functions.invoke(config))).toBe(1);
});

test("the answer comes before the report, and the environment is free for whoever asks by a socket after it", async () => {
  const order: string[] = [];
  const observer = { started: () => undefined, ended: () => void order.push("reported") };
  const told = new FunctionHost({ observer });
  const config = told.function("node", "counts.handler", { reservedConcurrency: 1 });
  const answerTo = (text: string): Promise<InvokeAnswer> =>
    answerOf((onAnswer) => invoke(told.host, config, { payload: Buffer.from(text) }, onAnswer));
  try {
    for (let count = 1; count <= 20; count += 1) {
      const answer = await answerTo("{}");
      order.push("answered");
      expect(JSON.parse(answer.payload.toString("utf8"))).toBe(count);
      // The next request would be read in the next turn of the event loop.
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(order).toEqual(Array.from({ length: 20 }, () => ["answered", "reported"]).flat());
    const failed = await answerTo("no JSON");
    expect(failed.functionError).toBe("Unhandled");
  } finally {
    await told.close();
  }
});

test("what an invocation of some milliseconds leaves in /tmp is in its report, however soon it follows another", async () => {
  const root = join(folder, "fills");
  mkdirSync(root);
  writeFileSync(
    join(root, "index.js"),
    `exports.handler = async ({ sizeBytes = 0 }) => {
       require("node:fs").writeFileSync("/tmp/file", Buffer.alloc(sizeBytes));
       for (const until = performance.now() + 3; performance.now() < until; );
     };`,
  );
  const config = functions.function("node", "index.handler", { code: { kind: "folder", root } });
  const isMeasured = (await functions.host.tiers()).root.tier !== "portable";
  for (const sizeBytes of [0, 2 ** 20, 0, 2 ** 20]) {
    const { report } = await functions.invoke(config, { sizeBytes });
    expect((report.tmpUsedBytes ?? 0) >= 2 ** 20).toBe(isMeasured && sizeBytes > 0);
  }
});

test("calls at the same time run in environments of their own", async () => {
  const config = functions.function("node", "sleeps.handler");
  const results = await Promise.all([1, 2, 3].map(() => functions.invoke(config, { ms: 100 })));
  expect(new Set(results.map((result) => (bodyOf(result) as { logStream: string }).logStream)).size).toBe(3);
});

describe("where this process has no time left", () => {
  const saturated = (patienceMs: number): FunctionHost =>
    new FunctionHost({ saturation: { hasTimeBeside: (environments) => environments === 0, patienceMs } });
  const streamOf = (result: InvokeResult): string => (bodyOf(result) as { logStream: string }).logStream;
  /** Two environments that rest. */
  const withTwo = async (host: FunctionHost): Promise<FunctionConfig> => {
    const config = host.function("node", "sleeps.handler");
    const first = await Promise.all([1, 2].map(() => host.invoke(config, { ms: 100 })));
    expect(new Set(first.map(streamOf)).size).toBe(2);
    return config;
  };

  test("calls wait for a busy environment instead of waking another", async () => {
    const patient = saturated(60_000);
    try {
      const config = await withTwo(patient);
      const results = await Promise.all([1, 2, 3, 4, 5].map(() => patient.invoke(config, { ms: 1 })));
      expect(new Set(results.map(streamOf)).size).toBe(1);
      expect(patient.host.poolOf(config).environments).toBe(2);
    } finally {
      await patient.close();
    }
  });

  test("but no longer than a moment", async () => {
    const impatient = saturated(1);
    try {
      const config = await withTwo(impatient);
      const slow = impatient.invoke(config, { ms: 300 });
      const other = await impatient.invoke(config, { ms: 1 });
      expect(streamOf(other)).not.toBe(streamOf(await slow));
    } finally {
      await impatient.close();
    }
  });

  test("which is when its event loop never rests, and more are at work than there are processors", async () => {
    const saturation = saturationOfProcess();
    const busyUntil = performance.now() + 100;
    while (performance.now() < busyUntil);
    expect(saturation.hasTimeBeside(10_000)).toBe(false);
    expect(saturation.hasTimeBeside(0)).toBe(true);
    await until(() => saturation.hasTimeBeside(10_000));
  });
});

test("beyond the most environments calls wait in turn", async () => {
  const config = narrow.function("node", "counts.handler");
  const bodies = await Promise.all([1, 2, 3].map(async () => bodyOf(await narrow.invoke(config))));
  expect(bodies).toEqual([1, 2, 3]);
});

test("reserved concurrency throttles at once, zero throttles everything", async () => {
  const config = functions.function("node", "sleeps.handler", { reservedConcurrency: 1 });
  const first = functions.invoke(config, { ms: 200 });
  await expect(functions.invoke(config)).rejects.toMatchObject({
    name: "Throttled",
    reason: "ReservedFunctionConcurrentInvocationLimitExceeded",
    message: "Rate Exceeded.",
  });
  expect((await first).functionError).toBeUndefined();
  await expect(
    functions.invoke(functions.function("node", "counts.handler", { reservedConcurrency: 0 })),
  ).rejects.toMatchObject({ name: "Throttled" });
});

test("the versions of a function share its reservation, and other functions have nothing to do with it", async () => {
  const latest = functions.function("node", "sleeps.handler", { reservedConcurrency: 2 });
  const version = (number: string): typeof latest => ({ ...latest, version: number, arn: `${latest.arn}:${number}` });
  const busy = [functions.invoke(latest, { ms: 300 }), functions.invoke(version("1"), { ms: 300 })];
  const refused = { reason: "ReservedFunctionConcurrentInvocationLimitExceeded" };
  for (const config of [latest, version("1"), version("2")])
    await expect(functions.invoke(config)).rejects.toMatchObject(refused);
  expect((await functions.invoke(functions.function("node", "counts.handler"))).functionError).toBeUndefined();
  await Promise.all(busy);
  expect((await functions.invoke(version("2"), { ms: 0 })).functionError).toBeUndefined();
});

test("an event of more than 6 MB is refused before anything runs", async () => {
  const config = functions.function("node", "counts.handler");
  const refused = functions.invoke(config, "x".repeat(6 * 1024 * 1024));
  await expect(refused).rejects.toMatchObject({
    name: "RequestTooLarge",
    message: "Request must be smaller than 6291456 bytes for the InvokeFunction operation",
  });
});

test("a standby is there before the first call and again after it, with a whole INIT of its own", async () => {
  const config = standing.function("node", "counts.handler");
  await standing.host.prepare(config);
  await until(() => standing.host.poolOf(config).environments === 1);
  const result = await standing.invoke(config);
  expect(result.report.initDurationMs).toBeGreaterThan(0);
  expect(result.logs).toMatch(/^INIT_START/);
  await until(() => standing.host.poolOf(config).environments === 2);
  // Two at once: one warm, one from the standby.
  const both = await Promise.all([standing.invoke(config), standing.invoke(config)]);
  expect(new Set(both.map(bodyOf))).toEqual(new Set([1, 2]));
});

test("the standby waits in the version that a template publishes, whose alias its events call", async () => {
  const live = { name: "live", version: "1", description: "", weights: {} };
  const config = standing.function("node", "counts.handler", { published: { versions: ["1"], aliases: [live] } });
  const version = { ...config, version: "1", arn: `${config.arn}:1` };
  const standbys = (): number[] => [config, version].map((fn) => standing.host.poolOf(fn).environments);
  const code = await standing.host.prepare(config);
  await until(() => standbys()[1] === 1);
  expect(standbys()).toEqual([0, 1]);
  standing.host.updateSource(config, code);
  await until(() => standbys()[1] === 1);
  expect(standbys()).toEqual([0, 1]);
  expect((await standing.invoke(version)).executedVersion).toBe("1");
});

test("new code is in force with the next call, and the old one ends", async () => {
  const root = mkdtempSync(join(folder, "code-"));
  chmodSync(root, 0o755);
  writeFileSync(join(root, "index.js"), "exports.handler = async () => 'old';\n");
  const config = functions.function("x", "index.handler", { code: { kind: "folder", root } });
  expect(bodyOf(await functions.invoke(config))).toBe("old");
  writeFileSync(join(root, "index.js"), "exports.handler = async () => 'new';\n");
  expect(bodyOf(await functions.invoke(config))).toBe("old");
  functions.host.update(config);
  expect(bodyOf(await functions.invoke(config))).toBe("new");
  await until(() => functions.host.poolOf(config).environments === 1);
});

test("an invocation under way finishes on the old code, and its environment serves no other", async () => {
  const root = mkdtempSync(join(folder, "code-"));
  chmodSync(root, 0o755);
  const write = (version: string): void =>
    writeFileSync(
      join(root, "index.js"),
      `exports.handler = async ({ ms = 0 }) => { console.log("begun"); await new Promise((r) => setTimeout(r, ms)); return "${version}"; };\n`,
    );
  write("old");
  const config = functions.function("x", "index.handler", { code: { kind: "folder", root } });
  const underWay = functions.invoke(config, { ms: 300 });
  await until(() => functions.lines(config).some((line) => line.includes("begun")));
  write("new");
  functions.host.update(config);
  expect(bodyOf(await underWay)).toBe("old");
  expect(bodyOf(await functions.invoke(config))).toBe("new");
});

test("a sandbox that cannot be built is LR5005 with the words of its tool, at once", async () => {
  // No tool makes a file system of no size.
  const config = functions.function("node", "counts.handler", { ephemeralStorageMb: -1, timeoutSeconds: 60 });
  const startedAt = performance.now();
  await expect(functions.invoke(config)).rejects.toMatchObject({ code: "LR5005", why: expect.stringMatching(/\S/) });
  expect(performance.now() - startedAt).toBeLessThan(10_000);
  expect(functions.host.poolOf(config).environments).toBe(0);
});

test("a standby that cannot be built is LR5005 for the call that finds it", async () => {
  const config = standing.function("node", "counts.handler", { ephemeralStorageMb: -1 });
  const before = childrenOfThisProcess();
  await standing.host.prepare(config);
  await until(() => standing.host.poolOf(config).environments === 1);
  // Its tool gives up before the call comes.
  await until(() => childrenOfThisProcess() <= before);
  await expect(standing.invoke(config)).rejects.toMatchObject({ code: "LR5005" });
});

test("code that is a file is LR5005 with its name", async () => {
  const root = join(folder, "a-file");
  writeFileSync(root, "");
  const config = functions.function("x", "index.handler", { code: { kind: "folder", root } });
  await expect(functions.invoke(config)).rejects.toMatchObject({ code: "LR5005", where: root });
});

test("an environment that somebody killed is replaced", async () => {
  const config = functions.function("node", "counts.handler", { environment: { MARK: "to-be-killed" } });
  expect(bodyOf(await functions.invoke(config))).toBe(1);
  const [victim] = processesWith("MARK=to-be-killed");
  expect(victim).toBeDefined();
  // The runtime itself: the environment starts it anew.
  process.kill(Number(victim), "SIGKILL");
  await until(() => processesWith("MARK=to-be-killed").some((pid) => Number(pid) > Number(victim)));
  expect(bodyOf(await functions.invoke(config))).toBe(1);
  // What opened its room: the environment is gone with everything in it.
  const [runtime] = processesWith("MARK=to-be-killed");
  process.kill(openerOf(Number(runtime)), "SIGKILL");
  await until(() => processesWith("MARK=to-be-killed").length === 0);
  // This one may still meet the dead environment, as on Lambda; the one after it does not.
  await functions.invoke(config);
  expect((await functions.invoke(config)).functionError).toBeUndefined();
});

test.each([
  [{ rejects: false }, "Uncaught Exception"],
  [{ rejects: true }, "Unhandled Promise Rejection"],
])("what is thrown between two invocations ends the process, and the next starts anew: %j", async (event, title) => {
  const config = functions.function("node", "unusual-errors.throwsBetween");
  expect(bodyOf(await functions.invoke(config, event))).toBe(1);
  // Frozen before it could throw, it does so with the next event.
  await repeatUntil(
    () => functions.lines(config).some((line) => line.includes(title)),
    () => functions.invoke(config, event),
  );
  // An event that comes while it leaves finds nobody.
  let next: unknown;
  await repeatUntil(
    () => typeof next === "number",
    async () => (next = bodyOf(await functions.invoke(config, event))),
  );
  expect(next).toBe(1);
});

test("closing ends invocations under way and leaves no process", async () => {
  const closing = new FunctionHost();
  const config = closing.function("node", "sleeps.handler", { environment: { MARK: "under-way" }, timeoutSeconds: 60 });
  const pending = closing.invoke(config, { ms: 60_000 });
  await until(() => closing.lines(config).some((line) => line.includes("sleeping")));
  await closing.close();
  expect((await pending).functionError).toBe("Unhandled");
  expect(processesWith("MARK=under-way")).toEqual([]);
});

test("an environment without an event is stopped", async () => {
  const config = functions.function("node", "leaves-timer.handler", {
    runtime: "nodejs24.x",
    environment: { MARK: "frozen" },
  });
  await functions.invoke(config);
  const [pid] = processesWith("MARK=frozen");
  const stateOf = (): string | undefined => readFileSync(`/proc/${pid}/stat`, "latin1").split(" ")[2];
  await until(() => stateOf() === "T");
  expect(stateOf()).toBe("T");
});

function childrenOfThisProcess(): number {
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, "latin1").trim();
  return children === "" ? 0 : children.split(" ").length;
}

function processesWith(variable: string): string[] {
  return readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/environ`, "latin1").split("\0").includes(variable);
    } catch {
      return false; // ended, or not ours to look at
    }
  });
}

/** The child of this process from which another one descends. */
function openerOf(pid: number): number {
  const parent = Number(execFileSync("ps", ["-o", "ppid=", "-p", String(pid)], { encoding: "utf8" }).trim());
  return parent === process.pid || parent <= 1 ? pid : openerOf(parent);
}

test("what stands in for a runtime is told once, not with each of its functions", async () => {
  const runtime = process.versions.node.startsWith("22.") ? "nodejs20.x" : "nodejs22.x";
  const fresh = new FunctionHost();
  const cacheBefore = process.env["XDG_CACHE_HOME"];
  // No Node of that major that was fetched on this machine.
  process.env["XDG_CACHE_HOME"] = folder;
  try {
    const configs = [1, 2].map(() => fresh.function("node", "counts.handler", { runtime }));
    for (const config of configs) await fresh.host.build(config);
    const notices = configs.flatMap((config) => fresh.notices(config));
    expect(notices).toEqual([expect.stringMatching(`^${runtime} runs on this machine's Node `)]);
  } finally {
    if (cacheBefore === undefined) delete process.env["XDG_CACHE_HOME"];
    else process.env["XDG_CACHE_HOME"] = cacheBefore;
    await fresh.close();
  }
});
