/** What services do with functions by themselves: secrets are rotated, subscription filters deliver. Real handlers. */
import { gunzipSync } from "node:zlib";
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  DescribeSubscriptionFiltersCommand,
  PutLogEventsCommand,
  PutSubscriptionFilterCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  RotateSecretCommand,
  SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import { createStack, type TestStack } from "../../src/index.js";
import { ProjectFolder } from "../cli/cli.js";
import { PATIENT } from "../until.js";

const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Globals: { Function: { Runtime: nodejs22.x, CodeUri: code/, Timeout: 10 } }
Resources:
  Rotate: { Type: AWS::Serverless::Function, Properties: { FunctionName: rotate, Handler: rotate.handler } }
  Listen: { Type: AWS::Serverless::Function, Properties: { FunctionName: listen, Handler: listen.handler } }
  Talk: { Type: AWS::Serverless::Function, Properties: { FunctionName: talk, Handler: talk.handler } }
  OfTalk: { Type: AWS::Logs::LogGroup, Properties: { LogGroupName: !Sub "/aws/lambda/\${Talk}" } }
  Alarmed:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: alarmed
      Handler: listen.handler
      Events: { Lines: { Type: CloudWatchLogs, Properties: { LogGroupName: !Ref OfTalk, FilterPattern: trouble } } }
  Filter:
    Type: AWS::Logs::SubscriptionFilter
    Properties: { FilterName: raw, LogGroupName: !Ref OfTalk, FilterPattern: "", DestinationArn: !GetAtt Everything.Arn }
  Everything: { Type: AWS::Serverless::Function, Properties: { FunctionName: everything, Handler: listen.handler } }
  Hot: { Type: AWS::Serverless::SimpleTable, Properties: { TableName: hot } }
`;
const ROTATE = `
const { DescribeSecretCommand, PutSecretValueCommand, SecretsManagerClient, UpdateSecretVersionStageCommand } = require("@aws-sdk/client-secrets-manager");
const client = new SecretsManagerClient();
exports.handler = async ({ Step, SecretId, ClientRequestToken }) => {
  if (Step === "createSecret")
    await client.send(new PutSecretValueCommand({ SecretId, ClientRequestToken, SecretString: "new", VersionStages: ["AWSPENDING"] }));
  if (Step === "finishSecret") {
    const { VersionIdsToStages } = await client.send(new DescribeSecretCommand({ SecretId }));
    const [RemoveFromVersionId] = Object.entries(VersionIdsToStages).find(([, stages]) => stages.includes("AWSCURRENT"));
    await client.send(new UpdateSecretVersionStageCommand({ SecretId, VersionStage: "AWSCURRENT", MoveToVersionId: ClientRequestToken, RemoveFromVersionId }));
  }
};`;

let project: ProjectFolder;
let stack: TestStack;
const functionArn = (name: string): string => `arn:aws:lambda:us-east-1:000000000000:function:${name}`;

beforeAll(async () => {
  project = new ProjectFolder({
    "template.yaml": TEMPLATE,
    "code/rotate.js": ROTATE,
    "code/talk.js": "exports.handler = async ({ say }) => console.log(say);",
    "code/listen.js": "exports.handler = async (event) => event;",
  });
  stack = await createStack({
    folder: project.folder,
    config: { limits: { partitionUnits: { writeUnits: 3, readUnits: 3 } } },
  });
});
afterAll(async () => {
  await stack.close();
  project.remove();
});

test("RotateSecret runs the four steps of a function of the stack, and the new value is current", async () => {
  const client = new SecretsManagerClient(stack.clientConfig);
  await client.send(new CreateSecretCommand({ Name: "db", SecretString: "old" }));
  await expect(
    client.send(new RotateSecretCommand({ SecretId: "db", RotationLambdaARN: functionArn("nobody") })),
  ).rejects.toMatchObject({ name: "AccessDeniedException" });
  const { VersionId } = await client.send(
    new RotateSecretCommand({ SecretId: "db", RotationLambdaARN: functionArn("rotate") }),
  );
  await stack.waitFor(
    async () => (await client.send(new DescribeSecretCommand({ SecretId: "db" }))).LastRotatedDate !== undefined,
    PATIENT,
  );
  expect(stack.invocations("rotate").map(({ event }) => (event as { Step: string }).Step)).toEqual([
    "createSecret",
    "setSecret",
    "testSecret",
    "finishSecret",
  ]);
  const value = await client.send(new GetSecretValueCommand({ SecretId: "db" }));
  expect(value).toMatchObject({ SecretString: "new", VersionId, VersionStages: ["AWSCURRENT"] });
  client.destroy();
});

test("subscription filters of the template hand what a function logs to others", async () => {
  await stack.invoke("talk", { say: "all is well" });
  await stack.invoke("talk", { say: "trouble ahead" });
  const heard = (name: string): readonly string[] =>
    stack.invocations(name).flatMap(({ event }) => {
      const { awslogs } = event as { readonly awslogs: { readonly data: string } };
      const { logEvents } = JSON.parse(gunzipSync(Buffer.from(awslogs.data, "base64")).toString()) as {
        readonly logEvents: readonly { readonly message: string }[];
      };
      return logEvents.flatMap(({ message }) => /all is well|trouble ahead/.exec(message) ?? []);
    });
  await stack.waitFor(() => heard("everything").length === 2, PATIENT);
  await stack.waitFor(() => heard("alarmed").length === 1, PATIENT);
  expect(heard("alarmed")).toEqual(["trouble ahead"]);
  const client = new CloudWatchLogsClient(stack.clientConfig);
  const { subscriptionFilters = [] } = await client.send(
    new DescribeSubscriptionFiltersCommand({ logGroupName: "/aws/lambda/talk" }),
  );
  expect(subscriptionFilters.map(({ filterName = "" }) => filterName).sort()).toEqual([
    expect.stringMatching(/^local-AlarmedLines-/),
    "raw",
  ]);
  expect(subscriptionFilters[0]).not.toHaveProperty("declared");
  client.destroy();
});

test("subscription filters that the template has no more are gone, those of the API stay", async () => {
  const filter = (properties: string): string => `
Transform: AWS::Serverless-2016-10-31
Resources:
  Group: { Type: AWS::Logs::LogGroup, Properties: { LogGroupName: group } }
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: fn
      Runtime: nodejs22.x
      Handler: index.handler
      InlineCode: "exports.handler = async () => 1;"
${properties}`;
  const subscribed =
    "      Events: { Lines: { Type: CloudWatchLogs, Properties: { LogGroupName: group, FilterPattern: x } } }\n";
  const own = new ProjectFolder({ "template.yaml": filter(subscribed) });
  const namesIn = async (then: (client: CloudWatchLogsClient) => Promise<unknown>): Promise<readonly string[]> => {
    const running = await createStack({ folder: own.folder, config: { ephemeral: false } });
    const client = new CloudWatchLogsClient(running.clientConfig);
    await then(client);
    const { subscriptionFilters = [] } = await client.send(
      new DescribeSubscriptionFiltersCommand({ logGroupName: "group" }),
    );
    client.destroy();
    await running.close();
    return subscriptionFilters.map(({ filterName = "" }) => filterName).sort();
  };
  const put = new PutSubscriptionFilterCommand({
    logGroupName: "group",
    filterName: "by-hand",
    filterPattern: "",
    destinationArn: functionArn("fn"),
  });
  expect(await namesIn((client) => client.send(put))).toEqual(["by-hand", expect.stringMatching(/^local-FnLines-/)]);
  own.write("template.yaml", filter(""));
  expect(await namesIn(async () => undefined)).toEqual(["by-hand"]);
  own.remove();
});

test("a subscription filter hands matching events to its function, and wants a function that is there", async () => {
  const client = new CloudWatchLogsClient(stack.clientConfig);
  const logGroupName = "app";
  await client.send(new CreateLogGroupCommand({ logGroupName }));
  await client.send(new CreateLogStreamCommand({ logGroupName, logStreamName: "one" }));
  const filter = { logGroupName, filterName: "errors", filterPattern: "ERROR" };
  await expect(
    client.send(new PutSubscriptionFilterCommand({ ...filter, destinationArn: functionArn("nobody") })),
  ).rejects.toMatchObject({
    name: "InvalidParameterException",
    message:
      "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute your function.",
  });
  const stream = "arn:aws:kinesis:us-east-1:000000000000:stream/s";
  await expect(client.send(new PutSubscriptionFilterCommand({ ...filter, destinationArn: stream }))).rejects.toThrow(
    "Could not deliver test message to specified Kinesis stream.",
  );
  await client.send(new PutSubscriptionFilterCommand({ ...filter, destinationArn: functionArn("listen") }));
  const timestamp = stack.clock.now();
  await client.send(
    new PutLogEventsCommand({
      logGroupName,
      logStreamName: "one",
      logEvents: [
        { timestamp, message: "an ERROR here" },
        { timestamp, message: "all is well" },
      ],
    }),
  );
  const { event } = await stack.waitFor(() => stack.invocations("listen")[0], PATIENT);
  const { data } = (event as { awslogs: { data: string } }).awslogs;
  expect(JSON.parse(gunzipSync(Buffer.from(data, "base64")).toString())).toMatchObject({
    messageType: "DATA_MESSAGE",
    owner: "000000000000",
    logGroup: "app",
    logStream: "one",
    subscriptionFilters: ["errors"],
    logEvents: [{ timestamp, message: "an ERROR here" }],
  });
  client.destroy();
});

test("with limits.partitionUnits a hot partition key is throttled and its neighbour is not", async () => {
  const client = new DynamoDBClient(stack.clientConfig);
  const put = (id: string) => client.send(new PutItemCommand({ TableName: "hot", Item: { id: { S: id } } }));
  const burst = await Promise.allSettled(Array.from({ length: 20 }, () => put("one")));
  const refused = burst.filter(({ status }) => status === "rejected");
  expect(refused.length).toBeGreaterThan(0);
  expect(refused[0]).toMatchObject({ reason: { name: "ThrottlingException" } });
  await expect(put("two")).resolves.toBeDefined();
  client.destroy();
});
