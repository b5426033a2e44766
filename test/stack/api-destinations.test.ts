/** Connections and API destinations through a running stack: the API, the template, and what reaches the outside world. */
import {
  CreateApiDestinationCommand,
  CreateConnectionCommand,
  DescribeConnectionCommand,
  EventBridgeClient,
  PutEventsCommand,
  PutRuleCommand,
  PutTargetsCommand,
  UpdateConnectionCommand,
  type CreateConnectionRequest,
  type HttpParameters,
  type Target,
} from "@aws-sdk/client-eventbridge";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { createStack, type TestStack } from "../../src/index.js";
import { ProjectFolder } from "../cli/cli.js";
import { startOutside, status, type Asked, type Outside } from "../sources/eventbridge/outside.js";

const TEMPLATE = `
Resources:
  Dead: { Type: AWS::SQS::Queue, Properties: { QueueName: dead } }
`;
const ROLE = "arn:aws:iam::000000000000:role/caller";
const DEAD = "arn:aws:sqs:us-east-1:000000000000:dead";

let outside: Outside;
let stack: TestStack;
let events: EventBridgeClient;
let rules = 0;

beforeAll(async () => {
  outside = await startOutside();
  stack = await createStack({ folder: new ProjectFolder({ "template.yaml": TEMPLATE }).folder, clock: "virtual" });
  events = new EventBridgeClient(stack.clientConfig);
});
afterAll(async () => {
  events.destroy();
  await stack.close();
  await outside.stop();
});
beforeEach(() => {
  outside.asked.length = 0;
  outside.answer(status(200));
});

const API_KEY = { AuthorizationType: "API_KEY", AuthParameters: { ApiKeyAuthParameters: { ApiKeyName: "X-Key", ApiKeyValue: "s3cret" } } } as const;

async function destination(
  path: string,
  { connection = API_KEY, rate, method = "POST" }: { connection?: Omit<CreateConnectionRequest, "Name">; rate?: number; method?: "POST" | "PUT" } = {},
): Promise<string> {
  const Name = `d${(rules += 1)}`;
  const { ConnectionArn } = await events.send(new CreateConnectionCommand({ Name, ...connection }));
  const { ApiDestinationArn = "" } = await events.send(
    new CreateApiDestinationCommand({
      Name,
      ConnectionArn,
      InvocationEndpoint: `${outside.url}${path}`,
      HttpMethod: method,
      ...(rate === undefined ? {} : { InvocationRateLimitPerSecond: rate }),
    }),
  );
  return ApiDestinationArn;
}

/** A rule of this destination alone. Answers how an event is put for it. */
async function rule(Arn: string, target: Partial<Target> = {}): Promise<(detail?: object) => Promise<unknown>> {
  const Name = `r${(rules += 1)}`;
  await events.send(new PutRuleCommand({ Name, EventPattern: JSON.stringify({ source: [Name] }) }));
  const put = await events.send(
    new PutTargetsCommand({ Rule: Name, Targets: [{ Id: "t", Arn, RoleArn: ROLE, DeadLetterConfig: { Arn: DEAD }, ...target }] }),
  );
  expect(put.FailedEntries).toEqual([]);
  return (detail = {}) =>
    events.send(new PutEventsCommand({ Entries: [{ Source: Name, DetailType: "d", Detail: JSON.stringify(detail) }] }));
}

const asked = (count: number): Promise<true> => stack.waitFor(() => outside.asked.length === count);
const http = (parameters: HttpParameters): Partial<Target> => ({ HttpParameters: parameters });

test("an event is posted with what the connection authorises, and AWS's headers", async () => {
  await (await rule(await destination("/hook")))({ id: 7 });
  await asked(1);
  const { method, path, headers, body } = outside.asked[0] as Asked;
  expect([method, path, headers["x-key"]]).toEqual(["POST", "/hook", "s3cret"]);
  expect(headers).toMatchObject({
    "user-agent": "Amazon/EventBridge/ApiDestinations",
    "content-type": "application/json; charset=utf-8",
    range: "bytes=0-1048575",
    "accept-encoding": "gzip,deflate",
    connection: "close",
    "content-length": String(Buffer.byteLength(body)),
  });
  expect(JSON.parse(body)).toMatchObject({ detail: { id: 7 } });
});
