import { fork, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { StateLock, readOwner } from "../../src/stack/state-lock.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lambda-run-lock-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const taken = (lock: ReturnType<typeof StateLock.take>): StateLock => {
  if (!(lock instanceof StateLock)) throw new Error("the folder is held by another");
  return lock;
};

describe("the lock of a state folder", () => {
  it("is had by one taker, also within one process, and says who", () => {
    const lock = taken(StateLock.take(folder, "stack"));
    lock.publish({ endpoint: "http://127.0.0.1:1", front: "http://127.0.0.1:2" });
    expect(StateLock.take(folder, "command")).toMatchObject({
      pid: process.pid,
      endpoint: "http://127.0.0.1:1",
      front: "http://127.0.0.1:2",
      kind: "stack",
    });
    lock.release();
    taken(StateLock.take(folder, "command")).release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it("of a process that is gone is taken over, and so is one that was cut off", () => {
    for (const text of [JSON.stringify({ pid: 2 ** 22 + 1, endpoint: "", kind: "stack", nonce: "x" }), '{"pid":']) {
      writeFileSync(join(folder, "owner.json"), text);
      expect(readOwner(folder)).toBeUndefined();
      taken(StateLock.take(folder, "command")).release();
    }
  });

  it("is released by its holder alone", () => {
    const first = taken(StateLock.take(folder, "command"));
    first.release();
    const second = taken(StateLock.take(folder, "command"));
    first.release();
    expect(existsSync(join(folder, "owner.json"))).toBe(true);
    second.release();
  });

  it("keeps processes apart that take and release it in a loop", async () => {
    const script = join(folder, "taker.cjs");
    const log = join(folder, "log");
    writeFileSync(log, "");
    // Each holder writes its entry and its exit: with no overlap they alternate.
    buildSync({
      stdin: {
        contents: `
          import { appendFileSync } from "node:fs";
          import { StateLock } from ${JSON.stringify(join(__dirname, "..", "..", "src", "stack", "state-lock.ts"))};
          for (let taken = 0; taken < 150; ) {
            const lock = StateLock.take(process.argv[2] + "/state", "command");
            if (!(lock instanceof StateLock)) continue;
            appendFileSync(process.argv[2] + "/log", "in " + process.pid + "\\n");
            appendFileSync(process.argv[2] + "/log", "out " + process.pid + "\\n");
            lock.release();
            taken++;
          }
          process.exit(0);
        `,
        resolveDir: folder,
        loader: "ts",
      },
      bundle: true,
      platform: "node",
      format: "cjs",
      outfile: script,
    });
    const takers = [1, 2, 3].map(() => fork(script, [folder]));
    await Promise.all(takers.map((taker: ChildProcess) => new Promise((resolve) => taker.on("exit", resolve))));
    const lines = readFileSync(log, "utf8").trim().split("\n");
    expect(lines).toHaveLength(900);
    for (let i = 0; i < lines.length; i += 2) expect(lines[i + 1]).toBe(lines[i]?.replace("in", "out"));
  });
});
