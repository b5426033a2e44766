/** Functions that are container images, on a real engine, and what holds their limits. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CodeSource, FunctionConfig } from "../../src/config/function-config.js";
import type { HostOptions } from "../../src/runtime/host.js";
import { openImageRooms, type ImageRooms } from "../../src/stack/containers/functions/index.js";
import { FunctionHost, bodyOf } from "../runtime/function-host.js";
import { until } from "../until.js";
import { ENGINE_PACE } from "./docker.js";
import { docker, DOCKERFILE, makeNodeImage, NODE_IMAGE, pruneTestImages, RUNTIME_CLIENT } from "./node-image.js";

type ImageSource = Extract<CodeSource, { kind: "image" }>;

const context = mkdtempSync(join(tmpdir(), "lambda-run-image-"));
const TAG = "lambda-run-test/eval:local";
let rooms: ImageRooms;
let hosts: FunctionHost[] = [];

beforeAll(async () => {
  makeNodeImage();
  writeFileSync(join(context, "Dockerfile"), DOCKERFILE);
  writeFileSync(join(context, "runtime.mjs"), RUNTIME_CLIENT);
  writeFileSync(join(context, ".dockerignore"), "secret*\n!secret-not\n");
  for (const name of ["secret", "secret-not"]) writeFileSync(join(context, name), name);
  rooms = await openImageRooms({ projectRoot: context, reaper: "own", ports: [], notice: () => undefined });
});
afterEach(async () => {
  await Promise.all(hosts.map((host) => host.close()));
  hosts = [];
  expect(containers()).toEqual([]);
  expect(holders()).toEqual([]);
});
afterAll(async () => {
  await rooms.close();
  rmSync(context, { recursive: true });
  const made = docker("images", "-q", "lambda-run-test/*");
  if (made !== "") docker("rmi", "-f", ...made.split("\n"));
  pruneTestImages();
});

/** State and name of the containers of functions. */
function containers(): string[] {
  const out = docker("ps", "-a", "--filter", "label=lambda-run.function", "--format", "{{.State}} {{.Names}}");
  return out === "" ? [] : out.split("\n").sort();
}

const holders = (): string[] =>
  docker("ps", "-aq", "--filter", "label=lambda-run.holder", "--filter", `label=lambda-run.project=${context}`)
    .split("\n")
    .filter((id) => id !== "");

function hostOf(options: Partial<HostOptions> = {}): FunctionHost {
  const host = new FunctionHost({ images: () => Promise.resolve(rooms), ...options });
  hosts.push(host);
  return host;
}

function imageFunction(
  host: FunctionHost,
  code: Partial<ImageSource> = {},
  more: Partial<FunctionConfig> = {},
): FunctionConfig {
  const build = { context, dockerfile: "Dockerfile", tag: TAG, args: { GREETING: "hello" } };
  const source: ImageSource = { kind: "image", uri: TAG, ...("uri" in code ? {} : { build }), ...code };
  return host.function("", "", { code: source, runtime: "image", handler: "", ...more });
}

const run = async (host: FunctionHost, config: FunctionConfig, text: string): Promise<unknown> =>
  bodyOf(await host.invoke(config, { run: text }));

describe("a container image", () => {
  it("is built as Metadata says and runs as Lambda runs it", async () => {
    const host = hostOf();
    const config = imageFunction(host, { command: ["given", "twice"] }, { environment: { OWN: "function" } });
    const result = await host.invoke(config, {
      run: `({ uid: process.getuid(), cwd: process.cwd(), greeting: process.env.GREETING, own: process.env.OWN,
        name: process.env.AWS_LAMBDA_FUNCTION_NAME, execution: process.env.AWS_EXECUTION_ENV, files: fs.readdirSync(".").sort(),
        fds: /open files\\s+(\\d+)/.exec(fs.readFileSync("/proc/self/limits", "utf8"))[1],
        capabilities: /CapEff:\\s*(\\w+)/.exec(fs.readFileSync("/proc/self/status", "utf8"))[1],
        shm: fs.existsSync("/dev/shm") })`,
    });
    expect(bodyOf(result)).toEqual({
      uid: 993,
      cwd: "/var/task",
      greeting: "hello",
      own: "function",
      name: config.name,
      execution: undefined,
      files: [".dockerignore", "Dockerfile", "runtime.mjs", "secret-not"],
      fds: "1024",
      capabilities: "0000000000000000",
      shm: false,
    });
    expect(host.lines(config)).toEqual([
      "INIT given twice",
      expect.stringMatching(/^START /),
      "invocation 1",
      expect.stringMatching(/^END /),
      expect.stringMatching(/^REPORT .*Init Duration: [\d.]+ ms/),
    ]);
    expect(result.report.maxMemoryUsedMb).toBeGreaterThan(20);
  });

  it("keeps its state between invocations and is paused meanwhile", async () => {
    const host = hostOf();
    const config = imageFunction(host);
    expect(await run(host, config, "count")).toBe(1);
    await until(() => containers()[0]?.startsWith("paused ") === true, ENGINE_PACE);
    expect(docker("ps", "--filter", `label=lambda-run.function=${config.name}`, "--format", "{{.Status}}")).not.toMatch(
      /health/,
    );
    expect(await run(host, config, "count")).toBe(2);
    expect(host.lines(config).filter((line) => line.startsWith("INIT"))).toEqual(["INIT of the image"]);
  });

  it("has a read-only root and a /tmp of its size", async () => {
    const host = hostOf();
    const config = imageFunction(host, {}, { timeoutSeconds: 30, memoryMb: 128 });
    expect(await run(host, config, `fs.writeFileSync("/var/task/x", "")`)).toMatchObject({ errorType: "EROFS" });
    expect(await run(host, config, `fs.writeFileSync("/tmp/a", Buffer.alloc(16)), fs.readdirSync("/tmp")`)).toEqual([
      "a",
    ]);
    expect(
      await run(host, config, `for (let i = 0; ; i++) fs.appendFileSync("/tmp/full", Buffer.alloc(2 ** 20))`),
    ).toMatchObject({ errorType: "ENOSPC" });
    expect(await run(host, config, `fs.statSync("/tmp/full").size / 2 ** 20`)).toBeGreaterThan(510);
  });

  it.each([
    [
      "a timeout",
      "new Promise(() => setInterval(() => {}, 1000))",
      "Sandbox.Timedout",
      "Task timed out after 1.00 seconds",
    ],
    ["an exit", "process.exit(7)", "Runtime.ExitError", "Runtime exited with error: exit status 7"],
    [
      "a signal",
      `process.kill(process.pid, "SIGKILL"), new Promise(() => {})`,
      "Runtime.ExitError",
      "Runtime exited with error: signal: killed",
    ],
    [
      "too much memory",
      "for (const all = [];;) all.push(Buffer.alloc(2 ** 20, 1))",
      "Runtime.OutOfMemory",
      "Runtime exited with error: signal: killed",
    ],
  ])(
    "answers %s as Lambda does, and the next invocation in a new container",
    async (_name, text, errorType, message) => {
      const host = hostOf();
      const config = imageFunction(host, {}, { timeoutSeconds: 1, memoryMb: 192 });
      const failed = await host.invoke(config, { run: text });
      expect(failed.functionError).toBe("Unhandled");
      expect(bodyOf(failed)).toEqual({ errorType, errorMessage: `RequestId: ${failed.requestId} Error: ${message}` });
      expect(await run(host, config, "count")).toBe(1);
    },
  );

  it("keeps its /tmp over a crash and a timeout", async () => {
    const host = hostOf();
    const config = imageFunction(host, {}, { timeoutSeconds: 1 });
    await run(host, config, `fs.writeFileSync("/tmp/kept", "all along")`);
    for (const end of ["process.exit(1)", "new Promise(() => setInterval(() => {}, 1000))"]) {
      await run(host, config, end);
      expect(await run(host, config, `[count, fs.readFileSync("/tmp/kept", "utf8")]`)).toEqual([1, "all along"]);
    }
    expect(
      (await host.invoke(config, { run: "fs.writeFileSync('/tmp/more', Buffer.alloc(2 ** 20))" })).report.tmpUsedBytes,
    ).toBe(2 ** 20 + 4096);
  });

  it("with extensions has a loopback of its own in every environment, and finds ours all the same", async () => {
    const extension = `#!/usr/bin/node
const http = require("node:http");
const api = "http://" + process.env.AWS_LAMBDA_RUNTIME_API;
let told = "";
http.createServer((request, response) => {
  if (request.method !== "POST") return response.end(told);
  request.on("data", (text) => (told += text)).on("end", () => response.end());
}).listen(4243, "sandbox.localdomain", async () => {
  const registered = await fetch(api + "/2020-01-01/extension/register", {
    method: "POST", headers: { "Lambda-Extension-Name": "web" }, body: JSON.stringify({ events: [] }),
  });
  const headers = { "Lambda-Extension-Identifier": registered.headers.get("lambda-extension-identifier") };
  const body = JSON.stringify({
    schemaVersion: "2022-12-13", types: ["platform"], buffering: { timeoutMs: 25 },
    destination: { protocol: "HTTP", URI: "http://sandbox.localdomain:4243/" },
  });
  await fetch(api + "/2022-07-01/telemetry", { method: "PUT", headers, body });
  await fetch(api + "/2020-01-01/extension/event/next", { headers });
});
`;
    writeFileSync(join(context, "web"), extension, { mode: 0o755 });
    writeFileSync(join(context, "Web"), `${DOCKERFILE}COPY web /opt/extensions/web\n`);
    const service = createServer((_request, response) => response.end("ours"));
    await new Promise<void>((done) => service.listen(0, "127.0.0.1", done));
    const { port } = service.address() as AddressInfo;
    const tag = "lambda-run-test/web:local";
    const host = hostOf({ endpoints: () => ({ AWS_ENDPOINT_URL: `http://127.0.0.1:${port}` }) });
    const config = imageFunction(
      host,
      { build: { context, dockerfile: "Web", tag } },
      { environment: { APP: "http://127.0.0.1:4243", QUEUE: `http://localhost:${port}/queue` } },
    );
    const text = `(async () => {
      const get = async (url) => (await fetch(url)).text();
      let told = "";
      while (told === "") told = await get(process.env.APP);
      return [told, await get(process.env.AWS_ENDPOINT_URL), await get(process.env.QUEUE), process.env.APP];
    })()`;
    const both = await Promise.all([run(host, config, text), run(host, config, text)]);
    for (const answer of both)
      expect(answer).toEqual([
        expect.stringContaining("platform.telemetrySubscription"),
        "ours",
        "ours",
        "http://127.0.0.1:4243",
      ]);
    await new Promise((done) => service.close(done));
    await host.close();
  });

  it("starts the extensions of the image before its runtime, each in a container that shares /tmp", async () => {
    const extension = `#!/usr/bin/node
const fs = require("node:fs");
const api = "http://" + process.env.AWS_LAMBDA_RUNTIME_API + "/2020-01-01/extension/";
(async () => {
  const headers = { "Lambda-Extension-Name": "notes" };
  const body = JSON.stringify({ events: ["INVOKE", "SHUTDOWN"] });
  const registered = await fetch(api + "register", { method: "POST", headers, body });
  console.log("notes registered", process.env._HANDLER);
  const identity = { "Lambda-Extension-Identifier": registered.headers.get("lambda-extension-identifier") };
  for (;;) {
    const { eventType, shutdownReason } = await (await fetch(api + "event/next", { headers: identity })).json();
    fs.appendFileSync("/tmp/notes", eventType + " ");
    console.log("notes", eventType, shutdownReason ?? "");
    if (eventType === "SHUTDOWN") process.exit();
  }
})();
`;
    writeFileSync(join(context, "notes"), extension, { mode: 0o755 });
    writeFileSync(
      join(context, "With"),
      `${DOCKERFILE}COPY notes /opt/extensions/notes\nCOPY Dockerfile /opt/extensions/README\n`,
    );
    const tag = "lambda-run-test/extended:local";
    const host = hostOf();
    const config = imageFunction(host, { build: { context, dockerfile: "With", tag } });
    expect(await run(host, config, "count")).toBe(1);
    expect(await run(host, config, `fs.readFileSync("/tmp/notes", "utf8").split(" ")[0]`)).toBe("INVOKE");
    // Printed when the extension is done with the event, too: one that is not would be killed instead of told.
    await until(() => host.lines(config).filter((line) => line.startsWith("REPORT")).length === 2);
    await host.close();
    const lines = host.lines(config);
    expect(lines.indexOf("notes registered undefined")).toBeLessThan(lines.indexOf("INIT of the image"));
    expect(lines).toContainEqual("notes SHUTDOWN SPINDOWN");
  });

  it("that has nothing to run is an invalid entry point", async () => {
    const host = hostOf();
    const config = imageFunction(host, { entryPoint: ["/nowhere"] });
    const failed = await host.invoke(config, {});
    expect(bodyOf(failed)).toEqual({
      errorType: "Runtime.InvalidEntrypoint",
      errorMessage: `RequestId: ${failed.requestId} Error: fork/exec /nowhere: no such file or directory`,
    });
  });

  it("without a runtime client ends by the timeouts of INIT and of the function", async () => {
    const host = hostOf({ initTimeoutMs: 500 });
    const code = { uri: NODE_IMAGE, entryPoint: ["/usr/bin/node"], command: ["-e", "setInterval(() => {}, 1000)"] };
    const config = imageFunction(host, code, { timeoutSeconds: 1 });
    const failed = await host.invoke(config, {});
    expect(bodyOf(failed)).toMatchObject({ errorType: "Sandbox.Timedout" });
    expect(host.lines(config)[0]).toMatch(/^INIT_REPORT Init Duration: [45]\d\d.*Phase: init\tStatus: timeout/);
  });

  it("waits initialised and paused as the standby, and the first invocation reports its INIT", async () => {
    const host = hostOf({ standby: true });
    const config = imageFunction(host);
    await host.host.prepare(config);
    await until(() => containers()[0]?.startsWith("paused ") === true, ENGINE_PACE);
    expect(host.lines(config)).toEqual(["INIT of the image"]);
    const result = await host.invoke(config, { run: "count" });
    expect(bodyOf(result)).toBe(1);
    expect(result.report.initDurationMs).toBeGreaterThan(0);
    expect(result.logs).not.toContain("INIT of the image");
    // One that has run, and the next standby.
    await until(() => containers().filter((state) => state.startsWith("paused ")).length === 2, ENGINE_PACE);
  });

  it("that does not build is LR3004 with the last lines of the build", async () => {
    const host = hostOf();
    writeFileSync(join(context, "Broken"), `FROM ${NODE_IMAGE}\nCOPY nothing /\n`);
    const config = imageFunction(host, {
      build: { context, dockerfile: "Broken", tag: "lambda-run-test/broken:local" },
    });
    await expect(host.invoke(config)).rejects.toMatchObject({
      code: "LR3004",
      why: expect.stringContaining("nothing"),
      codeFrame: expect.stringContaining("COPY nothing /"),
    });
    const gone = imageFunction(host, { build: { context, dockerfile: "Nowhere", tag: TAG } });
    await expect(host.invoke(gone)).rejects.toMatchObject({ code: "LR3002", where: join(context, "Nowhere") });
  });

  it("that the engine has not and cannot pull is LR5010", async () => {
    const host = hostOf();
    await expect(host.invoke(imageFunction(host, { uri: "localhost:1/nothing:1" }))).rejects.toMatchObject({
      code: "LR5010",
      where: expect.stringMatching(/^ImageUri of fn-\d+$/),
    });
  });
});
