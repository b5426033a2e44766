import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { userFolders } from "../../src/runtime/sandbox/environment-folder.js";
import { StateLock } from "../../src/stack/state-lock.js";
import { itUnless, NOT_LINUX } from "../unless.js";
import { until } from "../until.js";
import { ProjectFolder, smallProject } from "./cli.js";
import { Screen } from "./screen.js";

const folders: ProjectFolder[] = [];
const project = (files: Record<string, string>): ProjectFolder => {
  const made = new ProjectFolder(files);
  folders.push(made);
  return made;
};
afterAll(() => folders.forEach((folder) => folder.remove()));

const echo = "export const handler = async (event: object) => ({ got: event });";
const lister =
  'import { S3Client, ListBucketsCommand } from "@aws-sdk/client-s3"; export const handler = async () => (await new S3Client({}).send(new ListBucketsCommand({}))).Buckets?.length;';

describe("lambda-run reset", () => {
  it("deletes the state, and says when there is none", async () => {
    const folder = project(smallProject(lister));
    await folder.run(["invoke", "hello"]);
    expect((await folder.run(["reset"])).stdout).toMatch(/is deleted/);
    expect(existsSync(join(folder.folder, ".lambda-run"))).toBe(false);
    expect((await folder.run(["reset"])).stdout).toMatch(/there is no state/);
  });

  it("finds nothing to delete where only what package has written lies", async () => {
    const folder = project(smallProject(echo));
    await folder.run(["package"]);
    expect(readdirSync(join(folder.folder, ".lambda-run"))).toEqual(["package"]);
    const { exitCode, stdout } = await folder.run(["reset"]);
    expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/there is no state/)]);
    expect(existsSync(join(folder.folder, ".lambda-run/package"))).toBe(true);
  });

  it("deletes no folder that is not its own, and nothing beside its own files", async () => {
    const folder = project({ ...smallProject(lister), "precious/file": "x" });
    const refused = await folder.run(["reset", "--state", "precious"]);
    expect([refused.exitCode, refused.stderr]).toEqual([
      2,
      expect.stringMatching(/error LR1004 This is not a state folder/),
    ]);
    await folder.run(["invoke", "hello", "--state", "mixed"]);
    folder.write("mixed/notes.txt", "mine");
    await folder.run(["reset", "--state", "mixed"]);
    expect(readdirSync(join(folder.folder, "mixed"))).toEqual(["notes.txt"]);
    expect(existsSync(join(folder.folder, "precious/file"))).toBe(true);
  });
});

describe("the code cache of the command line", () => {
  it("drops that of an older build in its place and what is old, not that of another copy", async () => {
    const folder = project({});
    const cache = join(folder.folder, "cache");
    const caches = join(cache, "lambda-run/cli");
    const list = (): Promise<unknown> => folder.run(["completion", "bash"], { env: { XDG_CACHE_HOME: cache } });
    await list();
    const [made = ""] = readdirSync(caches);
    const [place = "", build = "", ...rest] = made.split(".");
    expect([place, build]).toEqual([expect.stringMatching(/^[0-9a-f]{16}$/), expect.stringMatching(/^[0-9a-f]{16}$/)]);
    expect(rest).toEqual(["completion", "cache"]);
    const [stale, other, old] = [`${place}.00.list.cache`, "0123.00.list.cache", "4567.00.list.cache"];
    for (const name of [stale, other, old]) writeFileSync(join(caches, name), "");
    const monthsAgo = new Date(Date.now() - 60 * 24 * 3_600_000);
    utimesSync(join(caches, old), monthsAgo, monthsAgo);
    rmSync(join(caches, made));
    await list();
    expect(readdirSync(caches).sort()).toEqual([made, other].sort());
  });
});

it("the code cache of start is taken back by the next one, though start changes V8's flags", async () => {
  const folder = project({ "template.yaml": "Resources: {}" });
  const caches = join(folder.folder, "cache/lambda-run/cli");
  const start = async (): Promise<void> => {
    const args = ["start", "--ephemeral", "--port", "0", "--http-port", "0"];
    const child = folder.spawn(args, { env: { XDG_CACHE_HOME: join(folder.folder, "cache") } });
    const left = new Promise((resolve) => child.once("close", resolve));
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      if (text.includes("ready in")) child.kill("SIGINT");
    });
    await left;
  };
  await start();
  const [made = ""] = readdirSync(caches);
  // One that V8 refuses is put in the place of the old one.
  const { ino } = statSync(join(caches, made));
  await start();
  expect([readdirSync(caches), statSync(join(caches, made)).ino]).toEqual([[made], ino]);
});

const ENGINE = ["/var/run/docker.sock", "/run/podman/podman.sock"].find((socket) => existsSync(socket));

describe("lambda-run down", () => {
  // Beside an engine it would remove what other runs have made.
  itUnless(ENGINE === undefined ? undefined : `${ENGINE} is there`)(
    "has nothing to do without a Docker engine",
    async () => {
      const folder = project({});
      const env = { HOME: folder.folder, XDG_RUNTIME_DIR: folder.folder, DOCKER_HOST: "", DOCKER_CONTEXT: "" };
      expect(await folder.run(["down"], { env })).toEqual({
        exitCode: 0,
        stdout: "there is no container of lambda-run\n",
        stderr: "",
      });
      const named = await folder.run(["down"], { env: { ...env, DOCKER_HOST: "unix:///nowhere.sock" } });
      expect([named.exitCode, named.stderr]).toEqual([6, expect.stringContaining("error LR5009")]);
    },
  );
});

describe("a one-shot command", () => {
  it("that is interrupted before its turn has come leaves nothing of the room that it has begun", async () => {
    const folder = project(smallProject(echo));
    const state = join(folder.folder, ".lambda-run");
    mkdirSync(state);
    const lock = StateLock.take(state, "command");
    const screen = new Screen(folder.spawn(["invoke", "hello"]));
    const rooms = (): string[] =>
      userFolders()
        .flatMap((place) => readdirSync(place))
        .filter((name) => name.startsWith(`${screen.pid}-`));
    await screen.sees(/waiting for another lambda-run command/);
    await until(() => rooms().length > 0);
    screen.kill("SIGINT");
    expect(await screen.exited).toBe(130);
    expect(rooms()).toEqual([]);
    (lock as StateLock).release();
  });

  it("says which object events of its function would have fired something in a running stack", async () => {
    const folder = project({
      "template.yaml": `
Transform: AWS::Serverless-2016-10-31
Resources:
  Uploads: { Type: AWS::S3::Bucket, Properties: { BucketName: uploads } }
  Writer:
    Type: AWS::Serverless::Function
    Properties: { FunctionName: writer, Runtime: nodejs22.x, CodeUri: src/, Handler: writer.handler, Timeout: 10 }
  Reader:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: reader
      Runtime: nodejs22.x
      CodeUri: src/
      Handler: writer.handler
      Events:
        Csv:
          Type: S3
          Properties:
            Bucket: !Ref Uploads
            Events: s3:ObjectCreated:*
            Filter: { S3Key: { Rules: [{ Name: suffix, Value: .csv }] } }
`,
      "src/writer.ts": `
        import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
        const s3 = new S3Client({ forcePathStyle: true });
        export const handler = async (keys: string[]) => {
          for (const Key of keys) await s3.send(new PutObjectCommand({ Bucket: "uploads", Key, Body: "x" }));
        };`,
      "lambda-run.config.json": JSON.stringify({ ports: { gateway: 0, http: 0 } }),
    });
    const invoke = (keys: string[]) =>
      folder.run(["invoke", "writer", "--event", "-"], { input: JSON.stringify(keys) });
    expect((await invoke(["a.csv", "b.csv", "c.txt"])).stderr).toContain(
      "note 2 events of the bucket uploads for the function reader were not fired: only a running stack does it",
    );
    expect((await invoke(["c.txt"])).stderr).not.toContain("not fired");
  });
});

describe("the state folder", () => {
  it("is readable by its owner alone, also where the folder was there before", async () => {
    const folder = project(smallProject(lister));
    mkdirSync(join(folder.folder, "open"), { mode: 0o755 });
    await folder.run(["invoke", "hello", "--state", "open"]);
    for (const name of ["state.mdb", "secret"])
      expect(statSync(join(folder.folder, "open", name)).mode & 0o077).toBe(0);
  });
});

describe("a damaged state", () => {
  it.each<[string, (bytes: Buffer) => Buffer]>([
    ["that has lost its end", (bytes) => bytes.subarray(0, bytes.length / 2)],
    ["that something else wrote", () => Buffer.from("no store at all\n".repeat(1000))],
  ])("%s is refused with the way out, not with a crash", async (_what, damage) => {
    const folder = project(smallProject(lister));
    expect((await folder.run(["invoke", "hello"])).stdout).toBe("1\n");
    const file = join(folder.folder, ".lambda-run/state.mdb");
    writeFileSync(file, damage(readFileSync(file)));
    const { exitCode, stderr } = await folder.run(["invoke", "hello"]);
    expect([exitCode, stderr]).toEqual([6, expect.stringMatching(/LR5002 The state is damaged.*lambda-run reset/s)]);
    await folder.run(["reset"]);
    expect((await folder.run(["invoke", "hello"])).stdout).toBe("1\n");
  });
});

describe("lambda-run seed", () => {
  it("takes a slip in the bucket's name for one, and makes nothing", async () => {
    const folder = project(smallProject(lister));
    const { exitCode, stderr } = await folder.run(["seed", "--bucket", "my-stroe"]);
    expect([exitCode, stderr]).toEqual([2, expect.stringMatching(/no bucket "my-stroe".*Did you mean "my-store"/)]);
    expect((await folder.run(["invoke", "hello"])).stdout).toBe("1\n");
  });

  it("says how many of each it put, and finds them there the second time", async () => {
    const folder = project(smallProject(echo));
    const args = ["seed", "--bucket", "my-store", "--count", "3", "--prefix", "2026/05/"];
    expect((await folder.run(args)).stdout).toMatch(
      /^3 PDFs and 7 objects that are none .*: 10 put now, 0 there before\n$/,
    );
    expect((await folder.run(args)).stdout).toMatch(/: 0 put now, 10 there before\n$/);
  });

  it("puts CSV files, which fire in a running stack what uploads fire", async () => {
    const uploaded = "Events: { Up: { Type: S3, Properties: { Bucket: !Ref Store, Events: 's3:ObjectCreated:*' } } }";
    const folder = project(smallProject(echo, `      ${uploaded}`));
    folder.write("lambda-run.config.json", JSON.stringify({ ports: { gateway: 0, http: 0 } }));
    const running = folder.spawn(["start", "--json"]);
    running.stderr.resume();
    const screen = new Screen(running);
    await screen.sees(/"event":"ready"/);
    const args = ["seed", "--bucket", "Store", "--kind", "csv", "--count", "3", "--rows", "2", "--workers", "2"];
    expect((await folder.run(args)).stdout).toBe("3 CSV files are in my-store: 3 put now, 0 there before\n");
    for (let i = 0; i < 3; i++) await screen.sees(/"event":"invocation".*orders-0000\d\.csv/);
    expect((await folder.run(args)).stdout).toMatch(/0 put now, 3 there before/);
    screen.kill("SIGINT");
    await screen.exited;
  });

  it.each([
    ["--count", "0"],
    ["--kind", "xml"],
    ["--rows", "0"],
    ["--workers", "65"],
    ["--count", "x"],
    ["--size", "big"],
  ])("refuses %s %s", async (flag, value) => {
    expect((await project(smallProject(echo)).run(["seed", flag, value])).stderr).toMatch(/error LR1005/);
  });
});

describe("interruption", () => {
  itUnless(NOT_LINUX)(
    "ends an invocation in order: exit code 130, no process, no owner, no throw-away state",
    async () => {
      // A time to sleep that no other process has on its command line.
      const mark = `987.${process.pid}`;
      const folder = project(
        smallProject(
          `import { spawn } from "node:child_process"; export const handler = async () => { const child = spawn("sleep", ["${mark}"], { detached: true, stdio: "ignore" }); console.log("sleeps as", child.pid); await new Promise(() => setInterval(() => undefined, 1000)); };`,
          "      Timeout: 60",
        ),
      );
      const screen = new Screen(folder.spawn(["invoke", "hello", "--ephemeral"]));
      await screen.sees(/sleeps as/);
      screen.kill("SIGINT");
      expect(await screen.exited).toBe(130);
      const after = readdirSync(tmpdir()).filter((name) => name.startsWith(`lambda-run-run-${screen.pid}-`));
      expect(after).toEqual([]);
      const left = readdirSync("/proc").filter(
        (pid) => /^\d+$/.test(pid) && commandOf(pid).includes(`sleep\u0000${mark}`),
      );
      expect(left).toEqual([]);
    },
  );
});

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    // Gone between the listing and the look.
    return "";
  }
}

describe("dynamic references", () => {
  it("are filled in from the services, also from those of a stack that runs", async () => {
    const folder = project({
      ...smallProject(
        "export const handler = async () => process.env.SECRET;",
        "      Environment: { Variables: { SECRET: '{{resolve:secretsmanager:the-secret:SecretString:word}}' } }",
      ),
    });
    const template = readFileSync(join(folder.folder, "template.yaml"), "utf8");
    writeFileSync(
      join(folder.folder, "template.yaml"),
      `${template}  TheSecret:\n    Type: AWS::SecretsManager::Secret\n    Properties: { Name: the-secret, SecretString: '{"word":"sesame"}' }\n`,
    );
    expect((await folder.run(["invoke", "hello"])).stdout).toBe('"sesame"\n');
    const stack = folder.spawn(["start", "--json"]);
    stack.stderr.resume();
    await new Promise<void>((resolve) =>
      stack.stdout.setEncoding("utf8").on("data", (data: string) => data.includes('"ready"') && resolve()),
    );
    expect((await folder.run(["invoke", "hello"])).stdout).toBe('"sesame"\n');
    stack.kill("SIGINT");
    await new Promise((resolve) => stack.on("exit", resolve));
  });
});

it("a handler file that is not there is named, not taken for a function's name", async () => {
  const { exitCode, stderr } = await project({}).run(["invoke", "nowhere.js"]);
  expect([exitCode, stderr]).toEqual([
    3,
    expect.stringMatching(/error LR3002 The handler file nowhere\.js is not there/),
  ]);
});

it("our own diagnostics are silent unless something is wrong or somebody asks", async () => {
  const folder = project(smallProject(echo));
  const [quiet, asked] = [
    await folder.run(["invoke", "hello"]),
    await folder.run(["invoke", "hello"], { env: { LAMBDA_RUN_LOG: "debug" } }),
  ];
  expect(quiet.stderr).not.toContain('"name":"lambda-run"');
  expect(asked.stderr).toMatch(/\{"level":20,.*"name":"lambda-run".*"msg":"stack started"\}/);
});

describe("a reader that leaves early", () => {
  it.each([
    ["a list", ["generate-event", "s3:put"]],
    ["a stack", ["start", "--json"]],
  ])("ends %s without a stack trace", async (_what, args) => {
    const folder = project(smallProject(echo));
    const child = folder.spawn(args);
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    const left = new Promise((resolve) => child.once("close", resolve));
    child.stdout.destroy();
    await left;
    expect(stderr).not.toMatch(/EPIPE|at .*node:/);
    expect(existsSync(join(folder.folder, ".lambda-run/owner.json"))).toBe(false);
  });
});

describe("lambda-run runtimes add", () => {
  it("says that there is no such Node, or that the registry is not there, and not to do the same again", async () => {
    const folder = project({});
    const registry = createServer((_request, response) => response.writeHead(404).end("{}")).listen(0, "127.0.0.1");
    await new Promise((resolve) => registry.once("listening", resolve));
    const { port } = registry.address() as { port: number };
    const add = () =>
      folder.run(["runtimes", "add", "nodejs99.x"], {
        env: {
          npm_config_registry: `http://127.0.0.1:${port}`,
          npm_config_cache: join(folder.folder, "npm"),
          npm_config_fetch_retries: "0",
          XDG_CACHE_HOME: join(folder.folder, "cache"),
        },
      });
    try {
      const unknown = await add();
      expect(unknown.stderr).toMatch(/why +the registry has no node-\S+@99\nfix +Name a Node that was released/);
      registry.closeAllConnections();
      await new Promise((resolve) => registry.close(resolve));
      const unreachable = await add();
      expect(unreachable).toMatchObject({ exitCode: 6, stdout: "" });
      expect(unreachable.stderr).toMatch(/why +npm says: .*ECONNREFUSED.*\nfix +Mend the way to the registry/);
    } finally {
      registry.close();
    }
  });
});
