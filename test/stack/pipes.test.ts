/** Pipes of a template through a running stack, by a virtual clock. */
import { FilterLogEventsCommand, CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { DescribePipeCommand, PipesClient } from "@aws-sdk/client-pipes";
import { ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { createStack, type TestStack } from "../../src/index.js";
import { loadApplication } from "../../src/config/load-application.js";
import { ProjectFolder } from "../cli/cli.js";
import { PATIENT } from "../until.js";

const ROLE = "arn:aws:iam::000000000000:role/pipe";
const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Globals: { Function: { Runtime: nodejs22.x, CodeUri: code/, Timeout: 30 } }
Resources:
  Inbox: { Type: AWS::SQS::Queue, Properties: { QueueName: inbox } }
  Outbox: { Type: AWS::SQS::Queue, Properties: { QueueName: outbox.fifo, FifoQueue: true, ContentBasedDeduplication: true } }
  Copies: { Type: AWS::SQS::Queue, Properties: { QueueName: copies } }
  Seen: { Type: AWS::SQS::Queue, Properties: { QueueName: seen } }
  Raw: { Type: AWS::SQS::Queue, Properties: { QueueName: raw } }
  Group: { Type: AWS::Logs::LogGroup, Properties: { LogGroupName: pipes } }
  Orders: { Type: AWS::Events::EventBus, Properties: { Name: orders } }
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: rows
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{ AttributeName: id, AttributeType: S }]
      KeySchema: [{ AttributeName: id, KeyType: HASH }]
      StreamSpecification: { StreamViewType: NEW_AND_OLD_IMAGES }
  Work: { Type: AWS::Serverless::Function, Properties: { FunctionName: work, Handler: index.work } }
  Enrich: { Type: AWS::Serverless::Function, Properties: { FunctionName: enrich, Handler: index.enrich } }
  Everything:
    Type: AWS::Events::Rule
    Properties:
      EventBusName: !Ref Orders
      EventPattern: { source: [{ prefix: '' }] }
      Targets: [{ Id: a, Arn: !GetAtt Seen.Arn }]
  ToFunction:
    Type: AWS::Pipes::Pipe
    Properties:
      Name: to-function
      RoleArn: ${ROLE}
      Source: !GetAtt Inbox.Arn
      SourceParameters:
        SqsQueueParameters: { BatchSize: "5" }
        FilterCriteria: { Filters: [{ Pattern: '{"body":{"kind":["order"]}}' }] }
      Target: !GetAtt Work.Arn
      TargetParameters:
        InputTemplate: '{"id": <$.body.id>, "said": "<$.body.kind> from <aws.pipes.pipe-name>", "all": <$.body>, "raw": <aws.pipes.event>, "at": <aws.pipes.event.ingestion-time>}'
  ToQueue:
    Type: AWS::Pipes::Pipe
    Properties:
      Name: to-queue
      RoleArn: ${ROLE}
      Source: !GetAtt Raw.Arn
      Enrichment: !GetAtt Enrich.Arn
      EnrichmentParameters: { InputTemplate: '{"n": <$.body.n>}' }
      Target: !GetAtt Outbox.Arn
      TargetParameters: { SqsQueueParameters: { MessageGroupId: $.group } }
      LogConfiguration:
        Level: TRACE
        IncludeExecutionData: [ALL]
        CloudwatchLogsLogDestination: { LogGroupArn: !Sub "arn:aws:logs:us-east-1:000000000000:log-group:\${Group}" }
  ToBus:
    Type: AWS::Pipes::Pipe
    Properties:
      RoleArn: ${ROLE}
      Source: !GetAtt Table.StreamArn
      SourceParameters: { DynamoDBStreamParameters: { StartingPosition: LATEST, BatchSize: 3 } }
      Target: !GetAtt Orders.Arn
      TargetParameters:
        EventBridgeEventBusParameters: { DetailType: $.eventName, Source: shop, Resources: [$.dynamodb.Keys.id.S] }
        InputTemplate: '{"id": <$.dynamodb.NewImage.id.S>}'
  Still:
    Type: AWS::Pipes::Pipe
    Properties: { Name: still, RoleArn: ${ROLE}, DesiredState: STOPPED, Source: !GetAtt Copies.Arn, Target: !GetAtt Work.Arn }
Outputs:
  Pipe: { Value: !Join [" ", [!Ref ToFunction, !GetAtt ToFunction.Arn, !GetAtt Still.CurrentState]] }
`;
const CODE = `
exports.work = async (events) => events;
exports.enrich = async (events) => events.flatMap(({ n }) => (n < 0 ? [] : [{ n: n * 2, group: "g" + (n % 2) }]));
`;

describe("pipes of a stack", () => {
  let project: ProjectFolder;
  let stack: TestStack;
  let sqs: SQSClient;
  let pipes: PipesClient;
  const notices: string[] = [];

  beforeAll(async () => {
    project = new ProjectFolder({ "template.yaml": TEMPLATE, "code/index.js": CODE });
    stack = await createStack({
      folder: project.folder,
      clock: new Date("2026-01-02T03:04:05Z"),
      onNotice: (text) => notices.push(text),
    });
    sqs = new SQSClient(stack.clientConfig);
    pipes = new PipesClient(stack.clientConfig);
  });
  afterAll(async () => {
    sqs.destroy();
    pipes.destroy();
    await stack.close();
    project.remove();
  });

  const received = async (queue: string, count: number): Promise<{ body: string; group: string | undefined }[]> => {
    const QueueUrl = `${stack.endpoint}/000000000000/${queue}`;
    const all: { body: string; group: string | undefined }[] = [];
    await stack.waitFor(async () => {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({
          QueueUrl,
          MaxNumberOfMessages: 10,
          MessageSystemAttributeNames: ["MessageGroupId"],
        }),
      );
      all.push(...Messages.map(({ Body = "", Attributes }) => ({ body: Body, group: Attributes?.MessageGroupId })));
      return all.length >= count;
    }, PATIENT);
    return all;
  };

  it("hand a function the list of what its template makes of messages that its filter lets pass", async () => {
    await stack.sqs.send("inbox", { kind: "order", id: 7 });
    await stack.waitFor(() => stack.invocations("work").length === 1, PATIENT);
    await stack.sqs.send("inbox", { kind: "else", id: 8 });
    await stack.waitFor(async () => (await stack.sqs.depth("inbox")).visible === 0, PATIENT);
    expect(stack.invocations("work").map(({ event }) => event)).toMatchObject([
      [
        {
          id: 7,
          said: "order from to-function",
          all: { kind: "order", id: 7 },
          raw: { body: '{"kind":"order","id":7}', eventSource: "aws:sqs" },
          at: "2026-01-02T03:04:05.000Z",
        },
      ],
    ]);
    expect(await stack.sqs.depth("inbox")).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
  });

  it("enrich a batch, hand on what the enrichment answers, and log each step", async () => {
    await stack.sqs.send("raw", { n: 3 });
    expect(await received("outbox.fifo", 1)).toEqual([{ body: '{"n":6,"group":"g1"}', group: "g1" }]);
    await stack.sqs.send("raw", { n: -1 });
    await stack.waitFor(() => stack.invocations("enrich").length === 2, PATIENT);
    expect(stack.invocations("enrich").map(({ event }) => event)).toEqual([[{ n: 3 }], [{ n: -1 }]]);
    const logs = new CloudWatchLogsClient(stack.clientConfig);
    const steps: Record<string, unknown>[] = [];
    await stack.waitFor(async () => {
      const { events = [] } = await logs.send(new FilterLogEventsCommand({ logGroupName: "pipes" }));
      steps.splice(0, Infinity, ...events.map(({ message = "" }) => JSON.parse(message) as Record<string, unknown>));
      return steps.length >= 21;
    }, PATIENT);
    logs.destroy();
    expect(steps.map(({ messageType }) => messageType)).toEqual([
      "ExecutionStarted",
      "EnrichmentStageEntered",
      "EnrichmentTransformationStarted",
      "EnrichmentTransformationSucceeded",
      "EnrichmentInvocationStarted",
      "EnrichmentInvocationSucceeded",
      "EnrichmentStageSucceeded",
      "TargetStageEntered",
      "TargetInvocationStarted",
      "TargetInvocationSucceeded",
      "TargetStageSucceeded",
      "ExecutionSucceeded",
      "ExecutionStarted",
      "EnrichmentStageEntered",
      "EnrichmentTransformationStarted",
      "EnrichmentTransformationSucceeded",
      "EnrichmentInvocationStarted",
      "EnrichmentInvocationSucceeded",
      "EnrichmentStageSucceeded",
      "TargetStageSkipped",
      "ExecutionSucceeded",
    ]);
    expect(steps[7]).toMatchObject({
      resourceArn: "arn:aws:pipes:us-east-1:000000000000:pipe/to-queue",
      logLevel: "INFO",
      payload: '[{"n":6,"group":"g1"}]',
    });
  });

  it("bring changes of a table to a bus, in order, with parameters from the record", async () => {
    await stack.dynamodb.put("rows", { id: "a" });
    await stack.dynamodb.put("rows", { id: "b" });
    const events = (await received("seen", 2)).map(({ body }) => JSON.parse(body) as Record<string, unknown>);
    expect(events).toMatchObject([
      { source: "shop", "detail-type": "INSERT", resources: ["a"], detail: { id: "a" } },
      { source: "shop", "detail-type": "INSERT", resources: ["b"], detail: { id: "b" } },
    ]);
  });

  it("are as the template says: stopped ones move nothing, Ref and GetAtt name them", async () => {
    await stack.sqs.send("copies", "1");
    const still = await pipes.send(new DescribePipeCommand({ Name: "still" }));
    expect(still).toMatchObject({ CurrentState: "STOPPED", DesiredState: "STOPPED" });
    expect((await stack.sqs.depth("copies")).visible).toBe(1);
    const { application } = await loadApplication({ folder: project.folder, flags: { ephemeral: true } });
    expect(application.outputs).toEqual({
      Pipe: "to-function arn:aws:pipes:us-east-1:000000000000:pipe/to-function STOPPED",
    });
    expect(await pipes.send(new DescribePipeCommand({ Name: "to-function" }))).toMatchObject({
      CurrentState: "RUNNING",
      SourceParameters: { SqsQueueParameters: { BatchSize: 5, MaximumBatchingWindowInSeconds: 0 } },
    });
    expect(notices.filter((text) => !text.includes("runs on this machine's Node"))).toEqual([]);
  });
});
