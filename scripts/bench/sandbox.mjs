/**
 * Measures the sandbox of each tier beside a plain process: `node scripts/bench/sandbox.mjs [rounds]`.
 * Prints a JSON line per tier and, with it, whether the bounds hold. Rounds are interleaved, so load falls on all alike.
 */
import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { build } from "esbuild";

const ROUNDS = Number(process.argv[2] ?? 15);
const FREEZE_ROUNDS = 3000;
const MEMORY_MB = 512;
/** Milliseconds over a plain spawn, for the whole root. */
const ROOT_BOUND_MS = { bwrap: 12, unshare: 40 };
const KILL_BOUND_MS = { p50: 15, max: 50 };
const FREEZE_BOUND_US = 50;

const folder = mkdtempSync(join(tmpdir(), "lambda-run-bench-"));
chmodSync(folder, 0o755);
const { probeSandbox } = await loadSource();
const lang = { hostPath: dirname(dirname(process.execPath)), guestPath: "/var/lang" };

const factories = [];
for (const tier of ["bwrap", "unshare", "portable"]) {
  try {
    factories.push(await probeSandbox({ tier }));
  } catch (error) {
    console.log(JSON.stringify({ tier, refused: error.why }));
  }
}

const plainMs = [];
const setUpMs = new Map(factories.map(({ tier }) => [tier, []]));
for (let round = 0; round < ROUNDS; round++) {
  plainMs.push(await timed(plainShell));
  for (const factory of factories) {
    const sandbox = makeRoom(factory, `setup-${round}`);
    const start = performance.now();
    await sandbox.shell("echo up");
    setUpMs.get(factory.tier).push(performance.now() - start + sandbox.createMs);
    await sandbox.destroy();
  }
}

for (const factory of factories) {
  const { tier } = factory;
  const rootMs = stats(setUpMs.get(tier)).p50 - stats(plainMs).p50;
  const kills = await measureKills(factory);
  const freezeUs = await measureFreeze(factory);
  const lastMb = await measureRunaway(factory);
  console.log(
    JSON.stringify({
      tier,
      rootOverPlainSpawnMs: round(rootMs),
      rootHolds: tier in ROOT_BOUND_MS ? rootMs <= ROOT_BOUND_MS[tier] : undefined,
      killMs: kills.ms,
      survivors: kills.survivors,
      killHolds: kills.ms.p50 <= KILL_BOUND_MS.p50 && kills.ms.max <= KILL_BOUND_MS.max && kills.survivors === 0,
      freezeAndThawUs: freezeUs,
      freezeHolds: freezeUs.p50 <= FREEZE_BOUND_US,
      memory: factory.tiers.memory.how,
      lastResidentMb: lastMb,
      overshootPercent: round(Math.max(0, (lastMb.max / MEMORY_MB - 1) * 100)),
    }),
  );
}
rmSync(folder, { recursive: true, force: true });
process.exit();

async function loadSource() {
  const outfile = join(folder, "probe.cjs");
  await build({
    entryPoints: [join(import.meta.dirname, "../../src/runtime/sandbox/probe.ts")],
    bundle: true,
    platform: "node",
    outfile,
    logLevel: "error",
  });
  return createRequire(import.meta.url)(outfile);
}

function makeRoom(factory, id) {
  const start = performance.now();
  const sandbox = factory.create({
    id,
    memoryMb: MEMORY_MB,
    ephemeralStorageMb: 512,
    taskRoot: folder,
    layers: [],
    mounts: [lang],
    faithfulCpu: false,
  });
  const createMs = performance.now() - start;
  let text = "";
  sandbox.output.stdout.on("data", (chunk) => (text += chunk));
  sandbox.output.stderr.resume();
  const node = join(sandbox.paths.resolve(lang), "bin/node");
  const begin = async (command) => {
    text = "";
    const started = sandbox.spawn({ name: "runtime", command, env: { PATH: "/usr/bin:/bin" } });
    while (!text.includes("up\n")) await new Promise((resolve) => sandbox.output.stdout.once("data", resolve));
    return started;
  };
  return {
    sandbox,
    createMs,
    text: () => text,
    shell: (script) => begin(["/bin/sh", "-c", script]),
    node: (script) => begin([node, "-e", script]),
    destroy: () => sandbox.destroy(),
  };
}

function plainShell() {
  return new Promise((resolve) => {
    const child = spawn("/bin/sh", ["-c", "echo up"], { stdio: ["ignore", "pipe", "ignore"] });
    child.stdout.once("data", resolve);
  });
}

async function measureKills(factory) {
  const room = makeRoom(factory, "kills");
  const mark = `77777.${process.pid}`;
  const ms = [];
  let survivors = 0;
  for (let i = 0; i < ROUNDS; i++) {
    const detach = `for (let i = 0; i < 3; i++) require("child_process").spawn("sleep", ["${mark}"], { detached: true, stdio: "ignore" }).unref();`;
    await room.node(`${detach} setTimeout(() => { console.log("up"); for (;;); }, 20)`);
    await sleep(20);
    ms.push(await timed(() => room.sandbox.killAll()));
    survivors += countLive(mark);
  }
  await room.destroy();
  return { ms: stats(ms), survivors };
}

function countLive(mark) {
  return readdirSync("/proc").filter((name) => {
    try {
      return (
        readFileSync(`/proc/${name}/cmdline`, "latin1").includes(`sleep\0${mark}`) &&
        !readFileSync(`/proc/${name}/stat`, "latin1").includes(") Z")
      );
    } catch {
      return false;
    }
  }).length;
}

async function measureFreeze(factory) {
  const room = makeRoom(factory, "freeze");
  await room.node(`console.log("up"); setInterval(() => {}, 1000)`);
  await sleep(100);
  const us = [];
  for (let i = 0; i < FREEZE_ROUNDS; i++) {
    const start = performance.now();
    room.sandbox.freeze();
    room.sandbox.thaw();
    us.push((performance.now() - start) * 1000);
  }
  await room.destroy();
  return stats(us);
}

/** What a function saw of itself before it was killed for its memory. */
async function measureRunaway(factory) {
  const seen = [];
  for (let i = 0; i < 5; i++) {
    const room = makeRoom(factory, `runaway-${i}`);
    const started = await room.node(
      `const fs = require("fs"); fs.writeSync(1, "up\\n"); const a = []; for (;;) { a.push(Buffer.alloc(1 << 20, 1)); fs.writeSync(1, process.memoryUsage.rss() + "\\n"); }`,
    );
    await started.exited;
    await room.sandbox.flushOutput();
    seen.push(Number(room.text().trim().split("\n").at(-1)) / 1024 / 1024);
    await room.destroy();
  }
  return stats(seen);
}

async function timed(work) {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function stats(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return { min: round(sorted[0]), p50: round(sorted[sorted.length >> 1]), max: round(sorted.at(-1)) };
}

function round(value) {
  return Math.round(value * 100) / 100;
}
