/** Generated events, judged by the schemas of AWS's own Powertools, and run through the command line. */
import {
  APIGatewayProxyEventSchema,
  APIGatewayProxyEventV2Schema,
  APIGatewayProxyWebsocketEventSchema,
  DynamoDBStreamSchema,
  EventBridgeSchema,
  KinesisDataStreamSchema,
  LambdaFunctionUrlSchema,
  S3EventNotificationEventBridgeSchema,
  S3Schema,
  S3SqsEventNotificationSchema,
  SnsSchema,
  SnsSqsNotificationSchema,
  SqsSchema,
} from "@aws-lambda-powertools/parser/schemas";
import {
  EVENT_KINDS,
  eventKind,
  generateEvent,
  type EventKind,
  type EventSettings,
  type Wrapper,
} from "../../../src/cli/generate/events.js";
import { ProjectFolder, smallProject } from "../cli.js";

const settings: EventSettings = {
  realm: { region: "us-east-1", accountId: "000000000000" },
  nowMs: Date.UTC(2026, 3, 30, 16, 5, 12),
  method: "POST",
  path: "/items/7?a=1&a=2&b=x%20y",
  route: "/items/{id}",
  stage: undefined,
  localHost: "127.0.0.1:3000",
  headers: [["X-Trace", "1"]],
  body: Buffer.from('{"n":1}'),
  bucket: "reports",
  key: "2026/04/a b.pdf",
  sizeBytes: 2048,
  queue: "uploads",
  topic: "news",
  subject: undefined,
  stream: "clicks",
  partitionKey: "user-1",
  table: {
    streamArn: "arn:aws:dynamodb:us-east-1:000000000000:table/orders/stream/s",
    viewType: "NEW_AND_OLD_IMAGES",
    keyNames: ["n"],
  },
  ruleArn: "arn:aws:events:us-east-1:000000000000:rule/tick",
  scheduleArn: "arn:aws:scheduler:us-east-1:000000000000:schedule/default/nightly",
  old: Buffer.from('{"n":1,"tags":["a",true,null,{"b":"c"}]}'),
  source: "my.app",
  detailType: "Uploaded",
};
const make = (kind: EventKind, ...wrappers: Wrapper[]): unknown => generateEvent(kind, wrappers, settings);

test.each([
  ["apigw:v1", [], APIGatewayProxyEventSchema],
  ["apigw:v2", [], APIGatewayProxyEventV2Schema],
  ["url", [], LambdaFunctionUrlSchema],
  ["s3:put", [], S3Schema],
  ["s3:delete", [], S3Schema],
  ["sqs", [], SqsSchema],
  ["sns", [], SnsSchema],
  ["dynamodb:insert", [], DynamoDBStreamSchema],
  ["dynamodb:modify", [], DynamoDBStreamSchema],
  ["dynamodb:remove", [], DynamoDBStreamSchema],
  ["kinesis", [], KinesisDataStreamSchema],
  ["eventbridge", ["kinesis"], KinesisDataStreamSchema],
  ["eventbridge", [], EventBridgeSchema],
  ["schedule", [], EventBridgeSchema],
  ["s3:put", ["sqs"], S3SqsEventNotificationSchema],
  ["s3:put", ["eventbridge"], S3EventNotificationEventBridgeSchema],
  ["s3:put", ["eventbridge", "sqs"], SqsSchema],
  ["s3:put", ["sqs", "eventbridge"], EventBridgeSchema],
  ["s3:put", ["sns"], SnsSchema],
  ["s3:put", ["sns", "sqs"], SqsSchema],
] as const)("%s in %j holds against Powertools' schema", (kind, wrappers, schema) => {
  expect(schema.safeParse(make(kind, ...wrappers)).error?.issues).toBeUndefined();
});

test("a change of a table carries what its stream would show", () => {
  const before = { n: { N: "1" }, tags: { L: [{ S: "a" }, { BOOL: true }, { NULL: true }, { M: { b: { S: "c" } } }] } };
  expect(make("dynamodb:modify")).toMatchObject({
    Records: [
      {
        eventName: "MODIFY",
        eventSource: "aws:dynamodb",
        dynamodb: {
          Keys: { n: { N: "1" } },
          NewImage: { n: { N: "1" } },
          OldImage: before,
          StreamViewType: "NEW_AND_OLD_IMAGES",
        },
        eventSourceARN: settings.table.streamArn,
      },
    ],
  });
  const of = (change: Partial<EventSettings>): unknown =>
    generateEvent("dynamodb:insert", [], { ...settings, ...change });
  const record = (event: unknown): unknown => (event as { Records: { dynamodb: object }[] }).Records[0]?.dynamodb;
  const keysOnly = { ...settings.table, viewType: "KEYS_ONLY", keyNames: [] } as const;
  expect(record(of({ table: keysOnly, body: Buffer.from('{"id":{"S":"7"},"x":{"BOOL":true}}') }))).toEqual({
    ApproximateCreationDateTime: 1777565112,
    Keys: { id: { S: "7" } },
    SequenceNumber: expect.stringMatching(/^\d{21}$/),
    SizeBytes: 3,
    StreamViewType: "KEYS_ONLY",
  });
  expect(() => of({ body: Buffer.from('{"m":1}') })).toThrow('The item has no key "n"');
  expect(() => of({ body: Buffer.from("[1]") })).toThrow("An item has to be a JSON object");
  expect(() => of({ body: Buffer.from("{") })).toThrow("The body of this kind of event has to be JSON");
});

test("a request finds its way into the event", () => {
  expect(make("apigw:v1")).toMatchObject({
    resource: "/items/{id}",
    pathParameters: { id: "7" },
    queryStringParameters: { a: "2", b: "x y" },
    body: '{"n":1}',
    headers: { "X-Trace": "1" },
  });
  expect(make("apigw:v2")).toMatchObject({
    routeKey: "POST /items/{id}",
    pathParameters: { id: "7" },
    queryStringParameters: { a: "1,2" },
    headers: { "x-trace": "1" },
  });
});

test.each([
  ["apigw:websocket-connect", "CONNECT", "$connect", true],
  ["apigw:websocket-message", "MESSAGE", "/items/{id}", false],
  ["apigw:websocket-disconnect", "DISCONNECT", "$disconnect", true],
] as const)(
  "%s holds against Powertools' schema, and has what such an event has",
  (kind, eventType, routeKey, hasHeaders) => {
    const event = make(kind) as { requestContext: unknown; headers?: unknown; body?: unknown };
    // The schema as a whole is that of an authorizer's event: it wants a methodArn.
    const context = APIGatewayProxyWebsocketEventSchema.shape.requestContext.parse(event.requestContext);
    expect(context).toMatchObject({ eventType, routeKey, stage: "prod", domainName: "127.0.0.1:3000" });
    expect(event.headers !== undefined).toBe(hasHeaders);
    expect(event.body).toBe(eventType === "MESSAGE" ? '{"n":1}' : undefined);
    expect(event).toMatchObject(
      eventType === "CONNECT" ? { queryStringParameters: { a: "2", b: "x y" }, headers: { "X-Trace": "1" } } : {},
    );
  },
);

test("a key is encoded as S3 encodes it, and stays as it is on the bus", () => {
  expect(make("s3:put")).toMatchObject({
    Records: [{ s3: { bucket: { name: "reports" }, object: { key: "2026/04/a+b.pdf", size: 2048 } } }],
  });
  expect(make("s3:put", "eventbridge")).toMatchObject({
    "detail-type": "Object Created",
    detail: { object: { key: "2026/04/a b.pdf" } },
  });
});

test("events by time name their rule or schedule; the Scheduler's detail is a text", () => {
  expect(make("schedule")).toMatchObject({
    source: "aws.events",
    "detail-type": "Scheduled Event",
    time: "2026-04-30T16:05:12Z",
    resources: [settings.ruleArn],
    detail: {},
  });
  expect(make("scheduler")).toMatchObject({ source: "aws.scheduler", resources: [settings.scheduleArn], detail: "{}" });
});

test("a notification that went through a topic into a queue is AWS's envelope around S3's event", () => {
  const { Records } = SqsSchema.parse(make("s3:put", "sns", "sqs"));
  const envelope = SnsSqsNotificationSchema.parse(JSON.parse(String(Records[0]?.body)));
  expect(envelope.Subject).toBe("Amazon S3 Notification");
  expect(S3Schema.safeParse(JSON.parse(envelope.Message)).success).toBe(true);
});

test("a state machine hands its input on as it is", () => {
  expect(make("sfn")).toEqual({ n: 1 });
});

test("a kind that is none is refused with the nearest one", () => {
  expect(() => eventKind("apigw:v3", EVENT_KINDS)).toThrow('"apigw:v3" is no kind of event');
});

test("the command prints an event that invoke takes from a pipe, a file and as text", async () => {
  const project = new ProjectFolder(
    smallProject(
      "export const handler = async (event: { rawPath: string; body: string }) => [event.rawPath, event.body];",
    ),
  );
  project.write("body.json", '{"from":"file"}');
  const made = await project.run([
    "generate-event",
    "apigw:v2",
    "--method",
    "POST",
    "--path",
    "/upload",
    "--body",
    "@body.json",
  ]);
  expect(made).toMatchObject({ exitCode: 0, stderr: "" });
  const answers = ["/upload", '{"from":"file"}'];
  project.write("event.json", made.stdout);
  for (const run of [
    project.run(["invoke", "hello", "--event", "-"], { input: made.stdout }),
    project.run(["invoke", "hello", "--event", "event.json"]),
    project.run(["invoke", "hello", "--data", made.stdout]),
  ])
    expect(JSON.parse((await run).stdout)).toEqual(answers);
  project.remove();
}, 30_000);

test("the command takes resources by logical id, with the region and account of the project", async () => {
  const project = new ProjectFolder({
    "template.yaml": [
      "Resources:",
      "  Store: { Type: AWS::S3::Bucket, Properties: { BucketName: my-store } }",
      "  Jobs: { Type: AWS::SQS::Queue, Properties: { QueueName: the-jobs } }",
      "  News: { Type: AWS::SNS::Topic, Properties: { TopicName: the-news } }",
      "  Rows: { Type: AWS::DynamoDB::Table, Properties: { TableName: the-rows, BillingMode: PAY_PER_REQUEST, AttributeDefinitions: [{ AttributeName: pk, AttributeType: S }], KeySchema: [{ AttributeName: pk, KeyType: HASH }], StreamSpecification: { StreamViewType: OLD_IMAGE } } }",
      "",
    ].join("\n"),
    "lambda-run.config.json": JSON.stringify({ region: "eu-west-1", accountId: "123456789012" }),
  });
  const made = async (...args: string[]): Promise<unknown> =>
    JSON.parse((await project.run(["generate-event", ...args])).stdout);
  expect(await made("s3:put", "--bucket", "Store")).toMatchObject({
    Records: [{ awsRegion: "eu-west-1", s3: { bucket: { name: "my-store", arn: "arn:aws:s3:::my-store" } } }],
  });
  expect(await made("sqs", "--queue", "Jobs")).toMatchObject({
    Records: [{ eventSourceARN: "arn:aws:sqs:eu-west-1:123456789012:the-jobs" }],
  });
  expect(await made("sns", "--topic", "News")).toMatchObject({
    Records: [{ Sns: { TopicArn: "arn:aws:sns:eu-west-1:123456789012:the-news" } }],
  });
  const item = '{"n":1,"pk":"a"}';
  expect(await made("dynamodb:remove", "--table", "Rows", "--body", item)).toMatchObject({
    Records: [
      {
        dynamodb: {
          Keys: { pk: { S: "a" } },
          OldImage: { n: { N: "1" }, pk: { S: "a" } },
          StreamViewType: "OLD_IMAGE",
        },
        eventSourceARN: expect.stringMatching(/^arn:aws:dynamodb:eu-west-1:123456789012:table\/the-rows\/stream\//),
      },
    ],
  });
  expect(await made("dynamodb:insert", "--table", "elsewhere", "--body", item)).toMatchObject({
    Records: [{ dynamodb: { Keys: { n: { N: "1" } } }, eventSourceARN: expect.stringContaining("table/elsewhere/") }],
  });
  expect(await made("sqs", "--queue", "elsewhere", "--region", "us-west-2")).toMatchObject({
    Records: [{ eventSourceARN: "arn:aws:sqs:us-west-2:123456789012:elsewhere" }],
  });
  project.remove();
}, 30_000);

test("the command says what is wrong with its words", async () => {
  const project = new ProjectFolder({});
  for (const [args, text] of [
    [["generate-event", "s3:putt"], "Did you mean s3:put?"],
    [["generate-event", "sqs", "--body", "@nowhere"], "The body cannot be read"],
    [["generate-event", "eventbridge", "--body", "{"], "has to be JSON"],
    [["generate-event", "apigw:v1", "--header", "nothing"], "is no header"],
    [["generate-event", "apigw:v1", "--path", "/a", "--route", "/b"], "does not lie on the route"],
    [["generate-event", "s3:put", "--size", "big"], "is no size"],
  ] as const) {
    const { exitCode, stderr } = await project.run(args);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining(text)]);
  }
  project.remove();
}, 30_000);
