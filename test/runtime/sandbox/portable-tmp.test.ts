/** The preload of the portable sandbox, in real node processes. */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";

const NAME = `lambda-run-redirect-${process.pid}`;
const folder = mkdtempSync(join(tmpdir(), "lambda-run-portable-tmp-"));
const preload = join(folder, "portable-tmp.js");
const privateTmp = join(folder, "tmp");

beforeAll(async () => {
  const entry = join(__dirname, "../../../src/runtime/bootstrap/portable-tmp.ts");
  await build({ entryPoints: [entry], platform: "node", format: "cjs", outfile: preload, logLevel: "error" });
});

beforeEach(() => mkdirSync(privateTmp));

afterEach(() => {
  rmSync(privateTmp, { recursive: true, force: true });
  rmSync(`${privateTmp}.full`, { force: true });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function run(script: string, file = "script.mjs"): Promise<string> {
  writeFileSync(join(folder, file), script);
  const env = { PATH: process.env["PATH"], LAMBDA_RUN_TMP: privateTmp, LAMBDA_RUN_TMP_KEEP: folder };
  const { stdout } = await promisify(execFile)(process.execPath, ["--require", preload, join(folder, file)], { env });
  return stdout;
}

test.each([
  ["a named import", `import { writeFileSync } from "node:fs"; writeFileSync("/tmp/${NAME}", "text");`],
  ["a promise", `import { writeFile } from "node:fs/promises"; await writeFile("/tmp/${NAME}", "text");`],
  [
    "a file handle",
    `import { open } from "node:fs/promises"; const f = await open("/tmp/${NAME}", "w"); await f.write("text"); await f.close();`,
  ],
  ["a stream", `import { createWriteStream } from "node:fs"; createWriteStream("/tmp/${NAME}").end("text");`],
  ["a URL", `import fs from "node:fs"; fs.writeFileSync(new URL("file:///tmp/${NAME}"), "text");`],
  ["a buffer", `import fs from "node:fs"; fs.writeFileSync(Buffer.from("/tmp/${NAME}"), "text");`],
  ["a winding path", `import fs from "node:fs"; fs.writeFileSync("/tmp/../tmp/./${NAME}", "text");`],
  ["a callback", `import fs from "node:fs"; fs.writeFile("/tmp/${NAME}", "text", () => {});`],
  [
    "the second path of a copy",
    `import fs from "node:fs"; fs.writeFileSync("/tmp/a", "text"); fs.copyFileSync("/tmp/a", "/tmp/${NAME}");`,
  ],
  [
    "a rename",
    `import fs from "node:fs"; fs.writeFileSync("/tmp/a", "text"); fs.renameSync("/tmp/a", "/tmp/${NAME}");`,
  ],
])("%s reaches the private folder instead of /tmp", async (_, script) => {
  await run(script);
  expect(readFileSync(join(privateTmp, NAME), "utf8")).toBe("text");
  expect(existsSync(`/tmp/${NAME}`)).toBe(false);
});

test("answers name /tmp, and the variables that steer the preload are gone", async () => {
  const output = await run(`
    import fs from "node:fs"; import { realpath, mkdtemp } from "node:fs/promises"; import { promisify } from "node:util";
    fs.writeFileSync("/tmp/x", "");
    console.log(fs.realpathSync("/tmp/x"), fs.realpathSync.native("/tmp/x"), await realpath("/tmp/x"), fs.mkdirSync("/tmp/d/e", { recursive: true }));
    console.log(fs.mkdtempSync("/tmp/m-").slice(0, 7), (await mkdtemp("/tmp/m-")).slice(0, 7), await promisify(fs.exists)("/tmp/x"));
    console.log(Object.keys(process.env).filter((name) => name.startsWith("LAMBDA_RUN")).length, fs.readdirSync("/tmp").length);`);
  expect(output).toBe("/tmp/x /tmp/x /tmp/x /tmp/d\n/tmp/m- /tmp/m- true\n0 4\n");
});

test("code that lies in the host's /tmp is still found, and other folders are left alone", async () => {
  writeFileSync(join(folder, "neighbour.cjs"), "module.exports = 'found';");
  const output = await run(
    `console.log(require("./neighbour.cjs"), require("fs").existsSync("/tmpfoo"), require("fs").existsSync("/usr"));`,
    "script.cjs",
  );
  expect(output).toBe("found false true\n");
});

test("writes are refused with ENOSPC as soon as the supervisor says that /tmp is full", async () => {
  writeFileSync(`${privateTmp}.full`, "");
  const output = await run(`
    import fs from "node:fs"; import { writeFile } from "node:fs/promises";
    const attempt = (f) => { try { f(); return "done"; } catch (error) { return error.code; } };
    console.log(attempt(() => fs.writeFileSync("/tmp/x", "1")), attempt(() => fs.openSync("/tmp/x", "w")), await writeFile("/tmp/x", "1").catch((error) => error.message));
    fs.writeFile("/tmp/x", "1", (error) => console.log(error.code));
    console.log(attempt(() => fs.readdirSync("/tmp")));`);
  expect(output).toBe("ENOSPC ENOSPC ENOSPC: no space left on device, write\ndone\nENOSPC\n");
  expect(readdirSync(privateTmp)).toEqual([]);
});
