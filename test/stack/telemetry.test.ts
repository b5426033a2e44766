/** Metrics of functions and machines, what alarms make of them, and what subscription filters deliver, in virtual time. */
import { gunzipSync } from "node:zlib";
import { CloudWatchClient, DescribeAlarmsCommand, GetMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogsClient, DescribeSubscriptionFiltersCommand } from "@aws-sdk/client-cloudwatch-logs";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { createStack, type TestStack } from "../../src/index.js";
import { ProjectFolder } from "../cli/cli.js";
import { PATIENT } from "../until.js";

const MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:";
const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Globals: { Function: { Runtime: nodejs22.x, CodeUri: code/, Handler: index.handler } }
Resources:
  Alerts: { Type: AWS::SNS::Topic, Properties: { TopicName: alerts, Subscription: [{ Protocol: sqs, Endpoint: !GetAtt Told.Arn }] } }
  Told: { Type: AWS::SQS::Queue, Properties: { QueueName: told } }
  Worker: { Type: AWS::Serverless::Function, Properties: { FunctionName: worker, ReservedConcurrentExecutions: 1 } }
  WorkerLogs: { Type: AWS::Logs::LogGroup, Properties: { LogGroupName: /aws/lambda/worker } }
  ToReader:
    Type: AWS::Logs::SubscriptionFilter
    Properties: { FilterName: words, LogGroupName: !Ref WorkerLogs, FilterPattern: '{ $.word = * }', DestinationArn: !GetAtt Reader.Arn }
  Reader: { Type: AWS::Serverless::Function, Properties: { FunctionName: reader, Handler: index.reader } }
  Second:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: second
      Handler: index.reader
      Events: { Lines: { Type: CloudWatchLogs, Properties: { LogGroupName: !Ref WorkerLogs, FilterPattern: '"REPORT"' } } }
  Failing:
    Type: AWS::Serverless::StateMachine
    Properties: { Name: failing, Definition: { StartAt: F, States: { F: { Type: Fail, Error: Broken } } } }
  Slow:
    Type: AWS::Serverless::StateMachine
    Properties: { Name: slow, Definition: { StartAt: W, TimeoutSeconds: 30, States: { W: { Type: Wait, Seconds: 90, End: true } } } }
  Errors:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmName: errors
      Namespace: AWS/Lambda
      MetricName: Errors
      Dimensions: [{ Name: FunctionName, Value: worker }]
      Statistic: Sum
      Threshold: 0
      AlarmActions: [!Ref Alerts]
`;
const HANDLER = `
exports.handler = async (event) => {
  process.stdout.write(JSON.stringify({ word: event.word ?? "none" }) + "\\n");
  if (event.fail) throw new Error("asked to");
  if (event.slow) await new Promise((resolve) => setTimeout(resolve, 400));
};
exports.reader = async ({ awslogs }) => awslogs.data;
`;

let project: ProjectFolder;
let stack: TestStack;
beforeAll(async () => {
  project = new ProjectFolder({ "template.yaml": TEMPLATE, "code/index.js": HANDLER });
  stack = await createStack({ folder: project.folder, clock: new Date("2026-03-01T12:00:10Z") });
});
afterEach(() => stack.reset());
afterAll(async () => {
  await stack.close();
  project.remove();
});

async function sums(
  namespace: string,
  dimension: string,
  of: string,
  ...names: string[]
): Promise<Record<string, number>> {
  const cloudwatch = new CloudWatchClient(stack.clientConfig);
  const { MetricDataResults = [] } = await cloudwatch.send(
    new GetMetricDataCommand({
      StartTime: new Date(stack.clock.now() - 600_000),
      EndTime: new Date(stack.clock.now() + 60_000),
      MetricDataQueries: names.map((MetricName, index) => ({
        Id: `m${index}`,
        MetricStat: {
          Metric: { Namespace: namespace, MetricName, Dimensions: [{ Name: dimension, Value: of }] },
          Period: 60,
          Stat: MetricName === "ConcurrentExecutions" ? "Maximum" : "Sum",
        },
      })),
    }),
  );
  cloudwatch.destroy();
  return Object.fromEntries(
    MetricDataResults.map(({ Values = [] }, i) => [names[i], Values.reduce((a, b) => a + b, 0)]),
  );
}

test("a function has its invocations, errors, throttles and most at once, at the time of the stack's clock", async () => {
  const lambda = new LambdaClient(stack.clientConfig);
  const call = (event: object): Promise<unknown> =>
    lambda.send(new InvokeCommand({ FunctionName: "worker", Payload: Buffer.from(JSON.stringify(event)) }));
  await call({});
  await call({ fail: true });
  const slow = call({ slow: true });
  await stack.waitFor(() => stack.stack.activity.running > 0, PATIENT);
  await expect(call({})).rejects.toMatchObject({ name: "TooManyRequestsException" });
  await slow;
  lambda.destroy();
  await stack.clock.advance(0);
  expect(
    await sums("AWS/Lambda", "FunctionName", "worker", "Invocations", "Errors", "Throttles", "ConcurrentExecutions"),
  ).toEqual({ Invocations: 3, Errors: 1, Throttles: 1, ConcurrentExecutions: 1 });
});

test("a machine has its executions by how they ended, and their time", async () => {
  expect(await stack.execute("failing")).toMatchObject({ status: "FAILED" });
  const slow = stack.execute("slow");
  await stack.clock.advance("31s");
  expect(await slow).toMatchObject({ status: "TIMED_OUT" });
  await stack.clock.advance(0);
  const names = ["ExecutionsStarted", "ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsSucceeded", "ExecutionTime"];
  expect(await sums("AWS/States", "StateMachineArn", `${MACHINE}failing`, ...names)).toEqual({
    ExecutionsStarted: 1,
    ExecutionsFailed: 1,
    ExecutionsTimedOut: 0,
    ExecutionsSucceeded: 0,
    ExecutionTime: 0,
  });
  expect(await sums("AWS/States", "StateMachineArn", `${MACHINE}slow`, ...names)).toMatchObject({
    ExecutionsStarted: 1,
    ExecutionsTimedOut: 1,
    ExecutionTime: 30_000,
  });
});

test("an alarm on errors goes off a minute later in virtual time, and its topic tells the queue", async () => {
  await stack.invoke("worker", { fail: true });
  await stack.clock.advance("1m");
  const cloudwatch = new CloudWatchClient(stack.clientConfig);
  const { MetricAlarms = [] } = await cloudwatch.send(new DescribeAlarmsCommand({ AlarmNames: ["errors"] }));
  cloudwatch.destroy();
  expect(MetricAlarms[0]?.StateValue).toBe("ALARM");
  const [told] = await stack.sqs.receive("told");
  expect(JSON.parse(told?.body ?? "{}")).toMatchObject({ Subject: 'ALARM: "errors" in us-east-1' });
});

test("the subscription filters of a template deliver what matches to their functions", async () => {
  await stack.invoke("worker", { word: "heard" });
  await stack.clock.advance(0);
  const heard = (name: string): readonly string[] =>
    stack.invocations(name).flatMap(({ payload }) => {
      const { logEvents } = JSON.parse(gunzipSync(Buffer.from(payload as string, "base64")).toString()) as {
        readonly logEvents: readonly { readonly message: string; readonly timestamp: number }[];
      };
      expect(logEvents.every(({ timestamp }) => Math.abs(timestamp - stack.clock.now()) < 60_000)).toBe(true);
      return logEvents.map(({ message }) => message);
    });
  expect(heard("reader")).toEqual([expect.stringContaining('{"word":"heard"}')]);
  expect(heard("second")).toEqual([expect.stringMatching(/^REPORT /)]);

  const logs = new CloudWatchLogsClient(stack.clientConfig);
  const { subscriptionFilters } = await logs.send(
    new DescribeSubscriptionFiltersCommand({ logGroupName: "/aws/lambda/worker" }),
  );
  logs.destroy();
  expect(subscriptionFilters).toEqual([
    expect.objectContaining({ filterName: expect.stringMatching(/^local-SecondLines-/) as string }),
    expect.objectContaining({ filterName: "words", filterPattern: "{ $.word = * }" }),
  ]);
  expect(subscriptionFilters?.[1]).not.toHaveProperty("declared");
});
