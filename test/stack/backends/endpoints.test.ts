/** Services on another server: a gateway of its own, with its own keys and nobody else's. */
import { createServer as createHttpServer } from "node:http";
import { createServer, type AddressInfo } from "node:net";
import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { ListBucketsCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { CreateSecretCommand, GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { GetParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { createStack, type LambdaRunConfig, type TestStack } from "../../../src/index.js";
import type { Gateway } from "../../../src/services/gateway.js";
import { assertReachable } from "../../../src/stack/backends/reachable.js";
import { ProjectFolder } from "../../cli/cli.js";
import { FaultyStore } from "../../functions/aggregation/faulty-store.js";
import { startForeignServer, type ForeignServer } from "./foreign-server.js";
import { PATIENT } from "../../until.js";

const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: { Runtime: nodejs22.x, CodeUri: src/, Timeout: 10 }
Resources:
  Look: { Type: AWS::Serverless::Function, Properties: { FunctionName: look, Handler: look.handler } }
  Send:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: send
      Handler: send.handler
      Environment:
        Variables: { QUEUE: !Ref Orders, TOKEN: "{{resolve:secretsmanager:far-secret}}", LEVEL: "{{resolve:ssm:/far/level}}" }
  ReadSecret:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: read-secret
      Handler: secret.handler
      Environment: { Variables: { SECRET: !Ref Secret } }
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: worker
      Handler: worker.handler
      Events:
        Orders: { Type: SQS, Properties: { Queue: !GetAtt Orders.Arn, BatchSize: 5 } }
  Store:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: far-store
      NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } }
  Orders:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: orders
      VisibilityTimeout: 30
      RedrivePolicy: { deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 1 }
  Dead: { Type: AWS::SQS::Queue, Properties: { QueueName: orders-dead } }
  Rows:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: far-rows
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{ AttributeName: id, AttributeType: S }]
      KeySchema: [{ AttributeName: id, KeyType: HASH }]
  Secret: { Type: AWS::SecretsManager::Secret, Properties: { Name: far-secret, SecretString: hidden } }
  Level: { Type: AWS::SSM::Parameter, Properties: { Name: /far/level, Type: String, Value: loud } }
`;
const FILES = {
  "template.yaml": TEMPLATE,
  "src/look.ts": `
    export const handler = async () => Object.fromEntries(
      Object.entries(process.env).filter(([name]) => /^AWS_(ENDPOINT|ACCESS|SECRET|SESSION)/.test(name)));`,
  "src/send.ts": `
    import { SQSClient, SendMessageCommand } from "@aws-sdk/client-sqs";
    import { S3Client, PutObjectCommand } from "@aws-sdk/client-s3";
    import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
    export const handler = async ({ explicit }) => {
      await new SQSClient({}).send(new SendMessageCommand({ QueueUrl: process.env.QUEUE, MessageBody: "from a function" }));
      await new S3Client({}).send(new PutObjectCommand({ Bucket: "far-store", Key: "k", Body: "b" }));
      const { TableNames } = await new DynamoDBClient({ endpoint: explicit }).send(new ListTablesCommand({}));
      return { queue: process.env.QUEUE, TableNames, token: process.env.TOKEN, level: process.env.LEVEL };
    };`,
  "src/secret.ts": `
    import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
    export const handler = async () => {
      const { ARN, SecretString } = await new SecretsManagerClient({}).send(
        new GetSecretValueCommand({ SecretId: process.env.SECRET }));
      return { asked: process.env.SECRET, ARN, SecretString };
    };`,
  "src/worker.ts": `
    export const handler = async ({ Records }) => {
      if (Records.some(({ body }) => body === "poison")) throw new Error("poison");
      return Records.length;
    };`,
};
const KEYS = { accessKeyId: "FARKEY", secretAccessKey: "far-away" };
/** On the list of ports that `fetch` refuses. */
const BLOCKED_PORTS = [10_080, 6697, 6669, 6668, 6667, 6566, 6000];
const ALL = ["s3", "sqs", "dynamodb", "secretsmanager", "ssm"] as const;

const project = new ProjectFolder(FILES);
const open: TestStack[] = [];
let server: ForeignServer;
let far: Gateway;
let client: ReturnType<ForeignServer["client"]>;

beforeEach(async () => {
  server = await startForeignServer();
  far = server.gateway;
  client = server.client();
});
afterEach(async () => {
  for (const stack of open.splice(0)) await stack.close();
  await server.close();
});
afterAll(() => project.remove());

const farAway = (services: readonly (typeof ALL)[number][]): LambdaRunConfig => ({
  backends: Object.fromEntries(services.map((name) => [name, { url: far.endpoint, ...KEYS }])),
});

async function start(config: LambdaRunConfig, notices: string[] = []): Promise<TestStack> {
  const stack = await createStack({
    folder: project.folder,
    config,
    seeds: true,
    onNotice: (text) => notices.push(text),
  });
  open.push(stack);
  return stack;
}

it("tells functions where each service is, with the keys that are good there", async () => {
  const stack = await start(farAway(["sqs", "dynamodb"]));
  const { payload } = await stack.invoke("look");
  expect(payload).toEqual({
    AWS_ENDPOINT_URL: stack.endpoint,
    AWS_ENDPOINT_URL_SQS: far.endpoint,
    AWS_ENDPOINT_URL_DYNAMODB: far.endpoint,
    AWS_ENDPOINT_URL_DYNAMODB_STREAMS: far.endpoint,
    AWS_ACCESS_KEY_ID: KEYS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: KEYS.secretAccessKey,
  });
});

it("lets one function use embedded services and others, and leaves an endpoint of its own code alone", async () => {
  const stack = await start(farAway(["sqs", "s3", "secretsmanager", "ssm"]));
  const { payload, error } = await stack.invoke("send");
  expect(error).toBeUndefined();
  expect(payload).toEqual({
    queue: `${far.endpoint}/000000000000/orders`,
    TableNames: ["far-rows"],
    token: "hidden",
    level: "loud",
  });
  expect((await stack.invoke("send", { explicit: far.endpoint })).payload).toMatchObject({ TableNames: [] });
  const { Contents } = await new S3Client({ ...client, forcePathStyle: true }).send(
    new ListObjectsV2Command({ Bucket: "far-store" }),
  );
  expect(Contents?.map(({ Key }) => Key)).toEqual(["k"]);
});

it("gives functions the ARN that the other server has chosen for a secret", async () => {
  const { ARN } = await new SecretsManagerClient(client).send(
    new CreateSecretCommand({ Name: "far-secret", SecretString: "made before" }),
  );
  const stack = await start(farAway(["secretsmanager"]));
  const { payload } = await stack.invoke("read-secret");
  expect(payload).toEqual({ asked: ARN, ARN, SecretString: "made before" });
});

it("makes what the template declares there and not here, and what helpers read is there", async () => {
  const notices: string[] = [];
  const stack = await start(farAway(ALL), notices);
  await stack.s3.put("Store", "a", "there");
  await stack.dynamodb.put("Rows", { id: "1" });
  const near = { ...stack.clientConfig };
  for (const [there, names] of [
    [client, { buckets: ["far-store"], tables: ["far-rows"], queues: 2 }],
    [near, { buckets: [], tables: [], queues: 0 }],
  ] as const) {
    const { Buckets = [] } = await new S3Client({ ...there, forcePathStyle: true }).send(new ListBucketsCommand({}));
    expect(Buckets.map(({ Name }) => Name)).toEqual(names.buckets);
    expect((await new DynamoDBClient(there).send(new ListTablesCommand({}))).TableNames).toEqual(names.tables);
    expect((await new SQSClient(there).send(new ListQueuesCommand({}))).QueueUrls ?? []).toHaveLength(names.queues);
  }
  const secret = new GetSecretValueCommand({ SecretId: "far-secret" });
  expect((await new SecretsManagerClient(client).send(secret)).SecretString).toBe("hidden");
  const level = await new SSMClient(client).send(new GetParameterCommand({ Name: "/far/level" }));
  expect(level.Parameter?.Value).toBe("loud");
  expect(await stack.dynamodb.scan("Rows")).toEqual([{ id: "1" }]);
  expect(notices).toContainEqual(expect.stringContaining("events of far-store reach queues at"));
});

it("leaves what is there as it is, with its settings and data", async () => {
  const sqs = new SQSClient(client);
  const made = await sqs.send(
    new CreateQueueCommand({ QueueName: "orders-dead", Attributes: { VisibilityTimeout: "77" } }),
  );
  const first = await start(farAway(ALL));
  await first.s3.put("Store", "kept", "1");
  await first.dynamodb.put("Rows", { id: "kept" });
  await first.close();
  open.length = 0;
  const again = await start(farAway(ALL));
  expect(await again.s3.list("Store")).toEqual(["kept"]);
  expect(await again.dynamodb.get("Rows", { id: "kept" })).toEqual({ id: "kept" });
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: made.QueueUrl, AttributeNames: ["VisibilityTimeout"] }),
  );
  expect(Attributes).toEqual({ VisibilityTimeout: "77" });
});

it("fires a function by messages on the other server, deletes what succeeded, and gives the queue its redrive policy", async () => {
  const stack = await start(farAway(["sqs"]));
  const sqs = new SQSClient(client);
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: "orders" }));
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "good" }));
  const [invocation] = await stack.waitFor(() => {
    const all = stack.invocations("worker");
    return all.length > 0 && all;
  }, PATIENT);
  expect(invocation?.event).toMatchObject({
    Records: [{ body: "good", eventSourceARN: "arn:aws:sqs:us-east-1:000000000000:orders" }],
  });
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["RedrivePolicy"] }));
  expect(JSON.parse(Attributes?.["RedrivePolicy"] ?? "{}")).toEqual({
    deadLetterTargetArn: "arn:aws:sqs:us-east-1:000000000000:orders-dead",
    maxReceiveCount: 1,
  });
  await stack.waitFor(async () => (await stack.sqs.depth("Orders")).inFlight === 0, PATIENT);
  expect((await sqs.send(new ReceiveMessageCommand({ QueueUrl }))).Messages ?? []).toEqual([]);
});

it("seeds a bucket on the other server when it is empty, once", async () => {
  const config: LambdaRunConfig = {
    ...farAway(["s3"]),
    seeds: [{ bucket: "Store", prefix: "p/", count: 2, size: 2048 }],
  };
  const keys = await (await start(config)).s3.list("Store");
  expect(keys.filter((key) => key.startsWith("p/") && key.endsWith(".pdf"))).not.toHaveLength(0);
  const notices: string[] = [];
  await start(config, notices);
  expect(notices.filter((text) => text.includes("seeded"))).toEqual([]);
});

it("reaches a server on a port that browsers do not call", async () => {
  const server = createHttpServer((_, response) => response.end());
  const listens = (port: number): Promise<boolean> =>
    new Promise((resolve) => {
      server.once("error", () => resolve(false)).listen(port, "127.0.0.1", () => resolve(true));
    });
  const ports = [...BLOCKED_PORTS];
  while (!(await listens(ports[0] ?? 0))) ports.shift();
  const url = `http://127.0.0.1:${ports[0]}`;
  const stack = await start({ backends: { events: url } });
  expect(stack.stack.addressOf("events").endpoint).toBe(url);
  await new Promise((resolve) => server.close(resolve));
});

it("takes a pause of this process for no silence of the server", async () => {
  const address = { endpoint: far.endpoint, region: "us-east-1", credentials: KEYS };
  const reached = assertReachable(new Map([["s3", address]]));
  // In real time: the process stands still, its clock with it.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1600);
  await expect(reached).resolves.toBeUndefined();
});

describe("what goes wrong is told at the start", () => {
  const refusal = async (config: LambdaRunConfig): Promise<object> =>
    start(config).then(
      () => ({}),
      (error: { code: string; what: string; where: string; why: string }) => ({
        code: error.code,
        what: error.what,
        where: error.where,
        why: error.why,
      }),
    );

  it("an endpoint where nothing listens", async () => {
    const { port } = await listening();
    expect(await refusal({ backends: { s3: `http://127.0.0.1:${port}` } })).toEqual({
      code: "LR5007",
      what: "The endpoint of s3 does not answer",
      where: `http://127.0.0.1:${port} (--endpoint s3=..., or backends.s3)`,
      why: "nothing listens there",
    });
  });

  it("an endpoint that takes the connection and says nothing", async () => {
    const { port, close } = await listening(true);
    expect(await refusal({ backends: { sqs: `http://127.0.0.1:${port}` } })).toMatchObject({
      code: "LR5007",
      why: "no answer within 1500 ms",
    });
    close();
  });

  it("keys that the other server refuses", async () => {
    expect(await refusal({ backends: { sqs: far.endpoint } })).toMatchObject({
      code: "LR5008",
      what: "What the template declares for sqs cannot be made",
      where: far.endpoint,
    });
  });

  it("a service that the server named for it does not have", async () => {
    expect(await refusal({ backends: { sqs: "minio" } })).toMatchObject({ code: "LR2005", what: "MinIO has no sqs" });
  });

  it("two servers with different keys, since an execution environment has one set", async () => {
    const config: LambdaRunConfig = { backends: { sqs: { url: far.endpoint, ...KEYS }, s3: "http://127.0.0.1:1" } };
    expect(await refusal(config)).toMatchObject({
      code: "LR2005",
      what: "The endpoints of s3 and sqs have different credentials",
    });
  });
});

it("lets helpers try again when the other server drops a connection, as it does with one that was idle", async () => {
  const between = await FaultyStore.start();
  between.target = far.endpoint;
  const stack = await start({ backends: { dynamodb: { url: between.endpoint, ...KEYS } } });
  let dropped = 0;
  between.fault = () => (dropped++ === 0 ? "gone" : undefined);
  await stack.dynamodb.put("Rows", { id: "1" });
  expect(await stack.dynamodb.scan("Rows")).toEqual([{ id: "1" }]);
  expect(dropped).toBe(3);
  await between.stop();
});

/** A port on which somebody listens, or has stopped to. */
async function listening(stay = false): Promise<{ port: number; close: () => void }> {
  const sockets = new Set<{ destroy: () => void }>();
  const server = createServer((socket) => {
    sockets.add(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const close = (): void => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  if (!stay) await new Promise<void>((resolve) => server.close(() => resolve()));
  return { port, close };
}

describe("the CLI", () => {
  it("takes --endpoint", async () => {
    const keys = JSON.stringify({ credentials: KEYS });
    const other = new ProjectFolder({ ...FILES, "lambda-run.config.json": keys });
    try {
      const args = [
        "--ephemeral",
        "--port",
        "0",
        "--endpoint",
        `sqs=${far.endpoint}`,
        "--endpoint",
        `s3=${far.endpoint}`,
      ];
      const { stdout, exitCode, stderr } = await other.run(["invoke", "look", ...args]);
      expect(stderr).not.toMatch(/error/);
      expect(JSON.parse(stdout)).toMatchObject({
        AWS_ENDPOINT_URL_SQS: far.endpoint,
        AWS_ENDPOINT_URL_S3: far.endpoint,
      });
      expect(exitCode).toBe(0);
      const sent = await other.run(["invoke", "send", ...args]);
      expect(JSON.parse(sent.stdout)).toMatchObject({ queue: `${far.endpoint}/000000000000/orders` });
    } finally {
      other.remove();
    }
  });
});
