/** Topics of a running stack: what reaches queues, functions and HTTP endpoints, and what happens when it cannot. */
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { CloudWatchClient, SetAlarmStateCommand } from "@aws-sdk/client-cloudwatch";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import {
  CreateTopicCommand,
  ListSubscriptionsByTopicCommand,
  PublishCommand,
  SetSubscriptionAttributesCommand,
  SNSClient,
  SubscribeCommand,
} from "@aws-sdk/client-sns";
import { ReceiveMessageCommand, SQSClient, type Message } from "@aws-sdk/client-sqs";
import { createStack, type TestStack } from "../../../src/index.js";
import { ProjectFolder } from "../../cli/cli.js";
import { PATIENT } from "../../until.js";

const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Globals: { Function: { Runtime: nodejs22.x, CodeUri: code/, Handler: index.handler, Timeout: 10 } }
Resources:
  News: { Type: AWS::SNS::Topic, Properties: { TopicName: news, Subscription: [{ Protocol: sqs, Endpoint: !GetAtt Inbox.Arn }] } }
  Orders: { Type: AWS::SNS::Topic, Properties: { TopicName: orders.fifo, FifoTopic: true, ContentBasedDeduplication: true } }
  Results: { Type: AWS::SNS::Topic, Properties: { TopicName: results } }
  Inbox: { Type: AWS::SQS::Queue, Properties: { QueueName: inbox } }
  Dead: { Type: AWS::SQS::Queue, Properties: { QueueName: dead } }
  OrderQueue: { Type: AWS::SQS::Queue, Properties: { QueueName: orders.fifo, FifoQueue: true } }
  ResultQueue: { Type: AWS::SQS::Queue, Properties: { QueueName: results } }
  Landing:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: landing
      NotificationConfiguration: { TopicConfigurations: [{ Event: "s3:ObjectCreated:*", Topic: !Ref Results }] }
  OrderSubscription:
    Type: AWS::SNS::Subscription
    Properties: { TopicArn: !Ref Orders, Protocol: sqs, Endpoint: !GetAtt OrderQueue.Arn, RawMessageDelivery: true }
  ResultSubscription:
    Type: AWS::SNS::Subscription
    Properties: { TopicArn: !Ref Results, Protocol: sqs, Endpoint: !GetAtt ResultQueue.Arn }
  Gone:
    Type: AWS::SNS::Subscription
    Properties: { TopicArn: !Ref News, Protocol: sqs, Endpoint: "arn:aws:sqs:us-east-1:000000000000:gone", FilterPolicy: { kind: [gone] }, RedrivePolicy: { deadLetterTargetArn: !GetAtt Dead.Arn } }
  Refused:
    Type: AWS::SNS::Subscription
    Properties: { TopicArn: !Ref News, Protocol: sqs, Endpoint: !GetAtt Dead.Arn, FilterPolicy: { kind: "no list" } }
  Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties: { AlarmName: deep, Namespace: a, MetricName: b, Statistic: Sum, Period: 60, EvaluationPeriods: 1, Threshold: 1, ComparisonOperator: GreaterThanThreshold, AlarmActions: ["arn:aws:sns:us-east-1:000000000000:gone", !Ref Results] }
  Direct:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: direct
      Events: { News: { Type: SNS, Properties: { Topic: !Ref News, FilterPolicy: { kind: [direct] } } } }
  Queued:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: queued
      Events: { News: { Type: SNS, Properties: { Topic: !Ref News, FilterPolicy: { kind: [queued] }, SqsSubscription: true } } }
  Fails:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: fails
      Handler: index.fails
      DeadLetterQueue: { Type: SNS, TargetArn: !Ref News }
      EventInvokeConfig: { MaximumRetryAttempts: 0, DestinationConfig: { OnFailure: { Type: SNS, Destination: !Ref Results } } }
`;
const CODE = `
exports.handler = async (event) => event;
exports.fails = async () => { throw new Error("no luck"); };
`;

let project: ProjectFolder;
let stack: TestStack;
let sns: SNSClient;
let sqs: SQSClient;

beforeAll(async () => {
  project = new ProjectFolder({ "template.yaml": TEMPLATE, "code/index.js": CODE });
  stack = await createStack({ folder: project.folder, clock: "virtual" });
  sns = new SNSClient(stack.clientConfig);
  sqs = new SQSClient(stack.clientConfig);
});
afterAll(async () => {
  sns.destroy();
  sqs.destroy();
  await stack.close();
  project.remove();
});

const topicArn = (name: string): string => `arn:aws:sns:us-east-1:000000000000:${name}`;
const publish = (input: object, name = "news") =>
  sns.send(new PublishCommand({ TopicArn: topicArn(name), Message: "hello", ...input }));
const kind = (value: string) => ({ MessageAttributes: { kind: { DataType: "String", StringValue: value } } });
const receive = (queue: string): Promise<Message> =>
  stack.waitFor(async () => {
    const { Messages } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: `${stack.endpoint}/000000000000/${queue}`,
        MessageAttributeNames: ["All"],
        MessageSystemAttributeNames: ["All"],
        VisibilityTimeout: 3600,
      }),
    );
    // S3 tries the topic of a new configuration with a message.
    return Messages?.find(({ Body }) => Body?.includes("s3:TestEvent") !== true);
  }, PATIENT);
const bodyOf = ({ Body = "{}" }: Message): Record<string, string> => JSON.parse(Body);
const eventsOf = (name: string): unknown[] =>
  stack
    .invocations()
    .filter(({ functionName }) => functionName === name)
    .map(({ event }) => event);

test("a queue gets AWS's envelope", async () => {
  const { MessageId } = await publish({ Subject: "s", ...kind("x") });
  const message = await receive("inbox");
  expect(message.Body?.split("\n").slice(0, 2)).toEqual(["{", '  "Type" : "Notification",']);
  expect(bodyOf(message)).toEqual({
    Type: "Notification",
    MessageId,
    TopicArn: topicArn("news"),
    Subject: "s",
    Message: "hello",
    Timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    SignatureVersion: "1",
    Signature: expect.any(String),
    SigningCertURL: expect.stringContaining("/SimpleNotificationService-"),
    UnsubscribeURL: expect.stringContaining(`?Action=Unsubscribe&SubscriptionArn=${topicArn("news")}:`),
    MessageAttributes: { kind: { Type: "String", Value: "x" } },
  });
});

test("a declared subscription that AWS refuses is left out, and keeps no message from the others", async () => {
  const { Subscriptions = [] } = await sns.send(new ListSubscriptionsByTopicCommand({ TopicArn: topicArn("news") }));
  expect(Subscriptions.map(({ Endpoint }) => Endpoint)).not.toContain("arn:aws:sqs:us-east-1:000000000000:dead");
  expect(Subscriptions.length).toBeGreaterThan(1);
});

test("the link in a message ends the subscription without a signature", async () => {
  const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: "short" }));
  const Endpoint = "arn:aws:sqs:us-east-1:000000000000:results";
  await sns.send(new SubscribeCommand({ TopicArn, Protocol: "sqs", Endpoint }));
  await publish({}, "short");
  const { UnsubscribeURL = "" } = bodyOf(await receive("results"));
  expect((await fetch(UnsubscribeURL)).status).toBe(200);
  expect((await sns.send(new ListSubscriptionsByTopicCommand({ TopicArn }))).Subscriptions).toEqual([]);
  const unsigned = await fetch(`${stack.endpoint}/?Action=ListTopics&Version=2010-03-31`);
  expect([unsigned.status, await unsigned.text()]).toEqual([
    403,
    expect.stringContaining("MissingAuthenticationToken"),
  ]);
});

test("a FIFO queue gets group, deduplication id and the raw message", async () => {
  await publish({ MessageGroupId: "g", Message: "first" }, "orders.fifo");
  const { Body, Attributes } = await receive("orders.fifo");
  expect(Body).toBe("first");
  expect(Attributes).toMatchObject({
    MessageGroupId: "g",
    MessageDeduplicationId: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
});

test("a function gets the event of SNS, through the asynchronous queue", async () => {
  const { MessageId } = await publish(kind("direct"));
  await stack.waitFor(() => eventsOf("direct").length === 1, PATIENT);
  expect(eventsOf("direct")).toEqual([
    {
      Records: [
        {
          EventSource: "aws:sns",
          EventVersion: "1.0",
          EventSubscriptionArn: expect.stringContaining(`${topicArn("news")}:`),
          Sns: {
            Type: "Notification",
            MessageId,
            TopicArn: topicArn("news"),
            Subject: null,
            Message: "hello",
            Timestamp: expect.any(String),
            SignatureVersion: "1",
            Signature: expect.any(String),
            SigningCertUrl: expect.any(String),
            UnsubscribeUrl: expect.any(String),
            MessageAttributes: { kind: { Type: "String", Value: "direct" } },
          },
        },
      ],
    },
  ]);
});

test("SqsSubscription puts a queue between topic and function", async () => {
  await publish(kind("queued"));
  await stack.waitFor(() => eventsOf("queued").length === 1, PATIENT);
  const [event] = eventsOf("queued") as [{ Records: { eventSource: string; body: string }[] }];
  expect(event.Records[0]?.eventSource).toBe("aws:sqs");
  expect(JSON.parse(event.Records[0]?.body ?? "{}")).toMatchObject({ Type: "Notification", Message: "hello" });
});

test("what a queue that is gone cannot take goes to the dead letters of the subscription", async () => {
  await publish(kind("gone"));
  expect(bodyOf(await receive("dead"))).toMatchObject({ Type: "Notification", Message: "hello" });
});

test("destinations and dead letters of a function may be topics", async () => {
  const lambda = new LambdaClient(stack.clientConfig);
  await lambda.send(new InvokeCommand({ FunctionName: "fails", InvocationType: "Event", Payload: '{"a":1}' }));
  lambda.destroy();
  const record = JSON.parse(bodyOf(await receive("results"))["Message"] ?? "{}");
  expect(record).toMatchObject({
    requestContext: { condition: "RetriesExhausted", approximateInvokeCount: 1 },
    requestPayload: { a: 1 },
    responsePayload: { errorMessage: "no luck" },
  });
  const letter = await stack.waitFor(async () => {
    const body = bodyOf(await receive("inbox"));
    return body["Message"] === '{"a":1}' ? body : undefined;
  }, PATIENT);
  expect(letter["MessageAttributes"]).toMatchObject({ ErrorMessage: { Type: "String", Value: "no luck" } });
});

test("a bucket and an alarm publish to their topic, whatever became of the alarm's other one", async () => {
  const s3 = new S3Client({ ...stack.clientConfig, forcePathStyle: true });
  await s3.send(new PutObjectCommand({ Bucket: "landing", Key: "a.txt", Body: "x" }));
  s3.destroy();
  const notification = bodyOf(await receive("results"));
  expect(notification["Subject"]).toBe("Amazon S3 Notification");
  expect(JSON.parse(notification["Message"] ?? "{}").Records[0].s3.object.key).toBe("a.txt");
  const cloudwatch = new CloudWatchClient(stack.clientConfig);
  await cloudwatch.send(new SetAlarmStateCommand({ AlarmName: "deep", StateValue: "ALARM", StateReason: "tried" }));
  cloudwatch.destroy();
  const alarm = bodyOf(await receive("results"));
  expect(alarm["Subject"]).toBe('ALARM: "deep" in us-east-1');
  expect(JSON.parse(alarm["Message"] ?? "{}")).toMatchObject({
    NewStateValue: "ALARM",
    OldStateValue: "INSUFFICIENT_DATA",
  });
});

describe("an HTTP endpoint", () => {
  const posts: { headers: IncomingHttpHeaders; body: string }[] = [];
  let server: Server;
  let status = 200;
  let subscriptionArn = "";
  const endpoint = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  const arrived = (count: number) => stack.waitFor(() => posts.length >= count, PATIENT);

  beforeAll(async () => {
    server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString()));
      request.on("end", () => {
        posts.push({ headers: request.headers, body });
        response.writeHead(status).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    await sns.send(new CreateTopicCommand({ Name: "hooks" }));
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  test("is asked to confirm, and gets messages from then on", async () => {
    const TopicArn = topicArn("hooks");
    const Attributes = { RedrivePolicy: '{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead"}' };
    await sns.send(new SubscribeCommand({ TopicArn, Protocol: "http", Endpoint: endpoint(), Attributes }));
    await arrived(1);
    const [{ headers, body } = { headers: {}, body: "{}" }] = posts;
    expect(headers).toMatchObject({
      "x-amz-sns-message-type": "SubscriptionConfirmation",
      "x-amz-sns-topic-arn": TopicArn,
      "content-type": "text/plain; charset=UTF-8",
    });
    await publish({}, "hooks");
    const confirmed = await fetch(JSON.parse(body).SubscribeURL);
    subscriptionArn = /<SubscriptionArn>(.*)<\/SubscriptionArn>/.exec(await confirmed.text())?.[1] ?? "";
    await publish({ Message: "now" }, "hooks");
    await arrived(2);
    expect(posts).toHaveLength(2);
    expect(posts[1]?.headers).toMatchObject({
      "x-amz-sns-message-type": "Notification",
      "x-amz-sns-subscription-arn": subscriptionArn,
    });
    expect(JSON.parse(posts[1]?.body ?? "{}")).toMatchObject({ Type: "Notification", Message: "now" });
  });

  test("that fails is tried four times, 20 seconds apart, and then given up", async () => {
    status = 500;
    const before = posts.length;
    await publish({ Message: "fails" }, "hooks");
    for (let attempt = 1; attempt <= 4; attempt += 1) {
      await arrived(before + attempt);
      // The next attempt is known when this one has been noted.
      await stack.waitFor(async () => {
        await stack.clock.advance("20 s");
        return attempt === 4 || posts.length > before + attempt;
      }, PATIENT);
    }
    expect(bodyOf(await receive("dead"))).toMatchObject({ Message: "fails" });
    expect(posts).toHaveLength(before + 4);
  });

  test("that refuses is not asked again, and raw messages come without an envelope", async () => {
    status = 403;
    const before = posts.length;
    const set = { SubscriptionArn: subscriptionArn, AttributeName: "RawMessageDelivery", AttributeValue: "true" };
    await sns.send(new SetSubscriptionAttributesCommand(set));
    await publish({ Message: "refused" }, "hooks");
    expect(await receive("dead")).toMatchObject({ Body: "refused" });
    expect(posts).toHaveLength(before + 1);
    expect(posts.at(-1)).toMatchObject({ body: "refused", headers: { "x-amz-sns-rawdelivery": "true" } });
  });
});

test("a one-shot command delivers what its function published, and goes on with what an earlier one left", async () => {
  const posts: string[] = [];
  const server = createServer((request, response) => {
    posts.push(String(request.headers["x-amz-sns-message-id"]));
    request.resume();
    response.writeHead(posts.length === 1 ? 500 : 200).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const own = new ProjectFolder({
    "template.yaml": `
Transform: AWS::Serverless-2016-10-31
Resources:
  Inbox: { Type: AWS::SQS::Queue, Properties: { QueueName: inbox } }
  News: { Type: AWS::SNS::Topic, Properties: { TopicName: news } }
  Hook: { Type: AWS::SNS::Subscription, Properties: { TopicArn: !Ref News, Protocol: http, Endpoint: "http://127.0.0.1:${(server.address() as AddressInfo).port}/" } }
  Queue: { Type: AWS::SNS::Subscription, Properties: { TopicArn: !Ref News, Protocol: sqs, Endpoint: !GetAtt Inbox.Arn, RawMessageDelivery: true } }
  Fn:
    Type: AWS::Serverless::Function
    Properties: { FunctionName: fn, Runtime: nodejs22.x, Handler: index.handler, CodeUri: ., Timeout: 10, Environment: { Variables: { TOPIC: !Ref News } } }
`,
    "index.js": `
const { SNSClient, PublishCommand } = require("@aws-sdk/client-sns");
exports.handler = async () => (await new SNSClient({}).send(new PublishCommand({ TopicArn: process.env.TOPIC, Message: "once" }))).MessageId;
`,
  });
  try {
    const first = await own.run(["invoke", "fn"]);
    expect([first.exitCode, posts]).toEqual([0, [JSON.parse(first.stdout)]]);
    const second = await own.run(["invoke", "fn"]);
    expect(posts).toHaveLength(3);
    // The retry of the first, and the second, in any order.
    expect(posts.slice(1)).toEqual(expect.arrayContaining([JSON.parse(first.stdout), JSON.parse(second.stdout)]));
    const peeked = await own.run(["peek", "inbox"]);
    expect(peeked.stdout.match(/once/g)).toHaveLength(2);
  } finally {
    own.remove();
    await new Promise((resolve) => server.close(resolve));
  }
});
