/** Chains that go round through a queue, a bucket or a topic are cut after sixteen rounds, as Lambda cuts them. */
import { LambdaClient, PutFunctionRecursionConfigCommand } from "@aws-sdk/client-lambda";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import { GetQueueAttributesCommand, ReceiveMessageCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { createStack, type TestStack } from "../../src/index.js";
import { ProjectFolder } from "../cli/cli.js";
import { PATIENT } from "../until.js";

const ROUNDS = 16;
const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Globals: { Function: { Runtime: nodejs20.x, CodeUri: code/, Timeout: 20, MemorySize: 256 } }
Resources:
  Round: { Type: AWS::SQS::Queue, Properties: { QueueName: round, VisibilityTimeout: 30, RedrivePolicy: { maxReceiveCount: 2, deadLetterTargetArn: !GetAtt Dead.Arn } } }
  Dead: { Type: AWS::SQS::Queue, Properties: { QueueName: dead } }
  Bucket: { Type: AWS::S3::Bucket, Properties: { BucketName: round } }
  Topic: { Type: AWS::SNS::Topic, Properties: { TopicName: round } }
  Topics:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: topics
      Handler: topics.handler
      DeadLetterQueue: { Type: SQS, TargetArn: !GetAtt Dead.Arn }
      Events: { Topic: { Type: SNS, Properties: { Topic: !Ref Topic } } }
  Messages:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: messages
      Handler: messages.handler
      Events: { Queue: { Type: SQS, Properties: { Queue: !GetAtt Round.Arn, BatchSize: 1 } } }
  Objects:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: objects
      Handler: objects.handler
      DeadLetterQueue: { Type: SQS, TargetArn: !GetAtt Dead.Arn }
      Events: { Bucket: { Type: S3, Properties: { Bucket: !Ref Bucket, Events: "s3:ObjectCreated:*" } } }
`;
const FILES = {
  "template.yaml": TEMPLATE,
  "code/messages.js": `
const { SQSClient, SendMessageCommand } = require("@aws-sdk/client-sqs");
const sqs = new SQSClient({});
exports.handler = async ({ Records: [{ body }] }) => {
  if (body !== "0") await sqs.send(new SendMessageCommand({ QueueUrl: "round", MessageBody: String(body - 1) }));
};`,
  "code/topics.js": `
const { SNSClient, PublishCommand } = require("@aws-sdk/client-sns");
const sns = new SNSClient({});
exports.handler = async ({ Records: [{ Sns: { TopicArn, Message } }] }) => {
  if (Message !== "0") await sns.send(new PublishCommand({ TopicArn, Message: String(Message - 1) }));
};`,
  "code/objects.js": `
const { S3Client, PutObjectCommand } = require("@aws-sdk/client-s3");
const s3 = new S3Client({});
exports.handler = async () => { await s3.send(new PutObjectCommand({ Bucket: "round", Key: "again", Body: "x" })); };`,
};

let project: ProjectFolder;
let stack: TestStack;
let sqs: SQSClient;

beforeAll(async () => {
  project = new ProjectFolder(FILES);
  stack = await createStack({ folder: project.folder, clock: "virtual" });
  sqs = new SQSClient(stack.clientConfig);
});
afterAll(async () => {
  sqs.destroy();
  await stack.close();
  project.remove();
});

const urlOf = (queue: string): string => `${stack.endpoint}/000000000000/${queue}`;
const runsOf = (name: string): number => stack.invocations().filter(({ functionName }) => functionName === name).length;
const publish = async (Message: string): Promise<void> => {
  const sns = new SNSClient(stack.clientConfig);
  await sns.send(new PublishCommand({ TopicArn: "arn:aws:sns:us-east-1:000000000000:round", Message }));
  sns.destroy();
};
const allow = async (FunctionName: string): Promise<void> => {
  const lambda = new LambdaClient(stack.clientConfig);
  await lambda.send(new PutFunctionRecursionConfigCommand({ FunctionName, RecursiveLoop: "Allow" }));
  lambda.destroy();
};
const sendRound = (body: string) => sqs.send(new SendMessageCommand({ QueueUrl: urlOf("round"), MessageBody: body }));

async function inFlight(): Promise<number> {
  const AttributeNames = ["ApproximateNumberOfMessagesNotVisible" as const];
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl: urlOf("round"), AttributeNames }));
  return Number(Attributes?.["ApproximateNumberOfMessagesNotVisible"]);
}

test("a function that answers its queue through the queue is stopped, and the message goes to the dead letters", async () => {
  await sendRound("100");
  await stack.waitFor(() => runsOf("messages") === ROUNDS, PATIENT);
  await stack.waitFor(async () => (await inFlight()) === 1, PATIENT);
  // Two receives, and at the third the queue moves it.
  for (let receive = 0; receive < 3; receive++) await stack.clock.advance("31 s");
  const dead = await stack.waitFor(async () => {
    const { Messages } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: urlOf("dead"), MessageSystemAttributeNames: ["All"] }),
    );
    return Messages?.[0];
  }, PATIENT);
  expect(dead?.Body).toBe(String(100 - ROUNDS));
  expect(dead?.Attributes?.["AWSTraceHeader"]).toMatch(new RegExp(`Lineage=.*:${ROUNDS}$`));
  expect(runsOf("messages")).toBe(ROUNDS);
});

test("a function that may go round goes on", async () => {
  await allow("messages");
  const before = runsOf("messages");
  await sendRound("20");
  expect(await stack.waitFor(() => runsOf("messages") === before + 21, PATIENT)).toBe(true);
});

test("a function that writes into the bucket that fires it is stopped, and its event goes to the dead letters", async () => {
  const s3 = new S3Client({ ...stack.clientConfig, forcePathStyle: true });
  await s3.send(new PutObjectCommand({ Bucket: "round", Key: "first", Body: "x" }));
  s3.destroy();
  const dead = await stack.waitFor(async () => {
    const { Messages } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: urlOf("dead"), MessageAttributeNames: ["All"] }),
    );
    return Messages?.[0];
  }, PATIENT);
  // The last run may still be under way when its own event is already among the dead.
  await stack.stack.activity.quiet();
  expect(runsOf("objects")).toBe(ROUNDS);
  expect(dead?.MessageAttributes?.["ErrorMessage"]).toMatchObject({ StringValue: "RecursiveInvocation" });
});

test("a function that publishes to the topic that fires it is stopped, and its event goes to the dead letters", async () => {
  await publish("100");
  const dead = await stack.waitFor(async () => {
    const { Messages } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: urlOf("dead"), MessageAttributeNames: ["All"] }),
    );
    return Messages?.find(({ Body }) => Body?.includes('"Sns"'));
  }, PATIENT);
  await stack.stack.activity.quiet();
  expect(runsOf("topics")).toBe(ROUNDS);
  expect(dead?.MessageAttributes?.["ErrorMessage"]).toMatchObject({ StringValue: "RecursiveInvocation" });
});

test("a function that may go round through its topic goes on", async () => {
  await allow("topics");
  const before = runsOf("topics");
  await publish("20");
  expect(await stack.waitFor(() => runsOf("topics") === before + 21, PATIENT)).toBe(true);
});
