/** Rules, schedules and buses of a template through a running stack, by a virtual clock. */
import { EventBridgeClient, ListRulesCommand, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import { CreateScheduleCommand, ListSchedulesCommand, SchedulerClient } from "@aws-sdk/client-scheduler";
import { ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { DescribeExecutionCommand, ListExecutionsCommand, SFNClient } from "@aws-sdk/client-sfn";
import { createStack, type TestStack } from "../../src/index.js";
import { loadApplication } from "../../src/config/load-application.js";
import { ProjectFolder } from "../cli/cli.js";
import { PATIENT } from "../until.js";

const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Globals: { Function: { Runtime: nodejs22.x, CodeUri: code/, Handler: index.handler } }
Resources:
  Inbox: { Type: AWS::SQS::Queue, Properties: { QueueName: inbox } }
  Dead: { Type: AWS::SQS::Queue, Properties: { QueueName: dead } }
  News: { Type: AWS::SNS::Topic, Properties: { TopicName: news, Subscription: [{ Protocol: sqs, Endpoint: !GetAtt Inbox.Arn }] } }
  Orders: { Type: AWS::Events::EventBus, Properties: { Name: orders } }
  Landing:
    Type: AWS::S3::Bucket
    Properties: { BucketName: landing, NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } } }
  Machine:
    Type: AWS::Serverless::StateMachine
    Properties:
      Name: machine
      Definition: { StartAt: Done, States: { Done: { Type: Pass, End: true } } }
      Events: { Nightly: { Type: ScheduleV2, Properties: { ScheduleExpression: cron(0 3 * * ? *), ScheduleExpressionTimezone: Europe/Berlin, Input: '{"by":"<aws.scheduler.scheduled-time>"}' } } }
  Ticking:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: ticking
      Events: { Tick: { Type: Schedule, Properties: { Schedule: rate(2 hours), Name: tick } } }
  Quarterly:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: quarterly
      Events: { Quarter: { Type: ScheduleV2, Properties: { ScheduleExpression: cron(0/15 12 * * ? *), GroupName: !Ref Reports } } }
  Reports: { Type: AWS::Scheduler::ScheduleGroup, Properties: { Name: reports } }
  Arrived:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: arrived
      Events:
        File: { Type: EventBridgeRule, Properties: { Pattern: { source: [aws.s3], detail-type: [Object Created], detail: { object: { key: [{ suffix: .csv }] } } } } }
        Placed: { Type: EventBridgeRule, Properties: { EventBusName: !Ref Orders, InputPath: $.detail, Pattern: { source: [shop] } } }
  Hourly:
    Type: AWS::Events::Rule
    Properties:
      Name: hourly
      ScheduleExpression: cron(5 * * * ? *)
      Targets:
        - { Id: queue, Arn: !GetAtt Inbox.Arn, Input: '"from the rule"' }
  ToTopic:
    Type: AWS::Scheduler::Schedule
    Properties:
      Name: topic
      ScheduleExpression: at(2026-01-02T06:00:00)
      FlexibleTimeWindow: { Mode: 'OFF' }
      Target: { Arn: !Ref News, RoleArn: "arn:aws:iam::000000000000:role/s", Input: news }
  ToBus:
    Type: AWS::Scheduler::Schedule
    Properties:
      Name: bus
      ScheduleExpression: at(2026-01-02T07:00:00)
      FlexibleTimeWindow: { Mode: 'OFF' }
      Target: { Arn: !GetAtt Orders.Arn, RoleArn: "arn:aws:iam::000000000000:role/s", Input: '{"id":7}', EventBridgeParameters: { Source: shop, DetailType: placed } }
  Universal:
    Type: AWS::Scheduler::Schedule
    Properties:
      Name: universal
      ScheduleExpression: at(2026-01-02T08:00:00)
      FlexibleTimeWindow: { Mode: 'OFF' }
      Target:
        Arn: arn:aws:scheduler:::aws-sdk:sqs:sendMessage
        RoleArn: arn:aws:iam::000000000000:role/s
        Input: !Sub '{"QueueUrl":"\${Inbox}","MessageBody":"by the API","DelaySeconds":60}'
  NoEvent:
    Type: AWS::Scheduler::Schedule
    Properties:
      Name: no-event
      ScheduleExpression: at(2026-01-02T09:30:00)
      FlexibleTimeWindow: { Mode: 'OFF' }
      Target: { Arn: !GetAtt Ticking.Arn, RoleArn: "arn:aws:iam::000000000000:role/s", Input: no event, DeadLetterConfig: { Arn: !GetAtt Dead.Arn } }
  Lost:
    Type: AWS::Scheduler::Schedule
    Properties:
      Name: lost
      ScheduleExpression: at(2026-01-02T09:00:00)
      FlexibleTimeWindow: { Mode: 'OFF' }
      Target: { Arn: "arn:aws:lambda:us-east-1:000000000000:function:gone", RoleArn: "arn:aws:iam::000000000000:role/s", Input: '{}', DeadLetterConfig: { Arn: !GetAtt Dead.Arn } }
`;
const CODE = "exports.handler = async (event) => event;";

describe("rules and schedules of a stack", () => {
  let project: ProjectFolder;
  let stack: TestStack;
  let sqs: SQSClient;
  let scheduler: SchedulerClient;
  let events: EventBridgeClient;
  const notices: string[] = [];

  beforeAll(async () => {
    project = new ProjectFolder({ "template.yaml": TEMPLATE, "code/index.js": CODE });
    stack = await createStack({
      folder: project.folder,
      clock: new Date("2026-01-01T23:59:30Z"),
      onNotice: (text) => notices.push(text),
    });
    [sqs, scheduler, events] = [SQSClient, SchedulerClient, EventBridgeClient].map(
      (Client) => new Client(stack.clientConfig),
    ) as [SQSClient, SchedulerClient, EventBridgeClient];
  });
  afterAll(async () => {
    for (const client of [sqs, scheduler, events]) client.destroy();
    await stack.close();
    project.remove();
  });
  const bodies = async (queue: string): Promise<string[]> => {
    const QueueUrl = `${stack.endpoint}/000000000000/${queue}`;
    const all: string[] = [];
    for (;;) {
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
      if (Messages.length === 0) return all;
      all.push(...Messages.map(({ Body = "" }) => Body));
    }
  };
  const eventsOf = (name: string): Record<string, unknown>[] =>
    stack.invocations(name).map(({ event }) => event as Record<string, unknown>);

  it("fire functions by rate and cron, with the event of their kind", async () => {
    await stack.clock.advance("4h 1m");
    expect(eventsOf("ticking")).toMatchObject([
      {
        source: "aws.events",
        "detail-type": "Scheduled Event",
        time: "2026-01-02T01:59:30Z",
        resources: ["arn:aws:events:us-east-1:000000000000:rule/tick"],
        detail: {},
      },
      { time: "2026-01-02T03:59:30Z" },
    ]);
    expect(notices.filter((text) => !text.includes("runs on this machine's Node"))).toEqual([]);
  });

  it("start state machines, in the time zone of the schedule", async () => {
    const sfn = new SFNClient(stack.clientConfig);
    const stateMachineArn = "arn:aws:states:us-east-1:000000000000:stateMachine:machine";
    const { executions = [] } = await sfn.send(new ListExecutionsCommand({ stateMachineArn }));
    expect(executions).toHaveLength(1);
    const { input, status } = await sfn.send(
      new DescribeExecutionCommand({ executionArn: executions[0]?.executionArn }),
    );
    sfn.destroy();
    expect([input, status]).toEqual(['{"by":"2026-01-02T02:00:00Z"}', "SUCCEEDED"]);
  });

  it("send to queues and topics, put events on a bus and call the API", async () => {
    expect(await bodies("inbox")).toEqual(Array.from({ length: 4 }, () => '"from the rule"'));
    await stack.clock.advance("4h 5m");
    const got = await bodies("inbox");
    expect(got.filter((body) => /"Message" ?: ?"news"/.test(body))).toHaveLength(1);
    expect(got).toContain("by the API");
    expect(eventsOf("arrived")).toEqual([{ id: 7 }]);
  });

  it("leave in the dead-letter queue what has no target, and what is no event", async () => {
    await stack.clock.advance("90m");
    expect((await bodies("dead")).map((body) => JSON.parse(body) as unknown)).toEqual([
      {
        FunctionName: "arn:aws:lambda:us-east-1:000000000000:function:gone",
        InvocationType: "Event",
        Payload: "{}",
      },
      {
        FunctionName: "arn:aws:lambda:us-east-1:000000000000:function:ticking",
        InvocationType: "Event",
        Payload: "no event",
      },
    ]);
  });

  it("bring events of buckets to functions", async () => {
    await stack.s3.put("landing", "in/a b.csv", "1");
    await stack.s3.put("landing", "in/c.txt", "1");
    await stack.waitFor(() => eventsOf("arrived").length === 2, PATIENT);
    expect(eventsOf("arrived")[1]).toMatchObject({
      source: "aws.s3",
      "detail-type": "Object Created",
      resources: ["arn:aws:s3:::landing"],
      detail: { bucket: { name: "landing" }, object: { key: "in/a b.csv" }, reason: "PutObject" },
    });
  });

  it("made over the API stay when the template changes, those of the template follow it", async () => {
    await events.send(new PutRuleCommand({ Name: "own", ScheduleExpression: "rate(1 minute)" }));
    const Arn = "arn:aws:sqs:us-east-1:000000000000:dead";
    await events.send(new PutTargetsCommand({ Rule: "own", Targets: [{ Id: "a", Arn, Input: "1" }] }));
    await scheduler.send(
      new CreateScheduleCommand({
        Name: "own",
        ScheduleExpression: "rate(1 day)",
        FlexibleTimeWindow: { Mode: "OFF" },
        Target: { Arn, RoleArn: "arn:aws:iam::000000000000:role/s", Input: "2" },
      }),
    );
    const changed = TEMPLATE.replace("rate(2 hours)", "rate(1 hour)").replace(/ {2}Universal:[^]*$/, "");
    project.write("template.yaml", changed);
    const { application } = await loadApplication({ folder: project.folder, flags: { ephemeral: true } });
    await stack.stack.replaceApplication(application);
    const rules = (await events.send(new ListRulesCommand({}))).Rules ?? [];
    expect(rules.map(({ Name, ScheduleExpression }) => [Name, ScheduleExpression])).toEqual(
      expect.arrayContaining([
        ["own", "rate(1 minute)"],
        ["tick", "rate(1 hour)"],
      ]),
    );
    const { Schedules = [] } = await scheduler.send(new ListSchedulesCommand({ GroupName: "default" }));
    expect(new Set(Schedules.map(({ Name }) => Name))).toEqual(new Set(["MachineNightly", "bus", "own", "topic"]));
    const before = eventsOf("ticking").length;
    await stack.clock.advance("61m");
    expect(eventsOf("ticking").length - before).toBe(1);
    expect((await bodies("dead")).filter((body) => body === "1")).toHaveLength(61);
  });

  it("are as the template says after a reset", async () => {
    await stack.reset();
    const rules = (await events.send(new ListRulesCommand({}))).Rules ?? [];
    expect(rules.map(({ Name }) => Name)).not.toContain("own");
    await stack.clock.advance("61m");
    expect(eventsOf("ticking")).toHaveLength(1);
    expect(await bodies("dead")).toEqual([]);
  });
});

it("a one-shot command delivers what its function puts on a bus, and fires nothing by the clock or for a bucket", async () => {
  const project = new ProjectFolder({
    "template.yaml": `
Transform: AWS::Serverless-2016-10-31
Globals: { Function: { Runtime: nodejs22.x, CodeUri: ., Timeout: 10 } }
Resources:
  Landing: { Type: AWS::S3::Bucket, Properties: { BucketName: landing, NotificationConfiguration: { EventBridgeConfiguration: {} } } }
  Inbox: { Type: AWS::SQS::Queue, Properties: { QueueName: inbox } }
  Tick: { Type: AWS::Scheduler::Schedule, Properties: { ScheduleExpression: rate(1 minute), FlexibleTimeWindow: { Mode: 'OFF' }, Target: { Arn: !GetAtt Inbox.Arn, RoleArn: "arn:aws:iam::000000000000:role/s", Input: tick } } }
  ToQueue: { Type: AWS::Events::Rule, Properties: { EventPattern: { source: [shop, aws.s3] }, Targets: [{ Id: a, Arn: !GetAtt Inbox.Arn, InputPath: $.detail }] } }
  Fn: { Type: AWS::Serverless::Function, Properties: { FunctionName: fn, Handler: index.handler } }
`,
    "index.js": `
const { EventBridgeClient, PutEventsCommand } = require("@aws-sdk/client-eventbridge");
const { S3Client, PutObjectCommand } = require("@aws-sdk/client-s3");
exports.handler = async () => {
  await new S3Client({}).send(new PutObjectCommand({ Bucket: "landing", Key: "a", Body: "1" }));
  const Entries = [{ Source: "shop", DetailType: "placed", Detail: '{"id":7}' }];
  return (await new EventBridgeClient({}).send(new PutEventsCommand({ Entries }))).FailedEntryCount;
};
`,
  });
  try {
    const { stdout, stderr } = await project.run(["invoke", "fn"]);
    expect(stdout.trim()).toBe("0");
    expect(stderr).toContain("1 event of the bucket landing for EventBridge was not fired");
    const { stdout: peeked } = await project.run(["peek", "inbox", "--json"]);
    expect(peeked).toContain('{\\"id\\":7}');
    expect(peeked).not.toContain("tick");
  } finally {
    project.remove();
  }
});

it("rules and schedules of the API go on in the next process", async () => {
  const project = new ProjectFolder({
    "template.yaml": "Resources: { Inbox: { Type: AWS::SQS::Queue, Properties: { QueueName: inbox } } }",
  });
  const start = (): Promise<TestStack> =>
    createStack({ folder: project.folder, config: { ephemeral: false }, clock: new Date("2026-01-01T00:00:30Z") });
  const Arn = "arn:aws:sqs:us-east-1:000000000000:inbox";
  try {
    const first = await start();
    const scheduler = new SchedulerClient(first.clientConfig);
    const events = new EventBridgeClient(first.clientConfig);
    await scheduler.send(
      new CreateScheduleCommand({
        Name: "own",
        ScheduleExpression: "at(2026-01-01T00:02:00)",
        FlexibleTimeWindow: { Mode: "OFF" },
        Target: { Arn, RoleArn: "arn:aws:iam::000000000000:role/s", Input: "schedule" },
      }),
    );
    await events.send(new PutRuleCommand({ Name: "own", ScheduleExpression: "cron(1 * * * ? *)" }));
    await events.send(new PutTargetsCommand({ Rule: "own", Targets: [{ Id: "a", Arn, Input: '"rule"' }] }));
    [scheduler, events].forEach((client) => client.destroy());
    await first.close();
    const second = await start();
    await second.clock.advance("2m");
    expect((await second.sqs.receive("inbox")).map(({ body }) => body)).toEqual(['"rule"', "schedule"]);
    await second.close();
  } finally {
    project.remove();
  }
});
