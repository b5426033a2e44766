/** How pipes come and go: with the template, over a reset, from process to process, and in a one-shot command. */
import { CreatePipeCommand, DescribePipeCommand, ListPipesCommand, PipesClient } from "@aws-sdk/client-pipes";
import { createStack, type TestStack } from "../../src/index.js";
import { loadApplication } from "../../src/config/load-application.js";
import { ProjectFolder } from "../cli/cli.js";
import { PATIENT, until } from "../until.js";

const ROLE = "arn:aws:iam::000000000000:role/pipe";
const queue = (name: string): string => `arn:aws:sqs:us-east-1:000000000000:${name}`;
const pipe = (name: string, target: string): string => `
  ${name}:
    Type: AWS::Pipes::Pipe
    Properties: { Name: ${name.toLowerCase()}, RoleArn: ${ROLE}, Source: !GetAtt In.Arn, Target: !GetAtt ${target}.Arn }`;
const QUEUES = `
Transform: AWS::Serverless-2016-10-31
Resources:
  In: { Type: AWS::SQS::Queue, Properties: { QueueName: in } }
  One: { Type: AWS::SQS::Queue, Properties: { QueueName: one } }
  Two: { Type: AWS::SQS::Queue, Properties: { QueueName: two } }`;

const namesIn = async (client: PipesClient): Promise<unknown> =>
  (await client.send(new ListPipesCommand({}))).Pipes?.map(({ Name }) => Name);

it("pipes of the template follow it while the stack runs, those of the API stay until a reset", async () => {
  const project = new ProjectFolder({ "template.yaml": `${QUEUES}${pipe("Mover", "One")}\n` });
  const stack = await createStack({ folder: project.folder, clock: "virtual" });
  const pipes = new PipesClient(stack.clientConfig);
  try {
    await stack.sqs.send("in", "1");
    await stack.waitFor(async () => (await stack.sqs.depth("one")).visible === 1, PATIENT);
    await pipes.send(
      new CreatePipeCommand({
        Name: "own",
        RoleArn: ROLE,
        Source: queue("two"),
        Target: queue("one"),
        DesiredState: "STOPPED",
      }),
    );
    project.write("template.yaml", `${QUEUES}${pipe("Mover", "Two")}\n`);
    const load = async () =>
      (await loadApplication({ folder: project.folder, flags: { ephemeral: true } })).application;
    await stack.stack.replaceApplication(await load());
    await stack.sqs.send("in", "2");
    await stack.waitFor(async () => (await stack.sqs.depth("two")).visible === 1, PATIENT);
    project.write("template.yaml", `${QUEUES}\n`);
    await stack.stack.replaceApplication(await load());
    expect(await namesIn(pipes)).toEqual(["own"]);
    await stack.sqs.send("in", "3");
    await stack.clock.advance("30s");
    expect((await stack.sqs.depth("in")).visible).toBe(1);
    await stack.reset();
    expect(await namesIn(pipes)).toEqual([]);
  } finally {
    pipes.destroy();
    await stack.close();
    project.remove();
  }
});

it("a pipe that the API made goes on in the next process where it was", async () => {
  const project = new ProjectFolder({
    "template.yaml": `${QUEUES}
  Rows:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: rows
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{ AttributeName: id, AttributeType: S }]
      KeySchema: [{ AttributeName: id, KeyType: HASH }]
      StreamSpecification: { StreamViewType: NEW_IMAGE }
`,
  });
  const start = (): Promise<TestStack> => createStack({ folder: project.folder, config: { ephemeral: false } });
  const bodies: unknown[] = [];
  const receive = async (stack: TestStack, count: number): Promise<void> =>
    until(async () => {
      bodies.push(...(await stack.sqs.receive("one")).map(({ body }) => JSON.parse(body) as unknown));
      return bodies.length >= count;
    });
  try {
    const first = await start();
    const pipes = new PipesClient(first.clientConfig);
    const [table] = first.stack.application.tables;
    await pipes.send(
      new CreatePipeCommand({
        Name: "own",
        RoleArn: ROLE,
        Source: table?.streamArn,
        SourceParameters: { DynamoDBStreamParameters: { StartingPosition: "LATEST" } },
        Target: queue("one"),
        TargetParameters: { InputTemplate: "<$.dynamodb.NewImage.id>" },
      }),
    );
    await until(async () => (await pipes.send(new DescribePipeCommand({ Name: "own" }))).CurrentState === "RUNNING");
    await first.dynamodb.put("rows", { id: "a" });
    await receive(first, 1);
    pipes.destroy();
    await first.close();
    const second = await start();
    await second.dynamodb.put("rows", { id: "b" });
    await receive(second, 2);
    expect(bodies).toEqual([{ S: "a" }, { S: "b" }]);
    await second.close();
  } finally {
    project.remove();
  }
});

it("a one-shot command moves nothing through a pipe, and says so", async () => {
  const project = new ProjectFolder({
    "template.yaml": `${QUEUES}
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      { FunctionName: fn, Runtime: nodejs22.x, CodeUri: ., Handler: index.handler, Timeout: 10, Environment: { Variables: { IN: !Ref In } } }${pipe("Mover", "One")}${pipe("Idle", "Two").replace("!GetAtt In.Arn", "!GetAtt One.Arn")}
`,
    "index.js": `
const { SQSClient, SendMessageCommand } = require("@aws-sdk/client-sqs");
exports.handler = async () => {
  await new SQSClient({}).send(new SendMessageCommand({ QueueUrl: process.env.IN, MessageBody: "1" }));
};
`,
  });
  try {
    const { stderr } = await project.run(["invoke", "fn"]);
    expect(stderr).toContain("what waits at the source of the pipe mover was not moved: only a running stack does it");
    expect(stderr).not.toContain("pipe idle");
    expect((await project.run(["peek", "in", "--json"])).stdout).toContain('"body":"1"');
  } finally {
    project.remove();
  }
});
