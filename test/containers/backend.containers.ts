/** The manifest function of a project on MinIO in a container, beside the embedded S3. */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { ProjectFolder } from "../cli/cli.js";
import { until } from "../until.js";
import { containersOf, ENGINE_PACE, MINIO_IMAGE as IMAGE, removeContainersOf } from "./docker.js";

const folders: ProjectFolder[] = [];
const ours = (): string[] => folders.flatMap(({ folder }) => containersOf(folder));

const HANDLER = `
import { S3Client, PutObjectCommand, GetObjectCommand, ListObjectsV2Command, HeadObjectCommand } from "@aws-sdk/client-s3";
const s3 = new S3Client({ forcePathStyle: true });
export const handler = async () => {
  const Bucket = "my-store";
  await s3.send(new PutObjectCommand({ Bucket, Key: "a b/ü+1.txt", Body: "hello", ContentType: "text/plain", Metadata: { who: "me" } }));
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
  const { ContentType, Metadata, ETag } = await s3.send(new HeadObjectCommand({ Bucket, Key: "a b/ü+1.txt" }));
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: "a b/ü+1.txt", Range: "bytes=1-3" }));
  const missing = await s3.send(new GetObjectCommand({ Bucket, Key: "no" })).catch((error) => error.name);
  return {
    objects: Contents.map(({ Key, Size, ETag }) => ({ Key, Size, ETag })),
    head: { ContentType, Metadata, ETag },
    part: await Body.transformToString(),
    missing,
    minio: process.env.AWS_ENDPOINT_URL_S3 !== undefined,
  };
};
`;

function project(config: object): ProjectFolder {
  const folder = new ProjectFolder({
    "template.yaml": `Transform: AWS::Serverless-2016-10-31
Resources:
  HelloFunction:
    Type: AWS::Serverless::Function
    Properties: { FunctionName: hello, Runtime: nodejs22.x, CodeUri: src/, Handler: hello.handler, Timeout: 30 }
  Store: { Type: AWS::S3::Bucket, Properties: { BucketName: my-store } }
`,
    "src/hello.ts": HANDLER,
    "lambda-run.config.json": JSON.stringify({
      ports: { gateway: 0, http: 0 },
      containers: { minio: { image: IMAGE } },
      ...config,
    }),
  });
  folders.push(folder);
  return folder;
}

afterEach(() => {
  for (const made of folders.splice(0)) {
    removeContainersOf(made.folder);
    made.remove();
  }
});

describe("the containers backend", () => {
  it("gives a function the same answers and objects as the embedded S3", async () => {
    const answers: unknown[] = [];
    for (const backends of [{}, { s3: "containers" }]) {
      const folder = project({ backends });
      const { stdout, stderr } = await folder.run(["invoke", "hello", "--ephemeral"]);
      expect(stderr).not.toContain("error");
      const { minio, ...answer } = JSON.parse(stdout) as { minio: boolean };
      expect(minio).toBe("s3" in backends);
      answers.push(answer);
    }
    expect(answers[1]).toEqual(answers[0]);
    expect(ours()).toEqual([]);
  });

  it("seeds the bucket in the container, which down removes", async () => {
    const folder = project({ backends: { s3: "containers" }, containers: { minio: { image: IMAGE }, reuse: true } });
    const first = await folder.run(["seed", "--count", "3", "--json"]);
    expect(JSON.parse(first.stdout)).toMatchObject({ bucket: "my-store", unchanged: 0 });
    const { uploaded } = JSON.parse(first.stdout) as { uploaded: number };
    const second = await folder.run(["seed", "--count", "3", "--json"]);
    expect(JSON.parse(second.stdout)).toMatchObject({ uploaded: 0, unchanged: uploaded });
    expect(ours()).toHaveLength(1);
    const down = await folder.run(["down", "--json"]);
    expect(JSON.parse(down.stdout)).toEqual({ removed: expect.arrayContaining([IMAGE]) });
    expect(ours()).toEqual([]);
  });

  it("leaves no container behind when the CLI is killed", async () => {
    const folder = project({ backends: { s3: "containers" } });
    const child = folder.spawn(["start", "--ephemeral"]);
    await until(() => ours().length > 0, ENGINE_PACE);
    child.kill("SIGKILL");
    await once(child, "exit");
    await until(() => ours().length === 0, ENGINE_PACE);
    expect(ours()).toEqual([]);
  });

  it("says so when the engine hangs while it makes the container, and does not wait for ever", async () => {
    const folder = project({
      backends: { s3: "containers" },
      containers: { minio: { image: IMAGE }, startSeconds: 1 },
    });
    const sockets = new Set<Socket>();
    // The real engine, but what is asked to make a container is never answered.
    const hanging = createServer((socket) => {
      const upstream = connect("/var/run/docker.sock");
      for (const one of [socket, upstream]) sockets.add(one.on("error", () => undefined));
      socket.on("data", (data: Buffer) => {
        if (!data.includes("/containers/create")) upstream.write(data);
      });
      upstream.pipe(socket);
      socket.on("close", () => upstream.destroy());
    });
    const path = join(folder.folder, "hanging.sock");
    await new Promise<void>((done) => hanging.listen(path, done));
    const { exitCode, stderr } = await folder.run(["invoke", "hello", "--ephemeral"], {
      env: { DOCKER_HOST: `unix://${path}` },
    });
    expect([exitCode, stderr]).toEqual([
      6,
      expect.stringContaining("LR5012 The Docker engine did not start a container of minio within 1 s"),
    ]);
    sockets.forEach((socket) => socket.destroy());
    await new Promise((done) => hanging.close(done));
    expect(ours()).toEqual([]);
  });
});
