import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The README's main job in this very repository: its template, its function, its fixture, on a state of its own. */
const ROOT = join(__dirname, "..", "..");
const state = mkdtempSync(join(tmpdir(), "lambda-run-main-job-"));
const flags = ["--state", state, "--port", "0", "--http-port", "0"];

function lambdaRun(...args: string[]): ChildProcess {
  return spawn(process.execPath, [join(ROOT, "bin", "lambda-run.js"), ...args, ...flags], {
    cwd: ROOT,
    env: { ...process.env, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

function finished(child: ChildProcess): Promise<{ exitCode: number | null; stdout: string; stderr: string }> {
  let stdout = "";
  let stderr = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  return new Promise((resolve) => child.on("close", (exitCode) => resolve({ exitCode, stdout, stderr })));
}

/** Resolves with the first line of stdout that tells that the stack is ready. */
function ready(child: ChildProcess): Promise<{ endpoint: string }> {
  return new Promise((resolve, reject) => {
    let text = "";
    child.stdout?.setEncoding("utf8").on("data", (data: string) => {
      text += data;
      const line = text.split("\n").find((candidate) => candidate.includes('"ready"'));
      if (line !== undefined) resolve(JSON.parse(line) as { endpoint: string });
    });
    child.on("close", (code) => reject(new Error(`the stack left with ${code}`)));
  });
}

interface Answer {
  readonly payload: { readonly count: number; readonly manifest_key: string; readonly manifest_url: string };
}

interface Line {
  readonly key: string;
  readonly size: number;
  readonly url: string;
}

async function linesOf(manifestUrl: string): Promise<Line[]> {
  const response = await fetch(manifestUrl);
  expect(response.status).toBe(200);
  const text = await response.text();
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
}

let stack: ChildProcess | undefined;
afterAll(async () => {
  if (stack !== undefined && stack.exitCode === null) {
    const closed = finished(stack);
    stack.kill("SIGINT");
    await closed;
  }
  rmSync(state, { recursive: true, force: true });
});

it("one command lists the seeded PDFs, and a stack started later serves one correct, working URL for each", async () => {
  // One shot first, on no state at all: it seeds. Its URLs name the port of then, so the keys are asked of the stack.
  const first = await finished(lambdaRun("invoke", "manifest", "--event", "s3.json", "--json"));
  expect(first.exitCode).toBe(0);
  // Seeds fire nothing in a running stack either: nothing is missed.
  expect(first.stderr).not.toContain("not fired");
  const seeded = (JSON.parse(first.stdout) as Answer).payload;
  expect(seeded.count).toBe(24);
  expect(JSON.stringify(seeded).length).toBeLessThan(1024);

  stack = lambdaRun("start", "--json");
  stack.stderr?.resume();
  const { endpoint } = await ready(stack);
  const second = await finished(lambdaRun("invoke", "manifest", "--event", "s3.json", "--json"));
  const { payload } = JSON.parse(second.stdout) as Answer;
  expect(payload.manifest_url.startsWith(endpoint)).toBe(true);

  const lines = await linesOf(payload.manifest_url);
  expect(lines).toHaveLength(24);
  expect(lines.map(({ key }) => key)).toEqual(lines.map(({ key }) => key).sort());
  for (const { key, size, url } of lines) {
    expect(key).toMatch(/^2026\/04\/.*\.pdf$/i);
    const response = await fetch(url);
    const body = Buffer.from(await response.arrayBuffer());
    expect([response.status, body.length, body.subarray(0, 5).toString()]).toEqual([200, size, "%PDF-"]);
  }
  // Another key under the same signature is refused.
  const tampered = await fetch((lines[0] as Line).url.replace(".pdf?", "x.pdf?"));
  expect(tampered.status).toBe(403);
});

it("holds the project's own fixtures against their expectations, for both systems", async () => {
  const { exitCode, stdout, stderr } = await finished(lambdaRun("test"));
  expect([exitCode, stderr]).toEqual([0, expect.stringMatching(/^\d+ passed in/)]);
  for (const name of [
    "s3/s3 manifest",
    "sqs/sqs aggregation",
    "sqs/sqs-poison aggregation",
    "sqs/sqs-duplicates aggregation",
  ])
    expect(stdout).toContain(`pass fixtures/events/${name}`);
});
