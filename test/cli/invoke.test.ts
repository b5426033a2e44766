import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { itUnless } from "../unless.js";
import { BIN, ProjectFolder, smallProject } from "./cli.js";

const folders: ProjectFolder[] = [];
const project = (files: Record<string, string>): ProjectFolder => {
  const made = new ProjectFolder(files);
  folders.push(made);
  return made;
};
afterAll(() => folders.forEach((folder) => folder.remove()));

/** The portable tier measures now and then: it is announced as approximate and may let a fast writer through. */
const APPROXIMATE = ((): string | undefined => {
  const { stdout } = spawnSync(process.execPath, [BIN, "doctor", "--json"], { cwd: tmpdir(), encoding: "utf8" });
  const { limits } = JSON.parse(stdout) as { limits: { tmp: { exact: boolean; note: string } } };
  return limits.tmp.exact ? undefined : `/tmp is ${limits.tmp.note}`;
})();

const echo = "export const handler = async (event: object) => ({ got: event });";

describe("lambda-run invoke", () => {
  it("prints the payload alone on stdout and the log on stderr", async () => {
    const { exitCode, stdout, stderr } = await project(
      smallProject(
        'export const handler = async (event: object) => { console.log("working"); return { got: event }; };',
      ),
    ).run(["invoke", "hello", "--data", '{"a":1}']);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '{"got":{"a":1}}\n' });
    expect(stderr).toMatch(
      /START RequestId: [0-9a-f-]{36} Version: \$LATEST\n.*\tINFO\tworking\nEND RequestId: .*\nREPORT RequestId: .*Init Duration: [\d.]+ ms\t\n/s,
    );
  });

  it.each(["HelloFunction", "hello", "hellofunction"])("finds the function as %s", async (name) => {
    const { exitCode } = await project(smallProject(echo)).run(["invoke", name]);
    expect(exitCode).toBe(0);
  });

  it("takes the event from a file, from a fixture by name and from standard input", async () => {
    const folder = project({
      ...smallProject(echo),
      "here.json": '{"from":"file"}',
      "fixtures/events/s3/put.json": '{"from":"fixture"}',
    });
    const results = await Promise.all([
      folder.run(["invoke", "hello", "--event", "here.json", "--ephemeral"]),
      folder.run(["invoke", "hello", "--event", "put.json", "--ephemeral"]),
      folder.run(["invoke", "hello", "--event", "-", "--ephemeral"], { input: '{"from":"stdin"}' }),
    ]);
    expect(results.map(({ stdout }) => JSON.parse(stdout).got.from)).toEqual(["file", "fixture", "stdin"]);
  });

  it("runs any file with no template at all", async () => {
    const folder = project({
      "deep/fn.ts": "export const run = async () => 'ran'; export const handler = async () => 'default';",
    });
    const results = await Promise.all([
      folder.run(["invoke", "deep/fn.ts", "--port", "0", "--ephemeral"]),
      folder.run(["invoke", "deep/fn.ts:run", "--port", "0", "--ephemeral"]),
    ]);
    expect(results.map(({ stdout }) => stdout)).toEqual(['"default"\n', '"ran"\n']);
  });

  it.each(["auto", "portable"])(
    "gives the SDK to ES modules in a folder without node_modules, on tier %s",
    async (tier) => {
      const folder = project({
        "put.mjs":
          'import { S3Client } from "@aws-sdk/client-s3"; const made = await Promise.resolve(new S3Client({})); export const handler = async () => made.constructor.name;',
      });
      const { stdout, stderr } = await folder.run(
        ["invoke", "./put.mjs", "--port", "0", "--ephemeral", "--sandbox", tier],
        { env: { XDG_CACHE_HOME: join(folder.folder, "cache") } },
      );
      expect({ stdout, stderr: stdout === "" ? stderr : "" }).toEqual({ stdout: '"S3Client"\n', stderr: "" });
    },
  );

  it("prints one object with --json", async () => {
    const { stdout } = await project(smallProject(echo)).run(["invoke", "hello", "--json"]);
    const result = JSON.parse(stdout) as Record<string, unknown>;
    expect(result).toMatchObject({
      status: "success",
      payload: { got: {} },
      error: null,
      report: { memorySizeMb: 128, status: "success" },
    });
    expect(result["logs"]).toMatch(/^START RequestId.*^REPORT RequestId/ms);
  });

  it("leaves nothing running and no owner of the state behind", async () => {
    const folder = project(smallProject(echo));
    await folder.run(["invoke", "hello"]);
    expect(existsSync(join(folder.folder, ".lambda-run", "owner.json"))).toBe(false);
  });

  it("maps the stack trace of an error to the TypeScript line", async () => {
    const { exitCode, stderr } = await project(
      smallProject("\n\nexport const handler = async () => { throw new TypeError('no'); };"),
    ).run(["invoke", "hello"]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/src\/hello\.ts:3:/);
  });

  it.each([
    [
      "a thrown error",
      "export const handler = async () => { throw new Error('x'); };",
      1,
      { errorType: "Error", errorMessage: "x" },
    ],
    ["a timeout", "export const handler = async () => { for (;;) {} };", 4, { errorType: "Sandbox.Timedout" }],
    ["an exit", "export const handler = async () => process.exit(3);", 1, { errorType: "Runtime.ExitError" }],
  ])("leaves with the exit code of %s", async (_name, handler, code, error) => {
    const { exitCode, stdout } = await project(smallProject(handler, "      Timeout: 1")).run(["invoke", "hello"]);
    expect({ exitCode, error: JSON.parse(stdout) as object }).toMatchObject({ exitCode: code, error });
  });

  itUnless(APPROXIMATE)("gives a full /tmp exit code 5 and leaves a success of 500 MB alone", async () => {
    const fill = (mb: number): string =>
      `import { appendFileSync } from "node:fs"; export const handler = async () => { const b = Buffer.alloc(1 << 20); for (let i = 0; i < ${mb}; i++) appendFileSync("/tmp/f", b); return "full"; };`;
    const [over, under] = await Promise.all(
      [600, 500].map((mb) => project(smallProject(fill(mb), "      Timeout: 20")).run(["invoke", "hello", "--json"])),
    );
    expect(under?.exitCode).toBe(0);
    expect(over?.exitCode).toBe(5);
    expect(JSON.parse(over?.stdout ?? "")).toMatchObject({
      error: { errorMessage: expect.stringContaining("ENOSPC") as string },
    });
    expect(over?.stderr).toContain("raise EphemeralStorage");
  });

  it("gives too much memory exit code 5", async () => {
    const handler =
      "export const handler = async () => { const all: Buffer[] = []; for (;;) { all.push(Buffer.alloc(4e6, 1)); await new Promise((r) => setImmediate(r)); } };";
    const { exitCode, stdout } = await project(smallProject(handler, "      Timeout: 30")).run(["invoke", "hello"]);
    expect({ exitCode, error: JSON.parse(stdout) as object }).toMatchObject({
      exitCode: 5,
      error: { errorType: "Runtime.OutOfMemory" },
    });
  });
});

describe("bad input of lambda-run invoke", () => {
  const cases: [name: string, files: Record<string, string>, args: string[], exitCode: number, says: RegExp][] = [
    ["an unknown function", smallProject(echo), ["invoke", "helo"], 2, /error LR1001 .*helo.*Did you mean "hello"/s],
    [
      "a missing event file",
      smallProject(echo),
      ["invoke", "hello", "-e", "nope.json"],
      2,
      /error LR1002 .*nope\.json/s,
    ],
    [
      "an event that is no JSON",
      { ...smallProject(echo), "bad.json": '{\n  "a": 1,\n  b: 2\n}' },
      ["invoke", "hello", "-e", "bad.json"],
      2,
      /error LR1003 .*where bad\.json:3:3\n.*> 3 \|   b: 2/s,
    ],
    [
      "a truncated event",
      { ...smallProject(echo), "cut.json": '{"a": [1, 2' },
      ["invoke", "hello", "-e", "cut.json"],
      2,
      /error LR1003 .*where cut\.json:1:12/s,
    ],
    ["an unknown flag", smallProject(echo), ["invoke", "hello", "--evnt", "x"], 2, /unknown option '--evnt'.*--event/s],
    [
      "two events",
      smallProject(echo),
      ["invoke", "hello", "-e", "a", "-d", "{}"],
      2,
      /error LR1004 Both --event and --data/,
    ],
    [
      "a syntax error in the handler",
      smallProject("export const handler = async () => {\n  const x = ;\n};"),
      ["invoke", "hello"],
      3,
      /error LR3001 .*src\/hello\.ts:2:13.*> 2 \|   const x = ;/s,
    ],
    [
      "a missing module",
      smallProject('import "left-pad";\nexport const handler = async () => 1;'),
      ["invoke", "hello"],
      3,
      /error LR3003 .*left-pad.*npm install left-pad/s,
    ],
    [
      "a handler that is not exported",
      smallProject("export const other = 1;"),
      ["invoke", "hello"],
      1,
      /fix {3}Export `handler` from hello/,
    ],
    [
      "a YAML error in the template",
      { "template.yaml": "Resources:\n  A: [1\n  B: 2\n" },
      ["invoke", "hello"],
      2,
      /error LR2002 .*template\.yaml:\d+:\d+/s,
    ],
    [
      "a reference to nothing",
      { ...smallProject(echo, "      Role: !GetAtt Nobody.Arn") },
      ["invoke", "hello"],
      2,
      /error LR2003 .*Nobody/s,
    ],
    [
      "an unknown option in the config",
      { ...smallProject(echo), "lambda-run.config.json": '{"prots": {}}' },
      ["invoke", "hello"],
      2,
      /error LR2005 .*prots.*ports/s,
    ],
    [
      "an event over 6 MB",
      { ...smallProject(echo), "big.json": JSON.stringify("x".repeat(7 * 1024 * 1024)) },
      ["invoke", "hello", "-e", "big.json"],
      5,
      /error LR4002/,
    ],
    [
      "a backend that is not there",
      smallProject(echo),
      ["invoke", "hello", "--backend", "azure"],
      2,
      /error LR2005 .*azure/s,
    ],
    [
      "a client context that is no JSON",
      smallProject(echo),
      ["invoke", "hello", "--client-context", "{"],
      2,
      /error LR1004/,
    ],
  ];
  it.each(cases)(
    "%s: what, where, why, the one thing to do, and its exit code",
    async (_name, files, args, code, says) => {
      const { exitCode, stderr } = await project(files).run(args);
      expect(stderr).toMatch(says);
      expect(exitCode).toBe(code);
      if (/^error LR/m.test(stderr)) expect(stderr).toMatch(/^fix {3}\S/m);
    },
  );

  it("refuses a state folder in a file system that takes none", async () => {
    const project = new ProjectFolder(smallProject("export const handler = async () => 1;"));
    const { exitCode, stderr } = await project.run(["invoke", "hello", "--state", "/proc/lambda-run/state"]);
    expect([exitCode, stderr]).toEqual([6, expect.stringContaining("LR5002")]);
    project.remove();
  });

  it("refuses a state folder that cannot be written", async () => {
    const folder = project(smallProject(echo));
    // A file in its place fails for every user, root too.
    writeFileSync(join(folder.folder, "state"), "");
    const { exitCode, stderr } = await folder.run(["invoke", "hello", "--state", "state"]);
    expect(stderr).toMatch(/error LR5002 .*state/s);
    expect(exitCode).toBe(6);
  });

  it("takes over a state folder whose owner was killed", async () => {
    const folder = project(smallProject(echo));
    mkdirSync(join(folder.folder, ".lambda-run"));
    writeFileSync(
      join(folder.folder, ".lambda-run", "owner.json"),
      JSON.stringify({ pid: 2 ** 22 + 1, endpoint: "http://127.0.0.1:1", kind: "stack" }),
    );
    const { exitCode } = await folder.run(["invoke", "hello"]);
    expect(exitCode).toBe(0);
  });

  it("survives a cut-off owner file and a corrupt application cache", async () => {
    const folder = project(smallProject(echo));
    await folder.run(["invoke", "hello"]);
    writeFileSync(join(folder.folder, ".lambda-run", "owner.json"), '{"pid":');
    const { exitCode } = await folder.run(["invoke", "hello"]);
    expect(exitCode).toBe(0);
  });
});

describe("lambda-run itself", () => {
  it("prints its version and nothing else", async () => {
    const { version } = JSON.parse(readFileSync(join(__dirname, "..", "..", "package.json"), "utf8")) as {
      version: string;
    };
    expect(await project({}).run(["--version"])).toEqual({ exitCode: 0, stdout: `${version}\n`, stderr: "" });
  });

  it("starts its help with examples and ends with the exit codes", async () => {
    const { exitCode, stdout } = await project({}).run(["--help"]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^Examples:\n {2}lambda-run invoke manifest --event s3\.json\n/);
    expect(stdout).toContain("Exit codes: 0 ok, 1 function error");
  });

  it("prints no colour into a pipe unless asked", async () => {
    const folder = project(smallProject(echo));
    const [plain, forced] = await Promise.all([
      folder.run(["invoke", "nobody"], { env: { NO_COLOR: "" } }),
      folder.run(["invoke", "nobody"], { env: { NO_COLOR: "", FORCE_COLOR: "1" } }),
    ]);
    expect(plain.stderr).not.toContain("\u001b[");
    expect(forced.stderr).toContain("\u001b[31m");
  });

  it("keeps its files from other users", async () => {
    const folder = project(
      smallProject(
        'import { S3Client, ListBucketsCommand } from "@aws-sdk/client-s3"; export const handler = async () => (await new S3Client({}).send(new ListBucketsCommand({}))).Buckets?.length;',
      ),
    );
    chmodSync(folder.folder, 0o755);
    const { stdout } = await folder.run(["invoke", "hello"]);
    expect(stdout).toBe("1\n");
    const { mode } = await import("node:fs").then(({ statSync }) => statSync(join(folder.folder, ".lambda-run")));
    expect(mode & 0o077).toBe(0);
  });
});
