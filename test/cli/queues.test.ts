/** The commands on queues, as processes: without a stack on the state folder, and beside a running stack. */
import { once } from "node:events";
import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { ProjectFolder } from "./cli.js";

const TEMPLATE = `
AWSTemplateFormatVersion: "2010-09-09"
Resources:
  Orders:
    Type: AWS::SQS::Queue
    Properties: { QueueName: orders, VisibilityTimeout: 0, RedrivePolicy: { deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 1 } }
  Dead: { Type: AWS::SQS::Queue, Properties: { QueueName: dead } }
`;

// Ten processes one after the other.
jest.setTimeout(60_000);

let project: ProjectFolder;
beforeEach(() => {
  project = new ProjectFolder({
    "template.yaml": TEMPLATE,
    "lambda-run.config.json": JSON.stringify({ ports: { gateway: 0, http: 0 } }),
  });
});
afterEach(() => project.remove());

const json = async (...args: string[]): Promise<unknown> => {
  const { stdout, stderr, exitCode } = await project.run([...args, "--json"]);
  if (exitCode !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
};

/** Runs `work` with a client of a running stack. */
async function withStack(work: (client: SQSClient, url: (queue: string) => string) => Promise<void>): Promise<void> {
  const child = project.spawn(["start", "--json"]);
  child.stderr.resume();
  const ended = once(child, "close");
  try {
    const [line] = (await once(child.stdout.setEncoding("utf8"), "data")) as [string];
    const { endpoint } = JSON.parse(line) as { endpoint: string };
    const client = new SQSClient({
      endpoint,
      region: "us-east-1",
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
    });
    await work(client, (queue) => `${endpoint}/000000000000/${queue}`);
    client.destroy();
  } finally {
    child.kill("SIGINT");
    await ended;
  }
}

const depths = (queue: string, visible: number, inFlight = 0): unknown =>
  expect.objectContaining({ name: queue, visible, inFlight });

describe("the commands on queues", () => {
  it("show, redrive and purge what lies in a running stack, and afterwards in its state", async () => {
    await withStack(async (client, url) => {
      for (const MessageBody of ["a", "b"])
        await client.send(new SendMessageCommand({ QueueUrl: url("orders"), MessageBody }));
      expect(await json("queues")).toEqual([depths("dead", 0), depths("orders", 2)]);
      // Received once, they are dead letters at the next receive.
      for (let i = 0; i < 2; i++)
        await client.send(new ReceiveMessageCommand({ QueueUrl: url("orders"), MaxNumberOfMessages: 10 }));
      expect(await json("peek", "dead", "--count", "1")).toEqual([
        expect.objectContaining({ body: "a", state: "visible" }),
      ]);
      expect(await json("peek", "Dead")).toHaveLength(2);
      expect(await json("queues")).toEqual([depths("dead", 2), depths("orders", 0)]);
      expect(await json("redrive", "dead", "--rate", "500")).toEqual({ queue: "dead", status: "COMPLETED", moved: 2 });
      expect(await json("queues")).toEqual([depths("dead", 0), depths("orders", 2)]);
    });
    const { stdout } = await project.run(["queues"]);
    expect(stdout).toMatch(
      /^QUEUE +VISIBLE +IN FLIGHT +DELAYED +OLDEST +DEAD LETTERS GO TO\ndead +0 +0 +0 +- +-\norders +2 +0 +0 +\d+ s +dead\n$/,
    );
    expect(await json("purge", "orders")).toEqual({ queue: "orders", deleted: 2 });
    expect(await json("peek", "orders")).toEqual([]);
  });

  it("show the attributes of messages", async () => {
    await withStack(async (client, url) => {
      const MessageAttributes = {
        tenant: { DataType: "String", StringValue: "acme" },
        tries: { DataType: "Number", StringValue: "3" },
        key: { DataType: "Binary", BinaryValue: Buffer.from("bytes") },
      };
      await client.send(
        new SendMessageCommand({ QueueUrl: url("orders"), MessageBody: "the body", MessageAttributes }),
      );
    });
    const { stdout } = await project.run(["peek", "orders"]);
    const [, ...lines] = stdout.split("\n");
    expect(lines.sort()).toEqual([
      "",
      "  key: Ynl0ZXM= (Binary, base64)",
      "  tenant: acme (String)",
      "  tries: 3 (Number)",
      "the body",
    ]);
  });

  it.each([
    [["peek", "nope"], 'There is no queue "nope".'],
    [["peek", "orders", "--count", "0"], '--count is "0"'],
    [["redrive", "orders"], "SQS refuses the redrive"],
    [["redrive", "dead", "--rate", "501"], '--rate is "501"'],
  ])("%j says what is wrong", async (args, message) => {
    const { exitCode, stderr } = await project.run(args);
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining(message) });
    expect(stderr).toContain("fix ");
  });

  it("keep their window to the messages closed to whoever has no token", async () => {
    await withStack(async (_client, url) => {
      const { origin } = new URL(url("orders"));
      const answer = await fetch(`${origin}/_lambda-run/queues`);
      expect(answer.status).toBe(403);
    });
  });
});
