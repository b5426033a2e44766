/** What becomes of batches that a pipe cannot hand over: by queues, by streams, and by what an enrichment answers. */
import { CloudWatchLogsClient, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { CreatePipeCommand, DescribePipeCommand, PipesClient } from "@aws-sdk/client-pipes";
import { createStack, type TestStack } from "../../src/index.js";
import { ProjectFolder } from "../cli/cli.js";
import { repeatUntil, until } from "../until.js";

const ROLE = "arn:aws:iam::000000000000:role/pipe";
const table = (name: string): string => `
  ${name}:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: ${name.toLowerCase()}
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{ AttributeName: id, AttributeType: S }]
      KeySchema: [{ AttributeName: id, KeyType: HASH }]
      StreamSpecification: { StreamViewType: NEW_IMAGE }`;
const ofStream = (name: string, source: string, target: string, parameters: string): string => `
  ${name}:
    Type: AWS::Pipes::Pipe
    Properties:
      Name: ${name.toLowerCase()}
      RoleArn: ${ROLE}
      Source: !GetAtt ${source}.StreamArn
      SourceParameters: { DynamoDBStreamParameters: { StartingPosition: LATEST, ${parameters} } }
      Target: ${target}`;
const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Globals: { Function: { Runtime: nodejs22.x, CodeUri: code/, Timeout: 30 } }
Resources:
  Dead: { Type: AWS::SQS::Queue, Properties: { QueueName: dead } }
  Inbox: { Type: AWS::SQS::Queue, Properties: { QueueName: inbox, VisibilityTimeout: 30, RedrivePolicy: { deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 2 } } }
  Many: { Type: AWS::SQS::Queue, Properties: { QueueName: many, VisibilityTimeout: 30 } }
  Copies: { Type: AWS::SQS::Queue, Properties: { QueueName: copies } }
  Gone: { Type: AWS::SQS::Queue, Properties: { QueueName: gone } }
  Work: { Type: AWS::Serverless::Function, Properties: { FunctionName: work, Handler: index.work } }
  Picky: { Type: AWS::Serverless::Function, Properties: { FunctionName: picky, Handler: index.picky } }
  Multiply: { Type: AWS::Serverless::Function, Properties: { FunctionName: multiply, Handler: index.multiply } }
  Standard:
    Type: AWS::Serverless::StateMachine
    Properties: { Name: standard, Definition: { StartAt: Done, States: { Done: { Type: Pass, End: true } } } }
${table("Rows")}${table("Halves")}
  Partly:
    Type: AWS::Pipes::Pipe
    Properties:
      Name: partly
      RoleArn: ${ROLE}
      Source: !GetAtt Inbox.Arn
      SourceParameters: { SqsQueueParameters: { MaximumBatchingWindowInSeconds: 1 } }
      Target: !GetAtt Work.Arn
  TooMany:
    Type: AWS::Pipes::Pipe
    Properties: { Name: too-many, RoleArn: ${ROLE}, Source: !GetAtt Many.Arn, Enrichment: !GetAtt Multiply.Arn, Target: !GetAtt Copies.Arn }
  Slow: { Type: AWS::SQS::Queue, Properties: { QueueName: slow, VisibilityTimeout: 1000 } }
  Group: { Type: AWS::Logs::LogGroup, Properties: { LogGroupName: slow } }
  Waits:
    Type: AWS::Serverless::StateMachine
    Properties: { Name: waits, Type: EXPRESS, Definition: { StartAt: Wait, States: { Wait: { Type: Wait, Seconds: 290, Next: More }, More: { Type: Wait, Seconds: 100, End: true } } } }
  SlowPipe:
    Type: AWS::Pipes::Pipe
    Properties:
      Name: slow
      RoleArn: ${ROLE}
      Source: !GetAtt Slow.Arn
      Target: !Ref Waits
      LogConfiguration: { Level: ERROR, CloudwatchLogsLogDestination: { LogGroupArn: "arn:aws:logs:us-east-1:000000000000:log-group:slow" } }
  Quiet: { Type: AWS::SQS::Queue, Properties: { QueueName: quiet } }
  Odd: { Type: AWS::SQS::Queue, Properties: { QueueName: odd, VisibilityTimeout: 30 } }
  Groups: { Type: AWS::SQS::Queue, Properties: { QueueName: groups.fifo, FifoQueue: true, ContentBasedDeduplication: true } }
  Nothing: { Type: AWS::Serverless::Function, Properties: { FunctionName: nothing, Handler: index.nothing } }
  Rename: { Type: AWS::Serverless::Function, Properties: { FunctionName: rename, Handler: index.rename } }
  QuietPipe:
    Type: AWS::Pipes::Pipe
    Properties: { Name: quiet, RoleArn: ${ROLE}, Source: !GetAtt Quiet.Arn, Enrichment: !GetAtt Nothing.Arn, Target: !GetAtt Copies.Arn }
  OddPipe:
    Type: AWS::Pipes::Pipe
    Properties:
      { Name: odd, RoleArn: ${ROLE}, Source: !GetAtt Odd.Arn, Enrichment: !GetAtt Rename.Arn, Target: !GetAtt Groups.Arn, TargetParameters: { SqsQueueParameters: { MessageGroupId: $.g } } }
  Waiting:
    Type: AWS::Pipes::Pipe
    Properties: { Name: waiting, RoleArn: ${ROLE}, Source: !GetAtt Gone.Arn, Target: !Ref Standard }
${ofStream("Ordered", "Rows", "!GetAtt Picky.Arn", "MaximumBatchingWindowInSeconds: 1, MaximumRetryAttempts: 1, DeadLetterConfig: { Arn: !GetAtt Dead.Arn }")}
${ofStream("Halved", "Halves", "!GetAtt Picky.Arn", "MaximumBatchingWindowInSeconds: 1, MaximumRetryAttempts: 0, OnPartialBatchItemFailure: AUTOMATIC_BISECT")}
`;
const CODE = `
const failed = (itemIdentifier) => ({ itemIdentifier });
exports.work = async (records) => ({
  batchItemFailures: records.filter(({ body }) => body === "bad").map(({ messageId }) => failed(messageId)),
});
exports.picky = async (records) => {
  const ids = records.map(({ dynamodb }) => dynamodb.Keys.id.S);
  if (ids.includes("throws")) throw new Error("no");
  return { batchItemFailures: records.filter((_, i) => ids[i] === "bad").map(({ eventID }) => failed(eventID)) };
};
exports.nothing = async () => undefined;
exports.rename = async () => [{ messageId: "x1", g: "a" }, { messageId: "x2" }];
exports.multiply = async (records) => Array.from({ length: 11 }, () => records[0]);
`;

describe("pipes whose target fails", () => {
  let project: ProjectFolder;
  let stack: TestStack;
  let pipes: PipesClient;
  let logs: CloudWatchLogsClient;
  const notices: string[] = [];

  beforeAll(async () => {
    project = new ProjectFolder({ "template.yaml": TEMPLATE, "code/index.js": CODE });
    stack = await createStack({
      folder: project.folder,
      clock: new Date("2026-01-02T03:04:05Z"),
      onNotice: (text) => notices.push(text),
    });
    pipes = new PipesClient(stack.clientConfig);
    logs = new CloudWatchLogsClient(stack.clientConfig);
    await until(async () => (await stateOf("halved")).CurrentState === "RUNNING");
  });
  afterAll(async () => {
    pipes.destroy();
    logs.destroy();
    await stack.close();
    project.remove();
  });

  const stateOf = (Name: string) => pipes.send(new DescribePipeCommand({ Name }));
  type Records = readonly {
    readonly body: string;
    readonly dynamodb: { readonly Keys: { readonly id: { readonly S: string } } };
  }[];
  const calls = (name: string): Records[] => stack.invocations(name).map(({ event }) => event as Records);
  const idsOf = (records: Records): string[] => records.map(({ dynamodb }) => dynamodb.Keys.id.S);
  const slowLog = async (): Promise<unknown[]> => {
    const { events = [] } = await logs.send(new FilterLogEventsCommand({ logGroupName: "slow" }));
    return events.map(({ message = "" }) => JSON.parse(message) as unknown);
  };
  const advance = (by: string) => () => stack.clock.advance(by);

  it("take single messages again, which go where the queue's own policy sends them", async () => {
    await stack.sqs.send("inbox", "good");
    await stack.sqs.send("inbox", "bad");
    await repeatUntil(() => calls("work").length === 2, advance("10s"));
    expect(calls("work").map((records) => records.map(({ body }) => body).toSorted())).toEqual([
      ["bad", "good"],
      ["bad"],
    ]);
    let dead: readonly { readonly body: string }[] = [];
    await until(async () => {
      await stack.clock.advance("31s");
      dead = await stack.sqs.receive("dead");
      return dead.length > 0;
    });
    expect(dead.map(({ body }) => body)).toEqual(["bad"]);
  });

  it("try the failed records of a stream again, those alone, and leave word of them in the dead-letter queue", async () => {
    for (const id of ["a", "bad", "c"]) await stack.dynamodb.put("rows", { id });
    await repeatUntil(() => calls("picky").length === 3, advance("2s"));
    expect(calls("picky").map(idsOf)).toEqual([["a", "bad", "c"], ["bad"], ["bad"]]);
    let dead: readonly { readonly body: string }[] = [];
    await until(async () => {
      await stack.clock.advance("2s");
      dead = await stack.sqs.receive("dead");
      return dead.length > 0;
    });
    expect(dead.map(({ body }) => JSON.parse(body) as unknown)).toMatchObject([
      {
        context: {
          partnerResourceArn: "arn:aws:pipes:us-east-1:000000000000:pipe/ordered",
          condition: "RetryAttemptsExhausted",
        },
        version: "1.0",
        DDBStreamBatchInfo: { streamArn: expect.stringContaining("table/rows/stream/") as string },
      },
    ]);
    expect(dead[0]?.body).not.toContain("requestContext");
  });

  it("halve a batch of a stream until the record that fails is alone, when they are asked to", async () => {
    const before = calls("picky").length;
    for (const id of ["a", "b", "throws", "d"]) await stack.dynamodb.put("halves", { id });
    await repeatUntil(() => calls("picky").length === before + 5, advance("2s"));
    expect(calls("picky").slice(before).map(idsOf)).toEqual([
      ["a", "b", "throws", "d"],
      ["a", "b"],
      ["throws", "d"],
      ["throws"],
      ["d"],
    ]);
  });

  it("hand on nothing when an enrichment answers more than the target takes at once", async () => {
    await stack.sqs.send("many", "1");
    await until(() => calls("multiply").length === 1);
    await until(async () => (await stack.sqs.depth("many")).inFlight === 1);
    await stack.clock.advance("31s");
    await until(() => calls("multiply").length === 2);
    expect(await stack.sqs.depth("copies")).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
  });

  it("hand on nothing when an enrichment answers null, and the message is done with", async () => {
    await stack.sqs.send("quiet", "1");
    await until(() => calls("nothing").length === 1);
    await until(async () => (await stack.sqs.depth("quiet")).inFlight === 0);
    expect(await stack.sqs.depth("copies")).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
  });

  it("take a whole batch again when nobody knows which of its messages an event that failed is of", async () => {
    await stack.sqs.send("odd", "1");
    await until(() => calls("rename").length === 1);
    await until(async () => (await stack.sqs.receive("groups.fifo")).length === 1);
    await stack.clock.advance("31s");
    await until(() => calls("rename").length === 2);
    expect(calls("rename").map((records) => records.map(({ body }) => body))).toEqual([["1"], ["1"]]);
  });

  it("give up an execution that takes more than five minutes", async () => {
    const starts = async (): Promise<number> => (await stack.sqs.depth("slow")).inFlight;
    await stack.sqs.send("slow", "1");
    await until(async () => (await starts()) === 1);
    await stack.clock.advance("299s");
    expect(await slowLog()).toEqual([]);
    await stack.clock.advance("2s");
    await until(async () => (await slowLog()).length === 1);
    expect(await slowLog()).toMatchObject([{ messageType: "ExecutionTimeout", logLevel: "ERROR" }]);
  });

  it("stop for a Standard machine that they should wait for, and say why", async () => {
    await stack.sqs.send("gone", "1");
    await until(async () => (await stateOf("waiting")).CurrentState === "STOPPED");
    expect(await stateOf("waiting")).toMatchObject({
      DesiredState: "RUNNING",
      StateReason: expect.stringContaining("standard workflow is configured as the target") as string,
    });
  });

  it("say at the start which machine they cannot wait for", () => {
    expect(notices.filter((text) => text.includes("pipe"))).toEqual([
      "the pipe Waiting stops at its first batch: it would wait for a Standard machine. Set InvocationType: FIRE_AND_FORGET, or make the machine EXPRESS.",
    ]);
  });

  it("do not begin without their source, and say why", async () => {
    const queue = (name: string): string => `arn:aws:sqs:us-east-1:000000000000:${name}`;
    await pipes.send(
      new CreatePipeCommand({ Name: "no-source", RoleArn: ROLE, Source: queue("nothing"), Target: queue("copies") }),
    );
    await until(async () => (await stateOf("no-source")).CurrentState === "CREATE_FAILED");
    expect((await stateOf("no-source")).StateReason).toBe(
      "Input parameter is invalid from the request due to : The specified queue does not exist.",
    );
  });
});
