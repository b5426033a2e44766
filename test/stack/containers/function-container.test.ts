/** A function's container on an engine that refuses or breaks off, and the program that holds its /tmp. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FunctionContainer } from "../../../src/stack/containers/functions/container.js";
import { pauseProgram } from "../../../src/stack/containers/functions/pause-program.js";
import { itUnless, NOT_LINUX } from "../../unless.js";
import { until } from "../../until.js";

const folder = mkdtempSync(join(tmpdir(), "lambda-run-container-"));
const servers: Server[] = [];
afterAll(async () => {
  for (const server of servers) {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  }
  rmSync(folder, { recursive: true });
});

/** An engine that makes and attaches, and does with `start` and `wait` what it is told. */
async function containerOn(start: RequestListener, wait: RequestListener): Promise<FunctionContainer> {
  const server = createServer((request, response) => {
    const url = request.url ?? "";
    if (url.startsWith("/containers/create")) return response.writeHead(201).end('{"Id":"abc"}');
    if (url.includes("/start")) return start(request, response);
    if (url.includes("/wait")) return wait(request, response);
    if (url.includes("/attach")) return response.flushHeaders();
    return response.writeHead(404).end("{}");
  });
  servers.push(server);
  const socketPath = join(folder, `${servers.length}.sock`);
  await new Promise<void>((done) => server.listen(socketPath, done));
  return new FunctionContainer({
    target: { secure: false, socketPath },
    name: "fn",
    creation: () => Promise.resolve({}),
    print: () => undefined,
    started: () => undefined,
  });
}
const waits: RequestListener = (_request, response) => response.flushHeaders();
const says =
  (message: string): RequestListener =>
  (_request, response) =>
    response.writeHead(400).end(JSON.stringify({ message }));

describe("a container that is refused", () => {
  it.each([
    [
      'OCI runtime create failed: exec: "/app": stat /app: no such file or directory: unknown',
      "no such file or directory",
    ],
    [
      'runc create failed: unable to start container process: exec: "/app": permission denied: unknown',
      "permission denied",
    ],
  ])("for its program is an invalid entry point in Lambda's words: %s", async (message, why) => {
    const container = await containerOn(says(message), waits);
    expect(await container.ended).toEqual({ kind: "unstartable", reason: `fork/exec /app: ${why}` });
  });

  it("for want of an init says what to install", async () => {
    const message = 'runc create failed: exec: "docker-init": executable file not found in $PATH: unknown';
    const container = await containerOn(says(message), waits);
    await expect(container.ended).rejects.toMatchObject({ code: "LR5005", fix: expect.stringContaining("tini") });
  });

  it("for another reason quotes the engine", async () => {
    const container = await containerOn(says("no space left on device"), waits);
    await expect(container.ended).rejects.toMatchObject({ code: "LR5005", why: "no space left on device" });
  });
});

it("an engine that breaks off while a container runs is LR5012", async () => {
  const container = await containerOn(
    (_request, response) => response.writeHead(204).end(),
    (_request, response) => {
      response.flushHeaders();
      setImmediate(() => response.destroy());
    },
  );
  await expect(container.ended).rejects.toMatchObject({ code: "LR5012" });
});

describe("the program that holds /tmp", () => {
  it("is an executable of 129 bytes, 148 on ARM", () => {
    for (const [architecture, size, machine] of [
      ["x86_64", 129, 0x3e],
      ["arm64", 148, 0xb7],
    ] as const) {
      const program = pauseProgram(architecture);
      expect([program.length, program.subarray(0, 4).toString("latin1"), program.readUInt16LE(18)]).toEqual([
        size,
        "\x7fELF",
        machine,
      ]);
    }
  });

  itUnless(NOT_LINUX)("sleeps until it is killed", async () => {
    const file = join(folder, "pause");
    writeFileSync(file, pauseProgram(process.arch === "arm64" ? "arm64" : "x86_64"));
    chmodSync(file, 0o755);
    const child = spawn(file);
    await once(child, "spawn");
    const state = (): string | undefined => readFileSync(`/proc/${child.pid ?? 0}/stat`, "latin1").split(" ")[2];
    await until(() => state() === "S");
    child.kill("SIGKILL");
    expect(await once(child, "exit")).toEqual([null, "SIGKILL"]);
  });
});
