/** `aws-sdk:` integrations: any action of a service that the stack embeds, in PascalCase, with what AWS makes of answers. */
import { optimised, sdk, TasksStack } from "./tasks-stack.js";

const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Resources:
  Reports: { Type: AWS::S3::Bucket, Properties: { BucketName: reports } }
  Things: { Type: AWS::Serverless::SimpleTable, Properties: { TableName: things } }
  Echo:
    Type: AWS::Serverless::Function
    Properties: { FunctionName: echo, Runtime: nodejs22.x, CodeUri: code/, Handler: echo.handler }
`;
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$/;

let stack: TasksStack;
beforeAll(async () => {
  stack = await TasksStack.start({
    "template.yaml": TEMPLATE,
    "code/echo.js": "exports.handler = async (event) => event;",
  });
});
afterAll(() => stack.close());

const run = (action: string, parameters: unknown) => stack.run(sdk(action), parameters);

test("members have the names of version 2 of the SDK for Java, keys of maps their own", async () => {
  const Item = { id: { S: "names" }, URL: { Bool: true }, NULL: { L: [{ Nul: true }, { Ss: ["a"] }] } };
  await run("dynamodb:putItem", { TableName: "things", Item });
  const { output } = await run("dynamodb:getItem", { TableName: "things", Key: { id: { S: "names" } } });
  expect(output).toEqual({ Item });
  const optimisedAnswer = await stack.run(optimised("dynamodb:getItem"), {
    TableName: "things",
    Key: { id: { S: "names" } },
  });
  expect(optimisedAnswer.output).toMatchObject({ Item: { URL: { BOOL: true }, NULL: { L: [{ NULL: true }, {}] } } });
  await expect(run("secretsmanager:createSecret", { Name: "named" })).resolves.toMatchObject({
    output: { Arn: expect.stringContaining(":secret:named") as string },
  });
});

describe("s3", () => {
  test("a body is written as text, JSON written out; it is read as text, dates as ISO texts", async () => {
    const put = await run("s3:putObject", { Bucket: "reports", Key: "a.json", Body: { list: [1] } });
    expect(put.output).toMatchObject({ ChecksumType: "FULL_OBJECT", ETag: expect.any(String) as string });
    expect(put.output).not.toHaveProperty("SdkHttpMetadata");
    await run("s3:putObject", { Bucket: "reports", Key: "b", Body: "as it is" });
    await expect(run("s3:getObject", { Bucket: "reports", Key: "b" })).resolves.toMatchObject({
      output: { Body: "as it is", ContentLength: 8, LastModified: expect.stringMatching(ISO) as string, Metadata: {} },
    });
    await expect(run("s3:getObject", { Bucket: "reports", Key: "a.json" })).resolves.toMatchObject({
      output: { Body: '{"list":[1]}' },
    });
  });

  test("errors have the names of version 2 of the SDK for Java, with both ids of S3", async () => {
    const cause = "(Service: S3, Status Code: 404, Request ID: ID, Extended Request ID: ID)";
    await expect(run("s3:getObject", { Bucket: "reports", Key: "no" })).resolves.toMatchObject({
      error: "S3.NoSuchKeyException",
      cause: `The specified key does not exist. ${cause}`,
    });
    await expect(run("s3:headObject", { Bucket: "reports", Key: "no" })).resolves.toMatchObject({
      error: "S3.NoSuchKeyException",
      cause: `null ${cause}`,
    });
    await expect(run("s3:getObject", { Bucket: "nowhere", Key: "no" })).resolves.toMatchObject({
      error: "S3.NoSuchBucketException",
    });
  });
});

test("dynamodb: any action, bytes in base64; what the model does not have is DynamoDbException", async () => {
  await run("dynamodb:putItem", { TableName: "things", Item: { id: { S: "a" }, bytes: { B: "aGk=" } } });
  const { output } = await run("dynamodb:query", {
    TableName: "things",
    KeyConditionExpression: "id = :id",
    ExpressionAttributeValues: { ":id": { S: "a" } },
  });
  expect(output).toMatchObject({ Count: 1, Items: [{ bytes: { B: "aGk=" } }] });
  await expect(run("dynamodb:putItem", { TableName: "things", Item: null })).resolves.toMatchObject({
    error: "DynamoDb.DynamoDbException",
    cause: expect.stringMatching(/ \(Service: DynamoDb, Status Code: 400, Request ID: ID\)$/) as string,
  });
});

test("secretsmanager, ssm and sts answer with the members of their APIs", async () => {
  await run("secretsmanager:createSecret", { Name: "db", SecretString: { user: "me" } });
  await expect(run("secretsmanager:getSecretValue", { SecretId: "db" })).resolves.toMatchObject({
    output: { SecretString: '{"user":"me"}', CreatedDate: expect.stringMatching(ISO) as string },
  });
  await run("ssm:putParameter", { Name: "/rate", Value: "3", Type: "String" });
  await expect(run("ssm:getParameter", { Name: "/rate" })).resolves.toMatchObject({
    output: { Parameter: { Value: "3" } },
  });
  await expect(run("ssm:getParameter", { Name: "/none" })).resolves.toMatchObject({
    error: "Ssm.ParameterNotFoundException",
    cause: "null (Service: Ssm, Status Code: 400, Request ID: ID)",
  });
  await expect(run("sts:getCallerIdentity", {})).resolves.toMatchObject({ output: { Account: "000000000000" } });
});

test("lambda:invoke has the payload as text", async () => {
  await expect(run("lambda:invoke", { FunctionName: "echo", Payload: { n: 1 } })).resolves.toMatchObject({
    output: { Payload: '{"n":1}', StatusCode: 200, ExecutedVersion: "$LATEST" },
  });
});

test("services without an SDK here take and give PascalCase, whatever their wire has; keys of maps stay", async () => {
  await run("cloudwatchlogs:createLogGroup", { LogGroupName: "machine", Tags: { Owner: "a", lower: "b" } });
  const { output } = await run("cloudwatchlogs:describeLogGroups", { LogGroupNamePrefix: "machine" });
  expect(output).toMatchObject({
    LogGroups: [{ LogGroupName: "machine", CreationTime: expect.any(Number) as number }],
  });
  await expect(run("cloudwatchlogs:listTagsLogGroup", { LogGroupName: "machine" })).resolves.toMatchObject({
    output: { Tags: { Owner: "a", lower: "b" } },
  });
  await expect(run("cloudwatchlogs:createLogGroup", { LogGroupName: "machine" })).resolves.toMatchObject({
    error: "CloudWatchLogs.ResourceAlreadyExistsException",
    cause: "The specified log group already exists (Service: CloudWatchLogs, Status Code: 400, Request ID: ID)",
  });
});

test("sfn: a machine is described from within a machine; a token that is none is refused", async () => {
  const machine = await stack.task(optimised("lambda:invoke"));
  await expect(run("sfn:describeStateMachine", { StateMachineArn: machine })).resolves.toMatchObject({
    output: { StateMachineArn: machine, CreationDate: expect.stringMatching(ISO) as string, Type: "STANDARD" },
  });
  await expect(run("sfn:sendTaskSuccess", { TaskToken: "none", Output: { a: 1 } })).resolves.toMatchObject({
    error: "Sfn.InvalidTokenException",
    cause: "Invalid Token: 'Invalid token' (Service: Sfn, Status Code: 400, Request ID: ID)",
  });
});

test("eventbridge and cloudwatch are called by their own protocols", async () => {
  await expect(run("eventbridge:describeEventBus", { Name: "default" })).resolves.toMatchObject({
    output: { Name: "default" },
  });
  await run("cloudwatch:putMetricData", {
    Namespace: "machine",
    MetricData: [{ MetricName: "runs", Value: 1, Timestamp: new Date().toISOString() }],
  });
  await expect(run("cloudwatch:listMetrics", { Namespace: "machine" })).resolves.toMatchObject({
    output: { Metrics: [{ MetricName: "runs" }] },
  });
});

test("parameters that the API does not have are refused before the call, nested ones too", async () => {
  await expect(run("s3:getObject", { Bucket: "reports", Colour: 1 })).resolves.toMatchObject({
    error: "States.Runtime",
    cause: expect.stringContaining(
      "[The field \"Colour\" is not supported by Step Functions, The field 'Key' is required but was missing]",
    ) as string,
  });
  await expect(
    run("s3:putBucketVersioning", { Bucket: "reports", VersioningConfiguration: { status: "Enabled" } }),
  ).resolves.toMatchObject({ cause: expect.stringContaining('The field "status" is not supported') as string });
});

test("a service that is not embedded is refused by name", async () => {
  await expect(run("kms:listKeys", {})).resolves.toMatchObject({
    error: "States.Runtime",
    cause: expect.stringContaining("aws-sdk:kms:listKeys is not emulated by lambda-run") as string,
  });
});

test("scheduler is called by its own protocol: names in the path, the rest in the body", async () => {
  const created = await run("scheduler:createSchedule", {
    Name: "nightly",
    ScheduleExpression: "rate(1 day)",
    StartDate: "2030-01-01T00:00:00Z",
    FlexibleTimeWindow: { Mode: "OFF" },
    Target: {
      Arn: "arn:aws:sqs:us-east-1:000000000000:work",
      RoleArn: "arn:aws:iam::000000000000:role/s",
      Input: { a: 1 },
    },
  });
  expect(created).toMatchObject({ status: "SUCCEEDED" });
  await expect(run("scheduler:getSchedule", { Name: "nightly", GroupName: "default" })).resolves.toMatchObject({
    output: { StartDate: "2030-01-01T00:00:00Z", Target: { Input: '{"a":1}' } },
  });
  await expect(run("scheduler:getSchedule", { Name: "never" })).resolves.toMatchObject({
    error: "Scheduler.ResourceNotFoundException",
  });
});
