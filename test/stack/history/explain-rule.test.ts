/** What `why` says of rules, schedules and subscription filters. */
import { explain } from "../../../src/stack/history/explain.js";
import type { HistoryRecord, InvocationRecord, ObjectRecord } from "../../../src/stack/history/records.js";
import { read } from "../../config/support.js";

const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Resources:
  Landing: { Type: AWS::S3::Bucket, Properties: { BucketName: landing, NotificationConfiguration: { EventBridgeConfiguration: {} } } }
  Inbox: { Type: AWS::SQS::Queue, Properties: { QueueName: inbox } }
  ToQueue: { Type: AWS::Events::Rule, Properties: { Name: csv, EventPattern: { source: [aws.s3], detail: { object: { key: [{ suffix: .csv }] } } }, Targets: [{ Id: q, Arn: !GetAtt Inbox.Arn }] } }
  Removed: { Type: AWS::Events::Rule, Properties: { Name: removed, EventPattern: { detail-type: [Object Deleted] } } }
  Off: { Type: AWS::Events::Rule, Properties: { Name: idle, State: DISABLED, EventPattern: { source: [aws.s3] } } }
  Other: { Type: AWS::Events::Rule, Properties: { EventBusName: other, EventPattern: { source: [aws.s3] } } }
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: fn
      CodeUri: src
      Handler: app.handler
      Runtime: nodejs22.x
      Events:
        Csv: { Type: EventBridgeRule, Properties: { RuleName: to-fn, Pattern: { source: [aws.s3], detail: { bucket: { name: [landing] } } } } }
        Tick: { Type: Schedule, Properties: { Name: tick, Schedule: rate(1 hour) } }
        Later: { Type: ScheduleV2, Properties: { Name: later, ScheduleExpression: cron(0 3 * * ? *), ScheduleExpressionTimezone: Europe/Berlin } }
`;
const application = read(TEMPLATE);

const object: ObjectRecord = {
  kind: "object",
  id: "1",
  timeMs: 1,
  name: "s3:ObjectCreated:Put",
  bucket: "landing",
  key: "in/a b.csv",
  sequencer: "00AB",
};
const ran = (id: string, event: unknown): InvocationRecord => ({
  kind: "invocation",
  id,
  timeMs: 2,
  functionName: "fn",
  event: JSON.stringify(event),
  status: "success",
  durationMs: 1,
  result: "null",
  logs: "",
  source: "events",
  subject: "",
});
const reasons = (record: HistoryRecord, all: readonly HistoryRecord[] = []): string[] =>
  explain(record, application, all).reasons.map(
    ({ matched, rule, because }) => `${matched ? "yes" : "no"} ${rule}: ${because}`,
  );
const fromBucket = {
  source: "aws.s3",
  detail: { bucket: { name: "landing" }, object: { key: object.key, sequencer: object.sequencer } },
};

it("holds an object event against the rules of the default bus", () => {
  expect(reasons(object)).toEqual([
    "yes Landing to EventBridge: the bucket sends it every event",
    "yes rule FnCsv (to-fn): its pattern matches; it has 1 target",
    "yes rule ToQueue (csv): its pattern matches; it has 1 target",
    'no rule Removed (removed): detail-type is "Object Created", the pattern wants ["Object Deleted"]',
    "no rule Off (idle): it is disabled",
  ]);
  expect(reasons({ ...object, key: "in/a.CSV" })).toContain("no rule ToQueue (csv): its pattern does not match");
});

it("links an object to the function that a rule fired", () => {
  expect(explain(object, application, [ran("a", fromBucket), ran("b", {})]).invocations).toEqual(["a"]);
});

it("names the rule or schedule that fired a function, and those that did not", () => {
  expect(reasons(ran("a", fromBucket))).toEqual(["yes Csv: rule to-fn of the bus default: its pattern matches"]);
  const byTime = { source: "aws.events", resources: ["arn:aws:events:eu-central-1:1:rule/tick"], detail: {} };
  expect(reasons(ran("a", byTime))).toEqual([
    'no Csv: rule to-fn of the bus default: source is "aws.events", the pattern wants ["aws.s3"]',
    "yes Tick: rule tick: rate(1 hour)",
  ]);
  const later = { source: "aws.scheduler", resources: ["arn:aws:scheduler:eu-central-1:1:schedule/default/later"] };
  expect(reasons(ran("a", later))).toContain("yes Later: schedule later: cron(0 3 * * ? *) in Europe/Berlin");
});

it("tells which rule or schedule started an execution, and that a call did when none could have", () => {
  const { stateMachines, ...machines } = read(`
Transform: AWS::Serverless-2016-10-31
Resources:
  Machine:
    Type: AWS::Serverless::StateMachine
    Properties:
      Name: machine
      Definition: { StartAt: A, States: { A: { Type: Pass, End: true } } }
      Events:
        Csv: { Type: EventBridgeRule, Properties: { RuleName: csv, Pattern: { source: [aws.s3] } } }
        Tick: { Type: Schedule, Properties: { Name: tick, Schedule: rate(1 hour) } }
        Later: { Type: ScheduleV2, Properties: { Name: later, ScheduleExpression: cron(0 3 * * ? *) } }
`);
  const why = (input: unknown): string[] => {
    const record: HistoryRecord = {
      kind: "execution",
      id: "1",
      timeMs: 1,
      executionArn: "",
      machineName: "machine",
      status: "SUCCEEDED",
      durationMs: 1,
      input: JSON.stringify(input),
    };
    const { reasons } = explain(record, { stateMachines, ...machines }, [record]);
    return reasons.map(({ matched, rule, because }) => `${matched ? "yes" : "no"} ${rule}: ${because}`);
  };
  expect(why({ source: "aws.s3" })).toEqual(["yes MachineCsv: rule csv of the bus default: its pattern matches"]);
  const byTime = (name: string): unknown => ({ source: "aws.events", resources: [`arn:aws:events:::rule/${name}`] });
  expect(why(byTime("tick"))).toContain("yes rule MachineTick (tick): rate(1 hour)");
  expect(why(byTime("later"))).toContain("yes schedule MachineLater (later): cron(0 3 * * ? *)");
  expect(why({ id: 7 })).toEqual([
    "yes StartExecution: no rule, schedule or pipe of the template sends such an input: it was started by a call",
  ]);
});

it("counts executions among what an object event has started", () => {
  const input = JSON.stringify(fromBucket);
  const base = { timeMs: 2, executionArn: "", machineName: "m", status: "SUCCEEDED", durationMs: 1, input };
  const record: HistoryRecord = { kind: "execution", id: "run", ...base };
  expect(explain(object, application, [object, record]).invocations).toEqual(["run"]);
});

it("names the execution that called a function, when one ran then that could have", () => {
  const called = read(`
Transform: AWS::Serverless-2016-10-31
Resources:
  Fn:
    Type: AWS::Serverless::Function
    Properties: { FunctionName: fn, CodeUri: src, Handler: app.handler, Runtime: nodejs22.x }
  Caller:
    Type: AWS::Serverless::StateMachine
    Properties: { Name: caller, Definition: { StartAt: A, States: { A: { Type: Task, Resource: !GetAtt Fn.Arn, End: true } } } }
  Other:
    Type: AWS::Serverless::StateMachine
    Properties: { Name: other, Definition: { StartAt: A, States: { A: { Type: Pass, End: true } } } }
`);
  const invocation: InvocationRecord = { ...ran("1", {}), timeMs: 1000, source: "direct" };
  const execution = (id: string, machineName: string, timeMs: number): HistoryRecord => ({
    kind: "execution",
    id,
    timeMs,
    executionArn: "",
    machineName,
    status: "SUCCEEDED",
    durationMs: 50,
    input: "{}",
  });
  const why = (...others: HistoryRecord[]): string[] =>
    explain(invocation, called, [invocation, ...others]).reasons.map(({ rule, because }) => `${rule}: ${because}`);
  expect(why(execution("run", "caller", 1020), execution("not", "other", 1020))).toEqual([
    "state machine Caller: its definition names the function, and it ran then: run",
  ]);
  expect(why(execution("before", "caller", 990), execution("after", "caller", 1100))).toEqual([
    "invoke: it was called directly",
  ]);
});

it("names the subscription filters of a function, with the one whose log group the events are of", () => {
  const subscribed = read(`
Transform: AWS::Serverless-2016-10-31
Resources:
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: fn
      CodeUri: src
      Handler: app.handler
      Runtime: nodejs22.x
      Events:
        Errors: { Type: CloudWatchLogs, Properties: { LogGroupName: /aws/lambda/web, FilterPattern: ERROR } }
        All: { Type: CloudWatchLogs, Properties: { LogGroupName: /aws/lambda/other, FilterPattern: "" } }
`);
  const record = { ...ran("1", {}), source: "logs", subject: "/aws/lambda/web" };
  expect(explain(record, subscribed, []).reasons).toEqual([
    {
      matched: true,
      rule: "Errors: subscription filter on /aws/lambda/web",
      because: "events match its pattern ERROR",
    },
    {
      matched: false,
      rule: "All: subscription filter on /aws/lambda/other",
      because: "the events are of /aws/lambda/web",
    },
  ]);
});

it("does not say that a function was called directly where no template says what calls it", () => {
  const { sourceFile: _sourceFile, ...others } = application;
  const bare = { ...others, sourceFile: undefined, functions: [], eventSources: [] };
  expect(explain({ ...ran("1", {}), source: "sqs" }, bare, []).reasons).toEqual([
    { matched: true, rule: "invoke", because: expect.stringContaining("pass --template") },
  ]);
});
