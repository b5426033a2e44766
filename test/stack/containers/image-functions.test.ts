/** Image functions as far as they need no engine; the rest is in test/containers. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { PassThrough } from "node:stream";
import { pipeline } from "node:stream/promises";
import { extract } from "tar-stream";
import { passOn } from "../../../src/stack/containers/functions/attached-output.js";
import { packContext } from "../../../src/stack/containers/functions/build-context.js";
import { functionNetwork, ownPlace } from "../../../src/stack/containers/functions/network.js";
import { Relays } from "../../../src/stack/containers/functions/relay.js";
import { ProjectFolder } from "../../cli/cli.js";

const folders: string[] = [];
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));

function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "lambda-run-context-"));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

describe("without an engine", () => {
  const project = new ProjectFolder({
    "template.yaml":
      "Resources:\n  Boxed: { Type: AWS::Serverless::Function, Properties: { PackageType: Image, ImageUri: 'x:1' } }\n",
  });
  const env = { DOCKER_HOST: `unix://${project.folder}/nothing.sock` };
  afterAll(() => project.remove());

  it("an image function is refused with what is wrong, the fix, and what needs none", async () => {
    const { exitCode, stdout, stderr } = await project.run(["invoke", "Boxed", "--ephemeral"], { env });
    expect({ exitCode, stdout }).toEqual({ exitCode: 6, stdout: "" });
    expect(stderr).toMatch(/error LR5009 Image functions need a Docker engine, and there is none to use/);
    expect(stderr).toMatch(/why +there is no unix:.*nothing\.sock \(named by DOCKER_HOST\)/);
    expect(stderr).toMatch(/fix .*Functions with Runtime, Handler and CodeUri need none\./);
  });

  it("a stack starts, and says at once why an image function will not run", async () => {
    const child = project.spawn(["start", "--ephemeral", "--json", "--port", "0"], { env });
    let told = "";
    for await (const chunk of child.stdout) {
      told += String(chunk);
      if (told.includes("LR5009")) break;
    }
    expect(told).toContain('"event":"ready"');
    child.kill("SIGINT");
    if (child.exitCode === null) await once(child, "exit");
  });

  it("doctor says that image functions cannot run", async () => {
    const { stdout } = await project.run(["doctor"], { env });
    expect(stdout).toContain("image functions (Boxed) cannot run: they need a Docker engine\n");
    expect(stdout).not.toContain("Nothing needs it");
    const { imageFunctions } = JSON.parse((await project.run(["doctor", "--json"], { env })).stdout) as {
      imageFunctions: object;
    };
    expect(imageFunctions).toEqual({ functions: ["Boxed"], canRun: false, note: "they need a Docker engine" });
  });
});

describe("the network of image functions", () => {
  async function networkOf(info: object): Promise<Awaited<ReturnType<typeof functionNetwork>>> {
    const path = join(folderOf({}), "engine.sock");
    const server = createServer((_request, response) => response.end(JSON.stringify(info)));
    await new Promise<void>((done) => server.listen(path, done));
    try {
      return await functionNetwork({ secure: false, socketPath: path });
    } finally {
      await new Promise((done) => server.close(done));
    }
  }

  it("leads through a name for this machine where the engine runs in a virtual one", async () => {
    const network = await networkOf({
      OperatingSystem: "Docker Desktop",
      Name: "docker-desktop",
      Architecture: "aarch64",
    });
    expect(network).toMatchObject({ sharesLoopback: false, architecture: "arm64" });
    const place = ownPlace(network, { gateway: "172.17.0.1", container: "172.17.0.2" }, [9000]);
    const env = {
      AWS_LAMBDA_RUNTIME_API: "127.0.0.1:40001",
      AWS_ENDPOINT_URL: "http://127.0.0.1:4566",
      QUEUE: "http://localhost:4566/000/q",
      STORE: "http://127.0.0.1:9000",
      OWN: "http://127.0.0.1:8080",
    };
    expect(await place.translate(env)).toEqual({
      AWS_LAMBDA_RUNTIME_API: "host.docker.internal:40001",
      AWS_ENDPOINT_URL: "http://host.docker.internal:4566",
      QUEUE: "http://host.docker.internal:4566/000/q",
      STORE: "http://host.docker.internal:9000",
      OWN: "http://127.0.0.1:8080",
    });
  });

  it("of its own is led to this machine's loopback by relays that serve one container alone", async () => {
    const server = createServer((_request, response) => response.end("ours"));
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const { port } = server.address() as AddressInfo;
    const [open, closed] = [new Relays("127.0.0.1", "127.0.0.1"), new Relays("127.0.0.1", "127.0.0.9")];
    expect(await (await fetch(`http://${await open.addressOf(port)}`)).text()).toBe("ours");
    expect(await open.addressOf(port)).toBe(await open.addressOf(port));
    await expect(fetch(`http://${await closed.addressOf(port)}`)).rejects.toThrow("fetch failed");
    const address = await open.addressOf(port);
    open.close();
    closed.close();
    await expect(fetch(`http://${address}`)).rejects.toThrow("fetch failed");
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });

  it("is refused for an engine on another machine", async () => {
    await expect(functionNetwork({ secure: false, host: "10.0.0.5", port: 2375 })).rejects.toMatchObject({
      code: "LR5009",
      what: "Image functions need an engine on this machine",
    });
  });
});

describe("the context of a build", () => {
  async function namesOf(folder: string, dockerfile: string): Promise<string[]> {
    const names: string[] = [];
    const tar = extract();
    tar.on("entry", ({ name, type, linkname }, stream, next) => {
      names.push(type === "symlink" ? `${name} -> ${linkname ?? ""}` : name);
      stream.on("end", next).resume();
    });
    await pipeline(packContext(folder, dockerfile), tar);
    return names.sort();
  }

  it("is the folder with its links, without what .dockerignore names", async () => {
    const folder = folderOf({
      "docker/Dockerfile": "",
      "src/a.js": "",
      "src/a.test.js": "",
      "node_modules/x/index.js": "",
      "node_modules/kept/index.js": "",
      ".dockerignore": "# tests\n**/*.test.js\nnode_modules\n!node_modules/kept\ndocker\n",
    });
    symlinkSync("a.js", join(folder, "src/link.js"));
    expect((await namesOf(folder, "docker/Dockerfile")).filter((name) => !name.endsWith("/"))).toEqual([
      ".dockerignore",
      "docker/Dockerfile",
      "node_modules/kept/index.js",
      "src/a.js",
      "src/link.js -> a.js",
    ]);
  });

  it("is everything where there is no .dockerignore", async () => {
    expect(await namesOf(folderOf({ Dockerfile: "", "a/b": "" }), "Dockerfile")).toEqual(["Dockerfile", "a/", "a/b"]);
  });
});

it("what a container prints is told apart by stream, however it is cut on the way", async () => {
  const piece = (stream: number, text: string): Buffer => {
    const head = Buffer.alloc(8);
    head[0] = stream;
    head.writeUInt32BE(Buffer.byteLength(text), 4);
    return Buffer.concat([head, Buffer.from(text)]);
  };
  const bytes = Buffer.concat([piece(1, "out "), piece(2, "err"), piece(1, "put")]);
  for (const size of [1, 3, 11, bytes.length]) {
    const attached = new PassThrough();
    for (let at = 0; at < bytes.length; at += size) attached.write(bytes.subarray(at, at + size));
    attached.end();
    const printed = { stdout: "", stderr: "" };
    await passOn(attached, (stream, chunk) => (printed[stream] += chunk.toString("utf8")));
    expect(printed).toEqual({ stdout: "out put", stderr: "err" });
  }
});
