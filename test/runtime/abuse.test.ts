/** Whatever a function does, the supervisor stays up, its memory stays bounded, and the next invocation works. */
import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import type { SandboxTier } from "../../src/runtime/sandbox/sandbox.js";
import { bodyOf, FunctionHost, tierName, TIERS } from "./function-host.js";

const MEBIBYTE = 1024 * 1024;
jest.setTimeout(60_000);

/** Processes whose command line holds this. A shell's fork that has not become its command yet is still that shell. */
function running(text: string): number {
  const pids = readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && commandLine(pid).includes(text));
  return pids.filter((pid) => !["", ...pids].includes(parentOf(pid))).length;
}

function parentOf(pid: string): string {
  try {
    return /^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1] ?? "";
  } catch {
    return ""; // ended meanwhile
  }
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ");
  } catch {
    return ""; // ended meanwhile
  }
}

describe.each(TIERS.map((tier) => [tierName(tier), tier] as const))(
  "on %s tier",
  (_name, tier: SandboxTier | undefined) => {
    const functions = new FunctionHost(tier === undefined ? {} : { sandboxTier: tier });
    const namespaces = tier !== "portable";
    afterAll(() => functions.close());

    const abused = (): ReturnType<FunctionHost["function"]> =>
      functions.function("node", "abuse.handler", { timeoutSeconds: 60 });

    /** Plays the trick, then asks for a plain answer. */
    async function play(
      trick: string,
      event: object = {},
    ): Promise<{ readonly body: unknown; readonly next: unknown; readonly lines: readonly string[] }> {
      const config = abused();
      const body = bodyOf(await functions.invoke(config, { trick, ...event }));
      return { body, next: bodyOf(await functions.invoke(config)), lines: functions.lines(config) };
    }

    test("detached children that ignore signals are frozen with their parent and die with the environment", async () => {
      const config = abused();
      const mark = randomUUID();
      expect(bodyOf(await functions.invoke(config, { trick: "detach", mark }))).toBe(3);
      expect(bodyOf(await functions.invoke(config))).toBe(2);
      expect(running(mark)).toBe(3);
      await functions.host.remove(config);
      expect(running(mark)).toBe(0);
    });

    test("a timeout takes detached children and a process that ignores SIGTERM with it", async () => {
      const config = functions.function("node", "abuse.handler", { timeoutSeconds: 1 });
      const mark = randomUUID();
      expect(bodyOf(await functions.invoke(config, { trick: "detachAndHang", mark }))).toMatchObject({
        errorType: "Sandbox.Timedout",
      });
      expect(running(mark)).toBe(0);
      expect(bodyOf(await functions.invoke(config))).toBe(1);
    });

    test("forked children do not hold the answer up", async () => {
      expect(await play("forks")).toMatchObject({ body: "started", next: 2 });
    });

    test("200 MB of output pass without staying in memory", async () => {
      let bytes = 0;
      let lines = 0;
      const printing = new FunctionHost({
        ...(tier === undefined ? {} : { sandboxTier: tier }),
        log: (_config, _stream, { text }) => {
          bytes += text.length;
          lines += 1;
        },
      });
      try {
        const config = printing.function("node", "abuse.handler", { timeoutSeconds: 60 });
        await printing.invoke(config);
        const before = process.memoryUsage().rss;
        const result = await printing.invoke(config, { trick: "print", megabytes: 200 });
        expect(bodyOf(result)).toBe(200);
        expect(lines).toBeGreaterThan(200 * 1024);
        expect(bytes).toBeGreaterThan(199 * MEBIBYTE);
        expect(process.memoryUsage().rss - before).toBeLessThan(120 * MEBIBYTE);
        expect(result.logs.length).toBeLessThan(2 * MEBIBYTE);
        expect(result.logs).toMatch(/^\[lambda-run: \d+ lines left out here\]\n/);
        expect(bodyOf(await printing.invoke(config))).toBe(3);
      } finally {
        await printing.close();
      }
    });

    test("a line without end is cut into pieces of CloudWatch's size", async () => {
      const { body, next, lines } = await play("endlessLine", { megabytes: 3 });
      expect([body, next]).toEqual([3, 2]);
      const pieces = lines.filter((line) => line.startsWith("y"));
      expect(pieces.map((piece) => piece.length)).toEqual(Array.from({ length: 12 }, () => 256 * 1024));
    });

    test("the 1,025th file is refused", async () => {
      expect(await play("openFiles")).toMatchObject({ body: { code: "EMFILE", many: true }, next: 2 });
    });

    test("garbage and half requests on the Runtime API harm nobody", async () => {
      expect(await play("garbage")).toMatchObject({ body: ["HTTP/1.1 400 Bad Request", ""], next: 2 });
    });

    test("an answer by hand counts and the client's own is refused", async () => {
      expect(await play("answersTwice")).toMatchObject({ body: "by hand", next: 2 });
    });

    test("a handler cannot take the next event", async () => {
      expect(await play("stealsNext")).toMatchObject({ body: "HTTP/1.1 403 Forbidden", next: 2 });
    });

    test("console goes on when process.stdout.write is replaced", async () => {
      const { body, lines } = await play("replacesStdout");
      expect(body).toBe("fine");
      expect(lines.join()).toContain("still logged");
    });

    test("an event that nobody reads is no burden", async () => {
      const config = abused();
      const big = { trick: "neverReads", padding: "p".repeat(6 * MEBIBYTE - 100) };
      expect(bodyOf(await functions.invoke(config, big))).toBe("did not look");
      expect(bodyOf(await functions.invoke(config))).toBe(2);
    });

    (namespaces ? test : test.failing)("a full /tmp is ENOSPC and everything else is read-only", async () => {
      expect(await play("fillsTmp")).toMatchObject({ body: "ENOSPC" });
      const { body } = await play("writesEverywhere");
      expect(body).toEqual({
        "/var/task/x": "EROFS",
        "/opt/x": "EROFS",
        "/usr/x": "EROFS",
        "/etc/x": "EROFS",
        "/root/x": expect.any(String),
        "/home/x": expect.any(String),
        "/x": "EROFS",
      });
    });
  },
);
