/** What happens in the buckets of a real MinIO fires functions here, with the events of AWS. */
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  PutBucketVersioningCommand,
  PutObjectTaggingCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { createStack, type LambdaRunConfig, type TestStack } from "../../src/index.js";
import { ProjectFolder } from "../cli/cli.js";
import {
  containersOf,
  docker,
  hasImage,
  LOCALSTACK_IMAGE,
  MINIO_IMAGE,
  MOTO_IMAGE,
  removeContainersOf,
  runServer,
} from "./docker.js";

const project = new ProjectFolder({
  "template.yaml": `
Transform: AWS::Serverless-2016-10-31
Globals: { Function: { Runtime: nodejs22.x, CodeUri: src/, Timeout: 10 } }
Resources:
  Told:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: told
      Handler: told.handler
      Events:
        Created: { Type: S3, Properties: { Bucket: !Ref Store, Events: "s3:ObjectCreated:*", Filter: { S3Key: { Rules: [{ Name: prefix, Value: in/ }] } } } }
        Removed: { Type: S3, Properties: { Bucket: !Ref Store, Events: "s3:ObjectRemoved:*" } }
        Tagged: { Type: S3, Properties: { Bucket: !Ref Store, Events: "s3:ObjectTagging:*" } }
  Store: { Type: AWS::S3::Bucket, Properties: { BucketName: my-store } }
`,
  "src/told.js": "exports.handler = async () => undefined;",
});
const queued = new ProjectFolder({
  "template.yaml": `
Transform: AWS::Serverless-2016-10-31
Resources:
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: told
      Runtime: nodejs22.x
      CodeUri: src/
      Handler: told.handler
      Events: { Queue: { Type: SQS, Properties: { Queue: !GetAtt Orders.Arn, BatchSize: 1 } } }
  Store:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: my-store
      NotificationConfiguration:
        QueueConfigurations:
          - { Event: "s3:ObjectCreated:*", Queue: !GetAtt Orders.Arn, Filter: { S3Key: { Rules: [{ Name: prefix, Value: in/ }] } } }
  Orders: { Type: AWS::SQS::Queue, Properties: { QueueName: orders } }
`,
  "src/told.js": "exports.handler = async () => undefined;",
});
const KEY = "in/a b+ü(x)'!~*.txt";

const open: TestStack[] = [];
const servers: (() => void)[] = [];
afterEach(async () => {
  for (const stack of open.splice(0)) await stack.close();
  for (const stop of servers.splice(0)) stop();
  [project, queued].forEach(({ folder }) => removeContainersOf(folder));
});
afterAll(() => [project, queued].forEach((made) => made.remove()));

async function start(config: LambdaRunConfig, { folder } = project): Promise<TestStack> {
  const containers = { minio: { image: MINIO_IMAGE }, localstack: { image: LOCALSTACK_IMAGE }, ...config.containers };
  const stack = await createStack({ folder, config: { ...config, containers } });
  open.push(stack);
  return stack;
}

const MINIO: LambdaRunConfig = { backends: { s3: "minio" } };

interface Told {
  readonly eventName: string;
  readonly s3: { readonly object: Readonly<Record<string, unknown>> };
}

async function told(stack: TestStack, count: number): Promise<Told[]> {
  const finished = await stack.waitFor(
    () => {
      const all = stack.invocations("told");
      return all.length >= count && all;
    },
    { timeoutMs: 20_000 },
  );
  return finished.map(({ event }) => (event as { Records: [Told] }).Records[0]);
}

/** Without what differs from one event or server to the next. */
const lasting = (records: readonly Told[]): unknown =>
  JSON.parse(
    JSON.stringify(records, (name, value: unknown) =>
      ["eventTime", "sequencer", "versionId", "x-amz-request-id", "x-amz-id-2", "sourceIPAddress"].includes(name)
        ? typeof value
        : value,
    ),
  );

/** Everything that can happen to an object, one after the other: events have no order among keys. */
async function happen(stack: TestStack): Promise<Told[]> {
  const s3 = new S3Client({
    region: "us-east-1",
    forcePathStyle: true,
    ...(stack.stack.addressOf("s3") as {
      endpoint: string;
      credentials: { accessKeyId: string; secretAccessKey: string };
    }),
  });
  const Bucket = "my-store";
  await stack.s3.put("Store", "out/unheard", "x");
  await stack.s3.put("Store", KEY, "hello");
  await told(stack, 1);
  const CopySource = `${Bucket}/${encodeURIComponent(KEY)}`;
  await s3.send(new CopyObjectCommand({ Bucket, Key: "in/copy", CopySource }));
  await told(stack, 2);
  await s3.send(
    new PutObjectTaggingCommand({ Bucket, Key: "in/copy", Tagging: { TagSet: [{ Key: "a", Value: "b" }] } }),
  );
  await told(stack, 3);
  await s3.send(new DeleteObjectCommand({ Bucket, Key: "in/copy" }));
  await told(stack, 4);
  await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }));
  await stack.s3.put("Store", "in/versioned", "");
  await told(stack, 5);
  await s3.send(new DeleteObjectCommand({ Bucket, Key: "in/versioned" }));
  const all = await told(stack, 6);
  s3.destroy();
  return all;
}

describe("events of MinIO in a container", () => {
  it("fire functions with the events of the embedded S3", async () => {
    const far = await happen(await start(MINIO));
    const near = await happen(await start({}));
    expect(far.map(({ eventName }) => eventName)).toEqual([
      "ObjectCreated:Put",
      "ObjectCreated:Copy",
      "ObjectTagging:Put",
      "ObjectRemoved:Delete",
      "ObjectCreated:Put",
      "ObjectRemoved:DeleteMarkerCreated",
    ]);
    expect(lasting(far)).toEqual(lasting(near));
  });

  it("fire them for a bucket that a save has added to the template", async () => {
    const stack = await start(MINIO);
    const { application } = stack.stack;
    const [bucket] = application.buckets;
    if (bucket === undefined) throw new Error("the template has a bucket");
    await stack.stack.replaceApplication({
      ...application,
      buckets: [...application.buckets, { ...bucket, logicalId: "Second", name: "my-second" }],
    });
    await stack.s3.put("Second", "in/1", "1");
    expect(await told(stack, 1)).toMatchObject([{ s3: { bucket: { name: "my-second" } } }]);
  });

  it("come in through a door that opens to the token of the container alone", async () => {
    const stack = await start(MINIO);
    const [container = ""] = containersOf(project.folder);
    const env = JSON.parse(docker("inspect", "--format", "{{json .Config.Env}}", container)) as string[];
    const url = env.find((entry) => entry.includes("WEBHOOK_ENDPOINT"))?.split("=")[1] ?? "";
    expect(url).toMatch(/^http:\/\/172\.\d+\.\d+\.1:\d+\//);
    expect((await fetch(url, { method: "POST", body: "{}" })).status).toBe(403);
    expect((await fetch(new URL("/", url))).status).toBe(404);
    // The gateway itself stays on the loopback.
    const { port } = new URL(stack.endpoint);
    await expect(fetch(`http://${new URL(url).hostname}:${port}/_lambda-run/health`)).rejects.toThrow("fetch failed");
  });

  it("fire them in the next run that takes the container again", async () => {
    const config: LambdaRunConfig = { ...MINIO, containers: { reuse: true } };
    const first = await start(config);
    await first.s3.put("Store", "in/1", "1");
    await told(first, 1);
    await first.close();
    open.length = 0;
    const second = await start(config);
    await second.s3.put("Store", "in/2", "2");
    expect((await told(second, 1)).map(({ s3 }) => s3.object["key"])).toEqual(["in/2"]);
    expect(containersOf(project.folder)).toHaveLength(1);
  });
});

/** Those of them that could be made, as `npm run test:containers` has said. */
const ONE_SERVER: Readonly<Record<string, (events?: object) => Promise<LambdaRunConfig>>> = {
  ...(hasImage(LOCALSTACK_IMAGE)
    ? { LocalStack: () => Promise.resolve({ backends: { s3: "localstack", sqs: "localstack" } }) }
    : {}),
  ...(hasImage(MOTO_IMAGE)
    ? {
        moto: async (events = {}) => {
          const server = await runServer(MOTO_IMAGE, 5000);
          servers.push(() => server.stop());
          return { accountId: "123456789012", backends: { s3: { url: server.url, ...events }, sqs: server.url } };
        },
      }
    : {}),
};

for (const [name, config] of Object.entries(ONE_SERVER)) {
  it(`S3 of ${name} fires functions through a queue of ours`, async () => {
    const stack = await start(await config({ eventQueue: "lambda-run-events" }));
    await stack.s3.put("Store", "out/unheard", "x");
    await stack.s3.put("Store", KEY, "hello");
    // moto tells of tags, too, when an object without any is put.
    const created = await stack.waitFor(
      async () => (await told(stack, 1)).find(({ eventName }) => eventName === "ObjectCreated:Put"),
      { timeoutMs: 20_000 },
    );
    expect(created.s3.object).toMatchObject({ key: "in/a+b%2B%C3%BC%28x%29%27%21%7E*.txt", size: 5 });
    await stack.close();
    open.length = 0;
  }, 120_000);

  it(`S3 of ${name} tells its own queue, which fires a function`, async () => {
    const stack = await start(await config(), queued);
    await stack.s3.put("Store", "out/unheard", "x");
    await stack.s3.put("Store", "in/heard", "x");
    const bodies = await stack.waitFor(
      () => {
        const all = stack
          .invocations("told")
          .flatMap(({ event }) => (event as { Records: { body: string }[] }).Records.map(({ body }) => body))
          .filter((body) => body.includes("Records"));
        return all.length > 0 && all;
      },
      { timeoutMs: 20_000 },
    );
    expect(bodies.map((body) => JSON.parse(body) as unknown)).toEqual([
      { Records: [expect.objectContaining({ eventName: "ObjectCreated:Put", eventSource: "aws:s3" })] },
    ]);
    expect(bodies[0]).toContain("heard");
    expect(bodies[0]).not.toContain("unheard");
  }, 120_000);
}
