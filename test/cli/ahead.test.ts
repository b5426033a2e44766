/**
 * A second `invoke` begins its room, and the Node in it, before it has read its own command line. A process that was started
 * ahead was given few variables by the kernel: /proc/self/environ tells them from those that its code sees.
 */
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../free-port.js";
import { NO_ROOMS } from "../no-rooms.js";
import { itUnless } from "../unless.js";
import { ProjectFolder, smallProject, type CliResult } from "./cli.js";

/** Its own, so that no other test drops its notes. */
const cache = mkdtempSync(join(tmpdir(), "lambda-run-ahead-"));
const folders: ProjectFolder[] = [];
afterAll(() => {
  for (const folder of folders) folder.remove();
  rmSync(cache, { recursive: true, force: true });
});

const HANDLER = `
import { readFileSync, readlinkSync } from "node:fs";
export const handler = async () => ({
  answer: "ANSWER",
  ahead: !readFileSync("/proc/self/environ", "utf8").includes("AWS_LAMBDA_RUNTIME_API"),
  variables: process.env,
  stdin: readlinkSync("/proc/self/fd/0"),
  zone: new Date(0).getHours(),
  title: process.title,
  execArgv: process.execArgv,
});`;

const PYTHON_TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: hello
      Runtime: python3.13
      CodeUri: code/
      Handler: main.handler
      Environment: { Variables: { TZ: Asia/Tokyo, GREETING: "été" } }
`;
const PYTHON_HANDLER = `
import os, time
def handler(event, context):
    with open("/proc/self/environ") as given:
        return {"answer": "ANSWER", "ahead": "AWS_LAMBDA_RUNTIME_API" not in given.read(), "variables": dict(os.environ),
                "stdin": os.readlink("/proc/self/fd/0"), "zone": time.localtime(0).tm_hour}
`;
const NO_PYTHON = spawnSync("python3", ["--version"]).status === 0 ? undefined : "there is no python3";

interface Seen {
  readonly answer: string;
  readonly ahead: boolean;
  readonly variables: Record<string, string>;
  readonly stdin: string;
  readonly zone: number;
  readonly title?: string;
  readonly execArgv?: readonly string[];
}

const WITH_VARIABLES = (text: string): string => `      Environment: { Variables: { ${text} } }`;

class Project {
  readonly folder: ProjectFolder;

  constructor(properties = "") {
    this.folder = new ProjectFolder(smallProject(HANDLER.replace("ANSWER", "first"), properties));
    mkdirSync(join(this.folder.folder, "node_modules"));
    folders.push(this.folder);
  }

  run(...args: string[]): Promise<CliResult> {
    return this.folder.run(["invoke", "hello", ...args], { env: { XDG_CACHE_HOME: cache } });
  }

  async seen(...args: string[]): Promise<Seen> {
    const { stdout, stderr, exitCode } = await this.run(...args);
    expect({ exitCode, stderr: exitCode === 0 ? "" : stderr }).toEqual({ exitCode: 0, stderr: "" });
    return JSON.parse(stdout) as Seen;
  }

  /** The function's template anew. */
  properties(text: string): void {
    for (const [name, content] of Object.entries(smallProject("", text)))
      if (name === "template.yaml") this.folder.write(name, content);
  }

  slots(): string[] {
    const folder = join(this.folder.folder, "node_modules", ".cache", "lambda-run", "slots");
    return existsSync(folder) ? readdirSync(folder) : [];
  }
}

/** Those that differ from run to run. */
function lasting({ variables }: Seen): Record<string, string> {
  const changing =
    /^(AWS_LAMBDA_RUNTIME_API|AWS_LAMBDA_LOG_STREAM_NAME|AWS_ACCESS_KEY_ID|AWS_SECRET_ACCESS_KEY|AWS_SESSION_TOKEN|AWS_ENDPOINT_URL.*|_X_AMZN_TRACE_ID)$/;
  return Object.fromEntries(Object.entries(variables).filter(([name]) => !changing.test(name)));
}

describe("a room that is begun ahead", () => {
  const test = itUnless(NO_ROOMS);

  test("serves the second invocation of a function, which sees no difference", async () => {
    const project = new Project(WITH_VARIABLES(`GREETING: "it's a \\"word\\"\\n", TZ: Asia/Tokyo`));
    const first = await project.seen();
    const second = await project.seen();
    expect([first.ahead, second.ahead]).toEqual([false, true]);
    expect(lasting(second)).toEqual(lasting(first));
    expect(second.variables).toMatchObject({ GREETING: `it's a "word"\n`, TZ: "Asia/Tokyo" });
    expect(Object.keys(second.variables).filter((name) => name.startsWith("LAMBDA_RUN_"))).toEqual([]);
    expect({ ...second, variables: 0, ahead: 0 }).toEqual({ ...first, variables: 0, ahead: 0 });
    expect(second).toMatchObject({ stdin: "/dev/null", zone: 9 });
  });

  itUnless(NO_ROOMS ?? NO_PYTHON)("serves Python functions, too", async () => {
    const project = new Project();
    project.folder.write("template.yaml", PYTHON_TEMPLATE);
    project.folder.write("code/main.py", PYTHON_HANDLER.replace("ANSWER", "first"));
    const first = await project.seen();
    project.folder.write("code/main.py", PYTHON_HANDLER.replace("ANSWER", "mended"));
    const second = await project.seen();
    expect([first.ahead, first.answer, second.ahead, second.answer]).toEqual([false, "first", true, "mended"]);
    expect(lasting(second)).toEqual(lasting(first));
    expect(second).toMatchObject({ stdin: "/dev/null", zone: 9 });
  });

  test("runs the code as it is now", async () => {
    const project = new Project();
    await project.seen();
    project.folder.write("src/hello.ts", HANDLER.replace("ANSWER", "mended"));
    expect(await project.seen()).toMatchObject({ answer: "mended", ahead: true });
    expect(project.slots()).toEqual([]);
  });

  test("is left where the function has other limits or starts otherwise now", async () => {
    const project = new Project();
    await project.seen();
    project.properties("      MemorySize: 256");
    expect(await project.seen()).toMatchObject({
      ahead: false,
      variables: { AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "256" },
    });
    expect(await project.seen()).toMatchObject({ ahead: true });
    project.properties(`      MemorySize: 256\n${WITH_VARIABLES("TZ: Asia/Tokyo")}`);
    expect(await project.seen()).toMatchObject({ ahead: false, zone: 9 });
    project.properties(`      MemorySize: 256\n${WITH_VARIABLES("TZ: Asia/Tokyo, OTHER: value")}`);
    expect(await project.seen()).toMatchObject({ ahead: true, zone: 9, variables: { OTHER: "value" } });
    expect(project.slots()).toEqual([]);
  });

  test("keeps no variable of the function's in its note but those that count from the start", async () => {
    const project = new Project(WITH_VARIABLES("PASSWORD: not-in-a-file, TZ: Asia/Tokyo"));
    const { variables } = await project.seen();
    const notes = join(cache, "lambda-run", "ahead");
    const texts = readdirSync(notes).map((name) => readFileSync(join(notes, name), "utf8"));
    expect(texts.some((text) => text.includes("Asia/Tokyo"))).toBe(true);
    for (const secret of ["not-in-a-file", variables["AWS_SECRET_ACCESS_KEY"] ?? ""])
      expect(texts.filter((text) => text.includes(secret))).toEqual([]);
  });

  test("is gone when the command ends without it", async () => {
    const project = new Project();
    await project.seen();
    expect(await project.run("--event", "missing.json")).toMatchObject({ exitCode: 2 });
    project.folder.write("template.yaml", "Resources: {}\n");
    expect(await project.run()).toMatchObject({ exitCode: 2 });
    project.folder.write("template.yaml", "Resources: [\n");
    expect(await project.run()).toMatchObject({ exitCode: 2 });
    expect(project.slots()).toEqual([]);
  });

  test("answers a crash and a reset as any other does", async () => {
    const project = new Project();
    await project.seen();
    project.folder.write("src/hello.ts", "export const handler = async () => { process.exit(3); };");
    const { exitCode, stdout } = await project.run();
    expect({ exitCode, ...JSON.parse(stdout) }).toMatchObject({ exitCode: 1, errorType: "Runtime.ExitError" });
    project.folder.write("src/hello.ts", "export const handler = async () => { for (;;); };");
    project.properties("      Timeout: 1");
    expect(await project.run()).toMatchObject({ exitCode: 4 });
    expect(project.slots()).toEqual([]);
  });

  test("is not begun for a debugger", async () => {
    const project = new Project();
    await project.seen();
    const { stdout, stderr } = await project.run(`--inspect=${await freePort()}`);
    expect(JSON.parse(stdout)).toMatchObject({ ahead: false });
    expect(stderr).toContain("Debugger listening");
  });

  test("is not begun from a note that is none, which is written anew", async () => {
    const project = new Project();
    await project.seen();
    const notes = join(cache, "lambda-run", "ahead");
    const [newest = ""] = readdirSync(notes)
      .map((name) => join(notes, name))
      .sort((one, other) => statSync(other).mtimeMs - statSync(one).mtimeMs);
    for (const broken of [
      readFileSync(newest, "utf8").slice(0, 40),
      "{}",
      '{"tier":"bwrap","spec":{}}',
      "null",
      '"x"',
    ]) {
      writeFileSync(newest, broken);
      expect({ broken, ahead: (await project.seen()).ahead }).toEqual({ broken, ahead: false });
    }
    expect(await project.seen()).toMatchObject({ ahead: true });
  });
});
