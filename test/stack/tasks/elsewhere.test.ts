/** Integrations go where the stack has the service: here queues and parameters are on another server. */
import { createStack, type TestStack } from "../../../src/index.js";
import { ProjectFolder } from "../../cli/cli.js";
import { optimised, sdk, TasksStack } from "./tasks-stack.js";

const TEMPLATE = "Resources: { Work: { Type: AWS::SQS::Queue, Properties: { QueueName: work } } }";

let server: TestStack;
let serverFolder: ProjectFolder;
let stack: TasksStack;
beforeAll(async () => {
  serverFolder = new ProjectFolder({ "template.yaml": TEMPLATE });
  server = await createStack({ folder: serverFolder.folder });
  stack = await TasksStack.startIn(new ProjectFolder({ "template.yaml": TEMPLATE }), {
    backends: { sqs: server.endpoint, logs: server.endpoint },
  });
});
afterAll(async () => {
  await stack.close();
  await server.close();
  serverFolder.remove();
});

const QueueUrl = "https://sqs.us-east-1.amazonaws.com/000000000000/work";

test("an optimised integration and one of the AWS SDK reach the other server", async () => {
  await stack.run(optimised("sqs:sendMessage"), { QueueUrl, MessageBody: "one" });
  await stack.run(sdk("sqs:sendMessage"), { QueueUrl, MessageBody: "two" });
  const bodies = (await server.sqs.receive("work")).map(({ body }) => body);
  expect(bodies.toSorted()).toEqual(["one", "two"]);
});

test("so does one that lambda-run signs itself", async () => {
  await stack.run(sdk("cloudwatchlogs:createLogGroup"), { LogGroupName: "there" });
  await expect(stack.run(sdk("cloudwatchlogs:createLogGroup"), { LogGroupName: "there" })).resolves.toMatchObject({
    error: "CloudWatchLogs.ResourceAlreadyExistsException",
  });
  const { gateway } = stack.stack.stack;
  expect(gateway?.loadedService("logs")).toBeUndefined();
});
