/** Events of buckets on another server: MinIO's webhook as it posts them, and notifications inside one server. */
import {
  CreateBucketCommand,
  GetBucketNotificationConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { GetQueueAttributesCommand, GetQueueUrlCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { createStack, type FinishedInvocation, type TestStack } from "../../../src/index.js";
import { ProjectFolder } from "../../cli/cli.js";
import { startForeignServer, type ForeignServer } from "./foreign-server.js";
import { PATIENT } from "../../until.js";

const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Globals: { Function: { Runtime: nodejs22.x, CodeUri: src/, Timeout: 10 } }
Resources:
  Told:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: told
      Handler: told.handler
      Events:
        Files:
          Type: S3
          Properties:
            Bucket: !Ref Store
            Events: s3:ObjectCreated:*
            Filter: { S3Key: { Rules: [{ Name: prefix, Value: "in/" }, { Name: suffix, Value: .txt }] } }
        Tags: { Type: S3, Properties: { Bucket: !Ref Store, Events: "s3:ObjectTagging:*" } }
        Gone: { Type: S3, Properties: { Bucket: !Ref Store, Events: "s3:ObjectRemoved:*" } }
  Store: { Type: AWS::S3::Bucket, Properties: { BucketName: far-store } }
  Queued:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: far-queued
      NotificationConfiguration:
        QueueConfigurations:
          - Event: s3:ObjectCreated:*
            Queue: !GetAtt Orders.Arn
            Filter: { S3Key: { Rules: [{ Name: prefix, Value: a/ }] } }
  Orders: { Type: AWS::SQS::Queue, Properties: { QueueName: orders } }
`;
const FILES = {
  "template.yaml": TEMPLATE,
  "src/told.js": "exports.handler = async () => undefined;",
};
const TOKEN = "a-token-of-this-run";
const KEY = "in/a b+ü(x)'!~*.txt";

let far: ForeignServer;
let project: ProjectFolder;
let notices: string[];
const open: TestStack[] = [];

beforeAll(() => (project = new ProjectFolder(FILES)));
beforeEach(async () => {
  far = await startForeignServer();
  notices = [];
});
afterEach(async () => {
  for (const stack of open.splice(0)) await stack.close();
  await far.close();
});
afterAll(() => project.remove());

async function start(backends: object): Promise<TestStack> {
  const stack = await createStack({
    folder: project.folder,
    config: { backends },
    onNotice: (text) => notices.push(text),
  });
  open.push(stack);
  return stack;
}

interface Posted {
  readonly name?: string;
  readonly bucket?: string;
  readonly key?: string;
  readonly object?: object;
}

/** As MinIO (2026-02-12) posted it. */
function payload({ name = "s3:ObjectCreated:Put", bucket = "far-store", key = KEY, object }: Posted): string {
  const encoded = encodeURIComponent(key)
    .replaceAll("%20", "+")
    .replace(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);
  const record = {
    eventVersion: "2.0",
    eventSource: "minio:s3",
    awsRegion: "",
    eventTime: "2026-11-21T08:57:29.816Z",
    eventName: name,
    userIdentity: { principalId: "minioadmin" },
    requestParameters: { principalId: "minioadmin", region: "", sourceIPAddress: "127.0.0.1" },
    responseElements: {
      "x-amz-id-2": "dd9025bab4ad464b049177c95eb6ebf374d3b3fd1af9251148b658df7ac2e3e8",
      "x-amz-request-id": "18EA03AE94BE57EE",
      "x-minio-deployment-id": "fb2ce71b-e174-426a-af32-da9dbd6dd9aa",
      "x-minio-origin-endpoint": "http://172.17.0.3:9000",
    },
    s3: {
      s3SchemaVersion: "1.0",
      configurationId: "Config",
      bucket: { name: bucket, ownerIdentity: { principalId: "minioadmin" }, arn: `arn:aws:s3:::${bucket}` },
      object: object ?? {
        key: encoded,
        size: 5,
        eTag: "5d41402abc4b2a76b9719d911017c592",
        contentType: "application/octet-stream",
        userMetadata: { "content-type": "application/octet-stream" },
        sequencer: "18EA03AE94C4B9C6",
      },
    },
    source: { host: "172.17.0.1", port: "", userAgent: "aws-sdk-js" },
  };
  return JSON.stringify({ EventName: name, Key: `${bucket}/${key}`, Records: [record] });
}

const post = (stack: TestStack, body: string, token = `Bearer ${TOKEN}`): Promise<Response> =>
  fetch(`${stack.endpoint}/_lambda-run/bucket-events`, {
    method: "POST",
    headers: { authorization: token, "content-type": "application/json" },
    body,
  });

const finished = (stack: TestStack, count: number): Promise<readonly FinishedInvocation[]> =>
  stack.waitFor(() => {
    const all = stack.invocations("told");
    return all.length >= count && all;
  }, PATIENT);

/** Without what differs from one event to the next. */
function lasting(event: unknown): unknown {
  const text = JSON.stringify(event, (name, value: unknown) =>
    ["eventTime", "sequencer", "x-amz-request-id", "x-amz-id-2"].includes(name) ? typeof value : value,
  );
  return JSON.parse(text);
}

describe("MinIO's webhook", () => {
  const minio = (): object => ({ s3: { ...far.backend, eventToken: TOKEN } });

  it("gives a function the same event as the embedded S3 does", async () => {
    const stack = await start(minio());
    await stack.stack.activity.quiet();
    expect((await post(stack, payload({}))).status).toBe(200);
    const [told] = await finished(stack, 1);
    const near = await start({});
    await near.s3.put("Store", KEY, "hello");
    const [expected] = await finished(near, 1);
    expect(lasting(told?.event)).toEqual(lasting(expected?.event));
    expect(told?.event).toMatchObject({
      Records: [
        {
          eventSource: "aws:s3",
          awsRegion: "us-east-1",
          eventTime: "2026-11-21T08:57:29.816Z",
          eventName: "ObjectCreated:Put",
          responseElements: { "x-amz-request-id": "18EA03AE94BE57EE" },
          s3: { object: { key: "in/a+b%2B%C3%BC%28x%29%27%21%7E*.txt", sequencer: "18EA03AE94C4B9C6" } },
        },
      ],
    });
  });

  it("tells tags, deletions and delete markers apart, and passes over what S3 does not announce", async () => {
    const stack = await start(minio());
    await post(stack, payload({ name: "s3:ObjectAccessed:Get" }));
    await post(stack, payload({ name: "s3:ObjectCreated:PutRetention" }));
    await post(stack, payload({ key: "out/other.txt" }));
    for (const name of [
      "s3:ObjectCreated:PutTagging",
      "s3:ObjectRemoved:Delete",
      "s3:ObjectRemoved:DeleteMarkerCreated",
    ])
      await post(stack, payload({ name, object: { key: "in%2Fx.txt", versionId: "v1", sequencer: "1" } }));
    await post(stack, payload({ object: { key: "in%2Fempty.txt", eTag: "d41d", sequencer: "2" } }));
    const events = (await finished(stack, 4)).map(
      ({ event }) => (event as { Records: [{ eventName: string; s3: { object: object } }] }).Records[0],
    );
    expect(events.map(({ eventName }) => eventName).sort()).toEqual([
      "ObjectCreated:Put",
      "ObjectRemoved:Delete",
      "ObjectRemoved:DeleteMarkerCreated",
      "ObjectTagging:Put",
    ]);
    const object = (name: string): object | undefined => events.find(({ eventName }) => eventName === name)?.s3.object;
    expect(object("ObjectRemoved:Delete")).toEqual({ key: "in/x.txt", versionId: "v1", sequencer: "1" });
    expect(object("ObjectCreated:Put")).toEqual({ key: "in/empty.txt", size: 0, eTag: "d41d", sequencer: "2" });
  });

  it("reaches the queues of the template by their rules", async () => {
    const stack = await start(minio());
    await post(stack, payload({ bucket: "far-queued", key: "b/1" }));
    await post(stack, payload({ bucket: "far-queued", key: "a/1" }));
    const [message] = await stack.waitFor(async () => {
      const received = await stack.sqs.receive("Orders");
      const events = received.filter(({ body }) => body.includes("Records"));
      return events.length > 0 && events;
    }, PATIENT);
    expect(JSON.parse(message?.body ?? "")).toMatchObject({ Records: [{ s3: { object: { key: "a/1" } } }] });
  });

  it("is heard with its token alone, and only when it says something", async () => {
    const stack = await start(minio());
    for (const token of ["", "Bearer another-token", TOKEN])
      expect((await post(stack, payload({}), token)).status).toBe(403);
    expect((await post(stack, "{}")).status).toBe(400);
    expect((await post(stack, "no json")).status).toBe(400);
    expect((await post(stack, payload({ object: { key: "%zz" } }))).status).toBe(200);
    const got = await fetch(`${stack.endpoint}/_lambda-run/bucket-events`, {
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    expect(got.status).toBe(405);
    await stack.stack.activity.quiet();
    expect(stack.invocations("told")).toEqual([]);
  });

  it("is no path of a stack whose S3 is embedded", async () => {
    const stack = await start({});
    expect((await post(stack, payload({}))).status).not.toBe(200);
    await stack.stack.activity.quiet();
    expect(stack.invocations("told")).toEqual([]);
  });
});

describe("a server that has S3 and SQS", () => {
  const both = (): object => ({ s3: far.backend, sqs: far.backend });
  const configured = async (Bucket: string): Promise<unknown> => {
    const s3 = new S3Client({ ...far.client(), forcePathStyle: true });
    const { $metadata: _, ...rest } = await s3.send(new GetBucketNotificationConfigurationCommand({ Bucket }));
    s3.destroy();
    return rest;
  };

  it("is told which of its buckets announce to which of its queues", async () => {
    await start(both());
    expect(await configured("far-queued")).toEqual({
      QueueConfigurations: [
        {
          Id: "notification-1",
          QueueArn: "arn:aws:sqs:us-east-1:000000000000:orders",
          Events: ["s3:ObjectCreated:*"],
          Filter: { Key: { FilterRules: [{ Name: "Prefix", Value: "a/" }] } },
        },
      ],
    });
    expect(notices).toContainEqual(expect.stringMatching(/^events of far-store reach queues at .* only/));
  });

  it("tells functions through a queue of ours there, when the config names one", async () => {
    const stack = await start({ s3: { ...far.backend, eventQueue: "our-events" } });
    const rules = {
      QueueConfigurations: [expect.objectContaining({ QueueArn: "arn:aws:sqs:us-east-1:000000000000:our-events" })],
    };
    expect(await configured("far-store")).toEqual(rules);
    // Its queues are elsewhere than the template's: what it tells them comes through here too.
    expect(await configured("far-queued")).toEqual(rules);
    expect(notices.filter((text) => text.includes("fire nothing"))).toEqual([]);
    const sqs = new SQSClient(far.client());
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: "our-events" }));
    const send = (body: string): Promise<unknown> => sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: body }));
    await send(JSON.stringify({ Service: "Amazon S3", Event: "s3:TestEvent" }));
    await send(payload({ name: "ObjectCreated:Put" }));
    await send(payload({ name: "ObjectCreated:Put", bucket: "far-queued", key: "a/1" }));
    const [first] = await finished(stack, 1);
    expect(first?.event).toMatchObject({ Records: [{ eventName: "ObjectCreated:Put", eventSource: "aws:s3" }] });
    const [message] = await stack.waitFor(async () => {
      const received = await stack.sqs.receive("Orders");
      const events = received.filter(({ body }) => body.includes("Records"));
      return events.length > 0 && events;
    }, PATIENT);
    expect(message?.body).toContain("a/1");
    await stack.waitFor(async () => {
      const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] }));
      return (
        Attributes?.["ApproximateNumberOfMessages"] === "0" &&
        Attributes["ApproximateNumberOfMessagesNotVisible"] === "0"
      );
    }, PATIENT);
    sqs.destroy();
  });

  it("keeps what somebody else has set there", async () => {
    const s3 = new S3Client({ ...far.client(), forcePathStyle: true });
    const Bucket = "far-queued";
    const theirs = {
      Id: "theirs",
      QueueArn: "arn:aws:sqs:us-east-1:000000000000:other",
      Events: ["s3:ObjectRemoved:*" as const],
    };
    await s3.send(new CreateBucketCommand({ Bucket }));
    await s3.send(
      new PutBucketNotificationConfigurationCommand({
        Bucket,
        NotificationConfiguration: { QueueConfigurations: [theirs] },
      }),
    );
    await start(both());
    expect(await configured(Bucket)).toEqual({ QueueConfigurations: [theirs] });
    s3.destroy();
  });
});
