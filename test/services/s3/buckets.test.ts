import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteBucketWebsiteCommand,
  DeleteObjectTaggingCommand,
  GetBucketCorsCommand,
  GetBucketEncryptionCommand,
  GetBucketLocationCommand,
  GetBucketNotificationConfigurationCommand,
  GetBucketTaggingCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
  ListBucketMetricsConfigurationsCommand,
  PutBucketCorsCommand,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketTaggingCommand,
  PutBucketWebsiteCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  GetBucketLifecycleConfigurationCommand,
  HeadObjectCommand,
  type NotificationConfiguration,
  type Tag,
} from "@aws-sdk/client-s3";
import { refusal, startS3, type S3Fixture } from "./fixture.js";
import { element } from "../gateway-fixture.js";

const Bucket = "buckets";
let s3: S3Fixture;

beforeAll(async () => {
  s3 = await startS3();
  await s3.client.send(new CreateBucketCommand({ Bucket }));
});
afterAll(() => s3.stop());

test("a bucket is made, made again, found, located and deleted", async () => {
  const name = "short-lived";
  expect(await s3.client.send(new CreateBucketCommand({ Bucket: name }))).toMatchObject({ Location: `/${name}` });
  expect(await refusal(s3.client.send(new CreateBucketCommand({ Bucket: name })))).toBe("no refusal");
  expect(await s3.client.send(new HeadBucketCommand({ Bucket: name }))).toMatchObject({ BucketRegion: "us-east-1" });
  expect((await s3.client.send(new GetBucketLocationCommand({ Bucket: name }))).LocationConstraint).toBeUndefined();
  await s3.client.send(new DeleteBucketCommand({ Bucket: name }));
  expect(await refusal(s3.client.send(new HeadBucketCommand({ Bucket: name })))).toBe("404 NotFound");
});

test("a bucket elsewhere says where, and is not made twice", async () => {
  const make = () =>
    s3.client.send(
      new CreateBucketCommand({
        Bucket: "far-away",
        CreateBucketConfiguration: { LocationConstraint: "eu-central-1" },
      }),
    );
  await make();
  expect((await s3.client.send(new GetBucketLocationCommand({ Bucket: "far-away" }))).LocationConstraint).toBe(
    "eu-central-1",
  );
  expect(await refusal(make())).toBe("409 BucketAlreadyOwnedByYou");
});

test.each([
  "ab",
  "a".repeat(64),
  "Upper",
  "under_score",
  "two..dots",
  "-dash",
  "dash-",
  "1.2.3.4",
  "xn--x",
  "ends-s3alias",
])("bucket name %s is refused", async (name) => {
  const answer = await s3.signed({ method: "PUT", path: `/${name}` });
  expect([answer.status, element(answer.body, "Code"), element(answer.body, "BucketName")]).toEqual([
    400,
    "InvalidBucketName",
    name,
  ]);
});

test("a bucket that is not there is named, whatever is asked of it", async () => {
  for (const path of [
    "/no-such-bucket",
    "/no-such-bucket/key",
    "/no-such-bucket?versioning",
    "/no-such-bucket?uploads",
  ]) {
    const answer = await s3.signed({ path });
    expect([
      answer.status,
      element(answer.body, "Code"),
      element(answer.body, "BucketName"),
      element(answer.body, "Resource"),
    ]).toEqual([404, "NoSuchBucket", "no-such-bucket", path.split("?")[0]]);
  }
});

test("a bucket with an object is not deleted", async () => {
  await s3.client.send(new CreateBucketCommand({ Bucket: "filled" }));
  await s3.client.send(new PutObjectCommand({ Bucket: "filled", Key: "k", Body: Buffer.from("x") }));
  expect(await refusal(s3.client.send(new DeleteBucketCommand({ Bucket: "filled" })))).toBe("409 BucketNotEmpty");
});

test("tags of buckets and objects are set, got and taken away; changes to objects are told", async () => {
  const TagSet = [
    { Key: "a", Value: "1" },
    { Key: "b c", Value: "" },
  ];
  expect(await refusal(s3.client.send(new GetBucketTaggingCommand({ Bucket })))).toBe("404 NoSuchTagSet");
  await s3.client.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } }));
  expect((await s3.client.send(new GetBucketTaggingCommand({ Bucket }))).TagSet).toEqual(TagSet);
  await s3.client.send(new PutObjectCommand({ Bucket, Key: "tagged", Body: Buffer.from("x") }));
  s3.events.length = 0;
  await s3.client.send(new PutObjectTaggingCommand({ Bucket, Key: "tagged", Tagging: { TagSet } }));
  expect((await s3.client.send(new GetObjectTaggingCommand({ Bucket, Key: "tagged" }))).TagSet).toEqual(TagSet);
  await s3.client.send(new DeleteObjectTaggingCommand({ Bucket, Key: "tagged" }));
  expect((await s3.client.send(new GetObjectTaggingCommand({ Bucket, Key: "tagged" }))).TagSet).toEqual([]);
  expect(s3.events.map(({ kind, action, key }) => [kind, action, key])).toEqual([
    ["Tagged", "Put", "tagged"],
    ["Tagged", "Delete", "tagged"],
  ]);
});

test.each<[string, Tag[], string]>([
  ["eleven tags", Array.from({ length: 11 }, (_, i) => ({ Key: `k${i}`, Value: "v" })), "400 BadRequest"],
  ["a key of 129 characters", [{ Key: "k".repeat(129), Value: "" }], "400 InvalidTag"],
  ["a value of 257 characters", [{ Key: "k", Value: "v".repeat(257) }], "400 InvalidTag"],
  [
    "the same key twice",
    [
      { Key: "k", Value: "1" },
      { Key: "k", Value: "2" },
    ],
    "400 InvalidTag",
  ],
  ["a system tag", [{ Key: "aws:x", Value: "1" }], "400 InvalidTag"],
  ["a key with a semicolon", [{ Key: "a;b", Value: "1" }], "400 InvalidTag"],
])("%s are refused", async (_name, TagSet, expected) => {
  await s3.client.send(new PutObjectCommand({ Bucket, Key: "tags", Body: Buffer.from("x") }));
  expect(await refusal(s3.client.send(new PutObjectTaggingCommand({ Bucket, Key: "tags", Tagging: { TagSet } })))).toBe(
    expected,
  );
});

test.each(["a=1&a=2", "=1", "a=%zz", "a=b=c"])("x-amz-tagging %j is refused", async (tagging) => {
  const answer = await s3.signed({
    method: "PUT",
    path: `/${Bucket}/x`,
    body: "x",
    headers: { "x-amz-tagging": tagging },
  });
  expect([answer.status, element(answer.body, "Code")]).toEqual([400, "InvalidArgument"]);
});

const arn = (service: string, name: string): string => `arn:aws:${service}:us-east-1:000000000000:${name}`;
const setNotification = (NotificationConfiguration: NotificationConfiguration) =>
  s3.client.send(new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration }));

test("a notification configuration is kept, with ids for those that have none", async () => {
  await setNotification({
    LambdaFunctionConfigurations: [
      {
        Id: "mine",
        LambdaFunctionArn: arn("lambda", "function:f"),
        Events: ["s3:ObjectCreated:*"],
        Filter: {
          Key: {
            FilterRules: [
              { Name: "prefix", Value: "in/" },
              { Name: "suffix", Value: ".csv" },
            ],
          },
        },
      },
    ],
    QueueConfigurations: [{ QueueArn: arn("sqs", "q"), Events: ["s3:ObjectRemoved:*", "s3:ObjectTagging:Put"] }],
    TopicConfigurations: [
      {
        TopicArn: arn("sns", "t"),
        Events: ["s3:ObjectCreated:Put"],
        Filter: { Key: { FilterRules: [{ Name: "suffix", Value: ".pdf" }] } },
      },
    ],
    EventBridgeConfiguration: {},
  });
  const found = await s3.client.send(new GetBucketNotificationConfigurationCommand({ Bucket }));
  expect(found.LambdaFunctionConfigurations).toEqual([
    {
      Id: "mine",
      LambdaFunctionArn: arn("lambda", "function:f"),
      Events: ["s3:ObjectCreated:*"],
      Filter: {
        Key: {
          FilterRules: [
            { Name: "Prefix", Value: "in/" },
            { Name: "Suffix", Value: ".csv" },
          ],
        },
      },
    },
  ]);
  expect(found.QueueConfigurations?.[0]?.Id).toMatch(/^[\w-]{36}$/);
  expect(found.TopicConfigurations?.[0]?.TopicArn).toBe(arn("sns", "t"));
  expect(found.EventBridgeConfiguration).toEqual({});
  const service = await s3.service();
  expect(service.notificationConfiguration(Bucket)).toMatchObject({
    eventBridge: true,
    rules: [{ kind: "sns" }, { kind: "sqs" }, { kind: "lambda", id: "mine", prefix: "in/", suffix: ".csv" }],
  });
  await setNotification({});
  expect(
    (await s3.client.send(new GetBucketNotificationConfigurationCommand({ Bucket }))).LambdaFunctionConfigurations,
  ).toBeUndefined();
});

const rule = (Events: string[], ...filter: [string, string][]) => ({
  LambdaFunctionArn: arn("lambda", "function:f"),
  Events: Events as never,
  Filter: { Key: { FilterRules: filter.map(([Name, Value]) => ({ Name: Name as never, Value })) } },
});
test.each<[string, NotificationConfiguration]>([
  ["an unknown event", { LambdaFunctionConfigurations: [rule(["s3:ObjectRead:*"])] }],
  [
    "a queue's ARN for a function",
    { LambdaFunctionConfigurations: [{ ...rule(["s3:ObjectCreated:*"]), LambdaFunctionArn: arn("sqs", "q") }] },
  ],
  ["an ARN that is none", { QueueConfigurations: [{ QueueArn: "my-queue", Events: ["s3:ObjectCreated:*"] }] }],
  ["a filter of another kind", { LambdaFunctionConfigurations: [rule(["s3:ObjectCreated:*"], ["infix", "x"])] }],
  ["two prefixes", { LambdaFunctionConfigurations: [rule(["s3:ObjectCreated:*"], ["prefix", "a"], ["prefix", "b"])] }],
  [
    "overlapping rules for one event",
    {
      LambdaFunctionConfigurations: [
        rule(["s3:ObjectCreated:*"], ["prefix", "a"]),
        rule(["s3:ObjectCreated:Put"], ["prefix", "a/b"]),
      ],
    },
  ],
  [
    "the same id twice",
    {
      LambdaFunctionConfigurations: [
        { ...rule(["s3:ObjectCreated:*"]), Id: "x" },
        { ...rule(["s3:ObjectRemoved:*"]), Id: "x" },
      ],
    },
  ],
  ["a FIFO queue", { QueueConfigurations: [{ QueueArn: arn("sqs", "q.fifo"), Events: ["s3:ObjectCreated:*"] }] }],
])("a notification configuration with %s is refused", async (_name, configuration) => {
  expect(await refusal(setNotification(configuration))).toBe("400 InvalidArgument");
});

test("rules that overlap in prefix but not in suffix are accepted", async () => {
  await setNotification({
    LambdaFunctionConfigurations: [
      rule(["s3:ObjectCreated:*"], ["prefix", "a"], ["suffix", ".x"]),
      rule(["s3:ObjectCreated:*"], ["prefix", "a/b"], ["suffix", ".y"]),
    ],
  });
  expect((await s3.service()).notificationConfiguration(Bucket)?.rules).toHaveLength(2);
  await setNotification({});
});

test("CORS: the configuration, the preflight, and the headers on answers", async () => {
  const options = (headers: Record<string, string>, path = `/${Bucket}/k`) =>
    s3.anonymous({ method: "OPTIONS", path, headers: { host: `127.0.0.1:${s3.gateway.port}`, ...headers } });
  const page = { origin: "https://app.example.com", "access-control-request-method": "PUT" };
  const before = await options(page);
  expect([before.status, element(before.body, "Message")]).toEqual([
    403,
    "CORSResponse: CORS is not enabled for this bucket.",
  ]);
  expect(await refusal(s3.client.send(new GetBucketCorsCommand({ Bucket })))).toBe("404 NoSuchCORSConfiguration");
  const CORSRules = [
    {
      AllowedOrigins: ["https://*.example.com"],
      AllowedMethods: ["PUT", "GET"],
      AllowedHeaders: ["content-*"],
      ExposeHeaders: ["ETag"],
      MaxAgeSeconds: 60,
    },
    { AllowedOrigins: ["*"], AllowedMethods: ["GET"] },
  ];
  await s3.client.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } }));
  expect((await s3.client.send(new GetBucketCorsCommand({ Bucket }))).CORSRules).toEqual(CORSRules);
  const allowed = await options({ ...page, "access-control-request-headers": "Content-Type, content-md5" });
  expect(allowed.status).toBe(200);
  expect(allowed.headers).toMatchObject({
    "access-control-allow-origin": "https://app.example.com",
    "access-control-allow-credentials": "true",
    "access-control-allow-methods": "PUT, GET",
    "access-control-allow-headers": "content-type, content-md5",
    "access-control-expose-headers": "ETag",
    "access-control-max-age": "60",
  });
  expect((await options({ ...page, "access-control-request-headers": "x-other" })).status).toBe(403);
  expect((await options({ ...page, origin: "https://evil.test" })).status).toBe(403);
  expect((await options({})).status).toBe(400);
  await s3.client.send(new PutObjectCommand({ Bucket, Key: "k", Body: Buffer.from("x") }));
  const answer = await s3.signed({ path: `/${Bucket}/k`, headers: { origin: "https://anyone.test" } });
  expect(answer.headers["access-control-allow-origin"]).toBe("*");
  const missing = await s3.signed({ path: `/${Bucket}/none`, headers: { origin: "https://app.example.com" } });
  expect([missing.status, missing.headers["access-control-allow-origin"]]).toEqual([404, "https://app.example.com"]);
  expect((await s3.signed({ path: `/${Bucket}/k` })).headers["access-control-allow-origin"]).toBeUndefined();
});

test("encryption is AES256 unless said otherwise, and is echoed", async () => {
  const found = await s3.client.send(new GetBucketEncryptionCommand({ Bucket }));
  expect(found.ServerSideEncryptionConfiguration?.Rules?.[0]?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm).toBe(
    "AES256",
  );
  const put = (more: object = {}) =>
    s3.client.send(new PutObjectCommand({ Bucket, Key: "sse", Body: Buffer.from("x"), ...more }));
  expect((await put()).ServerSideEncryption).toBe("AES256");
  expect(await put({ ServerSideEncryption: "aws:kms", SSEKMSKeyId: "key" })).toMatchObject({
    ServerSideEncryption: "aws:kms",
    SSEKMSKeyId: "key",
  });
  expect(await put({ ServerSideEncryption: "aws:kms", BucketKeyEnabled: true })).toMatchObject({
    BucketKeyEnabled: true,
  });
  expect(await s3.client.send(new HeadObjectCommand({ Bucket, Key: "sse" }))).toMatchObject({ BucketKeyEnabled: true });
  expect(await refusal(put({ ServerSideEncryption: "rot13" }))).toBe("400 InvalidArgument");
  await s3.client.send(
    new PutBucketEncryptionCommand({
      Bucket,
      ServerSideEncryptionConfiguration: {
        Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "aws:kms" } }],
      },
    }),
  );
  await put();
  expect((await s3.client.send(new HeadObjectCommand({ Bucket, Key: "sse" }))).ServerSideEncryption).toBe("aws:kms");
});

test("a lifecycle configuration comes back as it was put", async () => {
  expect(await refusal(s3.client.send(new GetBucketLifecycleConfigurationCommand({ Bucket })))).toBe(
    "404 NoSuchLifecycleConfiguration",
  );
  const Rules = [{ ID: "r", Status: "Enabled" as const, Filter: { Prefix: "tmp/" }, Expiration: { Days: 1 } }];
  await s3.client.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } }));
  expect((await s3.client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))).Rules).toEqual(Rules);
});

test("new buckets block public access", async () => {
  expect((await s3.client.send(new GetPublicAccessBlockCommand({ Bucket }))).PublicAccessBlockConfiguration).toEqual({
    BlockPublicAcls: true,
    IgnorePublicAcls: true,
    BlockPublicPolicy: true,
    RestrictPublicBuckets: true,
  });
});

test("what is not emulated is refused by name; what S3 has not, as a method", async () => {
  expect(
    await refusal(
      s3.client.send(new PutBucketWebsiteCommand({ Bucket, WebsiteConfiguration: { IndexDocument: { Suffix: "i" } } })),
    ),
  ).toBe("501 NotImplemented");
  const cases: [string, string, string][] = [
    ["PUT", `/${Bucket}?metrics&id=1`, "PutBucketMetricsConfiguration"],
    ["PUT", `/${Bucket}?replication`, "PutBucketReplication"],
    ["POST", `/${Bucket}/k?select&select-type=2`, "SelectObjectContent"],
    ["POST", `/${Bucket}/k?restore`, "RestoreObject"],
    ["PUT", `/${Bucket}/k?retention`, "PutObjectRetention"],
  ];
  for (const [method, path, operation] of cases) {
    const answer = await s3.signed({ method, path });
    expect([path, answer.status, element(answer.body, "Code"), element(answer.body, "Message")]).toEqual([
      path,
      501,
      "NotImplemented",
      `The operation ${operation} is not emulated by lambda-run.`,
    ]);
  }
  const patch = await s3.signed({ method: "PATCH", path: `/${Bucket}/k` });
  expect([patch.status, element(patch.body, "Code"), element(patch.body, "Method")]).toEqual([
    405,
    "MethodNotAllowed",
    "PATCH",
  ]);
});

test("what cannot be configured is told as on a bucket without it", async () => {
  await s3.client.send(new PutObjectCommand({ Bucket, Key: "plain", Body: "x" }));
  const cases: [string, number, string][] = [
    [`/${Bucket}?website`, 404, "NoSuchWebsiteConfiguration"],
    [`/${Bucket}?replication`, 404, "ReplicationConfigurationNotFoundError"],
    [`/${Bucket}?object-lock`, 404, "ObjectLockConfigurationNotFoundError"],
    [`/${Bucket}?inventory&id=1`, 404, "NoSuchConfiguration"],
    [`/${Bucket}/plain?retention`, 400, "InvalidRequest"],
    [`/${Bucket}/plain?legal-hold`, 400, "InvalidRequest"],
    ["/no-such-bucket-here?website", 404, "NoSuchBucket"],
  ];
  for (const [path, status, code] of cases) {
    const answer = await s3.signed({ method: "GET", path });
    expect([path, answer.status, element(answer.body, "Code")]).toEqual([path, status, code]);
  }
  const list = await s3.client.send(new ListBucketMetricsConfigurationsCommand({ Bucket }));
  expect(list).toMatchObject({ $metadata: { httpStatusCode: 200 }, IsTruncated: false });
  const removed = await s3.client.send(new DeleteBucketWebsiteCommand({ Bucket }));
  expect(removed.$metadata.httpStatusCode).toBe(204);
});

test("appending is refused, and replaces nothing", async () => {
  await s3.client.send(new PutObjectCommand({ Bucket, Key: "grown", Body: "one" }));
  const append = new PutObjectCommand({ Bucket, Key: "grown", Body: "two", WriteOffsetBytes: 3 });
  expect(await refusal(s3.client.send(append))).toBe("501 NotImplemented");
  const { Body } = await s3.client.send(new GetObjectCommand({ Bucket, Key: "grown" }));
  expect(await Body?.transformToString()).toBe("one");
});

test("a HEAD that fails has no body", async () => {
  const answer = await s3.signed({ method: "HEAD", path: `/${Bucket}/none` });
  expect([answer.status, answer.body]).toEqual([404, ""]);
});

test("the expected owner of a bucket is checked", async () => {
  expect(
    await refusal(s3.client.send(new HeadObjectCommand({ Bucket, Key: "k", ExpectedBucketOwner: "111111111111" }))),
  ).toBe("403 Unknown");
  expect(
    await refusal(s3.client.send(new HeadObjectCommand({ Bucket, Key: "k", ExpectedBucketOwner: "000000000000" }))),
  ).toBe("no refusal");
});
