/** Event buses, rules, schedules and their groups, as resources and as what SAM makes of events. */
import { errorOf, indent, read, withFunction } from "../support.js";

const FN = "arn:aws:lambda:eu-central-1:123456789012:function:fn";
const QUEUE = "arn:aws:sqs:eu-central-1:123456789012:";
const ROLE = "arn:aws:iam::123456789012:role/";
const only = (resources: string): ReturnType<typeof read> => read(`Resources:\n${indent(resources, 2)}\n`);
const withEvent = (event: string): ReturnType<typeof read> =>
  read(withFunction(`FunctionName: fn\nEvents: { E: ${event} }`));

test("a rule has what PutRule and PutTargets take, whatever its targets are", () => {
  const { rules, eventBuses } = only(`
Q: { Type: AWS::SQS::Queue, Properties: { QueueName: inbox.fifo, FifoQueue: true } }
B: { Type: AWS::Events::EventBus, Properties: { Name: orders, Description: all of them, DeadLetterConfig: { Arn: !GetAtt Q.Arn }, Tags: [{ Key: a, Value: b }] } }
R:
  Type: AWS::Events::Rule
  Properties:
    Name: placed
    Description: what is new
    EventBusName: !GetAtt B.Arn
    State: DISABLED
    EventPattern: { source: [shop] }
    RoleArn: ${ROLE}rule
    Tags: [{ Key: c, Value: d }]
    Targets:
      - Id: queue
        Arn: !GetAtt Q.Arn
        SqsParameters: { MessageGroupId: g }
        InputTransformer: { InputPathsMap: { id: $.detail.id }, InputTemplate: '"<id>"' }
        RetryPolicy: { MaximumRetryAttempts: '3' }
        DeadLetterConfig: { Arn: !GetAtt Q.Arn }
      - { Id: cluster, Arn: "arn:aws:ecs:eu-central-1:1:cluster/x", EcsParameters: { TaskCount: 1 } }`);
  expect(eventBuses[0]).toMatchObject({
    name: "orders",
    description: "all of them",
    deadLetterArn: `${QUEUE}inbox.fifo`,
    tags: { a: "b" },
  });
  expect(rules).toEqual([
    {
      logicalId: "R",
      name: "placed",
      arn: "arn:aws:events:eu-central-1:123456789012:rule/orders/placed",
      busName: "orders",
      description: "what is new",
      pattern: { source: ["shop"] },
      scheduleExpression: undefined,
      state: "DISABLED",
      roleArn: `${ROLE}rule`,
      tags: { c: "d" },
      targets: [
        {
          id: "queue",
          arn: `${QUEUE}inbox.fifo`,
          parameters: {
            SqsParameters: { MessageGroupId: "g" },
            InputTransformer: { InputPathsMap: { id: "$.detail.id" }, InputTemplate: '"<id>"' },
            RetryPolicy: { MaximumRetryAttempts: 3 },
            DeadLetterConfig: { Arn: `${QUEUE}inbox.fifo` },
          },
        },
        { id: "cluster", arn: "arn:aws:ecs:eu-central-1:1:cluster/x", parameters: { EcsParameters: { TaskCount: 1 } } },
      ],
    },
  ]);
});

test("a schedule and its group have what CreateSchedule takes", () => {
  const { schedules, scheduleGroups, eventSources } = only(`
Q: { Type: AWS::SQS::Queue, Properties: { QueueName: inbox } }
G: { Type: AWS::Scheduler::ScheduleGroup, Properties: { Name: reports, Tags: [{ Key: a, Value: b }] } }
S:
  Type: AWS::Scheduler::Schedule
  Properties:
    Name: nightly
    GroupName: !Ref G
    Description: at night
    ScheduleExpression: cron(0 3 * * ? *)
    ScheduleExpressionTimezone: Europe/Berlin
    StartDate: 2026-04-01T00:00:00Z
    EndDate: "2026-05-01T00:00:00.000Z"
    FlexibleTimeWindow: { Mode: FLEXIBLE, MaximumWindowInMinutes: 15 }
    Target: { Arn: !GetAtt Q.Arn, RoleArn: "${ROLE}s", Input: hello, RetryPolicy: { MaximumEventAgeInSeconds: 60 } }`);
  expect(scheduleGroups).toEqual([
    {
      logicalId: "G",
      name: "reports",
      arn: "arn:aws:scheduler:eu-central-1:123456789012:schedule-group/reports",
      tags: { a: "b" },
    },
  ]);
  expect(schedules).toEqual([
    {
      logicalId: "S",
      name: "nightly",
      arn: "arn:aws:scheduler:eu-central-1:123456789012:schedule/reports/nightly",
      groupName: "reports",
      description: "at night",
      expression: "cron(0 3 * * ? *)",
      timezone: "Europe/Berlin",
      startMs: Date.UTC(2026, 3, 1),
      endMs: Date.UTC(2026, 4, 1),
      flexibleWindowMinutes: 15,
      enabled: true,
      deleteAfterCompletion: false,
      kmsKeyArn: undefined,
      target: {
        id: "S",
        arn: `${QUEUE}inbox`,
        parameters: { RoleArn: `${ROLE}s`, Input: "hello", RetryPolicy: { MaximumEventAgeInSeconds: 60 } },
      },
    },
  ]);
  expect(eventSources).toEqual([]);
});

test("SAM names a schedule by its logical id, unless it is told to omit the name", () => {
  const named = withEvent("{ Type: ScheduleV2, Properties: { ScheduleExpression: rate(1 hour) } }").schedules;
  expect(named).toMatchObject([
    { name: "FnE", target: { id: "FnELambdaTarget", arn: FN, parameters: { RoleArn: `${ROLE}FnERole` } } },
  ]);
  const omitted = withEvent(
    "{ Type: ScheduleV2, Properties: { ScheduleExpression: rate(1 hour), OmitName: true, RoleArn: r } }",
  ).schedules;
  expect(omitted).toMatchObject([
    { name: expect.stringMatching(/-FnE-/) as unknown, target: { parameters: { RoleArn: "r" } } },
  ]);
});

test("SAM makes a queue for dead letters where an event asks for one", () => {
  const made = withEvent(
    "{ Type: EventBridgeRule, Properties: { Pattern: { source: [x] }, DeadLetterConfig: { Type: SQS } } }",
  );
  const [queue] = made.queues;
  expect(queue?.logicalId).toBe("FnEQueue");
  expect(made.rules[0]?.targets[0]?.parameters).toEqual({ DeadLetterConfig: { Arn: queue?.arn } });
  const named = withEvent(
    "{ Type: Schedule, Properties: { Schedule: rate(1 hour), DeadLetterConfig: { Type: SQS, QueueLogicalId: Lost } } }",
  );
  expect(named.queues.map(({ logicalId }) => logicalId)).toEqual(["Lost"]);
});

test("an event may name its target, and be off by either word", () => {
  const off = withEvent(
    "{ Type: Schedule, Properties: { Schedule: rate(1 hour), Enabled: false, Target: { Id: t } } }",
  );
  expect(off.rules).toMatchObject([{ state: "DISABLED", targets: [{ id: "t", arn: FN }] }]);
  const event = "{ Type: CloudWatchEvent, Properties: { Pattern: { source: [x] }, State: DISABLED } }";
  expect(withEvent(event).eventSources).toMatchObject([{ kind: "eventbridge", enabled: false }]);
});

test.each([
  [
    "{ ScheduleExpression: rate(30 seconds), FlexibleTimeWindow: { Mode: 'OFF' } }",
    /The schedule of S cannot be "rate\(30 seconds\)"/,
  ],
  [
    "{ ScheduleExpression: rate(1 hour), ScheduleExpressionTimezone: Europe/Bonn, FlexibleTimeWindow: { Mode: 'OFF' } }",
    /ScheduleExpressionTimezone of S cannot be "Europe\/Bonn"/,
  ],
  [
    "{ ScheduleExpression: rate(1 hour), FlexibleTimeWindow: { Mode: FLEXIBLE } }",
    /FlexibleTimeWindow of S has no length/,
  ],
  [
    "{ ScheduleExpression: rate(1 hour), StartDate: soon, FlexibleTimeWindow: { Mode: 'OFF' } }",
    /StartDate of S cannot be "soon"/,
  ],
  ["{ ScheduleExpression: rate(1 hour) }", /S has no FlexibleTimeWindow/],
])("a schedule that AWS would refuse is told: %s", (properties, says) => {
  const text = properties.replace(/ }$/, `, Target: { Arn: "${FN}", RoleArn: r } }`);
  const template = `Resources:\n  S: { Type: AWS::Scheduler::Schedule, Properties: ${text} }\n`;
  expect(errorOf(() => read(template)).what).toMatch(says);
});

test("a rule without pattern and schedule is told", () => {
  const template = "Resources:\n  R: { Type: AWS::Events::Rule, Properties: { Targets: [] } }\n";
  expect(errorOf(() => read(template)).what).toBe("The rule R has neither a pattern nor a schedule");
});
