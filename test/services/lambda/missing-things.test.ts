/** What the Lambda API says about event sources that cannot be and about owners that are not there. */
import {
  CreateAliasCommand,
  CreateEventSourceMappingCommand,
  CreateFunctionCommand,
  DeleteFunctionCommand,
  LambdaClient,
  ListTagsCommand,
  PublishVersionCommand,
  TagResourceCommand,
  UntagResourceCommand,
} from "@aws-sdk/client-lambda";
import { createStack, type TestStack } from "../../../src/index.js";
import { ProjectFolder } from "../../cli/cli.js";
import { zip } from "./zip.js";

const FunctionName = "there";
const STREAM = "arn:aws:kinesis:us-east-1:000000000000:stream/clicks";
const CHANGES = "arn:aws:dynamodb:us-east-1:000000000000:table/items/stream/2026-01-01T00:00:00.000";
const MAPPING = "arn:aws:lambda:us-east-1:000000000000:event-source-mapping:0123abcd-0123-4567-89ab-0123456789ab";
const QUEUE = "arn:aws:sqs:us-east-1:000000000000:work";
const POLLERS = "MinimumPollers and MaximumPollers of an SQS queue must be at least 2.";
const BROKERS = { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: ["kafka:9092"] } };

let project: ProjectFolder;
let stack: TestStack;
let client: LambdaClient;

beforeAll(async () => {
  project = new ProjectFolder({ "template.yaml": "Resources: {}" });
  stack = await createStack({ folder: project.folder });
  client = new LambdaClient(stack.clientConfig);
  await client.send(
    new CreateFunctionCommand({
      FunctionName,
      Role: "arn:aws:iam::000000000000:role/test",
      Runtime: "nodejs20.x",
      Handler: "index.handler",
      Code: { ZipFile: zip({ "index.js": "exports.handler = async () => 1;" }) },
    }),
  );
});
afterAll(async () => {
  client.destroy();
  await stack.close();
  project.remove();
});

type Source = ConstructorParameters<typeof CreateEventSourceMappingCommand>[0];

test.each<readonly [what: string, source: Omit<Source, "FunctionName">, message: string]>([
  [
    "a stream without a position to start at",
    { EventSourceArn: STREAM },
    "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null.",
  ],
  [
    "a table's stream from a time on",
    { EventSourceArn: CHANGES, StartingPosition: "AT_TIMESTAMP", StartingPositionTimestamp: new Date(0) },
    `Unsupported starting position for arn type: ${CHANGES}`,
  ],
  [
    "brokers that nobody may enter",
    { SelfManagedEventSource: BROKERS, Topics: ["clicks"] },
    "Required 'sourceAccessConfigurations' parameter is missing.",
  ],
  ["a stream that is not there", { EventSourceArn: STREAM, StartingPosition: "LATEST" }, `Stream not found: ${STREAM}`],
  [
    "a stream of changes that is not there",
    { EventSourceArn: CHANGES, StartingPosition: "LATEST" },
    `Stream not found: ${CHANGES}`,
  ],
  ["one poller of a queue", { EventSourceArn: QUEUE, ProvisionedPollerConfig: { MinimumPollers: 1 } }, POLLERS],
  [
    "fewer pollers than there have to be",
    { EventSourceArn: QUEUE, ProvisionedPollerConfig: { MinimumPollers: 3, MaximumPollers: 2 } },
    "MinimumPollers must not be greater than MaximumPollers.",
  ],
  [
    "pollers beside a concurrency",
    {
      EventSourceArn: QUEUE,
      ProvisionedPollerConfig: { MinimumPollers: 2 },
      ScalingConfig: { MaximumConcurrency: 2 },
    },
    "MaximumConcurrency and ProvisionedPollerConfig cannot both be set.",
  ],
  [
    "a group of pollers of a queue",
    { EventSourceArn: QUEUE, ProvisionedPollerConfig: { PollerGroupName: "all" } },
    "PollerGroupName is not supported for SQS queues.",
  ],
])("no mapping is made for %s", async (_what, source, message) => {
  await expect(client.send(new CreateEventSourceMappingCommand({ FunctionName, ...source }))).rejects.toMatchObject({
    name: "InvalidParameterValueException",
    Type: "User",
    message,
  });
});

test.each([
  ["listed", new ListTagsCommand({ Resource: MAPPING })],
  ["added", new TagResourceCommand({ Resource: MAPPING, Tags: { a: "1" } })],
  ["taken away", new UntagResourceCommand({ Resource: MAPPING, TagKeys: ["a"] })],
])("tags of a mapping that is not there are not %s", async (_how, command) => {
  await expect(client.send(command as ListTagsCommand)).rejects.toMatchObject({
    name: "ResourceNotFoundException",
    Type: "User",
    message: `Event source mapping not found: ${MAPPING}`,
  });
});

test("a version that aliases point to stays", async () => {
  await client.send(new PublishVersionCommand({ FunctionName }));
  for (const Name of ["live", "next"])
    await client.send(new CreateAliasCommand({ FunctionName, Name, FunctionVersion: "1" }));
  await expect(client.send(new DeleteFunctionCommand({ FunctionName, Qualifier: "1" }))).rejects.toMatchObject({
    name: "ResourceConflictException",
    message: "Unable to delete version because the following aliases reference it: [live, next]",
    $metadata: { httpStatusCode: 409 },
  });
});

test("an alias misses the version that it is to stand for, also where there is no function", async () => {
  const alias = { Name: "later", FunctionVersion: "7" };
  for (const name of [FunctionName, "gone"])
    await expect(client.send(new CreateAliasCommand({ FunctionName: name, ...alias }))).rejects.toMatchObject({
      name: "ResourceNotFoundException",
      message: `Function not found: arn:aws:lambda:us-east-1:000000000000:function:${name}:7`,
    });
});
