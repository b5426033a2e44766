/** An engine that answers the probe and then hangs: each call ends, and says what the engine did not answer. */
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { call, containersWith, removeContainer } from "../../../src/stack/containers/engine.js";
import { openEventDoor } from "../../../src/stack/containers/event-door.js";
import { ensureImage } from "../../../src/stack/containers/image.js";
import { ProjectFolder } from "../../cli/cli.js";
import { itUnless, NOT_LINUX } from "../../unless.js";

const folder = mkdtempSync(join(tmpdir(), "lambda-run-engine-"));
const servers: Server[] = [];
afterAll(async () => {
  await Promise.all(
    servers.map((server) => {
      server.closeAllConnections();
      return new Promise((done) => server.close(done));
    }),
  );
  rmSync(folder, { recursive: true });
});

type Answer = (request: IncomingMessage, response: ServerResponse) => void;
/** Answers the probe as Docker does, and everything else by `answer`. */
async function engine(name: string, answer: Answer): Promise<{ secure: false; socketPath: string }> {
  const listener: RequestListener = (request, response) => {
    if (request.url === "/_ping") response.writeHead(200, { "api-version": "1.41", server: "Docker/0" }).end("OK");
    else answer(request, response);
  };
  const server = createServer(listener);
  servers.push(server);
  const socketPath = join(folder, name);
  await new Promise<void>((done) => server.listen(socketPath, done));
  return { secure: false, socketPath };
}
const silence: Answer = () => undefined;

describe.each([
  ["gateway", { Subnet: "127.7.0.0/16", Gateway: "127.7.0.9" }, "127.7.0.9"],
  // As an engine tells it that was never started before.
  ["subnet alone", { Subnet: "127.7.0.0/16" }, "127.7.0.1"],
])("the door for events from a container, on a bridge with its %s", (_name, config, address) => {
  itUnless(NOT_LINUX)("is at this machine's address there", async () => {
    const target = await engine(`bridge-${address}.sock`, (_request, response) => {
      response.end(JSON.stringify({ IPAM: { Config: [{ Subnet: "fd00::/64" }, config] } }));
    });
    const door = await openEventDoor(target);
    expect(Object.values(door?.environment ?? {}).join(" ")).toContain(` http://${address}:`);
    await door?.close();
  });
});

describe("a Docker engine that hangs after the probe", () => {
  it("is told by the call that it does not answer", async () => {
    const target = await engine("silent.sock", silence);
    await expect(call(target, { path: "/containers/json?all=1", timeoutMs: 50 })).rejects.toMatchObject({
      code: "LR5012",
      what: "The Docker engine hangs at GET /containers/json",
      why: "no answer within 50 ms",
    });
  });

  it("is told when it stops in the middle of an answer", async () => {
    const target = await engine("half.sock", (_request, response) => void response.write("[{"));
    await expect(call(target, { path: "/x", timeoutMs: 50 })).rejects.toMatchObject({
      code: "LR5012",
      what: "The Docker engine hangs at GET /x",
    });
  });

  it("is told when it falls silent in a stream, however long the stream itself may be", async () => {
    let told = 0;
    // In real time: the silence of a real socket is what ends the call.
    const target = await engine("stream.sock", (_request, response) => {
      const timer = setInterval(() => {
        if (++told === 30) clearInterval(timer);
        response.write("{}\n");
      }, 20);
    });
    await expect(call(target, { path: "/x", silenceMs: 400 })).rejects.toMatchObject({ code: "LR5012" });
    expect(told).toBe(30);
  });

  it("is told when it goes away", async () => {
    const target = await engine("gone.sock", (request) => void request.socket.destroy());
    await expect(call(target, { path: "/x" })).rejects.toMatchObject({
      code: "LR5012",
      what: "The Docker engine broke off at GET /x",
    });
  });

  it("that refuses to list, to remove or to pull is quoted", async () => {
    const target = await engine("full.sock", (request, response) => {
      if (request.url?.startsWith("/images/x/") === true) response.writeHead(404).end("{}");
      else response.writeHead(500).end('{"message":"no space left on device"}');
    });
    const why = expect.stringContaining("no space left on device") as unknown;
    await expect(containersWith(target, [])).rejects.toMatchObject({ code: "LR5012", why });
    await expect(removeContainer(target, "1")).rejects.toMatchObject({ code: "LR5012", why });
    const place = { setting: "containers.minio.image", fix: "Name another." };
    await expect(ensureImage(target, "x", place, () => undefined)).rejects.toMatchObject({ code: "LR5010", why });
  });

  it("ends the command with the code and the fix", async () => {
    const { socketPath } = await engine("away.sock", (request) => void request.socket.destroy());
    const project = new ProjectFolder({});
    const { exitCode, stderr } = await project.run(["down"], { env: { DOCKER_HOST: `unix://${socketPath}` } });
    project.remove();
    expect([exitCode, stderr]).toEqual([
      6,
      expect.stringMatching(/LR5012 The Docker engine broke off at GET .*restart it/s),
    ]);
  });
});
