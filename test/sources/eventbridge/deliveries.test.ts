/** Rules of a running stack: what reaches functions, queues, topics, buses and log groups, and what happens when it cannot. */
import { CloudWatchLogsClient, CreateLogGroupCommand, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import {
  CreateEventBusCommand,
  EventBridgeClient,
  PutEventsCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
  type Target,
} from "@aws-sdk/client-eventbridge";
import { DescribeExecutionCommand, ListExecutionsCommand, SFNClient } from "@aws-sdk/client-sfn";
import { CreateTopicCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { ReceiveMessageCommand, SQSClient, type Message } from "@aws-sdk/client-sqs";
import { createStack, type TestStack } from "../../../src/index.js";
import { ProjectFolder } from "../../cli/cli.js";
import { PATIENT } from "../../until.js";

const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Globals: { Function: { Runtime: nodejs22.x, CodeUri: code/, Handler: index.handler, Timeout: 10 } }
Resources:
  Inbox: { Type: AWS::SQS::Queue, Properties: { QueueName: inbox } }
  Ordered: { Type: AWS::SQS::Queue, Properties: { QueueName: ordered.fifo, FifoQueue: true, ContentBasedDeduplication: true } }
  Dead: { Type: AWS::SQS::Queue, Properties: { QueueName: dead } }
  Echo: { Type: AWS::Serverless::Function, Properties: { FunctionName: echo, AutoPublishAlias: live } }
  Machine:
    Type: AWS::Serverless::StateMachine
    Properties:
      Name: machine
      Role: arn:aws:iam::000000000000:role/r
      Definition: { StartAt: Done, States: { Done: { Type: Succeed } } }
  Tell:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: tell
      EventInvokeConfig: { DestinationConfig: { OnSuccess: { Type: EventBridge, Destination: "arn:aws:events:us-east-1:000000000000:event-bus/default" } } }
`;

const ACCOUNT = "us-east-1:000000000000";
const queueArn = (name: string): string => `arn:aws:sqs:${ACCOUNT}:${name}`;
const busArn = (name: string): string => `arn:aws:events:${ACCOUNT}:event-bus/${name}`;

let project: ProjectFolder;
let stack: TestStack;
let events: EventBridgeClient;
let sqs: SQSClient;
let rules = 0;

beforeAll(async () => {
  const code = "exports.handler = async (event, { invokedFunctionArn }) => ({ event, invokedFunctionArn });";
  project = new ProjectFolder({ "template.yaml": TEMPLATE, "code/index.js": code });
  stack = await createStack({ folder: project.folder, clock: "virtual" });
  events = new EventBridgeClient(stack.clientConfig);
  sqs = new SQSClient(stack.clientConfig);
});
afterAll(async () => {
  events.destroy();
  sqs.destroy();
  await stack.close();
  project.remove();
});

/** A rule of its own source with one target; answers the source. */
async function rule(target: Partial<Target>, EventBusName = "default"): Promise<string> {
  const source = `source-${++rules}`;
  const EventPattern = JSON.stringify({ source: [source] });
  await events.send(new PutRuleCommand({ Name: `rule-${rules}`, EventPattern, EventBusName }));
  await addTarget(target, EventBusName);
  return source;
}
const addTarget = (target: Partial<Target>, EventBusName = "default") =>
  events.send(
    new PutTargetsCommand({
      Rule: `rule-${rules}`,
      EventBusName,
      Targets: [{ Id: "t", Arn: queueArn("inbox"), ...target }],
    }),
  );
const put = (Source: string, detail: unknown = { n: 1 }, more: object = {}) =>
  events.send(
    new PutEventsCommand({ Entries: [{ Source, DetailType: "kind", Detail: JSON.stringify(detail), ...more }] }),
  );
/** The next message of a queue, which is gone with it. */
const receive = (queue: string): Promise<Message> =>
  stack.waitFor(async () => {
    const { Messages } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: `${stack.endpoint}/000000000000/${queue}`,
        MessageAttributeNames: ["All"],
        MessageSystemAttributeNames: ["All"],
        VisibilityTimeout: 43_200,
      }),
    );
    return Messages?.[0];
  }, PATIENT);
const attributesOf = ({ MessageAttributes = {} }: Message): Record<string, string | undefined> =>
  Object.fromEntries(Object.entries(MessageAttributes).map(([name, { StringValue }]) => [name, StringValue]));
const envelope = (source: string, detail: unknown = { n: 1 }): unknown => ({
  version: "0",
  id: expect.any(String),
  "detail-type": "kind",
  source,
  account: "000000000000",
  time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
  region: "us-east-1",
  resources: [],
  detail,
});

describe("an event", () => {
  test("reaches a queue", async () => {
    const source = await rule({});
    await put(source);
    expect(JSON.parse((await receive("inbox")).Body ?? "")).toEqual(envelope(source));
  });

  test("reaches a queue with the trace header that it came with", async () => {
    const TraceHeader = "Root=1-00000000-000000000000000000000001;Lineage=1:abcdef12:3";
    await put(await rule({}), {}, { TraceHeader });
    expect((await receive("inbox")).Attributes).toMatchObject({ AWSTraceHeader: TraceHeader });
  });

  test("reaches a FIFO queue with the group of the target", async () => {
    const source = await rule({ Arn: queueArn("ordered.fifo"), SqsParameters: { MessageGroupId: "g" } });
    await put(source);
    expect((await receive("ordered.fifo")).Attributes).toMatchObject({ MessageGroupId: "g" });
  });

  test("reaches a function by its alias", async () => {
    const source = await rule({ Arn: `arn:aws:lambda:${ACCOUNT}:function:echo:live` });
    await put(source);
    const [invocation] = await stack.waitFor(() => {
      const all = stack.invocations("echo");
      return all.length > 0 ? all : undefined;
    }, PATIENT);
    expect(invocation?.payload).toEqual({
      event: envelope(source),
      invokedFunctionArn: `arn:aws:lambda:${ACCOUNT}:function:echo:live`,
    });
  });

  test("reaches a topic", async () => {
    const sns = new SNSClient(stack.clientConfig);
    const { TopicArn = "" } = await sns.send(new CreateTopicCommand({ Name: "news" }));
    const raw = { RawMessageDelivery: "true" };
    await sns.send(new SubscribeCommand({ TopicArn, Protocol: "sqs", Endpoint: queueArn("inbox"), Attributes: raw }));
    sns.destroy();
    await put(await rule({ Arn: TopicArn, Input: '"from the topic"' }));
    expect((await receive("inbox")).Body).toBe('"from the topic"');
  });

  test("reaches a log group that is there", async () => {
    const logs = new CloudWatchLogsClient(stack.clientConfig);
    const logGroupName = "/aws/events/all";
    await logs.send(new CreateLogGroupCommand({ logGroupName }));
    const source = await rule({ Arn: `arn:aws:logs:${ACCOUNT}:log-group:${logGroupName}` });
    await put(source);
    const [line] = await stack.waitFor(async () => {
      const { events: lines = [] } = await logs.send(new FilterLogEventsCommand({ logGroupName }));
      return lines.length > 0 ? lines : undefined;
    }, PATIENT);
    logs.destroy();
    expect(JSON.parse(line?.message ?? "")).toEqual(envelope(source));
  });

  test("starts a state machine for each target; the name of the execution begins with the id of the event", async () => {
    const sfn = new SFNClient(stack.clientConfig);
    const stateMachineArn = `arn:aws:states:${ACCOUNT}:stateMachine:machine`;
    const source = await rule({ Arn: stateMachineArn, RoleArn: "arn:aws:iam::000000000000:role/r" });
    await addTarget({ Id: "again", Arn: stateMachineArn, RoleArn: "arn:aws:iam::000000000000:role/r" });
    const { Entries = [] } = await put(source);
    const executions = await stack.waitFor(async () => {
      const found = await sfn.send(new ListExecutionsCommand({ stateMachineArn, statusFilter: "SUCCEEDED" }));
      return found.executions?.length === 2 ? found.executions : undefined;
    }, PATIENT);
    for (const { name } of executions) expect(name).toMatch(new RegExp(`^${Entries[0]?.EventId}_[0-9a-f-]{36}$`));
    const execution = await sfn.send(new DescribeExecutionCommand({ executionArn: executions[0]?.executionArn }));
    sfn.destroy();
    expect(JSON.parse(execution.output ?? "")).toEqual(envelope(source));
  });

  test("goes on to another bus, but to no third one", async () => {
    for (const Name of ["second", "third"]) await events.send(new CreateEventBusCommand({ Name }));
    const source = await rule({ Arn: busArn("second") });
    const EventPattern = JSON.stringify({ source: [source] });
    const next = async (Name: string, Targets: Target[]): Promise<void> => {
      await events.send(new PutRuleCommand({ Name, EventPattern, EventBusName: Name }));
      await events.send(new PutTargetsCommand({ Rule: Name, EventBusName: Name, Targets }));
    };
    const inbox = (Input: string): Target => ({ Id: "inbox", Arn: queueArn("inbox"), Input });
    await next("second", [inbox('"second"'), { Id: "third", Arn: busArn("third") }]);
    await next("third", [inbox('"third"')]);
    await put(source);
    expect((await receive("inbox")).Body).toBe('"second"');
    // Straight to the third: it is not that its rule would not match.
    await put(source, {}, { EventBusName: "third" });
    expect((await receive("inbox")).Body).toBe('"third"');
    expect((await stack.sqs.depth("inbox")).visible).toBe(0);
  });

  test("comes of the result of an asynchronous invocation", async () => {
    const EventPattern = JSON.stringify({ source: ["lambda"] });
    await events.send(new PutRuleCommand({ Name: "results", EventPattern }));
    const Targets = [{ Id: "t", Arn: queueArn("inbox"), InputPath: "$.detail.requestContext.condition" }];
    await events.send(new PutTargetsCommand({ Rule: "results", Targets }));
    await put(await rule({ Arn: `arn:aws:lambda:${ACCOUNT}:function:tell` }));
    expect((await receive("inbox")).Body).toBe('"Success"');
    await events.send(new RemoveTargetsCommand({ Rule: "results", Ids: ["t"] }));
  });
});

describe("a target that refuses", () => {
  const deadLetters = { DeadLetterConfig: { Arn: queueArn("dead") } };

  test.each([
    [queueArn("gone"), "NO_RESOURCE"],
    [`arn:aws:lambda:${ACCOUNT}:function:gone`, "NO_RESOURCE"],
    [`arn:aws:sns:${ACCOUNT}:gone`, "NO_RESOURCE"],
    [busArn("gone"), "NO_RESOURCE"],
    [`arn:aws:logs:${ACCOUNT}:log-group:gone`, "NO_RESOURCE"],
  ])("for good, like %s, makes a dead letter at once", async (Arn, code) => {
    const source = await rule({ Arn, ...deadLetters });
    await put(source);
    const message = await receive("dead");
    expect(JSON.parse(message.Body ?? "")).toEqual(envelope(source));
    expect(attributesOf(message)).toEqual({
      RULE_ARN: `arn:aws:events:${ACCOUNT}:rule/rule-${rules}`,
      TARGET_ARN: Arn,
      ERROR_CODE: code,
      ERROR_MESSAGE: expect.any(String),
      RETRY_ATTEMPTS: "0",
    });
  });

  test("what a template makes of the event is what the dead letter holds", async () => {
    const InputTransformer = { InputPathsMap: { n: "$.detail.n" }, InputTemplate: '{"n": <n>}' };
    await put(await rule({ Arn: queueArn("gone"), InputTransformer, ...deadLetters }));
    expect((await receive("dead")).Body).toBe('{"n": 1}');
  });
});
