/** What a stack measures by itself, as CloudWatch tells it. */
import {
  CloudWatchClient,
  DescribeAlarmsCommand,
  GetMetricStatisticsCommand,
  type Dimension,
} from "@aws-sdk/client-cloudwatch";
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  PutLogEventsCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { createStack, type TestStack } from "../../src/index.js";
import { ProjectFolder } from "../cli/cli.js";

const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Globals: { Function: { Runtime: nodejs22.x, CodeUri: code/ } }
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: hello
      Handler: hello.handler
      Events: { Get: { Type: Api, Properties: { RestApiId: !Ref Api, Path: /hello, Method: GET } } }
  Shut: { Type: AWS::Serverless::Function, Properties: { FunctionName: shut, Handler: hello.handler, ReservedConcurrentExecutions: 0 } }
  Fails: { Type: AWS::Serverless::Function, Properties: { FunctionName: fails, Handler: hello.fails } }
  FailsAlarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmName: fails
      Namespace: AWS/Lambda
      MetricName: Errors
      Dimensions: [{ Name: FunctionName, Value: !Ref Fails }]
      Statistic: Sum
      Period: 60
      EvaluationPeriods: 1
      Threshold: 0
      ComparisonOperator: GreaterThanThreshold
      TreatMissingData: ignore
  Access: { Type: AWS::Logs::LogGroup, Properties: { LogGroupName: access } }
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: v1
      AccessLogSetting:
        DestinationArn: !GetAtt Access.Arn
        Format: '{"_aws":{"Timestamp":$context.requestTimeEpoch,"CloudWatchMetrics":[{"Namespace":"Door","Dimensions":[["Status"]],"Metrics":[{"Name":"Requests"}]}]},"Requests":1,"Status":"$context.status"}'
`;
const HELLO = `
exports.fails = async () => { throw new Error("no"); };
exports.handler = async () => {
  console.log(JSON.stringify({ _aws: { Timestamp: Date.now(), CloudWatchMetrics: [{ Namespace: "Code", Dimensions: [["Fn"]], Metrics: [{ Name: "Greetings" }] }] }, Fn: "hello", Greetings: 2 }));
  return { statusCode: 200, body: "hello" };
};`;

let project: ProjectFolder;
let stack: TestStack;
let cloudwatch: CloudWatchClient;
beforeAll(async () => {
  project = new ProjectFolder({ "template.yaml": TEMPLATE, "code/hello.js": HELLO });
  stack = await createStack({ folder: project.folder });
  cloudwatch = new CloudWatchClient(stack.clientConfig);
});
afterAll(async () => {
  cloudwatch.destroy();
  await stack.close();
  project.remove();
});

const waitFor = (check: () => Promise<boolean>): Promise<boolean> => stack.waitFor(check, { timeoutMs: 50_000 });

async function sum(Namespace: string, MetricName: string, dimension: Required<Dimension>): Promise<number> {
  const now = Date.now();
  const { Datapoints = [] } = await cloudwatch.send(
    new GetMetricStatisticsCommand({
      Namespace,
      MetricName,
      Dimensions: [dimension],
      StartTime: new Date(now - 600_000),
      EndTime: new Date(now + 600_000),
      Period: 60,
      Statistics: ["Sum"],
    }),
  );
  return Datapoints.reduce((total, { Sum = 0 }) => total + Sum, 0);
}

test("metrics in log lines count, once, whoever wrote the line: a function, an access log, PutLogEvents", async () => {
  expect((await stack.http("/hello")).status).toBe(200);
  const logs = new CloudWatchLogsClient(stack.clientConfig);
  const stream = { logGroupName: "own", logStreamName: "one" };
  await logs.send(new CreateLogGroupCommand(stream));
  await logs.send(new CreateLogStreamCommand(stream));
  const timestamp = Date.now();
  const line = {
    _aws: {
      Timestamp: timestamp,
      CloudWatchMetrics: [{ Namespace: "Own", Dimensions: [["A"]], Metrics: [{ Name: "M" }] }],
    },
  };
  await logs.send(
    new PutLogEventsCommand({
      ...stream,
      logEvents: [{ timestamp, message: JSON.stringify({ ...line, A: "a", M: 7 }) }],
    }),
  );
  logs.destroy();
  await waitFor(async () => (await sum("Code", "Greetings", { Name: "Fn", Value: "hello" })) > 0);
  await waitFor(async () => (await sum("Door", "Requests", { Name: "Status", Value: "200" })) > 0);
  await waitFor(async () => (await sum("Own", "M", { Name: "A", Value: "a" })) > 0);
  expect(await sum("Code", "Greetings", { Name: "Fn", Value: "hello" })).toBe(2);
  expect(await sum("Door", "Requests", { Name: "Status", Value: "200" })).toBe(1);
  expect(await sum("Own", "M", { Name: "A", Value: "a" })).toBe(7);
});

test("calls for which Lambda has no room are Throttles of the function, and no invocations", async () => {
  const lambda = new LambdaClient(stack.clientConfig);
  for (let i = 0; i < 2; i++)
    await expect(lambda.send(new InvokeCommand({ FunctionName: "shut" }))).rejects.toMatchObject({
      name: "TooManyRequestsException",
    });
  lambda.destroy();
  const shut = { Name: "FunctionName", Value: "shut" };
  await waitFor(async () => (await sum("AWS/Lambda", "Throttles", shut)) === 2);
  expect(await sum("AWS/Lambda", "Invocations", shut)).toBe(0);
});

test("an alarm on the errors of a function fires in virtual time", async () => {
  const virtual = await createStack({ folder: project.folder, clock: "virtual" });
  const client = new CloudWatchClient(virtual.clientConfig);
  try {
    await virtual.invoke("fails");
    await virtual.clock.advance("1m");
    const { MetricAlarms = [] } = await client.send(new DescribeAlarmsCommand({ AlarmNames: ["fails"] }));
    expect(MetricAlarms[0]?.StateValue).toBe("ALARM");
  } finally {
    client.destroy();
    await virtual.close();
  }
});
