/** S3 notifications of a running stack: what is told to whom, when, in which form, and what is not. */
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketNotificationConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import { createStack, type TestStack } from "../../../src/index.js";
import type { ObjectEvent } from "../../../src/shared/bus.js";
import { formUrlEncode, s3BusEvent, s3Notification } from "../../../src/sources/s3/event.js";
import { ProjectFolder } from "../../cli/cli.js";
import { PATIENT } from "../../until.js";

const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Resources:
  Inbox: { Type: AWS::SQS::Queue, Properties: { QueueName: inbox } }
  Other: { Type: AWS::SQS::Queue, Properties: { QueueName: other } }
  Landing:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: landing
      NotificationConfiguration:
        QueueConfigurations:
          - { Event: "s3:ObjectCreated:*", Queue: !GetAtt Inbox.Arn, Filter: { S3Key: { Rules: [{ Name: prefix, Value: in/ }, { Name: suffix, Value: .txt }] } } }
          - { Event: "s3:ObjectRemoved:*", Queue: !GetAtt Inbox.Arn }
  BusEvents: { Type: AWS::SQS::Queue, Properties: { QueueName: bus-events } }
  Plain: { Type: AWS::S3::Bucket, Properties: { BucketName: plain } }
  Watched: { Type: AWS::S3::Bucket, Properties: { BucketName: watched } }
  Bus:
    Type: AWS::S3::Bucket
    Properties: { BucketName: to-bus, NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } } }
  Echo:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: echo
      Runtime: nodejs22.x
      CodeUri: src/
      Handler: echo.handler
      Events: { Put: { Type: S3, Properties: { Bucket: !Ref Watched, Events: s3:ObjectCreated:Put } } }
`;
const ECHO =
  "let calls = 0; export const handler = async (event) => { calls += 1; if (event.Records[0].s3.object.key === 'poison' && calls < 3) throw new Error('no'); return event; };";

const event: ObjectEvent = {
  namespace: "s3",
  bucket: "landing",
  key: "in/a b@c.txt",
  action: "Put",
  sizeBytes: 9,
  eTag: "437b930db84b8079c2dd804a71936b5f",
  sequencer: "0055AED6DCD90281E5",
  requestId: "C3D13FE58DE4C810",
  sourceIpAddress: "127.0.0.1",
  timeMs: 0,
};
const realm = { region: "us-east-1", accountId: "000000000000" };

describe("the form of a notification", () => {
  it("is AWS's, member by member", () => {
    expect(s3Notification("ObjectCreated", event, "cfg", realm)).toEqual({
      Records: [
        {
          eventVersion: "2.1",
          eventSource: "aws:s3",
          awsRegion: "us-east-1",
          eventTime: "1970-01-01T00:00:00.000Z",
          eventName: "ObjectCreated:Put",
          userIdentity: { principalId: expect.stringMatching(/^AWS:AIDA[0-9A-F]{17}$/) },
          requestParameters: { sourceIPAddress: "127.0.0.1" },
          responseElements: {
            "x-amz-request-id": "C3D13FE58DE4C810",
            "x-amz-id-2": expect.stringMatching(/^[A-Za-z0-9+/=]{88}$/),
          },
          s3: {
            s3SchemaVersion: "1.0",
            configurationId: "cfg",
            bucket: {
              name: "landing",
              ownerIdentity: { principalId: expect.stringMatching(/^A[0-9A-F]{13}$/) },
              arn: "arn:aws:s3:::landing",
            },
            object: {
              key: "in/a+b%40c.txt",
              size: 9,
              eTag: "437b930db84b8079c2dd804a71936b5f",
              sequencer: "0055AED6DCD90281E5",
            },
          },
        },
      ],
    });
  });

  it("has version 2.3 and no sequencer for tags", () => {
    const { Records } = s3Notification("ObjectTagged", { ...event, action: "Put" }, "cfg", realm) as {
      Records: { eventVersion: string; eventName: string; s3: { object: object } }[];
    };
    expect(Records[0]).toMatchObject({ eventVersion: "2.3", eventName: "ObjectTagging:Put" });
    expect(Object.keys(Records[0]?.s3.object ?? {})).toEqual(["key", "eTag"]);
  });

  it.each([
    ["a b", "a+b"],
    ["a+b", "a%2Bb"],
    ["x/y/z", "x/y/z"],
    ["é(1)!'~*", "%C3%A9%281%29%21%27%7E*"],
    ["100%", "100%25"],
  ])("encodes the key %s as a form does", (key, encoded) => {
    expect(formUrlEncode(key)).toBe(encoded);
    expect(decodeURIComponent(encoded.replaceAll("+", " "))).toBe(key);
  });

  it("names the key as it is on the event bus, and the kind of a deletion", () => {
    const created = s3BusEvent("ObjectCreated", event, realm, "id");
    expect(created).toMatchObject({
      source: "aws.s3",
      "detail-type": "Object Created",
      time: "1970-01-01T00:00:00Z",
      resources: ["arn:aws:s3:::landing"],
    });
    expect(created["detail"]).toEqual({
      version: "0",
      bucket: { name: "landing" },
      object: { key: "in/a b@c.txt", size: 9, etag: event.eTag, sequencer: event.sequencer },
      "request-id": event.requestId,
      requester: "000000000000",
      "source-ip-address": "127.0.0.1",
      reason: "PutObject",
    });
    const removed = s3BusEvent(
      "ObjectRemoved",
      { ...event, action: "DeleteMarkerCreated", versionId: "v1" },
      realm,
      "id",
    );
    expect(removed["detail"]).toMatchObject({
      reason: "DeleteObject",
      "deletion-type": "Delete Marker Created",
      object: { key: event.key, "version-id": "v1", sequencer: event.sequencer },
    });
    expect(JSON.stringify(removed)).not.toMatch(/etag|size/);
  });
});

describe("S3 notifications of a stack", () => {
  let project: ProjectFolder;
  let stack: TestStack;
  let s3: S3Client;
  beforeAll(async () => {
    project = new ProjectFolder({ "template.yaml": TEMPLATE, "src/echo.ts": ECHO });
    stack = await createStack({ folder: project.folder, clock: "virtual" });
    s3 = new S3Client(stack.clientConfig);
    // The test event of the configuration itself.
    await stack.waitFor(async () => (await stack.sqs.depth("inbox")).visible === 2, PATIENT);
    await stack.sqs.receive("inbox");
  });
  afterAll(async () => {
    s3.destroy();
    await stack.close();
    project.remove();
  });

  interface Told {
    readonly eventName: string;
    readonly s3: { readonly configurationId: string; readonly object: Readonly<Record<string, unknown>> };
  }
  const told = async (queue: string, count: number): Promise<Told[]> => {
    await stack.waitFor(async () => (await stack.sqs.depth(queue)).visible >= count, PATIENT);
    return (await stack.sqs.receive(queue, 100)).flatMap(
      ({ body }) => (JSON.parse(body) as { Records: Told[] }).Records,
    );
  };

  it("tell a queue of every way in which an object is made, in the order in which it happened", async () => {
    const Bucket = "landing";
    await s3.send(new PutObjectCommand({ Bucket, Key: "in/1.txt", Body: "one" }));
    await s3.send(new CopyObjectCommand({ Bucket, Key: "in/2.txt", CopySource: "landing/in/1.txt" }));
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: "in/3.txt" }));
    const part = await s3.send(
      new UploadPartCommand({ Bucket, Key: "in/3.txt", UploadId, PartNumber: 1, Body: "part" }),
    );
    await s3.send(
      new CompleteMultipartUploadCommand({
        Bucket,
        Key: "in/3.txt",
        UploadId,
        MultipartUpload: { Parts: [{ PartNumber: 1, ETag: part.ETag }] },
      }),
    );
    const events = await told("inbox", 3);
    expect(events.map(({ eventName }) => eventName)).toEqual([
      "ObjectCreated:Put",
      "ObjectCreated:Copy",
      "ObjectCreated:CompleteMultipartUpload",
    ]);
    expect(events.map(({ s3: { object } }) => object["size"])).toEqual([3, 3, 4]);
    expect(events[2]?.s3.object["eTag"]).toMatch(/^[0-9a-f]{32}-1$/);
    const sequencers = events.map(({ s3: { object } }) => String(object["sequencer"]));
    expect([...sequencers].sort()).toEqual(sequencers);
    expect("versionId" in (events[0]?.s3.object ?? {})).toBe(false);
  });

  it("say nothing of keys that a filter leaves out, of other events, or of writes that failed", async () => {
    await s3.send(new PutObjectCommand({ Bucket: "landing", Key: "in/image.png", Body: "x" }));
    await s3.send(new PutObjectCommand({ Bucket: "landing", Key: "out/a.txt", Body: "x" }));
    await s3.send(
      new PutObjectTaggingCommand({
        Bucket: "landing",
        Key: "in/1.txt",
        Tagging: { TagSet: [{ Key: "a", Value: "b" }] },
      }),
    );
    await expect(
      s3.send(new PutObjectCommand({ Bucket: "landing", Key: "in/1.txt", Body: "x", IfNoneMatch: "*" })),
    ).rejects.toMatchObject({ name: "PreconditionFailed" });
    await expect(
      s3.send(
        new PutObjectCommand({
          Bucket: "landing",
          Key: "in/bad.txt",
          Body: "x",
          ContentMD5: "AAAAAAAAAAAAAAAAAAAAAA==",
        }),
      ),
    ).rejects.toMatchObject({ name: "BadDigest" });
    await s3.send(new PutObjectCommand({ Bucket: "landing", Key: "in/last.txt", Body: "x" }));
    expect((await told("inbox", 1)).map(({ s3: { object } }) => object["key"])).toEqual(["in/last.txt"]);
  });

  it("tell of each deleted key by itself, without size and eTag", async () => {
    for (const Key of ["d/1", "d/2"]) await s3.send(new PutObjectCommand({ Bucket: "landing", Key, Body: "x" }));
    await s3.send(
      new DeleteObjectsCommand({ Bucket: "landing", Delete: { Objects: [{ Key: "d/1" }, { Key: "d/2" }] } }),
    );
    const events = await told("inbox", 2);
    expect(events.map(({ eventName }) => eventName)).toEqual(["ObjectRemoved:Delete", "ObjectRemoved:Delete"]);
    expect(Object.keys(events[0]?.s3.object ?? {}).sort()).toEqual(["key", "sequencer"]);
  });

  it("are refused for a queue, topic or function that is not there, unless the check is to be skipped", async () => {
    const missing = {
      QueueConfigurations: [
        { QueueArn: "arn:aws:sqs:us-east-1:000000000000:nowhere", Events: ["s3:ObjectRemoved:*" as const] },
      ],
      TopicConfigurations: [
        { TopicArn: "arn:aws:sns:us-east-1:000000000000:no-news", Events: ["s3:ObjectTagging:*" as const] },
      ],
      LambdaFunctionConfigurations: [
        {
          LambdaFunctionArn: "arn:aws:lambda:us-east-1:000000000000:function:nobody",
          Events: ["s3:ObjectCreated:*" as const],
        },
      ],
    };
    const put = (more: object = {}) =>
      s3.send(
        new PutBucketNotificationConfigurationCommand({
          Bucket: "plain",
          NotificationConfiguration: missing,
          ...more,
        }),
      );
    await expect(put()).rejects.toMatchObject({
      name: "InvalidArgument",
      message: "Unable to validate the following destination configurations",
      ArgumentName1: "arn:aws:sns:us-east-1:000000000000:no-news",
      ArgumentValue1: "The destination topic does not exist",
      ArgumentName2: "arn:aws:sqs:us-east-1:000000000000:nowhere",
      ArgumentValue2: "The destination queue does not exist",
      ArgumentName3: "arn:aws:lambda:us-east-1:000000000000:function:nobody",
      ArgumentValue3: "The destination Lambda does not exist",
    });
    const kept = await s3.send(new GetBucketNotificationConfigurationCommand({ Bucket: "plain" }));
    expect(kept.QueueConfigurations).toBeUndefined();
    await put({ SkipDestinationValidation: true });
    await put({ NotificationConfiguration: {} });
  });

  it("send a test event and then what happens, when a configuration is put while the stack runs", async () => {
    await s3.send(
      new PutBucketNotificationConfigurationCommand({
        Bucket: "plain",
        NotificationConfiguration: {
          QueueConfigurations: [
            {
              Id: "mine",
              QueueArn: "arn:aws:sqs:us-east-1:000000000000:other",
              Events: ["s3:ObjectCreated:*", "s3:ObjectRemoved:DeleteMarkerCreated"],
            },
          ],
        },
      }),
    );
    await stack.waitFor(async () => (await stack.sqs.depth("other")).visible === 1, PATIENT);
    const [test] = await stack.sqs.receive("other");
    expect(JSON.parse(test?.body ?? "")).toEqual({
      Service: "Amazon S3",
      Event: "s3:TestEvent",
      Time: expect.stringMatching(/^\d{4}-.*Z$/),
      Bucket: "plain",
      RequestId: expect.any(String),
      HostId: expect.any(String),
    });
    await s3.send(new PutBucketVersioningCommand({ Bucket: "plain", VersioningConfiguration: { Status: "Enabled" } }));
    const { VersionId } = await s3.send(new PutObjectCommand({ Bucket: "plain", Key: "k", Body: "x" }));
    await s3.send(new DeleteObjectCommand({ Bucket: "plain", Key: "k" }));
    const [put, marker] = await told("other", 2);
    expect(put?.s3).toMatchObject({ configurationId: "mine", object: { versionId: VersionId } });
    expect(marker?.eventName).toBe("ObjectRemoved:DeleteMarkerCreated");
  });

  it("invoke a function asynchronously, which is tried again a minute later and then two minutes later", async () => {
    await s3.send(new PutObjectCommand({ Bucket: "watched", Key: "poison", Body: "x" }));
    await stack.waitFor(() => stack.invocations("echo").length === 1, PATIENT);
    await stack.clock.advance("59s");
    expect(stack.invocations("echo")).toHaveLength(1);
    await stack.clock.advance("1s");
    expect(stack.invocations("echo")).toHaveLength(2);
    await stack.clock.advance("120s");
    const invocations = stack.invocations("echo");
    expect(invocations.map(({ error }) => error?.errorMessage)).toEqual(["no", "no", undefined]);
    expect(new Set(invocations.map(({ requestId }) => requestId)).size).toBe(1);
    expect(invocations[2]?.payload).toMatchObject({
      Records: [{ eventName: "ObjectCreated:Put", s3: { object: { key: "poison" } } }],
    });
  });

  it("go to the event bus when the bucket says so, and from there to the targets of rules", async () => {
    const events = new EventBridgeClient(stack.clientConfig);
    const EventPattern = JSON.stringify({ source: ["aws.s3"], detail: { bucket: { name: ["to-bus"] } } });
    await events.send(new PutRuleCommand({ Name: "objects", EventPattern }));
    const Targets = [{ Id: "queue", Arn: "arn:aws:sqs:us-east-1:000000000000:bus-events" }];
    await events.send(new PutTargetsCommand({ Rule: "objects", Targets }));
    events.destroy();
    await s3.send(new PutObjectCommand({ Bucket: "to-bus", Key: "a key", Body: "x" }));
    await stack.waitFor(async () => (await stack.sqs.depth("bus-events")).visible === 1, PATIENT);
    const [message] = await stack.sqs.receive("bus-events");
    expect(JSON.parse(message?.body ?? "{}")).toMatchObject({
      "detail-type": "Object Created",
      detail: { object: { key: "a key" } },
    });
  });
});
