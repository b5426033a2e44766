import { createServer as createHttpServer, type RequestListener } from "node:http";
import { createServer, type Server, type Socket } from "node:net";
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { dockerHosts } from "../../../src/stack/containers/hosts.js";
import { probeDocker } from "../../../src/stack/containers/probe.js";
import { ProjectFolder } from "../../cli/cli.js";

const folder = mkdtempSync(join(tmpdir(), "lambda-run-probe-"));
chmodSync(folder, 0o755);
const servers: Server[] = [];
const sockets = new Set<Socket>();

afterAll(async () => {
  sockets.forEach((socket) => socket.destroy());
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  rmSync(folder, { recursive: true });
});

async function listen(server: Server, name: string): Promise<string> {
  servers.push(server.on("connection", (socket: Socket) => sockets.add(socket)));
  const path = join(folder, name);
  await new Promise<void>((done) => server.listen(path, done));
  return path;
}
const engine: RequestListener = (request, response) => {
  if (request.url !== "/_ping") return response.writeHead(404).end();
  return response.writeHead(200, { "api-version": "1.41", server: "Docker/20.10.24 (linux)" }).end("OK");
};
const unix = (path: string) => ({ url: `unix://${path}` });
/** A socket file whose server is gone without removing it, as after a kill. */
async function leftover(): Promise<string> {
  const server = createServer();
  const path = join(folder, "left.sock");
  await new Promise<void>((done) => server.listen(path, done));
  renameSync(path, join(folder, "kept.sock"));
  await new Promise((done) => server.close(done));
  return join(folder, "kept.sock");
}

describe("the Docker probe", () => {
  it("finds an engine that answers, and says which", async () => {
    const path = await listen(createHttpServer(engine), "ready.sock");
    expect(await probeDocker([unix(path)])).toEqual({
      state: "ready",
      host: `unix://${path}`,
      server: "Docker/20.10.24 (linux)",
      apiVersion: "1.41",
    });
  });

  it("says that there is none", async () => {
    const state = await probeDocker([unix(join(folder, "nothing.sock"))]);
    expect(state).toMatchObject({ state: "none", what: "no Docker engine was found" });
  });

  it("tells a socket that nobody listens on", async () => {
    const path = await leftover();
    expect(await probeDocker([unix(path)])).toMatchObject({
      state: "refused",
      what: `nobody listens on unix://${path}`,
      fix: expect.stringContaining("Start the engine"),
    });
  });

  it("tells an engine that accepts and never answers, without waiting for ever", async () => {
    const path = await listen(createServer(), "silent.sock");
    expect(await probeDocker([unix(path)], 50)).toMatchObject({
      state: "silent",
      what: `unix://${path} did not answer within 50 ms`,
    });
  });

  it("tells an engine that this user may not use", async () => {
    const path = await listen(createHttpServer(engine), "denied.sock");
    chmodSync(path, 0o000);
    // Nothing is denied to root.
    const root = process.geteuid?.() === 0;
    if (root) process.seteuid?.(65_534);
    try {
      expect(await probeDocker([unix(path)])).toMatchObject({
        state: "denied",
        fix: expect.stringContaining("usermod -aG docker"),
      });
    } finally {
      if (root) process.seteuid?.(0);
    }
  });

  it("does not take another program for an engine", async () => {
    const path = await listen(
      createHttpServer((_request, response) => response.end("hello")),
      "other.sock",
    );
    expect(await probeDocker([unix(path)])).toMatchObject({
      state: "other",
      what: expect.stringContaining("not as Docker does"),
    });
  });

  it("goes on to the next place, and blames the one that says most", async () => {
    const nothing = unix(join(folder, "nothing.sock"));
    const silent = unix(await listen(createServer(), "hanging.sock"));
    const ready = unix(await listen(createHttpServer(engine), "second.sock"));
    expect(await probeDocker([nothing, silent, ready], 50)).toMatchObject({ state: "ready", host: ready.url });
    expect(await probeDocker([nothing, silent, nothing], 50)).toMatchObject({ state: "silent", host: silent.url });
  });

  it("looks only where DOCKER_HOST points, and names it", async () => {
    const hosts = dockerHosts({ DOCKER_HOST: `unix://${folder}/nothing.sock` }, folder);
    expect(await probeDocker(hosts)).toMatchObject({
      state: "none",
      what: expect.stringMatching(/^there is no unix:.*\(named by DOCKER_HOST\)$/),
      fix: expect.stringContaining("leave out DOCKER_HOST"),
    });
  });

  it("follows the current context of Docker's client", () => {
    const file = (name: string, content: unknown): void => {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), JSON.stringify(content));
    };
    const id = createHash("sha256").update("colima").digest("hex");
    file(".docker/config.json", { currentContext: "colima" });
    file(`.docker/contexts/meta/${id}/meta.json`, { Endpoints: { docker: { Host: "unix:///c.sock" } } });
    expect(dockerHosts({}, folder)).toEqual([{ url: "unix:///c.sock", namedBy: 'context "colima"' }]);
    expect(dockerHosts({ DOCKER_CONTEXT: "default" }, folder, "linux").length).toBeGreaterThan(5);
  });

  it("refuses an address that it cannot reach, by name", async () => {
    expect(await probeDocker([{ url: "ssh://build-host", namedBy: "DOCKER_HOST" }])).toMatchObject({
      state: "other",
      what: expect.stringContaining("ssh://build-host is no address that works here"),
    });
  });
});

describe("lambda-run doctor, on Docker", () => {
  const project = new ProjectFolder({});
  afterAll(() => project.remove());

  it("says what is wrong, the fix, and that nothing needs Docker", async () => {
    const silent = await listen(createServer(), "doctor.sock");
    const { exitCode, stdout } = await project.run(["doctor"], { env: { DOCKER_HOST: `unix://${silent}` } });
    expect(stdout).toContain(`silent: unix://${silent} did not answer within 1500 ms (named by DOCKER_HOST)`);
    expect(stdout).toMatch(/fix {3}Restart the engine: it hangs\..*the services are embedded\./);
    expect(exitCode).toBe(0);
  });

  it("names the engine that is there", async () => {
    const path = await listen(createHttpServer(engine), "named.sock");
    const { stdout } = await project.run(["doctor", "--json"], { env: { DOCKER_HOST: `unix://${path}` } });
    expect(JSON.parse(stdout)).toMatchObject({ docker: { state: "ready", server: "Docker/20.10.24 (linux)" } });
  });
});
