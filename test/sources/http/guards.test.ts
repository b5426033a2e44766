/** Who gets through: authorizers, keys, signatures, rates. */
import { createHash, generateKeyPairSync } from "node:crypto";
import { SignJWT } from "jose";
import { SignatureV4 } from "@smithy/signature-v4";
import { Sha256 } from "../../services/gateway-fixture.js";
import { Doors, eventIn, HEAD, type Answer } from "./fixture.js";

const ISSUER = "https://issuer.example.com/pool";

const TEMPLATE = `${HEAD}
Resources:
  Rest:
    Type: AWS::Serverless::Api
    Properties:
      StageName: Prod
      Auth:
        DefaultAuthorizer: Token
        Authorizers:
          Token: { FunctionArn: !GetAtt TokenAuthorizer.Arn, Identity: { ValidationExpression: "tok-.*" } }
          Request: { FunctionArn: !GetAtt TokenAuthorizer.Arn, FunctionPayloadType: REQUEST, Identity: { Headers: [x-who], QueryStrings: [q], ReauthorizeEvery: 0 } }
        UsagePlan: { CreateUsagePlan: PER_API, Throttle: { RateLimit: 1, BurstLimit: 3 }, Quota: { Limit: 5, Period: DAY } }
  Http:
    Type: AWS::Serverless::HttpApi
    Properties:
      DefaultRouteSettings: { ThrottlingRateLimit: 1000, ThrottlingBurstLimit: 1000 }
      RouteSettings: { "GET /slow": { ThrottlingRateLimit: 1, ThrottlingBurstLimit: 2 } }
      Auth:
        EnableIamAuthorizer: true
        Authorizers:
          Simple: { FunctionArn: !GetAtt SimpleAuthorizer.Arn, EnableSimpleResponses: true, AuthorizerPayloadFormatVersion: "2.0", Identity: { Headers: [x-who], ReauthorizeEvery: 60 } }
          PerRoute: { FunctionArn: !GetAtt SimpleAuthorizer.Arn, EnableSimpleResponses: true, AuthorizerPayloadFormatVersion: "2.0", Identity: { Headers: [x-who], Context: [routeKey], ReauthorizeEvery: 60 } }
          Jwt: { IdentitySource: $request.header.Authorization, JwtConfiguration: { issuer: "${ISSUER}", audience: [client-1] } }
  ByAuthorizer:
    Type: AWS::Serverless::Api
    Properties:
      StageName: Prod
      ApiKeySourceType: AUTHORIZER
      Auth: { DefaultAuthorizer: Token, ApiKeyRequired: true, Authorizers: { Token: { FunctionArn: !GetAtt TokenAuthorizer.Arn } } }
  GoldKey: { Type: AWS::ApiGateway::ApiKey, Properties: { Value: gold-key-of-twenty-chars, Enabled: true } }
  IdleKey: { Type: AWS::ApiGateway::ApiKey, Properties: { Value: idle-key-of-twenty-chars, Enabled: false } }
  Gold:
    Type: AWS::ApiGateway::UsagePlan
    Properties:
      ApiStages: [{ ApiId: !Ref ByAuthorizer, Stage: Prod, Throttle: { "/plan/GET": { RateLimit: 1, BurstLimit: 1 } } }, { ApiId: !Ref Rest, Stage: other }]
  GoldPlanKey: { Type: AWS::ApiGateway::UsagePlanKey, Properties: { UsagePlanId: !Ref Gold, KeyId: !Ref GoldKey, KeyType: API_KEY } }
  IdlePlanKey: { Type: AWS::ApiGateway::UsagePlanKey, Properties: { UsagePlanId: !Ref Gold, KeyId: !Ref IdleKey, KeyType: API_KEY } }
  TokenAuthorizer: { Type: AWS::Serverless::Function, Properties: { Handler: auth.token } }
  SimpleAuthorizer: { Type: AWS::Serverless::Function, Properties: { Handler: auth.simple } }
  Echo:
    Type: AWS::Serverless::Function
    Properties:
      Handler: echo.handler
      FunctionUrlConfig: { AuthType: AWS_IAM }
      Events:
        Token: { Type: Api, Properties: { RestApiId: !Ref Rest, Path: /token, Method: ANY } }
        Other: { Type: Api, Properties: { RestApiId: !Ref Rest, Path: /other, Method: GET } }
        Request: { Type: Api, Properties: { RestApiId: !Ref Rest, Path: /request, Method: GET, Auth: { Authorizer: Request } } }
        Open: { Type: Api, Properties: { RestApiId: !Ref Rest, Path: /open, Method: GET, Auth: { Authorizer: NONE } } }
        Key: { Type: Api, Properties: { RestApiId: !Ref Rest, Path: /key, Method: GET, Auth: { Authorizer: NONE, ApiKeyRequired: true } } }
        Signed: { Type: Api, Properties: { RestApiId: !Ref Rest, Path: /signed, Method: GET, Auth: { Authorizer: AWS_IAM } } }
        Simple: { Type: HttpApi, Properties: { ApiId: !Ref Http, Path: /simple, Method: GET, Auth: { Authorizer: Simple } } }
        Jwt: { Type: HttpApi, Properties: { ApiId: !Ref Http, Path: /jwt, Method: GET, Auth: { Authorizer: Jwt } } }
        JwtOne: { Type: HttpApi, Properties: { ApiId: !Ref Http, Path: /one/jwt, Method: GET, PayloadFormatVersion: "1.0", Auth: { Authorizer: Jwt } } }
        SimpleOne: { Type: HttpApi, Properties: { ApiId: !Ref Http, Path: /one/simple, Method: GET, PayloadFormatVersion: "1.0", Auth: { Authorizer: Simple } } }
        Scoped: { Type: HttpApi, Properties: { ApiId: !Ref Http, Path: /scoped, Method: GET, Auth: { Authorizer: Jwt, AuthorizationScopes: [write] } } }
        RouteA: { Type: HttpApi, Properties: { ApiId: !Ref Http, Path: /a, Method: GET, Auth: { Authorizer: PerRoute } } }
        RouteB: { Type: HttpApi, Properties: { ApiId: !Ref Http, Path: /b, Method: GET, Auth: { Authorizer: PerRoute } } }
        SignedHttp: { Type: HttpApi, Properties: { ApiId: !Ref Http, Path: /signed, Method: GET, Auth: { Authorizer: AWS_IAM } } }
        Plan: { Type: Api, Properties: { RestApiId: !Ref ByAuthorizer, Path: /plan, Method: GET } }
        PlanToo: { Type: Api, Properties: { RestApiId: !Ref ByAuthorizer, Path: /too, Method: GET } }
        Slow: { Type: HttpApi, Properties: { ApiId: !Ref Http, Path: /slow, Method: GET } }
`;

const AUTH = `
const calls = { token: 0, simple: 0 };
const policy = (event, Effect, Resource = event.methodArn) => ({
  principalId: "me",
  policyDocument: { Version: "2012-10-17", Statement: [{ Action: "execute-api:Invoke", Effect, Resource }] },
  context: { calls: calls.token, flag: true },
});
exports.token = async (event) => {
  calls.token += 1;
  const who = event.authorizationToken ?? event.headers["x-who"];
  switch (who) {
    case "tok-all": return policy(event, "Allow", event.methodArn.replace(/Prod.*/, "Prod/*"));
    case "tok-this": return policy(event, "Allow");
    case "tok-none": return policy(event, "Allow", "arn:aws:execute-api:us-east-1:000000000000:other/*");
    case "tok-deny": return policy(event, "Deny");
    case "key-gold": return { ...policy(event, "Allow", "*"), usageIdentifierKey: "gold-key-of-twenty-chars" };
    case "key-idle": return { ...policy(event, "Allow"), usageIdentifierKey: "idle-key-of-twenty-chars" };
    case "tok-unauthorized": throw new Error("Unauthorized");
    case "tok-broken": return { nothing: true };
    case "tok-nested": return { ...policy(event, "Allow"), context: { a: { b: 1 } } };
    case "request": return { ...policy(event, "Allow"), context: { type: event.type, resource: event.resource } };
    default: throw new Error("crash");
  }
};
exports.simple = async (event) => {
  calls.simple += 1;
  return { isAuthorized: event.headers["x-who"] !== "nobody", context: { who: event.identitySource, calls: calls.simple, deep: { a: [1] } } };
};`;

const keys = generateKeyPairSync("rsa", { modulusLength: 2048 });
const strange = generateKeyPairSync("rsa", { modulusLength: 2048 });
let doors: Doors;

const notices: string[] = [];
beforeAll(async () => {
  const jwks = { keys: [{ ...keys.publicKey.export({ format: "jwk" }), kid: "k1", alg: "RS256", use: "sig" }] };
  doors = await Doors.open(
    TEMPLATE,
    { "code/auth.js": AUTH, "keys.json": JSON.stringify(jwks) },
    { clock: "virtual", jwtKeys: { [ISSUER]: "keys.json" }, onNotice: (text) => notices.push(text) },
  );
});
afterAll(() => doors.close());

const rest = (path: string, headers: Record<string, string> = {}): Promise<Answer> =>
  doors.send("Rest", path, { headers });
const http = (path: string, headers: Record<string, string> = {}): Promise<Answer> =>
  doors.send("Http", path, { headers });
const authorizerIn = (answer: Answer): unknown =>
  (eventIn(answer)["requestContext"] as Record<string, unknown>)["authorizer"];

describe("a token authorizer", () => {
  test.each([
    ["no token", {}, 401, '{"message":"Unauthorized"}'],
    ["a token that does not match the expression", { authorization: "other" }, 401, '{"message":"Unauthorized"}'],
    ["a function that throws Unauthorized", { authorization: "tok-unauthorized" }, 401, '{"message":"Unauthorized"}'],
    ["a function that crashes", { authorization: "tok-crash" }, 500, '{"message":null}'],
    ["an answer that is no policy", { authorization: "tok-broken" }, 500, '{"message":null}'],
    ["a context that is not flat", { authorization: "tok-nested" }, 500, '{"message":null}'],
    [
      "a policy for something else",
      { authorization: "tok-none" },
      403,
      '{"Message":"User is not authorized to access this resource because no identity-based policy allows the execute-api:Invoke action"}',
    ],
    [
      "a policy that denies",
      { authorization: "tok-deny" },
      403,
      '{"Message":"User is not authorized to access this resource with an explicit deny in an identity-based policy"}',
    ],
  ])("answers %s", async (_, headers, status, text) => {
    expect(await rest("/token", headers as Record<string, string>)).toMatchObject({ status, text });
  });

  test("hands its context on as texts", async () => {
    expect(authorizerIn(await rest("/token", { authorization: "tok-this" }))).toMatchObject({
      principalId: "me",
      flag: "true",
    });
  });

  test("is asked once in five minutes, and its policy held against every route", async () => {
    const first = authorizerIn(await rest("/token", { authorization: "tok-all" })) as { calls: string };
    expect(authorizerIn(await rest("/other", { authorization: "tok-all" }))).toMatchObject({ calls: first.calls });
    expect((await rest("/token", { authorization: "tok-this" })).status).toBe(200);
    expect((await rest("/other", { authorization: "tok-this" })).status).toBe(403);
    await doors.stack.clock.advance("301 s");
    const later = authorizerIn(await rest("/token", { authorization: "tok-all" })) as { calls: string };
    expect(later.calls).not.toBe(first.calls);
  });

  test("leaves routes alone that say NONE", async () => {
    expect((await rest("/open")).status).toBe(200);
  });
});

test("a request authorizer sees the request, and every identity source has to be there", async () => {
  expect((await rest("/request?q=1")).status).toBe(401);
  expect((await rest("/request", { "x-who": "request" })).status).toBe(401);
  expect(authorizerIn(await rest("/request?q=1", { "x-who": "request" }))).toMatchObject({
    type: "REQUEST",
    resource: "/request",
  });
});

test("a simple authorizer says yes or no, and is kept as long as it is told", async () => {
  expect(await http("/simple")).toMatchObject({ status: 401, text: '{"message":"Unauthorized"}' });
  expect(await http("/simple", { "x-who": "nobody" })).toMatchObject({ status: 403, text: '{"message":"Forbidden"}' });
  const first = authorizerIn(await http("/simple", { "x-who": "ann" }));
  expect(first).toMatchObject({ lambda: { who: ["ann"], deep: { a: [1] } } });
  expect(authorizerIn(await http("/simple", { "x-who": "ann" }))).toEqual(first);
  await doors.stack.clock.advance("61 s");
  expect(authorizerIn(await http("/simple", { "x-who": "ann" }))).not.toEqual(first);
});

describe("a JWT authorizer", () => {
  const token = (
    claims: Record<string, unknown>,
    { signer = keys.privateKey, issuer = ISSUER, lifeSeconds = 60 } = {},
  ): Promise<string> =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: "RS256", kid: "k1" })
      .setIssuer(issuer)
      .setExpirationTime(Math.floor(doors.stack.clock.now() / 1000) + lifeSeconds)
      .sign(signer);
  const bearer = async (...parts: Parameters<typeof token>): Promise<{ authorization: string }> => ({
    authorization: `Bearer ${await token(...parts)}`,
  });

  test("lets a good token through, with its claims as texts", async () => {
    const answer = await http("/jwt", await bearer({ aud: "client-1", scope: "read write", n: 5, groups: ["a", "b"] }));
    expect(authorizerIn(answer)).toMatchObject({
      jwt: { claims: { iss: ISSUER, aud: "client-1", n: "5", groups: "[a b]" }, scopes: ["read", "write"] },
    });
  });

  test("is flat in format 1.0, as every authorizer there", async () => {
    const answer = await http("/one/jwt", await bearer({ aud: "client-1", scope: "read" }));
    expect(authorizerIn(answer)).toMatchObject({ claims: { aud: "client-1" }, scopes: ["read"] });
    expect(authorizerIn(await http("/one/simple", { "x-who": "ann" }))).toMatchObject({ who: ["ann"] });
  });

  test("takes client_id for the audience where there is none", async () => {
    expect((await http("/jwt", await bearer({ client_id: "client-1" }))).status).toBe(200);
  });

  test("refuses tokens that are absent, broken, of others, or too old", async () => {
    expect(await http("/jwt")).toMatchObject({ status: 401, text: '{"message":"Unauthorized"}' });
    const unsigned = `${Buffer.from('{"alg":"none"}').toString("base64url")}.${Buffer.from(JSON.stringify({ iss: ISSUER, aud: "client-1" })).toString("base64url")}.`;
    const statuses = [
      await http("/jwt", { authorization: "Bearer nonsense" }),
      await http("/jwt", { authorization: `Bearer ${unsigned}` }),
      await http("/jwt", await bearer({ aud: "client-1" }, { signer: strange.privateKey })),
      await http("/jwt", await bearer({ aud: "client-1" }, { issuer: "https://other.example.com" })),
      await http("/jwt", await bearer({ aud: "client-2" })),
      await http("/jwt", await bearer({ aud: "client-1" }, { lifeSeconds: -1 })),
    ].map(({ status }) => status);
    expect(statuses).toEqual([401, 401, 401, 401, 401, 401]);
  });

  test("asks for one of the route's scopes", async () => {
    expect((await http("/scoped", await bearer({ aud: "client-1", scope: "read write" }))).status).toBe(200);
    expect(await http("/scoped", await bearer({ aud: "client-1", scope: "read" }))).toMatchObject({
      status: 403,
      text: '{"message":"Forbidden"}',
    });
  });
});

test("a key has to be sent, and is slowed and counted as its plan says", async () => {
  const api = doors.stack.stack.application.apis.find(({ logicalId }) => logicalId === "Rest");
  const key = api?.settings.usagePlans[0]?.keys[0]?.value ?? "";
  // Keys of the template are known; those that AWS draws are told.
  expect(notices.filter((text) => text.includes("x-api-key"))).toEqual([
    `the API Rest takes ${key} as x-api-key (RestApiKey)`,
  ]);
  expect(await rest("/key")).toMatchObject({ status: 403, text: '{"message":"Forbidden"}' });
  expect((await rest("/key", { "x-api-key": "wrong" })).status).toBe(403);
  const identity = (
    eventIn(await rest("/key", { "x-api-key": key }))["requestContext"] as { identity: Record<string, unknown> }
  ).identity;
  expect(identity).toMatchObject({ apiKey: key });
  const burst = [
    await rest("/key", { "x-api-key": key }),
    await rest("/key", { "x-api-key": key }),
    await rest("/key", { "x-api-key": key }),
  ];
  expect(burst.map(({ status }) => status)).toEqual([200, 200, 429]);
  expect(burst[2]).toMatchObject({
    text: '{"message":"Too Many Requests"}',
    headers: { "x-amzn-errortype": "TooManyRequestsException" },
  });
  await doors.stack.clock.advance("10 s");
  expect((await rest("/key", { "x-api-key": key })).status).toBe(200);
  expect((await rest("/key", { "x-api-key": key })).status).toBe(200);
  await doors.stack.clock.advance("10 s");
  expect(await rest("/key", { "x-api-key": key })).toMatchObject({ status: 429, text: '{"message":"Limit Exceeded"}' });
  await doors.stack.clock.advance("24 h");
  expect((await rest("/key", { "x-api-key": key })).status).toBe(200);
});

test("a key comes from the authorizer where the API says so, and from nowhere else", async () => {
  const ask = (path: string, authorization: string, key = ""): Promise<Answer> =>
    doors.send("ByAuthorizer", path, { headers: { authorization, ...(key === "" ? {} : { "x-api-key": key }) } });
  expect((await ask("/too", "key-gold")).status).toBe(200);
  expect(await ask("/too", "tok-this", "gold-key-of-twenty-chars")).toMatchObject({
    status: 403,
    text: '{"message":"Forbidden"}',
  });
  expect((await ask("/too", "key-idle")).status).toBe(403);
  // The plan names this API's other stage only.
  expect((await rest("/key", { "x-api-key": "gold-key-of-twenty-chars" })).status).toBe(403);
});

test("a plan slows single methods", async () => {
  const statuses = [];
  for (const path of ["/plan", "/plan", "/too"])
    statuses.push((await doors.send("ByAuthorizer", path, { headers: { authorization: "key-gold" } })).status);
  expect(statuses).toEqual([200, 429, 200]);
});

test("an authorizer is asked once for each route when the route is part of its identity", async () => {
  const calls = async (path: string): Promise<unknown> =>
    (authorizerIn(await http(path, { "x-who": "eve" })) as { lambda: { calls: unknown } }).lambda.calls;
  const first = await calls("/a");
  expect(await calls("/a")).toBe(first);
  expect(await calls("/b")).not.toBe(first);
});

test("a route is slowed by its own rate, and recovers", async () => {
  const statuses = [await http("/slow"), await http("/slow"), await http("/slow")].map(({ status }) => status);
  expect(statuses).toEqual([200, 200, 429]);
  expect((await http("/slow")).text).toBe('{"message":"Too Many Requests"}');
  await doors.stack.clock.advance("1 s");
  expect((await http("/slow")).status).toBe(200);
});

describe("AWS_IAM", () => {
  const signed = async (
    name: string,
    path: string,
    service: string,
    { secret = "test", accessKeyId = "test", atMs = doors.stack.clock.now() } = {},
  ): Promise<Answer> => {
    const base = new URL(doors.url(name));
    const signer = new SignatureV4({
      service,
      region: "us-east-1",
      sha256: Sha256,
      credentials: { accessKeyId, secretAccessKey: secret },
    });
    const full = `${base.pathname.replace(/\/$/, "")}${path}`;
    const { headers } = await signer.sign(
      {
        method: "GET",
        protocol: "http:",
        hostname: base.hostname,
        port: Number(base.port),
        path: full,
        headers: { host: base.host },
        query: {},
      },
      { signingDate: new Date(atMs) },
    );
    return doors.send(name, path, { headers });
  };

  test.each([
    ["Bearer abc.def.ghi", "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256"],
    ["Basic YTpi=", "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature'"],
    ["token", "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature'"],
  ])("takes %s for a broken signature, and does so on paths without a route, too", async (authorization, begins) => {
    for (const path of ["/signed", "/nowhere"]) {
      const { status, headers, text } = await rest(path, { authorization });
      expect([status, headers["x-amzn-errortype"]]).toEqual([403, "IncompleteSignatureException"]);
      const { message } = JSON.parse(text) as { readonly message: string };
      expect(message.startsWith(begins)).toBe(true);
      expect(message).toContain(createHash("sha256").update(authorization).digest("base64"));
    }
    expect(await http("/nowhere", { authorization })).toMatchObject({ status: 404, text: '{"message":"Not Found"}' });
  });

  test("checks the signature before a REST API", async () => {
    expect(await rest("/signed")).toMatchObject({
      status: 403,
      text: '{"message":"Missing Authentication Token"}',
      headers: { "x-amzn-errortype": "MissingAuthenticationTokenException" },
    });
    const answer = await signed("Rest", "/signed", "execute-api");
    expect((eventIn(answer)["requestContext"] as { identity: unknown }).identity).toMatchObject({
      accessKey: "test",
      userArn: "arn:aws:iam::000000000000:root",
    });
  });

  const MISMATCH =
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";

  test.each([
    ["a wrong secret", { secret: "wrong" }, "InvalidSignatureException", MISMATCH],
    [
      "a key that nobody has",
      { accessKeyId: "AKIANOBODY" },
      "UnrecognizedClientException",
      "The security token included in the request is invalid.",
    ],
    [
      "an old signature",
      { atMs: 0 },
      "InvalidSignatureException",
      "Signature expired: 19700101T000000Z is now earlier",
    ],
  ])("is refused in AWS's words for %s, and an HTTP API says no more than that", async (_, how, type, message) => {
    const answer = await signed("Rest", "/signed", "execute-api", how);
    expect([answer.status, answer.headers["x-amzn-errortype"]]).toEqual([403, type]);
    expect((JSON.parse(answer.text) as { message: string }).message.startsWith(message)).toBe(true);
    const url = await signed("Echo", "/a", "lambda", how);
    expect([url.status, url.headers["x-amzn-errortype"]]).toEqual([403, type]);
    expect((JSON.parse(url.text) as { message: string }).message.startsWith(message)).toBe(true);
    expect(await signed("Http", "/signed", "execute-api", how)).toMatchObject({
      status: 403,
      text: '{"message":"Forbidden"}',
    });
  });

  test("shows what a REST API would have signed", async () => {
    const { text } = await signed("Rest", "/signed", "execute-api", { secret: "wrong" });
    expect((JSON.parse(text) as { message: string }).message).toMatch(
      /\n\nThe Canonical String for this request should have been\n'GET\n[^']+'\n\nThe String-to-Sign should have been\n'AWS4-HMAC-SHA256\n[^']+'\n$/,
    );
  });

  test("lets a good signature pass before an HTTP API", async () => {
    expect(authorizerIn(await signed("Http", "/signed", "execute-api"))).toMatchObject({
      iam: { accessKey: "test", userArn: "arn:aws:iam::000000000000:root" },
    });
  });

  test("checks the signature before a function URL", async () => {
    expect(await doors.send("Echo", "/")).toMatchObject({
      status: 403,
      headers: { "x-amzn-errortype": "AccessDeniedException" },
    });
    expect(authorizerIn(await signed("Echo", "/a", "lambda"))).toMatchObject({
      iam: { accessKey: "test", accountId: "000000000000" },
    });
  });
});

test("a request that reaches no function is told with the reason, and no other is", async () => {
  const told = async (ask: () => Promise<unknown>): Promise<readonly string[]> => {
    notices.length = 0;
    await ask();
    return [...notices];
  };
  expect(await told(() => rest("/nowhere"))).toEqual(["GET /nowhere is 403: no route of Rest takes it"]);
  expect(await told(() => http("/nowhere"))).toEqual(["GET /nowhere is 404: no route of Http takes it"]);
  expect(await told(() => rest("/token"))).toEqual([
    "GET /token is 401: what its authorizer looks at is missing, or not accepted",
  ]);
  expect(await told(() => rest("/token", { authorization: "tok-deny" }))).toEqual([
    "GET /token is 403: its authorizer does not allow it",
  ]);
  expect(await told(() => rest("/signed"))).toEqual([
    "GET /signed is 403: it has to be signed (AWS_IAM), and has no signature",
  ]);
  expect(await told(() => rest("/key"))).toEqual([
    "GET /key is 403: its API key is missing, or in no usage plan of the stage",
  ]);
  expect(await told(() => fetch(`${new URL(doors.url("Rest")).origin}/_aws/execute-api/nobody/x`))).toEqual([
    "GET /_aws/execute-api/nobody/x is 403: no API and no function URL has this address",
  ]);
  expect(await told(() => fetch(doors.url("Echo")))).toEqual([
    "GET / is 403: its function URL takes signed requests alone (AWS_IAM), and it has no signature",
  ]);
  const strange = { authorization: "AWS4-HMAC-SHA256 Credential=nobody/20260101/us-east-1/lambda/aws4_request" };
  expect(await told(() => fetch(doors.url("Echo"), { headers: strange }))).toEqual([
    expect.stringMatching(/^GET \/ is 403: its signature is not accepted \(\w+\)$/),
  ]);
  expect(await told(() => rest("/open"))).toEqual([]);
});
