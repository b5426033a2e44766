/** Image functions through the CLI and the Lambda API, and what is left of them: nothing. */
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import {
  CreateFunctionCommand,
  GetFunctionCommand,
  InvokeCommand,
  LambdaClient,
  UpdateFunctionConfigurationCommand,
} from "@aws-sdk/client-lambda";
import { loadApplication } from "../../src/config/load-application.js";
import { createStack, findFunction, Stack } from "../../src/index.js";
import type { WatchEvent } from "../../src/stack/watch/events.js";
import { Watch } from "../../src/stack/watch/watch.js";
import { ProjectFolder } from "../cli/cli.js";
import { until } from "../until.js";
import { ENGINE_PACE } from "./docker.js";
import { docker, DOCKERFILE, makeNodeImage, pruneTestImages, RUNTIME_CLIENT } from "./node-image.js";

const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Resources:
  BoxedFunction:
    Type: AWS::Serverless::Function
    Metadata: { Dockerfile: Dockerfile, DockerContext: app, DockerTag: test }
    Properties: { FunctionName: boxed, PackageType: Image, Timeout: 20 }
  Store: { Type: AWS::S3::Bucket, Properties: { BucketName: boxed-store } }
`;
const TAG = "boxedfunction:test";
let project: ProjectFolder;

beforeAll(() => {
  makeNodeImage();
  project = new ProjectFolder({
    "template.yaml": TEMPLATE,
    "app/Dockerfile": DOCKERFILE,
    "app/runtime.mjs": RUNTIME_CLIENT,
    "lambda-run.config.json": JSON.stringify({ ports: { gateway: 0, http: 0 } }),
  });
});
afterEach(() => {
  expect(containers()).toEqual([]);
  expect(holders()).toEqual([]);
});
afterAll(() => {
  project.remove();
  docker("rmi", TAG);
  pruneTestImages();
});

function containers(format = "{{.ID}}"): string[] {
  const out = docker("ps", "-a", "--filter", "label=lambda-run.function=boxed", "--format", format);
  return out === "" ? [] : out.split("\n");
}
const holders = (): string[] =>
  docker("ps", "-aq", "--filter", "label=lambda-run.holder=boxed")
    .split("\n")
    .filter((id) => id !== "");
const states = (): string[] => containers("{{.State}}");
/** Looking blocks this process: what it has seen may be news to the stack that runs in it. */
async function untilSo(isSo: () => boolean): Promise<void> {
  await until(isSo, ENGINE_PACE);
  await sleep(ENGINE_PACE.pauseMs);
}

describe("an image function", () => {
  it("is built and invoked by the CLI, reaches the services, and leaves no container", async () => {
    const input = JSON.stringify({ run: `fetch(process.env.AWS_ENDPOINT_URL + "/boxed-store").then((a) => a.status)` });
    const { exitCode, stdout, stderr } = await project.run(["invoke", "boxed", "--event", "-", "--ephemeral"], {
      input,
    });
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "403\n" });
    expect(stderr).toContain("note building the image of boxed\n");
    expect(stderr).toMatch(/INIT of the image\nSTART .*\ninvocation 1\nEND .*\nREPORT .*\n$/);
  });

  it("is told apart in --json by the room it ran in", async () => {
    const input = JSON.stringify({ run: "1" });
    const { stdout } = await project.run(["invoke", "boxed", "--event", "-", "--ephemeral", "--json"], { input });
    expect(JSON.parse(stdout)).toMatchObject({ status: "success", payload: 1, tier: "container" });
  });

  it("leaves no container when the CLI is killed in the middle of an invocation", async () => {
    const child = project.spawn(["invoke", "boxed", "--event", "-", "--ephemeral"]);
    child.stdin.end(JSON.stringify({ run: "new Promise(() => setInterval(() => {}, 1000))" }));
    await untilSo(() => containers().length > 0);
    child.kill("SIGKILL");
    await once(child, "exit");
    await untilSo(() => containers().length + holders().length === 0);
    expect(docker("volume", "ls", "-q", "--filter", "label=lambda-run.holder=boxed")).toBe("");
  });

  it("leaves no container when an invocation is interrupted", async () => {
    const child = project.spawn(["invoke", "boxed", "--event", "-", "--ephemeral"]);
    child.stdin.end(JSON.stringify({ run: "new Promise(() => setInterval(() => {}, 1000))" }));
    await untilSo(() => containers().length > 0);
    child.kill("SIGINT");
    expect(await once(child, "exit")).toEqual([130, null]);
  });

  it("survives that down removes its container", async () => {
    const stack = await createStack({ folder: project.folder });
    try {
      expect(await stack.invoke("boxed", { run: "count" })).toMatchObject({ payload: 1 });
      const { stdout } = await project.run(["down", "--json"]);
      expect((JSON.parse(stdout) as { removed: string[] }).removed).toContainEqual(
        expect.stringMatching(/^sha256:|boxed/),
      );
      await untilSo(() => containers().length === 0);
      expect(await stack.invoke("boxed", { run: "count" })).toMatchObject({ error: undefined, payload: 1 });
    } finally {
      await stack.close();
    }
  });

  it("is built at the start and waits paused; a save in its folder builds it anew", async () => {
    const loaded = await loadApplication({ folder: project.folder });
    const config = { ...loaded.config, ephemeral: true };
    const stack = await Stack.start({ ...loaded, config, projectRoot: project.folder, kind: "stack" });
    const events: WatchEvent[] = [];
    const load = (): typeof loaded => loaded;
    const watch = Watch.start({
      stack,
      projectRoot: project.folder,
      loaded,
      load: () => Promise.resolve(load()),
      onEvent: (event) => events.push(event),
    });
    try {
      await untilSo(() => states().join() === "paused");
      const invoke = async (): Promise<unknown> => {
        const fn = findFunction(stack.application, "boxed");
        const { payload } = await stack.invoke(fn, { payload: Buffer.from(JSON.stringify({ run: "count" })) });
        return JSON.parse(payload.toString());
      };
      expect(await invoke()).toBe(1);
      project.write("app/runtime.mjs", RUNTIME_CLIENT.replace("count = 0", "count = 100"));
      await untilSo(() => events.length > 0);
      expect(events).toMatchObject([{ kind: "built", functionName: "boxed" }]);
      expect(await invoke()).toBe(101);
      project.write("app/Dockerfile", "FROM nothing:here\n");
      await untilSo(() => events.length > 1);
      expect(events[1]).toMatchObject({ kind: "broken", error: { code: "LR3004" }, servesOld: true });
      expect(await invoke()).toBe(102);
    } finally {
      await watch.close();
      await stack.close();
      project.write("app/Dockerfile", DOCKERFILE);
      project.write("app/runtime.mjs", RUNTIME_CLIENT);
    }
  });

  it("is made, configured and invoked by the Lambda API", async () => {
    const stack = await createStack({ folder: project.folder });
    const client = new LambdaClient(stack.clientConfig);
    try {
      await stack.invoke("boxed", { run: "1" });
      const FunctionName = "boxed-by-api";
      await client.send(
        new CreateFunctionCommand({
          FunctionName,
          PackageType: "Image",
          Role: "arn:aws:iam::000000000000:role/test",
          Code: { ImageUri: TAG },
          ImageConfig: { Command: ["first"] },
          Timeout: 20,
        }),
      );
      const run = async (text: string): Promise<unknown> => {
        const { Payload = new Uint8Array() } = await client.send(
          new InvokeCommand({ FunctionName, Payload: Buffer.from(JSON.stringify({ run: text })) }),
        );
        return JSON.parse(Buffer.from(Payload).toString("utf8"));
      };
      expect(await run("process.argv.slice(2)")).toEqual(["first"]);
      const ImageConfig = { Command: ["second"], WorkingDirectory: "/usr" };
      await client.send(new UpdateFunctionConfigurationCommand({ FunctionName, ImageConfig }));
      expect(await run("[process.cwd(), ...process.argv.slice(2)]")).toEqual(["/usr", "second"]);
      const { Configuration, Code } = await client.send(new GetFunctionCommand({ FunctionName }));
      expect(Configuration).toMatchObject({ PackageType: "Image", ImageConfigResponse: { ImageConfig } });
      expect(Configuration).not.toHaveProperty("ImageConfig");
      expect(Code).toMatchObject({ RepositoryType: "ECR", ImageUri: TAG });
    } finally {
      client.destroy();
      await stack.close();
    }
  });
});
