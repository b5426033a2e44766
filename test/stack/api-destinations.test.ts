/** What rules bring to API destinations, through a running stack and a server of somebody else's, by a virtual clock. */
import {
  CreateApiDestinationCommand,
  CreateConnectionCommand,
  DeauthorizeConnectionCommand,
  DeleteApiDestinationCommand,
  DescribeConnectionCommand,
  EventBridgeClient,
  PutEventsCommand,
  PutRuleCommand,
  PutTargetsCommand,
  UpdateApiDestinationCommand,
  UpdateConnectionCommand,
  type CreateConnectionRequest,
  type Target,
} from "@aws-sdk/client-eventbridge";
import { ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { createStack, type TestStack } from "../../src/index.js";
import { ProjectFolder } from "../cli/cli.js";
import { PATIENT, until } from "../until.js";
import { startOutside, status, type Asked, type Outside } from "../sources/eventbridge/outside.js";

const TEMPLATE = `
Resources:
  Dead: { Type: AWS::SQS::Queue, Properties: { QueueName: dead } }
`;
const ROLE = "arn:aws:iam::000000000000:role/caller";
const DEAD = "arn:aws:sqs:us-east-1:000000000000:dead";
const API_KEY = {
  AuthorizationType: "API_KEY",
  AuthParameters: { ApiKeyAuthParameters: { ApiKeyName: "X-Key", ApiKeyValue: "s3cret" } },
} as const;
const oauth = () => ({
  AuthorizationType: "OAUTH_CLIENT_CREDENTIALS" as const,
  AuthParameters: {
    OAuthParameters: {
      ClientParameters: { ClientID: "id", ClientSecret: "hush" },
      AuthorizationEndpoint: `${outside.url}/token`,
      HttpMethod: "POST" as const,
    },
  },
});

let outside: Outside;
let project: ProjectFolder;
let stack: TestStack;
let events: EventBridgeClient;
let sqs: SQSClient;
let names = 0;

beforeAll(async () => {
  outside = await startOutside();
  project = new ProjectFolder({ "template.yaml": TEMPLATE });
  stack = await createStack({ folder: project.folder, clock: "virtual" });
  events = new EventBridgeClient(stack.clientConfig);
  sqs = new SQSClient(stack.clientConfig);
});
afterAll(async () => {
  events.destroy();
  sqs.destroy();
  await stack.close();
  await outside.stop();
  project.remove();
});
beforeEach(async () => {
  await stack.reset();
  outside.asked.length = 0;
  outside.answer(status(200));
});

interface Wanted {
  readonly connection?: Omit<CreateConnectionRequest, "Name">;
  readonly path?: string;
  readonly rate?: number;
  readonly target?: Partial<Target>;
}

/** A rule with an API destination as its target. Answers how an event is put for it. */
async function posting({ connection = API_KEY, path = "/hook", rate, target = {} }: Wanted = {}): Promise<
  (detail?: object) => Promise<unknown>
> {
  const Name = `n${(names += 1)}`;
  const { ConnectionArn } = await events.send(new CreateConnectionCommand({ Name, ...connection }));
  const { ApiDestinationArn: Arn } = await events.send(
    new CreateApiDestinationCommand({
      Name,
      ConnectionArn,
      InvocationEndpoint: `${outside.url}${path}`,
      HttpMethod: "POST",
      ...(rate === undefined ? {} : { InvocationRateLimitPerSecond: rate }),
    }),
  );
  await events.send(new PutRuleCommand({ Name, EventPattern: JSON.stringify({ source: [Name] }) }));
  const Targets = [{ Id: "t", Arn, RoleArn: ROLE, DeadLetterConfig: { Arn: DEAD }, ...target }];
  expect(await events.send(new PutTargetsCommand({ Rule: Name, Targets }))).toMatchObject({ FailedEntries: [] });
  return (detail = {}) =>
    events.send(new PutEventsCommand({ Entries: [{ Source: Name, DetailType: "d", Detail: JSON.stringify(detail) }] }));
}

const asked = async (count: number): Promise<readonly Asked[]> => {
  await stack.waitFor(() => outside.asked.length >= count, PATIENT);
  await stack.clock.advance(0);
  return outside.asked;
};

/** Why the oldest dead letter is one. */
async function deadLetter(): Promise<Readonly<Record<string, string | undefined>>> {
  const message = await stack.waitFor(async () => {
    const QueueUrl = `${stack.endpoint}/000000000000/dead`;
    const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MessageAttributeNames: ["All"] }));
    return Messages?.[0];
  }, PATIENT);
  const attributes = Object.entries(message.MessageAttributes ?? {});
  return Object.fromEntries(attributes.map(([name, { StringValue }]) => [name, StringValue]));
}

describe("an event for an API destination", () => {
  test("is posted with what the connection authorises, and AWS's headers", async () => {
    await (
      await posting()
    )({ id: 7 });
    const [{ method, path, headers, body }] = (await asked(1)) as [Asked];
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

  test("has the parameters of its target and of the connection, which has the last word", async () => {
    const InvocationHttpParameters = {
      HeaderParameters: [{ Key: "X-Both", Value: "connection" }],
      QueryStringParameters: [{ Key: "both", Value: "connection", IsValueSecret: true }],
      BodyParameters: [{ Key: "added", Value: "yes" }],
    };
    const put = await posting({
      path: "/orders/*/items/*?fixed=1",
      connection: { ...API_KEY, AuthParameters: { ...API_KEY.AuthParameters, InvocationHttpParameters } },
      target: {
        HttpParameters: {
          PathParameterValues: ["$.detail.order", "a/b"],
          HeaderParameters: { "x-both": "target", "X-Id": "$.detail.id", "User-Agent": "mine", Host: "elsewhere" },
          QueryStringParameters: { both: "target", none: "$.detail.none" },
        },
        InputTransformer: { InputPathsMap: { id: "$.detail.id" }, InputTemplate: '{"only": <id>}' },
      },
    });
    await put({ order: "o 1", id: 7 });
    const [{ path, headers, body }] = (await asked(1)) as [Asked];
    expect(path).toBe("/orders/o%201/items/a%2Fb?fixed=1&both=connection&none=");
    expect(headers).toMatchObject({
      "x-both": "connection",
      "x-id": "7",
      "user-agent": "Amazon/EventBridge/ApiDestinations",
      host: new URL(outside.url).host,
    });
    expect(JSON.parse(body)).toEqual({ only: 7, added: "yes" });
  });

  test.each([401, 407, 409, 429, 500, 503])("that is answered with %d is posted again", async (code) => {
    outside.answer((response, one) => status(one === outside.asked[0] ? code : 200)(response, one));
    await (
      await posting()
    )();
    await asked(1);
    await stack.clock.advance("1s");
    expect(await asked(2)).toHaveLength(2);
    await stack.clock.advance("1h");
    expect(outside.asked).toHaveLength(2);
  });

  test.each([400, 403, 404, 302])("that is answered with %d is a dead letter at once", async (code) => {
    outside.answer(status(code, { Location: "/elsewhere" }));
    await (
      await posting()
    )({ id: 7 });
    await asked(1);
    expect(await deadLetter()).toMatchObject({
      ERROR_CODE: "SDK_CLIENT_ERROR",
      ERROR_MESSAGE: `Unable to invoke ApiDestination endpoint: The endpoint answered with status code ${code}.`,
      RETRY_ATTEMPTS: "0",
    });
    await stack.clock.advance("1h");
    expect(outside.asked).toHaveLength(1);
  });

  test("waits as long as the answer wants it to, and not at all once it says so", async () => {
    outside.answer(status(503, { "Retry-After": "90" }));
    await (
      await posting()
    )();
    await asked(1);
    await stack.clock.advance("89s");
    expect(outside.asked).toHaveLength(1);
    outside.answer(status(503, { "Retry-After": "-1" }));
    await stack.clock.advance("1s");
    await asked(2);
    expect(await deadLetter()).toMatchObject({ RETRY_ATTEMPTS: "1" });
    await stack.clock.advance("1h");
    expect(outside.asked).toHaveLength(2);
  });

  test("for a server that cannot be reached is a dead letter once its policy is spent", async () => {
    const gone = await startOutside();
    await gone.stop();
    const put = await posting({ target: { RetryPolicy: { MaximumRetryAttempts: 1 } }, path: "/" });
    const Name = `n${names}`;
    await events.send(new UpdateApiDestinationCommand({ Name, InvocationEndpoint: gone.url }));
    await put();
    await stack.clock.advance("1m");
    expect(await deadLetter()).toMatchObject({
      ERROR_CODE: "SDK_CLIENT_ERROR",
      ERROR_MESSAGE: "Unable to invoke ApiDestination endpoint: API destination endpoint cannot be reached.",
      EXHAUSTED_RETRY_CONDITION: "MaximumRetryAttempts",
    });
  });

  test("is posted no more often than its destination says", async () => {
    const put = await posting({ rate: 2 });
    for (let id = 0; id < 5; id++) await put({ id });
    await asked(2);
    const times: number[] = [];
    for (const at of [0, 999, 1, 999, 1]) {
      await stack.clock.advance(at);
      times.push(outside.asked.length);
    }
    expect(times).toEqual([2, 2, 4, 4, 5]);
  });

  test("waits for its connection to be authorized", async () => {
    const put = await posting();
    const Name = `n${names}`;
    await events.send(new DeauthorizeConnectionCommand({ Name }));
    await put();
    await stack.clock.advance("10s");
    expect(outside.asked).toEqual([]);
    await events.send(new UpdateConnectionCommand({ Name, ...API_KEY }));
    await stack.clock.advance("1m");
    expect(outside.asked).toHaveLength(1);
  });

  test("for a destination that is gone is a dead letter", async () => {
    const put = await posting();
    await events.send(new DeleteApiDestinationCommand({ Name: `n${names}` }));
    await put();
    expect(await deadLetter()).toMatchObject({ ERROR_CODE: "NO_RESOURCE" });
  });
});

describe("a token", () => {
  const authorized = () =>
    stack.waitFor(async () => {
      const { ConnectionState } = await events.send(new DescribeConnectionCommand({ Name: `n${names}` }));
      return ConnectionState === "AUTHORIZED";
    }, PATIENT);
  /** A token for each request for one; `hook` answers events. */
  const issue = (more: object, hook: (one: Asked) => number = () => 200): void =>
    outside.answer((response, one) => {
      if (one.path !== "/token") return status(hook(one))(response, one);
      response.end(JSON.stringify({ access_token: `t${outside.at("/token").length}`, ...more }));
    });
  const shown = (): unknown[] => outside.at("/hook").map(({ headers }) => headers.authorization);

  test("goes with each event until it is about to expire", async () => {
    issue({ token_type: "bearer", expires_in: 600 });
    const put = await posting({ connection: oauth() });
    await authorized();
    await put();
    await put();
    await stack.waitFor(() => shown().length === 2, PATIENT);
    await stack.clock.advance("539s");
    await put();
    await stack.waitFor(() => shown().length === 3, PATIENT);
    await stack.clock.advance("1s");
    await put();
    await stack.waitFor(() => shown().length === 4, PATIENT);
    expect(shown()).toEqual(["Bearer t1", "Bearer t1", "Bearer t1", "Bearer t2"]);
  });

  test("that is refused is fetched anew for the next attempt", async () => {
    issue({}, ({ headers }) => (headers.authorization === "Bearer t1" ? 401 : 200));
    const put = await posting({ connection: oauth() });
    await authorized();
    await put();
    await stack.waitFor(() => shown().length === 1, PATIENT);
    await stack.clock.advance("1s");
    await stack.waitFor(() => shown().length === 2, PATIENT);
    expect(shown()).toEqual(["Bearer t1", "Bearer t2"]);
  });

  test("that could not be had is asked for again with the event, and the connection is authorized then", async () => {
    outside.answer(status(503));
    const put = await posting({ connection: oauth() });
    await stack.waitFor(async () => {
      const { ConnectionState } = await events.send(new DescribeConnectionCommand({ Name: `n${names}` }));
      return ConnectionState === "DEAUTHORIZED";
    }, PATIENT);
    await put();
    await stack.clock.advance("2s");
    expect(shown()).toEqual([]);
    issue({});
    await stack.clock.advance("1m");
    await stack.waitFor(() => shown().length === 1, PATIENT);
    await authorized();
  });
});

describe("after a restart", () => {
  const folder = new ProjectFolder({ "template.yaml": "Resources: {}" });
  afterAll(() => folder.remove());
  const clock = new Date("2026-01-01T00:00:00Z");
  const begin = () => createStack({ folder: folder.folder, config: { ephemeral: false }, clock });

  test("a connection goes on with its authorization, and an event with its way", async () => {
    // Neither the first token nor the event gets an answer.
    outside.answer(() => undefined);
    const first = await begin();
    const client = new EventBridgeClient(first.clientConfig);
    const { ConnectionArn } = await client.send(new CreateConnectionCommand({ Name: "key", ...API_KEY }));
    const { ApiDestinationArn: Arn } = await client.send(
      new CreateApiDestinationCommand({
        Name: "hook",
        ConnectionArn,
        InvocationEndpoint: `${outside.url}/hook`,
        HttpMethod: "POST",
      }),
    );
    await client.send(new PutRuleCommand({ Name: "r", EventPattern: '{"source":["again"]}' }));
    await client.send(new PutTargetsCommand({ Rule: "r", Targets: [{ Id: "t", Arn, RoleArn: ROLE }] }));
    await client.send(new PutEventsCommand({ Entries: [{ Source: "again", DetailType: "d", Detail: "{}" }] }));
    // The last of them: after five seconds of this machine its token is not waited for any more.
    const made = await client.send(new CreateConnectionCommand({ Name: "oauth", ...oauth() }));
    expect(made.ConnectionState).toBe("AUTHORIZING");
    await until(() => outside.asked.length === 2);
    client.destroy();
    await first.close();

    outside.asked.length = 0;
    outside.answer((response) => response.end('{"access_token":"t"}'));
    const second = await begin();
    const after = new EventBridgeClient(second.clientConfig);
    await second.waitFor(async () => {
      const { ConnectionState } = await after.send(new DescribeConnectionCommand({ Name: "oauth" }));
      return ConnectionState === "AUTHORIZED" && outside.at("/hook").length === 1;
    }, PATIENT);
    expect(outside.at("/hook")[0]?.headers["x-key"]).toBe("s3cret");
    after.destroy();
    await second.close();
  });
});
