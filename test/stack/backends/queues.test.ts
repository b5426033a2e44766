/** Queues on another server: what reaches them from here, and what the commands on queues do with them. */
import {
  CreateQueueCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SQSClient,
  type Message,
} from "@aws-sdk/client-sqs";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { createStack, type TestStack } from "../../../src/index.js";
import { ProjectFolder, type CliResult } from "../../cli/cli.js";
import { until } from "../../until.js";
import { startForeignServer, type ForeignServer } from "./foreign-server.js";

const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: { Runtime: nodejs22.x, CodeUri: src/, Timeout: 10 }
Resources:
  Work:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: work
      Handler: work.handler
      DeadLetterQueue: { Type: SQS, TargetArn: !GetAtt Dead.Arn }
      EventInvokeConfig:
        MaximumRetryAttempts: 0
        DestinationConfig:
          OnSuccess: { Type: SQS, Destination: !GetAtt Told.Arn }
          OnFailure: { Type: SQS, Destination: "arn:aws:sqs:us-east-1:000000000000:not-there" }
  Store:
    Type: AWS::S3::Bucket
    DependsOn: Told
    Properties:
      BucketName: near-store
      NotificationConfiguration: { QueueConfigurations: [{ Event: "s3:ObjectCreated:*", Queue: !GetAtt Told.Arn }] }
  Told: { Type: AWS::SQS::Queue, Properties: { QueueName: told } }
  Orders:
    Type: AWS::SQS::Queue
    Properties: { QueueName: orders, RedrivePolicy: { deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 1 } }
  Dead: { Type: AWS::SQS::Queue, Properties: { QueueName: dead } }
`;
const FILES = {
  "template.yaml": TEMPLATE,
  "src/work.js": `exports.handler = async ({ fail }) => { if (fail) throw new Error("no luck"); return "done"; };`,
};

let far: ForeignServer;
let sqs: SQSClient;
let project: ProjectFolder;

beforeEach(async () => {
  far = await startForeignServer();
  sqs = new SQSClient(far.client());
  project = new ProjectFolder({
    ...FILES,
    "lambda-run.config.json": JSON.stringify({ ports: { gateway: 0, http: 0 }, backends: { sqs: far.backend } }),
  });
});
afterEach(async () => {
  sqs.destroy();
  await far.close();
  project.remove();
});

const url = async (QueueName: string): Promise<string> =>
  (await sqs.send(new GetQueueUrlCommand({ QueueName }))).QueueUrl ?? "";

/** The messages of a queue, once there are so many. */
async function received(queue: string, count: number): Promise<Message[]> {
  const all: Message[] = [];
  await until(async () => {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: await url(queue),
        MaxNumberOfMessages: 10,
        WaitTimeSeconds: 5,
        MessageAttributeNames: ["All"],
        VisibilityTimeout: 0,
      }),
    );
    all.push(...Messages.filter(({ MessageId }) => all.every((one) => one.MessageId !== MessageId)));
    return all.length >= count;
  });
  return all;
}

describe("what a stack sends to queues on another server", () => {
  let stack: TestStack;
  let notices: string[];
  beforeEach(async () => {
    notices = [];
    stack = await createStack({ folder: project.folder, onNotice: (text) => notices.push(text) });
  });
  afterEach(() => stack.close());

  const invoke = async (event: object): Promise<void> => {
    const lambda = new LambdaClient(stack.clientConfig);
    await lambda.send(
      new InvokeCommand({ FunctionName: "work", InvocationType: "Event", Payload: JSON.stringify(event) }),
    );
    lambda.destroy();
  };

  it("is notifications of embedded buckets, the test event first", async () => {
    await stack.s3.put("Store", "a b.txt", "body");
    const bodies = (await received("told", 2)).map(({ Body = "" }) => JSON.parse(Body) as Record<string, unknown>);
    expect(bodies).toEqual([
      expect.objectContaining({ Event: "s3:TestEvent", Bucket: "near-store" }),
      { Records: [expect.objectContaining({ eventName: "ObjectCreated:Put" })] },
    ]);
    expect(notices).toEqual([]);
  });

  it("is dead letters with their attributes, and a destination that is not there holds up nothing", async () => {
    await invoke({ fail: true });
    const [letter] = await received("dead", 1);
    expect(letter?.Body).toBe('{"fail":true}');
    expect(letter?.MessageAttributes).toEqual({
      RequestID: { DataType: "String", StringValue: expect.any(String) as string },
      ErrorCode: { DataType: "Number", StringValue: "200" },
      ErrorMessage: { DataType: "String", StringValue: "no luck" },
    });
    await stack.stack.activity.quiet();
    expect(await received("dead", 1)).toHaveLength(1);
  });

  it("is the records of destinations", async () => {
    await stack.s3.list("Store");
    await invoke({ good: true });
    const records = (await received("told", 2)).map(({ Body = "" }) => JSON.parse(Body) as Record<string, unknown>);
    expect(records).toContainEqual(
      expect.objectContaining({ requestPayload: { good: true }, responsePayload: "done" }),
    );
  });
});

describe("the commands on queues", () => {
  jest.setTimeout(60_000);

  const run = (...args: string[]): Promise<CliResult> => project.run([...args, "--ephemeral"]);
  const send = async (queue: string, bodies: readonly string[]): Promise<void> => {
    await sqs.send(
      new SendMessageBatchCommand({
        QueueUrl: await url(queue),
        Entries: bodies.map((MessageBody, index) => ({ Id: String(index), MessageBody })),
      }),
    );
  };

  it("count, show, redrive and purge what lies on another server", async () => {
    const empty = await run("queues", "--json");
    expect((JSON.parse(empty.stdout) as { name: string }[]).map(({ name }) => name)).toEqual([
      "dead",
      "orders",
      "told",
    ]);
    await send(
      "told",
      Array.from({ length: 10 }, (_, i) => `m${i}`),
    );
    await send("told", ["m10", "m11"]);
    const shown = await run("peek", "Told", "--count", "20", "--json");
    expect(shown.stderr).toContain("each has counted one receive more");
    const messages = JSON.parse(shown.stdout) as { body: string }[];
    expect(messages.map(({ body }) => body)).toEqual(Array.from({ length: 12 }, (_, i) => `m${i}`));
    // Given back: they are there for everybody.
    const counts = JSON.parse((await run("queues", "--json")).stdout) as { name: string; visible: number }[];
    expect(counts.find(({ name }) => name === "told")).toMatchObject({ visible: 12, inFlight: 0, oldestAgeMs: null });
    expect((await run("purge", "told")).stdout).toBe("told: about 12 messages deleted\n");
    await send("orders", ["x"]);
    expect(await received("orders", 1)).toHaveLength(1);
    // The second receive is one too many.
    await sqs.send(new ReceiveMessageCommand({ QueueUrl: await url("orders") }));
    const left = JSON.parse((await run("queues", "--json")).stdout) as object[];
    expect(left).toEqual([
      expect.objectContaining({ name: "dead", visible: 1 }),
      expect.objectContaining({ name: "orders", visible: 0, inFlight: 0, deadLetterQueue: "dead" }),
      expect.objectContaining({ name: "told", visible: 0 }),
    ]);
    expect((await run("redrive", "dead")).stdout).toBe("dead: 1 messages moved back\n");
    expect((await received("orders", 1)).map(({ Body }) => Body)).toEqual(["x"]);
  });

  it("do not look into a queue whose count of receives sends messages elsewhere", async () => {
    const { stderr, exitCode } = await run("peek", "orders");
    expect(stderr).toMatch(/error LR1004 The messages of orders cannot be looked at.*^fix {3}Look into dead/ms);
    expect(exitCode).toBe(2);
  });

  it("find a queue there that no template declares, and say so of one that is not", async () => {
    await sqs.send(new CreateQueueCommand({ QueueName: "of-others" }));
    await send("of-others", ["theirs"]);
    expect(JSON.parse((await run("peek", "of-others", "--json")).stdout)).toMatchObject([{ body: "theirs" }]);
    const { stderr, exitCode } = await run("purge", "ordes");
    expect(stderr).toContain('There is no queue "ordes". Did you mean "orders"?');
    expect(exitCode).toBe(2);
  });
});
