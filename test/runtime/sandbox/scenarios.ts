/**
 * What is tried in a sandbox of each tier. Each scenario builds its own sandbox, tears it down, and returns plain data
 * that the test compares; so it runs in this process or, bundled, as another user.
 */
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { supervisorName, userFolders } from "../../../src/runtime/sandbox/environment-folder.js";
import { findCgroupHome } from "../../../src/runtime/sandbox/cgroup.js";
import { probeSandbox } from "../../../src/runtime/sandbox/probe.js";
import type {
  Mount,
  ProcessExit,
  ProcessSpec,
  Sandbox,
  SandboxSpec,
  SandboxTier,
} from "../../../src/runtime/sandbox/sandbox.js";
import { until } from "../../until.js";

export const TIERS: readonly SandboxTier[] = ["bwrap", "unshare", "portable"];

/** The node that runs the tests, shown as /var/lang; its folder is bound wherever it is installed. */
const LANG: Mount = { hostPath: dirname(dirname(process.execPath)), guestPath: "/var/lang" };

interface Room {
  readonly sandbox: Sandbox;
  readonly node: string;
  /** Standard output and error so far. */
  text(): string;
  /** Runs a script with node to its end. */
  run(script: string, env?: Record<string, string>): Promise<{ readonly exit: ProcessExit; readonly text: string }>;
  /** Starts a script and resolves when it has printed `up`. */
  start(script: string): Promise<ReturnType<Sandbox["spawn"]>>;
  process(command: readonly string[], env?: Record<string, string>): ProcessSpec;
}

let rooms = 0;

async function withRoom<T>(
  tier: SandboxTier,
  use: (room: Room) => Promise<T>,
  spec: Partial<SandboxSpec> = {},
): Promise<T> {
  const factory = await probeSandbox({ tier });
  const taskRoot = mkdtempSync(join(tmpdir(), "lambda-run-test-"));
  chmodSync(taskRoot, 0o755);
  writeFileSync(join(taskRoot, "index.js"), "exports.handler = 1;\n");
  const sandbox = factory.create({
    id: `test-${rooms++}`,
    memoryMb: 256,
    ephemeralStorageMb: 16,
    taskRoot,
    layers: [],
    mounts: [LANG],
    faithfulCpu: false,
    ...spec,
  });
  let text = "";
  const collect = (chunk: Buffer): void => {
    text += chunk.toString("utf8");
  };
  sandbox.output.stdout.on("data", collect);
  sandbox.output.stderr.on("data", collect);
  const node = join(sandbox.paths.resolve(LANG), "bin", "node");
  const room: Room = {
    sandbox,
    node,
    text: () => text,
    process: (command, env = {}) => ({ name: "runtime", command, env: { PATH: "/usr/bin:/bin", ...env } }),
    run: async (script, env) => {
      text = "";
      const exit = await sandbox.spawn(room.process([node, "-e", script], { SANDBOX_TMP: sandbox.paths.tmp, ...env }))
        .exited;
      await sandbox.flushOutput();
      return { exit, text };
    },
    start: async (script) => {
      text = "";
      const started = sandbox.spawn(room.process([node, "-e", script], { SANDBOX_TMP: sandbox.paths.tmp }));
      await until(() => text.includes("up\n"));
      return started;
    },
  };
  try {
    return await use(room);
  } finally {
    await sandbox.destroy();
    rmSync(taskRoot, { recursive: true, force: true });
  }
}

/** Live processes of the host whose command line holds the mark, with the letter of their state. */
export function findByCommandLine(mark: string): { readonly pid: number; readonly state: string }[] {
  return readdirSync("/proc").flatMap((name) => {
    try {
      if (!/^\d+$/.test(name) || !readFileSync(`/proc/${name}/cmdline`, "latin1").split("\0").includes(mark)) return [];
      const stat = readFileSync(`/proc/${name}/stat`, "latin1");
      const state = stat.charAt(stat.lastIndexOf(")") + 2);
      return state === "Z" ? [] : [{ pid: Number(name), state }];
    } catch {
      return []; // ended while we looked
    }
  });
}

/** Reads the limit, in MB, of the only group of this supervisor. */
function groupLimit(): (() => number) | undefined {
  const search = findCgroupHome();
  if (!("home" in search)) return undefined;
  const { memory, version } = search.home;
  const [name] = existsSync(memory) ? readdirSync(memory).filter((group) => group.startsWith(supervisorName())) : [];
  if (name === undefined) return undefined;
  const file = join(memory, name, version === 1 ? "memory.limit_in_bytes" : "memory.max");
  return () => Number(readFileSync(file, "latin1")) / 1024 / 1024;
}

/** A number that no other process has on its command line, as seconds to sleep. */
const newMark = (): string => `${60_000 + process.pid}.${Date.now() % 1_000_000}${rooms}`;

const detachThree = (mark: string): string =>
  `for (let i = 0; i < 3; i++) require("child_process").spawn("sleep", ["${mark}"], { detached: true, stdio: "ignore" }).unref();`;

const FILL_TMP = `
  const fs = require("fs");
  const fd = fs.openSync(process.env.SANDBOX_TMP + "/fill", "w");
  const block = Buffer.alloc(1024 * 1024, 1);
  let written = 0;
  try { while (written < 256 * 1024 * 1024) written += fs.writeSync(fd, block); } catch (error) { console.log(error.code, written); }`;

const LOOK_AROUND = `
  const fs = require("fs"), os = require("os"), { execSync } = require("child_process");
  const attempt = (f) => { try { f(); return "done"; } catch (error) { return error.code; } };
  const shell = (command) => { try { return execSync(command, { encoding: "utf8", stdio: "pipe" }).trim(); } catch { return "refused"; } };
  console.log(JSON.stringify({
    uid: process.getuid(), gid: process.getgid(), user: os.userInfo().username, cwd: process.cwd(),
    root: fs.readdirSync("/").sort(), task: fs.readdirSync("/var/task"), opt: fs.readdirSync("/opt"),
    writes: ["/x", "/var/task/x", "/opt/x", "/usr/x", "/etc/x", "/var/x", "/dev/x"].map((path) => attempt(() => fs.writeFileSync(path, ""))),
    tmpWrite: attempt(() => fs.writeFileSync("/tmp/x", "")), tmpMode: (fs.statSync("/tmp").mode & 0o7777).toString(8),
    umask: process.umask().toString(8), files: shell("ulimit -n"), core: shell("ulimit -c"),
    unmount: shell("umount /tmp"), remount: shell("mount -o remount,rw /"), own: shell("chown 0 /tmp/x"),
    keeperRoot: attempt(() => fs.readdirSync("/proc/1/cwd/../../home")),
    kills: attempt(() => process.kill(1, "SIGKILL")) && "tried",
    processes: fs.readdirSync("/proc").filter((name) => +name > 0).length < 10, sees: fs.existsSync(process.env.HOST_FILE),
    env: process.env,
  }));`;

export const scenarios = {
  /** Processes in the sandbox's control group when its room stands and nothing runs in it yet. */
  async bornInGroup(tier: SandboxTier) {
    const search = findCgroupHome();
    return withRoom(tier, async ({ sandbox }) => {
      await sandbox.ready;
      if (!("home" in search)) return undefined;
      const { version, memory } = search.home;
      const name = readdirSync(memory).find((group) => group.startsWith(`${supervisorName()}.`)) ?? "";
      const path = join(memory, name, "cgroup.procs");
      return version === 1 ? readFileSync(path, "latin1").trim().split("\n").length : undefined;
    });
  },

  async look(tier: SandboxTier) {
    const hostFile = join(tmpdir(), `lambda-run-secret-${process.pid}`);
    writeFileSync(hostFile, "");
    return withRoom(tier, async (room) => {
      const { exit, text } = await room.run(LOOK_AROUND, {
        HOST_FILE: hostFile,
        QUOTED: 'a\'b\n$HOME "c" `d` \\',
        UID: "7",
      });
      const again = await room.run("console.log('alive')");
      return {
        exit,
        seen: text.startsWith("{") ? (JSON.parse(text) as Record<string, unknown>) : text,
        again: again.text,
      };
    }).finally(() => rmSync(hostFile));
  },

  fullTmp: (tier: SandboxTier) =>
    withRoom(tier, async (room) => {
      const { exit, text } = await room.run(FILL_TMP);
      return { exit, text, usedBytes: await room.sandbox.tmpUsedBytes() };
    }),

  /** /tmp may hold more than MemorySize without counting as memory. */
  tmpIsNotMemory: (tier: SandboxTier) =>
    withRoom(
      tier,
      async (room) => {
        const { exit, text } = await room.run(FILL_TMP);
        return { exit, text, peakMb: Math.round(room.sandbox.takePeakMemoryBytes() / 1024 / 1024) };
      },
      { memoryMb: 128, ephemeralStorageMb: 192 },
    ),

  runaway: (tier: SandboxTier) =>
    withRoom(
      tier,
      async (room) => {
        const { exit, text } = await room.run(
          `const a = []; for (;;) { a.push(Buffer.alloc(1 << 20, 1)); require("fs").writeSync(1, process.memoryUsage.rss() + "\\n"); }`,
        );
        const lastMb = Number(text.trim().split("\n").at(-1)) / 1024 / 1024;
        return {
          exit,
          lastMb,
          peakMb: room.sandbox.takePeakMemoryBytes() / 1024 / 1024,
          next: (await room.run("console.log(1)")).exit,
        };
      },
      { memoryMb: 160 },
    ),

  /** The kernel's limit above MemorySize when the last process of a sandbox has ended; undefined without a group. */
  limitAfterwards: (tier: SandboxTier) =>
    withRoom(tier, async (room) => {
      const limitMb = groupLimit();
      if (limitMb === undefined) return undefined;
      await room.start(`const a = Buffer.alloc(160e6, 1); console.log("up"); setInterval(() => a.length, 1000)`);
      await until(() => limitMb() < 256 + 16);
      // From here on nothing looks at the memory: what opens the limit is the end of the process.
      room.sandbox.freeze();
      await room.sandbox.killAll();
      return limitMb() - 256;
    }),

  peak: (tier: SandboxTier) =>
    withRoom(tier, async (room) => {
      // What is collected goes back to the system by another thread, in its own time.
      await room.start(
        `const bare = process.memoryUsage.rss(); let a = Buffer.alloc(80e6, 1); a = null; require("v8").setFlagsFromString("--expose-gc"); require("vm").runInNewContext("gc")(); const back = setInterval(() => { if (process.memoryUsage.rss() > bare + 15e6) return; clearInterval(back); console.log("up"); setInterval(() => {}, 1000); }, 2)`,
      );
      const first = room.sandbox.takePeakMemoryBytes();
      return { first, second: room.sandbox.takePeakMemoryBytes() };
    }),

  exits: (tier: SandboxTier) =>
    withRoom(tier, async (room) => {
      const clean = room.sandbox.spawn(room.process([room.node, "-e", "process.exit(137)"]));
      clean.noteCleanExit(137);
      const missing = room.sandbox.spawn(room.process(["/nowhere/program"]));
      return {
        zero: (await room.run("")).exit,
        three: (await room.run("process.exit(3)")).exit,
        aborted: (await room.run("process.abort()")).exit,
        segfault: (await room.run("process.kill(process.pid, 'SIGSEGV')")).exit,
        killed: (await room.run("process.kill(process.pid, 'SIGKILL')")).exit,
        clean: await clean.exited,
        missing: await missing.exited,
      };
    }),

  killAll: (tier: SandboxTier) =>
    withRoom(tier, async (room) => {
      const mark = newMark();
      const file = `${room.sandbox.paths.tmp}/kept`;
      const busy = await room.start(
        `${detachThree(mark)} require("fs").writeFileSync("${file}", "1"); process.on("SIGTERM", () => {}); console.log("up"); for (;;);`,
      );
      await until(() => findByCommandLine(mark).length === 3);
      await room.sandbox.killAll();
      const survivors = findByCommandLine(mark).length;
      const next = await room.run(`console.log(require("fs").existsSync("${file}"))`);
      return { survivors, exit: await busy.exited, next };
    }),

  killFrozen: (tier: SandboxTier) =>
    withRoom(tier, async (room) => {
      const started = await room.start(`console.log("up"); setInterval(() => {}, 1000)`);
      room.sandbox.freeze();
      await room.sandbox.killAll();
      return { exit: await started.exited, next: (await room.run("console.log('again')")).text };
    }),

  freeze: (tier: SandboxTier) =>
    withRoom(tier, async (room) => {
      const mark = newMark();
      await room.start(
        `new (require("worker_threads").Worker)(${JSON.stringify(detachThree(mark))}, { eval: true }); console.log("up"); setInterval(() => {}, 1, "${mark}")`,
      );
      await until(() => findByCommandLine(mark).length === 3);
      room.sandbox.freeze();
      await until(() => findByCommandLine(mark).every(({ state }) => state === "T"));
      room.sandbox.thaw();
      await until(() => findByCommandLine(mark).every(({ state }) => state !== "T"));
      return { sleepers: findByCommandLine(mark).length };
    }),

  terminate: (tier: SandboxTier) =>
    withRoom(tier, async (room) => {
      const started = await room.start(
        `process.on("SIGTERM", () => process.exit(7)); console.log("up"); setInterval(() => {}, 1000)`,
      );
      started.terminate();
      return started.exited;
    }),

  /** Nobody reads: the writer has to wait, the supervisor must not collect. */
  flood: async (tier: SandboxTier) => {
    const factory = await probeSandbox({ tier });
    const taskRoot = mkdtempSync(join(tmpdir(), "lambda-run-test-"));
    const sandbox = factory.create({
      id: `flood-${rooms++}`,
      memoryMb: 256,
      ephemeralStorageMb: 16,
      taskRoot,
      layers: [],
      mounts: [],
      faithfulCpu: false,
    });
    const started = sandbox.spawn({
      name: "runtime",
      command: ["/bin/sh", "-c", "echo start >&2; yes | head -c 1000000000"],
      env: { PATH: "/usr/bin:/bin" },
    });
    await once(sandbox.output.stderr, "data");
    for (let turn = 0; turn < 200; turn++) await nextTurn();
    const heldBytes = sandbox.output.stdout.readableLength;
    await sandbox.destroy();
    rmSync(taskRoot, { recursive: true, force: true });
    return { heldBytes, exit: await started.exited };
  },

  layers: async (tier: SandboxTier) => {
    const base = mkdtempSync(join(tmpdir(), "lambda-run-layers-"));
    chmodSync(base, 0o755);
    const write = (path: string, text: string): void => {
      mkdirSync(dirname(join(base, path)), { recursive: true });
      writeFileSync(join(base, path), text);
    };
    write("one/nodejs/node_modules/a/index.js", "module.exports = 'a of one'");
    write("one/nodejs/node_modules/b/index.js", "module.exports = 'b of one'");
    write("two/nodejs/node_modules/b/index.js", "module.exports = 'b of two'");
    write("two/nodejs/node_modules/c d/index.js", "module.exports = 'c of two'");
    write("two/bin/tool", "x");
    try {
      return await withRoom(
        tier,
        async (room) => {
          const modules = `${room.sandbox.paths.opt}/nodejs/node_modules`;
          const { text } = await room.run(
            `console.log(["a", "b", "c d"].map((name) => require("${modules}/" + name)).join(), require("fs").readdirSync("${room.sandbox.paths.opt}").join())`,
          );
          return text.trim();
        },
        { layers: [join(base, "one"), join(base, "two")] },
      );
    } finally {
      rmSync(base, { recursive: true, force: true });
    }
  },

  /** Modules that lie outside the package appear in its node_modules. */
  mountInTask: async (tier: SandboxTier) => {
    const modules = mkdtempSync(join(tmpdir(), "lambda-run-modules-"));
    chmodSync(modules, 0o755);
    writeFileSync(join(modules, "m.js"), "module.exports = 'from outside'");
    try {
      return await withRoom(
        tier,
        async (room) =>
          (
            await room.run(`const fs = require("fs"); console.log(require("/var/task/node_modules/m.js"), fs.readdirSync("/var/task").sort().join());
            try { fs.writeFileSync("/var/task/y", ""); } catch (error) { console.log(error.code); }`)
          ).text,
        { mounts: [LANG, { hostPath: modules, guestPath: "/var/task/node_modules" }] },
      );
    } finally {
      rmSync(modules, { recursive: true, force: true });
    }
  },

  /** Whoever comes late finds a sandbox that is gone, and no more than that. */
  afterDestroy: (tier: SandboxTier) =>
    withRoom(tier, async (room) => {
      await room.start(`console.log("up"); setInterval(() => {}, 1000)`);
      const before = room.sandbox.spawn(room.process(["/bin/sleep", "1000"]));
      await Promise.all([room.sandbox.destroy(), room.sandbox.destroy(), room.sandbox.killAll()]);
      room.sandbox.freeze();
      room.sandbox.thaw();
      const after = room.sandbox.spawn(room.process([room.node]));
      await room.sandbox.killAll();
      return { before: await before.exited, after: await after.exited, tmpBytes: await room.sandbox.tmpUsedBytes() };
    }),

  leavesNothing: async (tier: SandboxTier) => {
    const mark = newMark();
    await withRoom(tier, async (room) => {
      await room.start(`${detachThree(mark)} console.log("up"); setInterval(() => {}, 1000)`);
    });
    const search = findCgroupHome();
    const folder = userFolders().some((place) => existsSync(join(place, supervisorName())));
    const groups =
      "home" in search && existsSync(search.home.memory)
        ? readdirSync(search.home.memory).filter((name) => name.startsWith(supervisorName()))
        : [];
    return { processes: findByCommandLine(mark).length, folder, groups };
  },
};

/** Prints its mark and waits to be killed. */
export function supervise(tier: SandboxTier): Promise<never> {
  return withRoom(tier, async (room) => {
    const mark = newMark();
    await room.start(`${detachThree(mark)} console.log("up"); for (;;);`);
    await until(() => findByCommandLine(mark).length === 3);
    process.stdout.write(`${JSON.stringify(mark)}\n`);
    return new Promise<never>(() => setInterval(() => undefined, 1000));
  });
}

export type Results = { readonly [Name in keyof typeof scenarios]: Awaited<ReturnType<(typeof scenarios)[Name]>> };
