import { spawn } from "node:child_process";
import { chmodSync } from "node:fs";
import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";
import { PRODUCT } from "../kit/product.mjs";
import { atMost, summary } from "../kit/stats.mjs";

const MEMORY_MB = 512;
/** Milliseconds over a plain spawn, for the whole root. */
const ROOT_BOUNDS_MS = { bwrap: 12, unshare: 40 };
const LANG = { hostPath: process.execPath, guestPath: "/var/lang/bin/node" };
const RUNAWAY = `const fs = require("fs"); fs.writeSync(1, "up\\n"); const a = [];
for (;;) { a.push(Buffer.alloc(1 << 20, 1)); fs.writeSync(1, process.memoryUsage.rss() + "\\n"); }`;

export default {
  name: "sandbox",
  order: 65,
  table: "environment",
  measures: "the sandbox of each tier: its root beside a plain spawn, freezing, and how far memory passes its limit",
  async run(bench) {
    const folder = bench.folder("task");
    chmodSync(folder, 0o755);
    const { probeSandbox } = createRequire(import.meta.url)(PRODUCT);
    const factories = [];
    for (const tier of ["bwrap", "unshare", "portable"]) {
      try {
        factories.push(await probeSandbox({ tier }));
      } catch (error) {
        bench.skip(`the whole root per environment, ${tier}`, error.why ?? error.message);
      }
    }
    await measureRoots(bench, factories, folder);
    for (const factory of factories) {
      bench.row(
        `freeze and thaw per invocation, ${factory.tier}`,
        atMost(50, " us"),
        await measureFreeze(bench, factory, folder),
      );
      const { how } = factory.tiers.memory;
      const polled = !how.startsWith("cgroup");
      const passed = await measureRunaway(bench, factory, folder);
      bench.row(`memory over 512 MB before the kill, ${factory.tier} (${how})`, atMost(polled ? 10 : 0, " %"), passed);
    }
  },
};

async function measureRoots(bench, factories, folder) {
  const plain = [];
  const whole = new Map(factories.map(({ tier }) => [tier, []]));
  for (let round = 0; round < bench.rounds(15, 5); round++) {
    plain.push(await timed(plainShell));
    for (const factory of factories) {
      const start = performance.now();
      const room = openRoom(factory, `root-${round}`, folder);
      await room.run(["/bin/sh", "-c", "echo up"]);
      whole.get(factory.tier).push(performance.now() - start);
      await room.destroy();
    }
  }
  for (const { tier } of factories) {
    const bound = ROOT_BOUNDS_MS[tier];
    if (bound === undefined) continue;
    const over = whole.get(tier).map((ms, i) => ms - plain[i]);
    bench.row(`the whole root per environment, ${tier}, over a plain spawn`, atMost(bound, " ms"), over);
  }
}

/** A sandbox of that tier; `run` resolves when the command has said "up". */
function openRoom(factory, id, taskRoot) {
  const sandbox = factory.create({
    id,
    memoryMb: MEMORY_MB,
    ephemeralStorageMb: 512,
    taskRoot,
    layers: [],
    mounts: [LANG],
    faithfulCpu: false,
  });
  let text = "";
  sandbox.output.stdout.on("data", (chunk) => (text += chunk));
  sandbox.output.stderr.resume();
  const node = sandbox.paths.resolve(LANG);
  const run = async (command) => {
    text = "";
    const started = sandbox.spawn({ name: "runtime", command, env: { PATH: "/usr/bin:/bin" } });
    while (!text.includes("up\n")) await new Promise((resolve) => sandbox.output.stdout.once("data", resolve));
    return started;
  };
  return {
    sandbox,
    run,
    runNode: (script) => run([node, "-e", script]),
    text: () => text,
    destroy: () => sandbox.destroy(),
  };
}

async function measureFreeze(bench, factory, folder) {
  const room = openRoom(factory, "freeze", folder);
  await room.runNode(`console.log("up"); setInterval(() => {}, 1000)`);
  await sleep(100);
  const us = [];
  for (let i = 0; i < bench.rounds(3000, 500); i++) {
    const start = performance.now();
    room.sandbox.freeze();
    room.sandbox.thaw();
    us.push((performance.now() - start) * 1000);
  }
  await room.destroy();
  // A single interruption by the scheduler says nothing: the spread is that of the blocks' medians.
  const blocks = Array.from({ length: 5 }, (_, i) => us.slice((i * us.length) / 5, ((i + 1) * us.length) / 5));
  return blocks.map((block) => summary(block).p50);
}

/** What a function saw of itself before it was killed for its memory, in percent over its limit. */
async function measureRunaway(bench, factory, folder) {
  const percent = [];
  for (let round = 0; round < bench.rounds(5, 2); round++) {
    const room = openRoom(factory, `runaway-${round}`, folder);
    const started = await room.runNode(RUNAWAY);
    await started.exited;
    await room.sandbox.flushOutput();
    const lastBytes = Number(room.text().trim().split("\n").at(-1));
    percent.push(Math.max(0, (lastBytes / (MEMORY_MB * 2 ** 20) - 1) * 100));
    await room.destroy();
  }
  return percent;
}

function plainShell() {
  return new Promise((resolve) => {
    const child = spawn("/bin/sh", ["-c", "echo up"], { stdio: ["ignore", "pipe", "ignore"] });
    child.stdout.once("data", resolve);
  });
}

async function timed(work) {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
