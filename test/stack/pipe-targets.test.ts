/** What pipes call: functions, machines, topics, log groups and APIs, as enrichments and as targets. */
import { CloudWatchLogsClient, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { DescribeExecutionCommand, ListExecutionsCommand, SFNClient } from "@aws-sdk/client-sfn";
import { createStack, type TestStack } from "../../src/index.js";
import { ProjectFolder } from "../cli/cli.js";
import { PATIENT } from "../until.js";

const ROLE = "arn:aws:iam::000000000000:role/pipe";
const arn = (service: string, resource: string): string => `arn:aws:${service}:us-east-1:000000000000:${resource}`;

/** A queue of this name with a pipe on it. */
const piped = (name: string, target: string, more = ""): string => `
  ${name}Queue: { Type: AWS::SQS::Queue, Properties: { QueueName: ${name.toLowerCase()}, VisibilityTimeout: 30 } }
  ${name}:
    Type: AWS::Pipes::Pipe
    Properties: { Name: ${name.toLowerCase()}, RoleArn: ${ROLE}, Source: !GetAtt ${name}Queue.Arn, Target: ${target}${more} }`;

const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Globals: { Function: { Runtime: nodejs22.x, CodeUri: code/, Timeout: 30 } }
Resources:
  Out: { Type: AWS::SQS::Queue, Properties: { QueueName: out } }
  News: { Type: AWS::SNS::Topic, Properties: { TopicName: news, Subscription: [{ Protocol: sqs, Endpoint: !GetAtt Out.Arn }] } }
  Group: { Type: AWS::Logs::LogGroup, Properties: { LogGroupName: lines } }
  Front: { Type: AWS::Serverless::HttpApi }
  Later: { Type: AWS::Serverless::Function, Properties: { FunctionName: later, Handler: index.handler } }
  Answering:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: answering
      Handler: index.answering
      Events: { Any: { Type: HttpApi, Properties: { ApiId: !Ref Front, Path: "/orders/{id}", Method: POST } } }
  Express:
    Type: AWS::Serverless::StateMachine
    Properties:
      Name: express
      Type: EXPRESS
      Definition: { StartAt: Map, States: { Map: { Type: Pass, Parameters: { "id.$": "$[0].body", made: by the machine }, End: true } } }
  Standard:
    Type: AWS::Serverless::StateMachine
    Properties: { Name: standard, Definition: { StartAt: Done, States: { Done: { Type: Pass, End: true } } } }
${piped("Forgotten", "!GetAtt Later.Arn", ", TargetParameters: { LambdaFunctionParameters: { InvocationType: FIRE_AND_FORGET } }")}
${piped("Started", "!Ref Standard", ", TargetParameters: { InputTemplate: '{\"n\": <$.body.n>}', StepFunctionStateMachineParameters: { InvocationType: FIRE_AND_FORGET } }")}
${piped("Ran", "!GetAtt Later.Arn", ", Enrichment: !Ref Express")}
${piped("Published", "!Ref News", ", TargetParameters: { InputTemplate: 'Hello, <$.body.name>' }")}
${piped("Written", "!GetAtt Group.Arn", ", TargetParameters: { InputTemplate: '<$.body>', CloudWatchLogsParameters: { LogStreamName: $.body.stream, Timestamp: $.attributes.SentTimestamp } }")}
${piped("Posted", '!Sub "arn:aws:execute-api:us-east-1:000000000000:${Front}/$default/POST/orders/*"', ", SourceParameters: { SqsQueueParameters: { BatchSize: 1 } }, TargetParameters: { InputTemplate: '{\"got\": <$.body>}', HttpParameters: { PathParameterValues: [$.body.id], HeaderParameters: { X-Kind: $.body.kind }, QueryStringParameters: { q: fixed } } }")}
${piped("Asked", "!GetAtt Out.Arn", ', SourceParameters: { SqsQueueParameters: { BatchSize: 1 } }, Enrichment: !Sub "arn:aws:execute-api:us-east-1:000000000000:${Front}/$default/POST/orders/asked"')}
`;
const CODE = `
exports.handler = async (event) => event;
exports.answering = async (event) =>
  event.pathParameters.id === "asked" ? [{ asked: JSON.parse(event.body).body }] : { batchItemFailures: [] };
`;

describe("pipes", () => {
  let project: ProjectFolder;
  let stack: TestStack;

  beforeAll(async () => {
    project = new ProjectFolder({ "template.yaml": TEMPLATE, "code/index.js": CODE });
    stack = await createStack({ folder: project.folder, clock: new Date("2026-01-02T03:04:05Z") });
  });
  afterAll(async () => {
    await stack.close();
    project.remove();
  });

  const eventsOf = (name: string): unknown[] => stack.invocations(name).map(({ event }) => event);
  const out = async (): Promise<string> => {
    const bodies: string[] = [];
    await stack.waitFor(async () => {
      bodies.push(...(await stack.sqs.receive("out")).map(({ body }) => body));
      return bodies.length > 0;
    }, PATIENT);
    return bodies.join();
  };

  it("call a function asynchronously when they are told to", async () => {
    await stack.sqs.send("forgotten", "text");
    await stack.waitFor(() => eventsOf("later").length === 1, PATIENT);
    expect(eventsOf("later")[0]).toMatchObject([{ body: "text", eventSourceARN: arn("sqs", "forgotten") }]);
  });

  it("start a Standard machine with the list as its input", async () => {
    await stack.sqs.send("started", { n: 4 });
    const sfn = new SFNClient(stack.clientConfig);
    const stateMachineArn = arn("states", "stateMachine:standard");
    await stack.waitFor(async () => {
      const { executions = [] } = await sfn.send(new ListExecutionsCommand({ stateMachineArn }));
      return executions[0]?.status === "SUCCEEDED";
    }, PATIENT);
    const [execution] = (await sfn.send(new ListExecutionsCommand({ stateMachineArn }))).executions ?? [];
    const { input } = await sfn.send(new DescribeExecutionCommand({ executionArn: execution?.executionArn }));
    sfn.destroy();
    expect(input).toBe('[{"n": 4}]');
  });

  it("wait for an Express machine that enriches, and hand on the one event that it answers", async () => {
    const before = eventsOf("later").length;
    await stack.sqs.send("ran", "seven");
    await stack.waitFor(() => eventsOf("later").length > before, PATIENT);
    expect(eventsOf("later").at(-1)).toEqual({ id: "seven", made: "by the machine" });
  });

  it("publish to a topic what a template of plain text makes", async () => {
    await stack.sqs.send("published", { name: "Ada" });
    expect(JSON.parse(await out())).toMatchObject({ Type: "Notification", Message: "Hello, Ada" });
  });

  it("write to a log group, into the stream and at the time that the event says", async () => {
    await stack.sqs.send("written", { stream: "mine" });
    const logs = new CloudWatchLogsClient(stack.clientConfig);
    let events: unknown[] = [];
    await stack.waitFor(async () => {
      events = (await logs.send(new FilterLogEventsCommand({ logGroupName: "lines" }))).events ?? [];
      return events.length > 0;
    }, PATIENT);
    logs.destroy();
    expect(events).toMatchObject([
      { logStreamName: "mine", message: '{"stream":"mine"}', timestamp: Date.parse("2026-01-02T03:04:05Z") },
    ]);
  });

  it("call an API with the path, headers and query of their parameters", async () => {
    await stack.sqs.send("posted", { id: "a b", kind: "order" });
    await stack.waitFor(() => eventsOf("answering").length === 1, PATIENT);
    expect(eventsOf("answering")[0]).toMatchObject({
      rawPath: "/orders/a b",
      headers: { "x-kind": "order" },
      queryStringParameters: { q: "fixed" },
      body: '{"got": {"id":"a b","kind":"order"}}',
    });
    await stack.waitFor(async () => (await stack.sqs.depth("posted")).inFlight === 0, PATIENT);
  });

  it("ask an API to enrich, one event at a time", async () => {
    await stack.sqs.send("asked", "what");
    expect(await out()).toBe('{"asked":"what"}');
  });
});
