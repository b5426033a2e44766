/** `start` as a process: at a real terminal (a pty made by `script`), in a pipe, and as a stream of JSON. */
import { spawn, spawnSync } from "node:child_process";
import { createServer } from "node:net";
import { chmodSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../until.js";
import { BIN, ProjectFolder, smallProject } from "./cli.js";
import { Screen } from "./screen.js";
import { itUnless } from "../unless.js";

const HANDLER = `export const handler = async (event) => {
  console.log("working on", event.n);
  if (event.n < 0) throw new RangeError("below zero");
  return event;
};`;

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe("lambda-run start", () => {
  const open: { project: ProjectFolder; screens: Screen[] }[] = [];
  const project = (files = smallProject(HANDLER)) => {
    const one = { project: new ProjectFolder(files), screens: [] as Screen[] };
    open.push(one);
    return {
      folder: one.project,
      piped: (...args: string[]): Screen => {
        const screen = new Screen(one.project.spawn(["start", ...args]));
        one.screens.push(screen);
        return screen;
      },
      /** At a terminal of its own. */
      terminal: (...args: string[]): Screen => {
        const command = [process.execPath, BIN, "start", ...args].map((word) => `'${word}'`).join(" ");
        const child = spawn("script", ["-qfec", command, "/dev/null"], {
          cwd: one.project.folder,
          env: {
            ...process.env,
            PATH: `${join(one.project.folder, "bin")}:${process.env["PATH"]}`,
            NO_COLOR: "1",
            TERM: "xterm",
          },
        });
        const screen = new Screen(child);
        one.screens.push(screen);
        return screen;
      },
    };
  };
  afterEach(async () => {
    for (const { project: folder, screens } of open.splice(0)) {
      for (const screen of screens) screen.kill("SIGKILL");
      await Promise.all(screens.map(({ exited }) => exited));
      folder.remove();
    }
  });

  it("says when it is ready, where, and what is emulated and what is not", async () => {
    const files = smallProject(HANDLER);
    const template = `${files["template.yaml"]}  Cache:\n    Type: AWS::ElastiCache::CacheCluster\n    Properties: { Engine: redis }\n`;
    const screen = project({ ...files, "template.yaml": template }).piped();
    await screen.sees(/ready in \d+ ms: AWS services on http:\/\/127\.0\.0\.1:\d+, state in .*\.lambda-run/);
    await screen.sees(/functions +hello\nemulated +1 bucket\nnot supported +Cache \(AWS::ElastiCache::CacheCluster\)/);
    screen.kill("SIGINT");
    expect(await screen.exited).toBe(0);
    expect(screen.text).toMatch(/stopping: 0 in flight\n[\s\S]*no invocations\n$/);
  });

  it("calls a function that has no FunctionName by its logical id, in the banner, log, outcome and news", async () => {
    const files = smallProject(HANDLER);
    const nameless = (files["template.yaml"] ?? "").replace("      FunctionName: hello\n", "");
    const { piped, folder } = project({ ...files, "template.yaml": nameless });
    const screen = piped("--port", "0");
    await screen.sees(/ready in /);
    await screen.sees(/functions +HelloFunction\n/);
    const ran = await folder.run(["invoke", "HelloFunction", "--data", '{"n":-1}']);
    expect(ran.stdout).toContain("below zero");
    const endpoint = /AWS services on (\S+?),/.exec(screen.text)?.[1] ?? "";
    const { InvokeCommand, LambdaClient, ListFunctionsCommand } = await import("@aws-sdk/client-lambda");
    const lambda = new LambdaClient({
      endpoint,
      region: "us-east-1",
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
    });
    const { Functions: [{ FunctionName = "" } = {}] = [] } = await lambda.send(new ListFunctionsCommand({}));
    expect(FunctionName).toMatch(/^local-HelloFunction-\w{12}$/);
    await lambda.send(new InvokeCommand({ FunctionName, Payload: '{"n":1}' }));
    lambda.destroy();
    await screen.sees(/^\w{8} HelloFunction .*working on 1\n/m);
    await screen.sees(/ {2}HelloFunction {2}ok {2}/);
    folder.write("src/hello.ts", "export const handler = async () => 'new';");
    await screen.sees(/built HelloFunction in /);
    expect(screen.text).not.toContain("local-HelloFunction");
  });

  const pty = spawnSync("script", ["--version"]);
  const withPty = itUnless(pty.status === 0 ? undefined : "no `script` of util-linux, which makes the terminal");
  withPty("is driven by single keys at a terminal", async () => {
    const { terminal, folder } = project();
    const screen = terminal();
    await screen.sees(/keys .*i invoke.*q quit/);
    screen.type("h");
    await screen.sees(/ {2}r {2}replay last/);
    screen.type("o");
    await screen.sees(/there is no API and no function URL to open; AWS clients find the services at http:\S+/);
    screen.type("r");
    await screen.sees(/nothing to replay yet/);
    screen.type("i");
    await screen.sees(/invoke \(function, and event or JSON\): .*hello /);
    screen.type('{"n":7}\r');
    await screen.sees(/[0-9a-f]{8} hello .*INFO\s+working on 7/);
    await screen.sees(/[0-9a-f]{8} {2}hello {2}ok {2}[\d.]+ ms \(cold, init \d+ ms\)/);
    screen.type("r");
    await screen.sees(/working on 7[\s\S]*hello {2}ok/);
    folder.write("src/hello.ts", HANDLER.replace("working on", "new code for"));
    await screen.sees(/built hello in \d+ ms src\/hello\.ts/);
    screen.type("r");
    await screen.sees(/new code for 7/);
    screen.type("f");
    await screen.sees(/showing failed invocations only/);
    screen.type("i");
    await screen.sees(/JSON\): .*hello /);
    screen.type('{"n":-1}\r');
    await screen.sees(/new code for -1[\s\S]*RangeError[\s\S]*below zero\r?\n +at .*hello\.ts:3.*\r?\n(?! +at )/);
    screen.type("f");
    await screen.sees(/showing every invocation/);
    screen.type("c");
    await screen.sees(new RegExp(String.raw`\u001b\[2J`));
    screen.type("q");
    await screen.sees(/stopping: 0 in flight/);
    await screen.sees(/4 invocations, p50 [\d.]+ ms, p95 [\d.]+ ms, 1 failed/);
    expect(await screen.exited).toBe(0);
  });

  withPty("opens the inspector of a function at a key, and closes it", async () => {
    const screen = project().terminal();
    await screen.sees(/keys/);
    screen.type("d");
    await screen.sees(/hello listens for a debugger on 127\.0\.0\.1:9229/);
    screen.type("d");
    await screen.sees(/the debugger of hello is closed/);
    screen.type("\u0003");
    await screen.sees(/no invocations/);
    expect(await screen.exited).toBe(0);
  });

  withPty("opens the API of the template at a key", async () => {
    const files = smallProject(HANDLER, "      FunctionUrlConfig: { AuthType: NONE }");
    const opener = '#!/bin/sh\necho "$1" > opened\n';
    const { folder, terminal } = project({ ...files, "bin/xdg-open": opener, "bin/open": opener });
    for (const name of ["xdg-open", "open"]) chmodSync(join(folder.folder, "bin", name), 0o755);
    const screen = terminal("--http-port", "0");
    const [url = ""] = /http:\S+/.exec(await screen.sees(/function URL +http:\S+/)) ?? [];
    await screen.sees(/keys .*o open API/);
    screen.type("o");
    expect(await screen.sees(/\nhttp:\S+/)).toContain(url);
    screen.type("q");
    expect(await screen.exited).toBe(0);
    expect(readFileSync(join(folder.folder, "opened"), "utf8")).toBe(`${url}\n`);
  });

  it("tells everything as JSON lines", async () => {
    const { folder, piped } = project();
    const screen = piped("--json");
    const ready = JSON.parse(await screen.sees(/\{"event":"ready".*\}/)) as { endpoint: string; pid: number };
    expect(ready).toMatchObject({ endpoint: expect.stringMatching(/^http:/), pid: expect.any(Number) });
    const { LambdaClient, InvokeCommand } = await import("@aws-sdk/client-lambda");
    const client = new LambdaClient({
      endpoint: ready.endpoint,
      region: "us-east-1",
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
    });
    await client.send(new InvokeCommand({ FunctionName: "hello", Payload: '{"n":1}' }));
    client.destroy();
    expect(JSON.parse(await screen.sees(/\{"event":"log".*\}/))).toMatchObject({
      function: "hello",
      text: expect.stringContaining("working on 1"),
    });
    await screen.sees(/\{"event":"invocation",.*"functionName":"hello".*"status":"success".*\}/);
    folder.write("src/hello.ts", "export const handler = ");
    await screen.sees(/\{"event":"broken".*"code":"LR3001".*\}/);
    folder.write("src/hello.ts", HANDLER.replace("working", "again"));
    await screen.sees(/\{"event":"built","functionName":"hello".*\}/);
    screen.kill("SIGTERM");
    expect(JSON.parse(await screen.sees(/\{"event":"stopped".*\}/))).toMatchObject({ invocations: 1, failures: 0 });
    expect(await screen.exited).toBe(0);
  });

  it("refuses a second stack on the same folder and says which process has it", async () => {
    const { piped } = project();
    const first = piped();
    await first.sees(/ready in/);
    const second = piped();
    expect(await second.exited).toBe(6);
    expect(second.text).toContain(`(process ${first.pid})`);
  });

  it("takes over a folder whose stack was killed, with its data", async () => {
    const { piped, folder } = project();
    const first = piped();
    await first.sees(/ready in/);
    first.kill("SIGKILL");
    await first.exited;
    expect(existsSync(join(folder.folder, ".lambda-run/owner.json"))).toBe(true);
    const second = piped();
    await second.sees(/ready in/);
    second.kill("SIGINT");
    expect(await second.exited).toBe(0);
  });

  it("says that nothing is kept with --ephemeral", async () => {
    const ready = await project()
      .piped("--ephemeral")
      .sees(/^ready in .*$/m);
    expect(ready).toMatch(/AWS services on http:\/\/[\d.:]+, nothing is kept at the end$/);
  });

  it("takes the next port when the default is busy, and says so", async () => {
    const server = createServer();
    const taken = (): Promise<boolean> =>
      new Promise((resolve) => {
        server
          .once("listening", () => resolve(true))
          .once("error", () => resolve(false))
          .listen(4566, "127.0.0.1");
      });
    // Another test may have it for a moment; one who has it for longer takes our place.
    await until(taken, { patienceMs: 2000 }).catch(() => undefined);
    const screen = project({ ...smallProject(HANDLER), "lambda-run.config.json": "{}" }).piped();
    const said = await screen.sees(/port 4566 is in use, the services listen on \d+/);
    expect(said).not.toMatch(/on 4566$/);
    server.close();
  });

  it("ends a hanging handler with its session, and a second Ctrl-C does not wait", async () => {
    const files = smallProject(
      "import { spawn } from 'node:child_process'; export const handler = async () => { console.log('hanging'); await new Promise(() => {}); };",
      "      Timeout: 900",
    );
    const { piped } = project(files);
    const screen = piped("--json");
    const { endpoint } = JSON.parse(await screen.sees(/\{"event":"ready".*\}/)) as { endpoint: string };
    const { LambdaClient, InvokeCommand } = await import("@aws-sdk/client-lambda");
    const client = new LambdaClient({
      endpoint,
      region: "us-east-1",
      maxAttempts: 1,
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
    });
    const call = client.send(new InvokeCommand({ FunctionName: "hello" })).catch(() => "gone");
    await screen.sees(/hanging/);
    screen.kill("SIGINT");
    screen.kill("SIGINT");
    await screen.exited;
    expect(isAlive(screen.pid)).toBe(false);
    await call;
    client.destroy();
  });

  it("asks which function is meant when --inspect does not say", async () => {
    const files = smallProject(HANDLER);
    const template = `${files["template.yaml"]}  Two:\n    Type: AWS::Serverless::Function\n    Properties: { Runtime: nodejs22.x, CodeUri: src/, Handler: hello.handler }\n`;
    const { folder } = project({ ...files, "template.yaml": template });
    expect(await folder.run(["start", "--inspect"])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("--inspect hello"),
    });
  });
});
