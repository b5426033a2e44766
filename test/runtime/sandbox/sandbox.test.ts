/**
 * Every promise of the sandbox, in every tier this machine allows, as the user who runs the tests and, when that is
 * root, as an ordinary user too. Where a tier is refused the test asserts that the refusal names its reason.
 */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import type { SandboxFactory, SandboxTier } from "../../../src/runtime/sandbox/sandbox.js";
import { findByCommandLine, until, type Results } from "./scenarios.js";

const MEBIBYTE = 1024 * 1024;
const TIERS: readonly SandboxTier[] = ["bwrap", "unshare", "portable"];
const isRoot = process.getuid?.() === 0;
const USERS = isRoot ? ["root", "an ordinary user"] : ["this user"];
/** Scenarios run processes by the dozen; a loaded machine needs patience, not exactness. */
const PATIENCE_MS = 120_000;

type Outcome = Results & { readonly probe: Partial<SandboxFactory> & { readonly refusal?: string } };

const folder = mkdtempSync(join(tmpdir(), "lambda-run-sandbox-test-"));
const bundle = join(folder, "run-scenario.js");

beforeAll(async () => {
  chmodSync(folder, 0o755);
  await build({
    entryPoints: [join(__dirname, "run-scenario.ts")],
    bundle: true,
    platform: "node",
    outfile: bundle,
    logLevel: "error",
  });
  chmodSync(bundle, 0o644);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const homes = new Map<string, string>();

/** A home for the probe's memory that no earlier run has touched, and for what a killed supervisor cannot remove. */
function homeOf(user: string): string {
  const known = homes.get(user);
  if (known !== undefined) return known;
  const home = mkdtempSync(join(folder, "home-"));
  chmodSync(home, 0o777);
  homes.set(user, home);
  return home;
}

function commandFor(
  user: string,
  args: readonly string[],
): { readonly program: string; readonly args: string[]; readonly env: NodeJS.ProcessEnv } {
  const home = homeOf(user);
  const env = { PATH: process.env["PATH"], HOME: home, TMPDIR: home };
  const words = [process.execPath, bundle, ...args];
  if (user !== "an ordinary user") return { program: words[0] ?? "", args: words.slice(1), env };
  return { program: "setpriv", args: ["--reuid=65534", "--regid=65534", "--clear-groups", ...words], env };
}

async function runBundle(user: string, ...args: string[]): Promise<unknown> {
  const command = commandFor(user, args);
  const { stdout } = await promisify(execFile)(command.program, command.args, {
    env: command.env,
    maxBuffer: 64 * MEBIBYTE,
  });
  return JSON.parse(stdout);
}

for (const user of USERS) {
  for (const tier of TIERS) {
    const namespaces = tier !== "portable";
    const name = `the ${tier} sandbox as ${user}`;

    describe(`${name}:`, () => {
      let outcome: Outcome;
      /** Whether there is anything to assert beyond the refusal. */
      const held = (): boolean => outcome.probe.refusal === undefined;

      beforeAll(async () => {
        outcome = (await runBundle(user, tier, "all")) as Outcome;
        if (!held()) process.stderr.write(`${name} cannot run here: ${outcome.probe.refusal}\n`);
      }, PATIENCE_MS);

      test("the probe takes the tier or names the reason why not", () => {
        if (held())
          expect(outcome.probe).toMatchObject({
            tier,
            refused: [],
            tiers: { root: { tier }, kill: { exact: namespaces } },
          });
        else expect(outcome.probe.refusal).toMatch(/\w/);
      });

      if (namespaces) {
        test("the function sees Lambda's file system, user and limits", () => {
          if (!held()) return;
          expect(outcome.look).toMatchObject({
            exit: { kind: "exit", code: 0 },
            seen: {
              uid: 993,
              gid: 990,
              user: "sbx_user1051",
              cwd: "/var/task",
              task: ["index.js"],
              opt: [],
              tmpWrite: "done",
              tmpMode: "1777",
              umask: "22",
              files: "1024",
              core: "0",
              sees: false,
              processes: true,
            },
          });
          const root = outcome.look.seen as Record<string, unknown>;
          expect(root["root"]).toEqual(expect.arrayContaining(["dev", "etc", "opt", "proc", "tmp", "usr", "var"]));
          expect(root["root"]).not.toContain("home");
          expect(root["root"]).not.toContain("root");
        });

        test("everything but /tmp is read-only", () => {
          if (!held()) return;
          const { writes } = outcome.look.seen as { readonly writes: readonly string[] };
          expect(writes).toEqual(writes.map(() => "EROFS"));
        });

        test("a handler can neither unmount nor remount nor end the keeper", () => {
          if (!held()) return;
          expect(outcome.look).toMatchObject({
            seen: { unmount: "refused", remount: "refused", own: "refused" },
            again: "alive\n",
          });
        });

        test("the environment is what was asked for and nothing of the supervisor's", () => {
          if (!held()) return;
          const { env } = outcome.look.seen as { readonly env: Record<string, string> };
          expect(env["QUOTED"]).toBe('a\'b\n$HOME "c" `d` \\');
          expect(env["UID"]).toBe("7");
          expect(Object.keys(env).sort()).toEqual(["HOST_FILE", "PATH", "QUOTED", "SANDBOX_TMP", "UID"]);
        });

        test("a full /tmp is ENOSPC at the exact byte", () => {
          if (!held()) return;
          expect(outcome.fullTmp).toEqual({
            exit: { kind: "exit", code: 0 },
            text: `ENOSPC ${16 * MEBIBYTE}\n`,
            usedBytes: 16 * MEBIBYTE,
          });
        });

        test("a /tmp that holds more than the function's memory is full, not out of memory", () => {
          if (!held()) return;
          expect(outcome.tmpIsNotMemory).toMatchObject({
            exit: { kind: "exit", code: 0 },
            text: `ENOSPC ${192 * MEBIBYTE}\n`,
          });
          expect(outcome.tmpIsNotMemory.peakMb).toBeLessThan(128);
        });

        test("a mount may lie inside the code where the code has nothing to mount on", () => {
          if (!held()) return;
          expect(outcome.mountInTask).toBe("from outside index.js,node_modules\nEROFS\n");
        });

        test("output that nobody reads waits in the kernel", () => {
          if (!held()) return;
          expect(outcome.flood.exit).toEqual({ kind: "signal", signal: "killed" });
          expect(outcome.flood.heldBytes).toBeLessThan(2 * MEBIBYTE);
        });
      } else {
        test("no file in its own /tmp outgrows it, and the bytes are counted", () => {
          expect(outcome.fullTmp).toMatchObject({ exit: { kind: "exit", code: 0 }, text: `EFBIG ${16 * MEBIBYTE}\n` });
          expect(outcome.fullTmp.usedBytes).toBeGreaterThanOrEqual(16 * MEBIBYTE);
          expect(outcome.tmpIsNotMemory.peakMb).toBeLessThan(128);
        });
      }

      test("a runaway is killed for its memory, without passing the limit where a control group holds it", () => {
        if (!held()) return;
        expect(outcome.runaway).toMatchObject({
          exit: { kind: "out-of-memory" },
          peakMb: 160,
          next: { kind: "exit", code: 0 },
        });
        // How far a polled limit is overshot depends on the load of the machine: the bench measures it.
        if (outcome.probe.tiers?.memory.exact === true) expect(outcome.runaway.lastMb).toBeLessThanOrEqual(160);
      });

      test("peak memory counts from the last look", () => {
        if (!held()) return;
        expect(outcome.peak.first).toBeGreaterThan(100 * MEBIBYTE);
        expect(outcome.peak.second).toBeLessThan(outcome.peak.first - 60 * MEBIBYTE);
      });

      test("the end of a process is told in Lambda's words", () => {
        if (!held()) return;
        expect(outcome.exits).toEqual({
          zero: { kind: "exit", code: 0 },
          three: { kind: "exit", code: 3 },
          aborted: { kind: "signal", signal: "aborted" },
          segfault: { kind: "signal", signal: "segmentation fault" },
          killed: { kind: "signal", signal: "killed" },
          clean: { kind: "exit", code: 137 },
          missing: { kind: "exit", code: 127 },
        });
      });

      test("killAll spares neither detached children nor a busy loop, and keeps /tmp", () => {
        if (!held()) return;
        expect(outcome.killAll).toEqual({
          survivors: 0,
          exit: { kind: "signal", signal: "killed" },
          next: { exit: { kind: "exit", code: 0 }, text: "true\n" },
        });
      });

      test("a frozen sandbox can be killed and used again", () => {
        if (!held()) return;
        expect(outcome.killFrozen).toEqual({ exit: { kind: "signal", signal: "killed" }, next: "again\n" });
      });

      test("a freeze stops detached children of a worker thread, a thaw wakes them", () => {
        if (!held()) return;
        expect(outcome.freeze).toEqual({ sleepers: 3 });
      });

      test("terminate sends SIGTERM to the process alone", () => {
        if (!held()) return;
        expect(outcome.terminate).toEqual({ kind: "exit", code: 7 });
      });

      test("layers are united and the later one wins", () => {
        if (!held()) return;
        expect(outcome.layers).toBe("a of one,b of two,c of two bin,nodejs");
      });

      test("a destroyed sandbox starts nothing and takes every call", () => {
        if (!held()) return;
        const killed = { kind: "signal", signal: "killed" };
        expect(outcome.afterDestroy).toEqual({ before: killed, after: killed, tmpBytes: 0 });
      });

      test("destroy leaves no process, folder or control group", () => {
        if (!held()) return;
        expect(outcome.leavesNothing).toEqual({ processes: 0, folder: false, groups: [] });
      });

      test(
        "no process survives a supervisor that is killed, and the next start sweeps what it left",
        async () => {
          if (!held()) return;
          const command = commandFor(user, [tier, "supervise"]);
          const supervisor = spawn(command.program, command.args, {
            env: command.env,
            stdio: ["ignore", "pipe", "inherit"],
          });
          const [line] = (await once(supervisor.stdout, "data")) as [Buffer];
          const mark = JSON.parse(line.toString("utf8")) as string;
          expect(findByCommandLine(mark)).toHaveLength(3);
          supervisor.kill("SIGKILL");
          await until(() => findByCommandLine(mark).length === 0);
          const left = (await runBundle(user, tier, "sweep")) as string[];
          expect(left.filter((name) => name.startsWith(`${supervisor.pid}-`))).toEqual([]);
        },
        PATIENCE_MS,
      );
    });
  }
}

test(
  "a machine that forbids namespaces gets the portable tier and the reasons",
  async () => {
    if (process.platform !== "linux") return;
    // Root of a user namespace that may open no further one, without capabilities: like a hardened container.
    const { env, program, args } = commandFor("this user", ["best", "probe"]);
    const script = `echo 0 > /proc/sys/user/max_user_namespaces && exec setpriv --inh-caps=-all --bounding-set=-all "$@"`;
    const { stdout } = await promisify(execFile)(
      "unshare",
      ["--user", "--map-root-user", "sh", "-c", script, "sh", program, ...args],
      { env },
    );
    expect(JSON.parse(stdout)).toMatchObject({
      tier: "portable",
      refused: [
        { tier: "bwrap", reason: expect.stringMatching(/\w/) as string },
        { tier: "unshare", reason: expect.stringMatching(/\w/) as string },
      ],
      tiers: { tmp: { exact: false }, memory: { exact: false }, kill: { how: "tree-walk" } },
    });
  },
  PATIENCE_MS,
);
