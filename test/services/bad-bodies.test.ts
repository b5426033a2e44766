/** Bodies that no SDK sends, to every JSON service behind one gateway: AWS's code, no crash, nothing stored. */
import { SignatureV4 } from "@smithy/signature-v4";
import type { EmbeddedService } from "../../src/services/service.js";
import { Sha256, startFixture, type Answer, type Fixture } from "./gateway-fixture.js";

interface Target {
  readonly service: string;
  readonly prefix: string;
  readonly version: string;
  readonly write: string;
  readonly list: string;
  /** Answer of `list` when nothing is stored. */
  readonly empty: object;
}

const target = (
  service: string,
  prefix: string,
  version: string,
  write: string,
  list: string,
  empty: object,
): Target => ({
  service,
  prefix,
  version,
  write,
  list,
  empty,
});
const TARGETS: readonly Target[] = [
  target("sqs", "AmazonSQS", "1.0", "CreateQueue", "ListQueues", {}),
  target("dynamodb", "DynamoDB_20120810", "1.0", "CreateTable", "ListTables", { TableNames: [] }),
  target("secretsmanager", "secretsmanager", "1.1", "CreateSecret", "ListSecrets", { SecretList: [] }),
  target("ssm", "AmazonSSM", "1.1", "PutParameter", "DescribeParameters", { Parameters: [] }),
  target("logs", "Logs_20140328", "1.1", "CreateLogGroup", "DescribeLogGroups", { logGroups: [] }),
  target("events", "AWSEvents", "1.1", "PutRule", "ListRules", { Rules: [] }),
  target("kinesis", "Kinesis_20131202", "1.1", "CreateStream", "ListStreams", {
    HasMoreStreams: false,
    StreamNames: [],
    StreamSummaries: [],
  }),
  target("monitoring", "GraniteServiceVersion20100801", "1.0", "PutMetricData", "ListMetrics", { Metrics: [] }),
];
const LEVELS = 100_000;
const nested = "[".repeat(LEVELS) + "]".repeat(LEVELS);
const BODIES: readonly (readonly [name: string, body: string | Buffer, code: RegExp])[] = [
  ["cut off", '{"QueueName":"q","TableName":"t","Name":"n"', /SerializationException/],
  ["a list", '[{"QueueName":"q"}]', /SerializationException/],
  ["a text", '"QueueName"', /SerializationException/],
  [
    "of bytes that are no UTF-8",
    Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0xfe, 0x22, 0x7d]),
    /Exception|RequestEntityTooLarge/,
  ],
  [
    "nested in 100,000 levels",
    `{"QueueName":${nested},"TableName":${nested},"Name":${nested},"logGroupName":${nested},"Namespace":${nested}}`,
    /Exception/,
  ],
  [
    "with a million members in a list",
    `{"QueueName":"q q","TableName":"t t","Name":"n n","logGroupName":"g g","Entries":[${"1,".repeat(999_999)}1]}`,
    /Exception|RequestEntityTooLarge/,
  ],
  [
    "of a number beyond all numbers",
    '{"QueueName":1e999,"TableName":1e999,"Name":1e999,"logGroupName":1e999}',
    /Exception/,
  ],
  ["of 17 MB", `{"Name":"${"x".repeat(17 * 1024 * 1024)}"}`, /RequestEntityTooLarge|Exception/],
];

const alarmArn = (name: string): string => `arn:aws:cloudwatch:us-east-1:000000000000:alarm:${name}`;

let fixture: Fixture;
beforeAll(async () => {
  fixture = await startFixture();
});
afterAll(() => fixture.stop());

async function call({ service, prefix, version }: Target, operation: string, body: string | Buffer): Promise<Answer> {
  const signer = new SignatureV4({
    service,
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    sha256: Sha256,
    applyChecksum: true,
  });
  const headers = {
    host: `127.0.0.1:${fixture.gateway.port}`,
    "x-amz-target": `${prefix}.${operation}`,
    "content-type": `application/x-amz-json-${version}`,
  };
  const request = { method: "POST", protocol: "http:", hostname: "127.0.0.1", path: "/", headers, body };
  const signed = await signer.sign(request, { signingDate: new Date(fixture.clock.now()) });
  return fixture.send({ method: "POST", path: "/", headers: signed.headers, body });
}

describe.each(TARGETS)("$service refuses a body", (to) => {
  test.each(BODIES)("%s", async (_name, body, code) => {
    const answer = await call(to, to.write, body);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
    const { __type: type } = JSON.parse(answer.body) as { __type: string };
    expect(type).toMatch(code);
  });

  test("and has stored nothing, and lives on", async () => {
    const answer = await call(to, to.list, "{}");
    expect([answer.status, JSON.parse(answer.body)]).toEqual([200, to.empty]);
  });
});

test.each([
  ["logs", "DescribeLogStreams", { logGroupIdentifier: "g".repeat(5000) }, "ResourceNotFoundException"],
  ["logs", "FilterLogEvents", { logGroupIdentifier: "g".repeat(5000) }, "ResourceNotFoundException"],
  ["monitoring", "ListTagsForResource", { ResourceARN: alarmArn("a".repeat(5000)) }, "ResourceNotFoundException"],
  ["logs", "DescribeLogGroups", { logGroupNamePrefix: "g".repeat(5000) }, undefined],
  ["ssm", "GetParameter", { Name: "p".repeat(2000) }, "ParameterNotFound"],
  ["ssm", "GetParameters", { Names: ["p".repeat(5000)] }, undefined],
  ["ssm", "GetParametersByPath", { Path: `/${"p".repeat(2000)}` }, undefined],
  ["ssm", "ListTagsForResource", { ResourceType: "Parameter", ResourceId: "p".repeat(5000) }, "InvalidResourceId"],
  ["monitoring", "DescribeAlarms", { AlarmNames: ["a".repeat(5000)] }, undefined],
])("a name longer than any key of the store is nobody's: %s %s", async (service, operation, input, code) => {
  const to = TARGETS.find((one) => one.service === service);
  if (to === undefined) throw new Error(service);
  const answer = await call(to, operation, JSON.stringify(input));
  const { __type: type } = JSON.parse(answer.body) as { __type?: string };
  expect(type?.replace(/^.*#/, "")).toBe(code);
});

test("no service had an error of its own to report", async () => {
  const services: EmbeddedService[] = await Promise.all(
    ["sqs", "dynamodb", "secretsmanager", "ssm", "logs", "events", "kinesis", "cloudwatch"].map((name) =>
      fixture.gateway.service(name),
    ),
  );
  expect(services).toHaveLength(TARGETS.length);
  expect(fixture.warnings).toEqual([]);
});
