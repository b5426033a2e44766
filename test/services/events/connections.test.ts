/** Connections and API destinations over the API, through the official SDK. */
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import {
  CreateApiDestinationCommand,
  CreateConnectionCommand,
  DeauthorizeConnectionCommand,
  DeleteApiDestinationCommand,
  DeleteConnectionCommand,
  DescribeApiDestinationCommand,
  DescribeConnectionCommand,
  EventBridgeClient,
  ListApiDestinationsCommand,
  ListConnectionsCommand,
  UpdateApiDestinationCommand,
  UpdateConnectionCommand,
  type CreateApiDestinationRequest,
  type CreateConnectionRequest,
  type DescribeConnectionResponse,
  type UpdateConnectionRequest,
} from "@aws-sdk/client-eventbridge";
import { DescribeSecretCommand, GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { createStack, type TestStack } from "../../../src/index.js";
import { ProjectFolder } from "../../cli/cli.js";
import { startOutside, type Outside } from "../../sources/eventbridge/outside.js";
import { PATIENT, until } from "../../until.js";
import { refusal } from "./events-fixture.js";

const BASIC = {
  AuthorizationType: "BASIC",
  AuthParameters: { BasicAuthParameters: { Username: "me", Password: "pass" } },
} as const;
const API_KEY = {
  AuthorizationType: "API_KEY",
  AuthParameters: { ApiKeyAuthParameters: { ApiKeyName: "X-Key", ApiKeyValue: "key" } },
} as const;
const ARN = "arn:aws:events:us-east-1:000000000000:";

let project: ProjectFolder;
let stack: TestStack;
let events: EventBridgeClient;
let secrets: SecretsManagerClient;

beforeAll(async () => {
  project = new ProjectFolder({ "template.yaml": "Resources: {}" });
  stack = await createStack({ folder: project.folder, clock: "virtual" });
  events = new EventBridgeClient(stack.clientConfig);
  secrets = new SecretsManagerClient(stack.clientConfig);
});
afterEach(() => stack.reset());
afterAll(async () => {
  events.destroy();
  secrets.destroy();
  await stack.close();
  project.remove();
});

const create = (Name: string, more: Partial<CreateConnectionRequest> = {}) =>
  events.send(new CreateConnectionCommand({ Name, ...BASIC, ...more }));
const describeConnection = (Name: string): Promise<DescribeConnectionResponse> =>
  events.send(new DescribeConnectionCommand({ Name }));
const secretOf = async (Name: string): Promise<unknown> => {
  const { SecretArn: SecretId } = await describeConnection(Name);
  const { SecretString = "" } = await secrets.send(new GetSecretValueCommand({ SecretId }));
  return JSON.parse(SecretString) as unknown;
};
const invalid = (message: string) => ["ValidationException", message];
const notThere = (name: string) => [
  "ResourceNotFoundException",
  `Failed to describe the connection(s). Connection '${name}' does not exist.`,
];

describe("a connection", () => {
  test("is made and described, without what is secret", async () => {
    const made = await create("shop", {
      Description: "theirs",
      AuthParameters: {
        ...BASIC.AuthParameters,
        InvocationHttpParameters: {
          HeaderParameters: [
            { Key: "X-Open", Value: "seen" },
            { Key: "X-Closed", Value: "hidden", IsValueSecret: true },
          ],
        },
      },
    });
    expect(made).toMatchObject({
      ConnectionArn: expect.stringMatching(`^${ARN}connection/shop/[-0-9a-f]{36}$`) as string,
      ConnectionState: "AUTHORIZED",
    });
    expect(made).not.toHaveProperty("LastAuthorizedTime");
    const shown = await describeConnection("shop");
    expect(shown).toMatchObject({
      Name: "shop",
      Description: "theirs",
      AuthorizationType: "BASIC",
      ConnectionArn: made.ConnectionArn,
      SecretArn: expect.stringContaining(":secret:events!connection/shop/") as string,
      LastAuthorizedTime: made.CreationTime,
    });
    expect(shown.AuthParameters).toEqual({
      BasicAuthParameters: { Username: "me" },
      InvocationHttpParameters: {
        HeaderParameters: [
          { Key: "X-Open", Value: "seen", IsValueSecret: false },
          { Key: "X-Closed", IsValueSecret: true },
        ],
      },
    });
  });

  test("keeps what authorises in Secrets Manager, and takes it away when it goes", async () => {
    await create("shop", API_KEY);
    expect(await secretOf("shop")).toEqual({ api_key_name: "X-Key", api_key_value: "key" });
    const { SecretArn: SecretId } = await describeConnection("shop");
    expect(await secrets.send(new DescribeSecretCommand({ SecretId }))).toMatchObject({ OwningService: "events" });
    expect(await events.send(new DeleteConnectionCommand({ Name: "shop" }))).toMatchObject({
      ConnectionState: "DELETING",
    });
    expect(await refusal(describeConnection("shop"))).toEqual(notThere("shop"));
    expect(await refusal(secrets.send(new GetSecretValueCommand({ SecretId })))).toEqual([
      "ResourceNotFoundException",
      "Secrets Manager can't find the specified secret.",
    ]);
  });

  test("is changed in parts while it authorises in the same way, and as a whole when it does not", async () => {
    await create("shop", { Description: "old" });
    const update = (more: object) => events.send(new UpdateConnectionCommand({ Name: "shop", ...more }));
    await update({ AuthParameters: { BasicAuthParameters: { Password: "new" } } });
    expect(await secretOf("shop")).toEqual({ username: "me", password: "new" });
    expect(await describeConnection("shop")).toMatchObject({ Description: "old" });
    expect(await refusal(update({ AuthorizationType: "API_KEY" }))).toEqual(
      invalid("Parameter(s) ApiKeyAuthParameters must be specified."),
    );
    await update(API_KEY);
    expect(await secretOf("shop")).toEqual({ api_key_name: "X-Key", api_key_value: "key" });
    expect(await refusal(events.send(new UpdateConnectionCommand({ Name: "none" })))).toEqual(notThere("none"));
  });

  test("that is deauthorized has no secret any more, and can be authorized again", async () => {
    await create("shop");
    expect(await events.send(new DeauthorizeConnectionCommand({ Name: "shop" }))).toMatchObject({
      ConnectionState: "DEAUTHORIZING",
    });
    const shown = await describeConnection("shop");
    expect([shown.ConnectionState, shown.SecretArn, shown.AuthParameters]).toEqual([
      "DEAUTHORIZED",
      undefined,
      undefined,
    ]);
    await events.send(new UpdateConnectionCommand({ Name: "shop", Description: "off" }));
    expect(await describeConnection("shop")).toMatchObject({ ConnectionState: "DEAUTHORIZED", Description: "off" });
    await events.send(new UpdateConnectionCommand({ Name: "shop", ...BASIC }));
    expect(await describeConnection("shop")).toMatchObject({ ConnectionState: "AUTHORIZED" });
    expect(await secretOf("shop")).toEqual({ username: "me", password: "pass" });
  });

  test("is listed by the beginning of its name and by its state, in pages", async () => {
    for (const name of ["b2", "a1", "b1"]) await create(name);
    await events.send(new DeauthorizeConnectionCommand({ Name: "b1" }));
    const names = async (input: object) => {
      const { Connections = [], NextToken } = await events.send(new ListConnectionsCommand(input));
      return [Connections.map(({ Name }) => Name), NextToken !== undefined];
    };
    expect(await names({})).toEqual([["a1", "b1", "b2"], false]);
    expect(await names({ NamePrefix: "b" })).toEqual([["b1", "b2"], false]);
    expect(await names({ ConnectionState: "DEAUTHORIZED" })).toEqual([["b1"], false]);
    expect(await names({ Limit: 2 })).toEqual([["a1", "b1"], true]);
  });

  test.each([
    [{ Name: "a b" }, /Value 'a b' at 'name' failed to satisfy constraint/],
    [
      { AuthorizationType: "NONE" },
      /'authorizationType'.*enum value set: \[BASIC, OAUTH_CLIENT_CREDENTIALS, API_KEY\]/,
    ],
    [{ AuthorizationType: "API_KEY" }, /^Parameter\(s\) BasicAuthParameters must not be specified/],
    [{ AuthParameters: {} }, /^Parameter\(s\) BasicAuthParameters must be specified\.$/],
    [
      { AuthParameters: { BasicAuthParameters: { Username: "u", Password: "p".repeat(513) } } },
      /^1 validation error detected: Value at 'authParameters.basicAuthParameters.password' failed/,
    ],
    [{ Description: "d".repeat(513) }, /'description' failed to satisfy constraint/],
  ])("like %j is refused, and no secret repeated", async (more, message) => {
    const [name, text] = (await refusal(create("shop", more as Partial<CreateConnectionRequest>))) as [string, string];
    expect([name, text]).toEqual(["ValidationException", expect.stringMatching(message)]);
    expect(text).not.toContain("ppp");
  });

  test("has its name to itself, and none to a private API is made", async () => {
    await create("shop");
    expect(await refusal(create("shop"))).toEqual([
      "ResourceAlreadyExistsException",
      "Connection shop already exists.",
    ]);
    const ResourceParameters = { ResourceConfigurationArn: "arn:aws:vpc-lattice:us-east-1:000000000000:r" };
    expect(await refusal(create("inner", { InvocationConnectivityParameters: { ResourceParameters } }))).toEqual([
      "UnsupportedOperationException",
      "A connection to a private API (InvocationConnectivityParameters) is not emulated by lambda-run.",
    ]);
  });
});

describe("a connection with OAuth", () => {
  let outside: Outside;
  beforeAll(async () => (outside = await startOutside()));
  afterAll(() => outside.stop());
  beforeEach(() => (outside.asked.length = 0));

  const oauth = (more: object = {}, HttpMethod: "GET" | "POST" = "POST") =>
    create("shop", {
      AuthorizationType: "OAUTH_CLIENT_CREDENTIALS",
      AuthParameters: {
        OAuthParameters: {
          ClientParameters: { ClientID: "id", ClientSecret: "hush" },
          AuthorizationEndpoint: `${outside.url}/token`,
          HttpMethod,
          ...more,
        },
      },
    });
  const state = (wanted: string) =>
    stack.waitFor(async () => {
      const shown = await describeConnection("shop");
      return shown.ConnectionState === wanted && shown;
    }, PATIENT);

  test("gets a token with its client's id and secret, and is authorized by it", async () => {
    outside.answer((response) => response.end('{"access_token":"t","expires_in":3600}'));
    const OAuthHttpParameters = {
      HeaderParameters: [{ Key: "X-Tenant", Value: "9" }],
      QueryStringParameters: [{ Key: "v", Value: "2" }],
      BodyParameters: [{ Key: "audience", Value: "them", IsValueSecret: true }],
    };
    expect(await oauth({ OAuthHttpParameters })).toMatchObject({ ConnectionState: "AUTHORIZING" });
    const shown = await state("AUTHORIZED");
    expect(shown.AuthParameters?.OAuthParameters).toEqual({
      ClientParameters: { ClientID: "id" },
      AuthorizationEndpoint: `${outside.url}/token`,
      HttpMethod: "POST",
      OAuthHttpParameters: {
        HeaderParameters: [{ Key: "X-Tenant", Value: "9", IsValueSecret: false }],
        QueryStringParameters: [{ Key: "v", Value: "2", IsValueSecret: false }],
        BodyParameters: [{ Key: "audience", IsValueSecret: true }],
      },
    });
    const [asked] = outside.asked;
    expect([asked?.method, asked?.path, asked?.headers["x-tenant"]]).toEqual(["POST", "/token?v=2", "9"]);
    expect(Object.fromEntries(new URLSearchParams(asked?.body))).toEqual({
      grant_type: "client_credentials",
      client_id: "id",
      client_secret: "hush",
      audience: "them",
    });
  });

  test("asks with its parameters in the query where the method is GET", async () => {
    outside.answer((response) => response.end('{"access_token":"t"}'));
    await oauth({}, "GET");
    await state("AUTHORIZED");
    const [asked] = outside.asked;
    expect([asked?.method, asked?.body]).toEqual(["GET", ""]);
    expect(asked?.path).toBe("/token?grant_type=client_credentials&client_id=id&client_secret=hush");
  });

  test.each([
    ["refuses", 401, "", "The authorization endpoint answered with status code 401."],
    ["answers without a token", 200, "{}", "The answer of the authorization endpoint has no access_token."],
  ])("whose endpoint %s is deauthorized, and says why", async (_what, code, body, reason) => {
    outside.answer((response) => response.writeHead(code).end(body));
    await oauth();
    expect(await state("DEAUTHORIZED")).toMatchObject({ StateReason: reason });
  });

  test("has the state of its new credentials, whenever the answer for the old ones comes", async () => {
    const held: ServerResponse[] = [];
    outside.answer((response) => held.push(response));
    await oauth();
    await until(() => held.length === 1);
    outside.answer((response) => response.writeHead(401).end());
    const OAuthParameters = { ClientParameters: { ClientSecret: "other" } };
    const AuthParameters = { OAuthParameters } as UpdateConnectionRequest["AuthParameters"];
    await events.send(new UpdateConnectionCommand({ Name: "shop", AuthParameters }));
    await state("DEAUTHORIZED");
    held[0]?.end('{"access_token":"t"}');
    await once(held[0] as ServerResponse, "close");
    await describeConnection("shop");
    await stack.clock.advance(0);
    expect(await describeConnection("shop")).toMatchObject({ ConnectionState: "DEAUTHORIZED" });
  });
});

describe("an API destination", () => {
  const destination = (Name: string, more: Partial<CreateApiDestinationRequest> = {}) =>
    events.send(
      new CreateApiDestinationCommand({
        Name,
        ConnectionArn: connectionArn,
        InvocationEndpoint: "https://example.com/hook/*",
        HttpMethod: "POST",
        ...more,
      }),
    );
  const describeIt = (Name: string) => events.send(new DescribeApiDestinationCommand({ Name }));
  let connectionArn: string;
  beforeEach(async () => (connectionArn = (await create("shop")).ConnectionArn ?? ""));

  test("is made, described, changed, listed and deleted", async () => {
    const made = await destination("hook", { Description: "a hook" });
    expect(made).toMatchObject({
      ApiDestinationArn: expect.stringMatching(`^${ARN}api-destination/hook/[-0-9a-f]{36}$`) as string,
      ApiDestinationState: "ACTIVE",
    });
    expect(await describeIt("hook")).toMatchObject({
      Name: "hook",
      Description: "a hook",
      ConnectionArn: connectionArn,
      InvocationEndpoint: "https://example.com/hook/*",
      HttpMethod: "POST",
      InvocationRateLimitPerSecond: 300,
    });
    await events.send(
      new UpdateApiDestinationCommand({ Name: "hook", HttpMethod: "PUT", InvocationRateLimitPerSecond: 5 }),
    );
    await destination("other");
    const { ApiDestinations } = await events.send(
      new ListApiDestinationsCommand({ NamePrefix: "h", ConnectionArn: connectionArn }),
    );
    expect(ApiDestinations).toMatchObject([{ Name: "hook", HttpMethod: "PUT", InvocationRateLimitPerSecond: 5 }]);
    await events.send(new DeleteApiDestinationCommand({ Name: "hook" }));
    expect(await refusal(describeIt("hook"))).toEqual([
      "ResourceNotFoundException",
      "Failed to describe the api-destination(s). An api-destination 'hook' does not exist.",
    ]);
  });

  test("is inactive while its connection is not authorized", async () => {
    await destination("hook");
    await events.send(new DeauthorizeConnectionCommand({ Name: "shop" }));
    expect(await describeIt("hook")).toMatchObject({ ApiDestinationState: "INACTIVE" });
    await events.send(new UpdateConnectionCommand({ Name: "shop", ...BASIC }));
    expect(await describeIt("hook")).toMatchObject({ ApiDestinationState: "ACTIVE" });
    await events.send(new DeleteConnectionCommand({ Name: "shop" }));
    expect(await describeIt("hook")).toMatchObject({ ApiDestinationState: "INACTIVE" });
  });

  test.each([
    "https://example.com",
    "http://127.0.0.1:8080/x",
    "http://localhost",
    "http://mock:1080/",
    "http://[::1]:1080/",
    "example.com/hook",
  ])("may be at %s", async (InvocationEndpoint) => {
    await destination("hook", { InvocationEndpoint });
    expect(await describeIt("hook")).toMatchObject({ InvocationEndpoint });
  });

  test.each([
    "http://example.com/hook",
    "http://[2001:db8::1]/",
    "ftp://localhost",
    "https://",
    "https://*.example.com",
    "https://u:p@example.com",
  ])("is at no address like %s", async (InvocationEndpoint) => {
    expect(await refusal(destination("hook", { InvocationEndpoint }))).toEqual(
      invalid(
        `Failed to create the api-destination(s). Parameter InvocationEndpoint is not valid. Reason: Endpoint '${InvocationEndpoint}' is invalid, please provide a valid HTTPS endpoint URL.`,
      ),
    );
  });

  test.each([
    [
      { HttpMethod: "TRACE" },
      "ValidationException",
      /'httpMethod' failed to satisfy constraint: Member must satisfy enum/,
    ],
    [
      { ConnectionArn: "shop" },
      "ValidationException",
      /'connectionArn' failed to satisfy constraint: Member must satisfy regular/,
    ],
    [{ InvocationRateLimitPerSecond: 0 }, "ValidationException", /'invocationRateLimitPerSecond'/],
    [{ InvocationRateLimitPerSecond: 301 }, "LimitExceededException", /exceeds maximum allowed of '300'/],
    [{ ConnectionArn: `${ARN}connection/none/1` }, "ResourceNotFoundException", /Connection 'none' does not exist/],
  ])("like %j is refused", async (more, name, message) => {
    expect(await refusal(destination("hook", more as Partial<CreateApiDestinationRequest>))).toEqual([
      name,
      expect.stringMatching(message),
    ]);
  });
});
