/** Functions in TypeScript: bundled, run with the runtime's AWS SDK, and traced to the line that a person wrote. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FunctionConfig } from "../../src/config/function-config.js";
import { bodyOf, FunctionHost, HANDLERS } from "./function-host.js";

const cache = mkdtempSync(join(tmpdir(), "lambda-run-builds-"));
const functions = new FunctionHost({ cache });
afterAll(async () => {
  await functions.close();
  rmSync(cache, { recursive: true, force: true });
});

function bundled(
  handlerFile: string,
  root = join(HANDLERS, "typescript"),
  config: Partial<FunctionConfig> = {},
): FunctionConfig {
  return functions.function("x", `${handlerFile}.handler`, {
    code: { kind: "bundle", root, handlerFile, build: { external: [] } },
    ...config,
  });
}

test("a TypeScript handler runs with the AWS SDK of the runtime", async () => {
  const body = bodyOf(await functions.invoke(bundled("index"))) as { client: string; told: string };
  expect(body).toMatchObject({ client: "function", told: "typed" });
});

test("a stack trace names the TypeScript line, and the answer keeps AWS's shape", async () => {
  const config = bundled("index");
  const result = await functions.invoke(config, { fail: true });
  const body = bodyOf(result) as { trace: string[] };
  expect(Object.keys(body)).toEqual(["errorType", "errorMessage", "trace"]);
  expect(body).toMatchObject({ errorType: "RangeError", errorMessage: "nothing to describe" });
  expect(body.trace[1]).toMatch(/^ {4}at describe \(.*test\/handlers\/typescript\/part\.ts:7:11\)$/);
  expect(result.logs).toContain("typescript/part.ts:7:11");
});

test("a top-level await keeps the bundle an ES module", async () => {
  expect(bodyOf(await functions.invoke(bundled("top-level")))).toBe("awaited");
});

test.each([
  [
    "broken",
    {
      code: "LR3001",
      where: expect.stringMatching(/broken\.ts:\d+:\d+$/),
      codeFrame: expect.stringContaining("return 1"),
    },
  ],
  [
    "missing",
    {
      code: "LR3003",
      message: expect.stringContaining('imports "not-installed-anywhere"'),
      fix: expect.stringContaining("npm install not-installed-anywhere"),
    },
  ],
  ["nowhere", { code: "LR3002" }],
  [
    "Index",
    { code: "LR3002", why: "there is index.ts, but letter case counts on Lambda", fix: "Write Handler with index." },
  ],
])("%s.ts is refused with place and remedy before anything runs", async (file, refusal) => {
  await expect(functions.invoke(bundled(file))).rejects.toMatchObject(refusal);
});

test("a build is kept until one of its files changes", async () => {
  const root = mkdtempSync(join(tmpdir(), "lambda-run-sources-"));
  try {
    cpSync(join(HANDLERS, "typescript"), root, { recursive: true });
    const config = bundled("index", root);
    const first = await functions.host.prepare(config);
    functions.host.update(config);
    expect((await functions.host.prepare(config)).taskRoot).toBe(first.taskRoot);
    const part = join(root, "part.ts");
    writeFileSync(part, readFileSync(part, "utf8").replace("named.name", '"changed"'));
    functions.host.update(config);
    expect((await functions.host.prepare(config)).taskRoot).not.toBe(first.taskRoot);
    expect(bodyOf(await functions.invoke(config))).toMatchObject({ told: "changed" });
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
