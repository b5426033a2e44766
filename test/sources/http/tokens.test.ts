/** JWT authorizers: where keys come from, how they change, and what is said about tokens that are refused. */
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { utimesSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { SignJWT } from "jose";
import { Doors, HEAD, type Answer } from "./fixture.js";

const FILE_ISSUER = "https://issuer.example.com/file";
const URL_ISSUER = "https://issuer.example.com/url";
const DEAD_ISSUER = "http://127.0.0.1:1/nobody";

const first = generateKeyPairSync("rsa", { modulusLength: 2048 });
const second = generateKeyPairSync("rsa", { modulusLength: 2048 });
const curve = generateKeyPairSync("ec", { namedCurve: "P-256" });
const jwks = (...keys: readonly (readonly [kid: string, key: KeyObject])[]): string =>
  JSON.stringify({ keys: keys.map(([kid, key]) => ({ ...key.export({ format: "jwk" }), kid, use: "sig" })) });

let server: Server;
let served = jwks(["k1", first.publicKey]);
let discovered: string;
let doors: Doors;
const notices: string[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    const { port } = server.address() as AddressInfo;
    const found = request.url === "/pool/.well-known/openid-configuration";
    if (request.url?.startsWith("/lost/") === true) response.statusCode = 404;
    response.end(found ? JSON.stringify({ jwks_uri: `http://127.0.0.1:${port}/keys` }) : served);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  discovered = `http://127.0.0.1:${port}/pool`;
  const issuers = {
    File: FILE_ISSUER,
    Url: URL_ISSUER,
    Found: discovered,
    Dead: DEAD_ISSUER,
    Lost: `http://127.0.0.1:${port}/lost`,
  };
  const template = `${HEAD}
Resources:
  Http:
    Type: AWS::Serverless::HttpApi
    Properties:
      Auth:
        Authorizers:
${Object.entries(issuers)
  .map(
    ([name, issuer]) =>
      `          ${name}: { IdentitySource: $request.header.Authorization, JwtConfiguration: { issuer: "${issuer}", audience: [mine] } }`,
  )
  .join("\n")}
  Pool: { Type: AWS::Serverless::Api, Properties: { StageName: Prod, Auth: { DefaultAuthorizer: Users, Authorizers: { Users: { UserPoolArn: "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_abc" } } } } }
  Echo:
    Type: AWS::Serverless::Function
    Properties:
      Handler: echo.handler
      Events:
        Pool: { Type: Api, Properties: { RestApiId: !Ref Pool, Path: /pool, Method: GET } }
        PoolScoped: { Type: Api, Properties: { RestApiId: !Ref Pool, Path: /pool/scoped, Method: GET, Auth: { AuthorizationScopes: [write] } } }
        Scoped: { Type: HttpApi, Properties: { ApiId: !Ref Http, Path: /scoped, Method: GET, Auth: { Authorizer: File, AuthorizationScopes: [write, admin] } } }
${Object.keys(issuers)
  .map(
    (name) =>
      `        ${name}: { Type: HttpApi, Properties: { ApiId: !Ref Http, Path: /${name.toLowerCase()}, Method: GET, Auth: { Authorizer: ${name} } } }`,
  )
  .join("\n")}
`;
  doors = await Doors.open(
    template,
    { "keys.json": jwks(["k1", first.publicKey], ["c1", curve.publicKey]) },
    {
      jwtKeys: {
        [FILE_ISSUER]: "keys.json",
        [URL_ISSUER]: `http://127.0.0.1:${port}/keys`,
        "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_abc": "keys.json",
      },
      onNotice: (text) => notices.push(text),
    },
  );
});
afterAll(async () => {
  await doors.close();
  await new Promise((resolve) => server.close(resolve));
});

interface TokenParts {
  readonly issuer?: string;
  readonly kid?: string | undefined;
  readonly alg?: string;
  readonly key?: KeyObject;
  readonly claims?: Readonly<Record<string, unknown>>;
}

const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds;

async function ask(path: string, parts: TokenParts = {}): Promise<Answer> {
  const { issuer = FILE_ISSUER, alg = "RS256", key = first.privateKey, claims = {} } = parts;
  const kid = "kid" in parts ? parts.kid : "k1";
  const token = await new SignJWT({ aud: "mine", exp: inSeconds(60), ...claims })
    .setProtectedHeader({ alg, ...(kid === undefined ? {} : { kid }) })
    .setIssuer(issuer)
    .sign(key);
  const api = path.startsWith("/pool") ? "Pool" : "Http";
  return doors.send(api, path, { headers: { authorization: `Bearer ${token}` } });
}

test.each([
  ["a file", "/file", FILE_ISSUER],
  ["a URL", "/url", URL_ISSUER],
  ["the issuer's discovery document", "/found", undefined],
])("keys come from %s", async (_, path, issuer) => {
  expect((await ask(path, { issuer: issuer ?? discovered })).status).toBe(200);
});

test("an issuer that cannot be reached lets nobody in, and is asked again", async () => {
  const answer = await ask("/dead", { issuer: DEAD_ISSUER });
  expect(answer.status).toBe(401);
  expect(answer.headers["www-authenticate"]).toContain('"OIDC discovery endpoint communication error"');
  expect((await ask("/dead", { issuer: DEAD_ISSUER })).status).toBe(401);
});

test("an issuer whose discovery document is not there is told by its address", async () => {
  const issuer = discovered.replace("/pool", "/lost");
  expect((await ask("/lost", { issuer })).status).toBe(401);
  expect(notices.filter((text) => text.includes(issuer))).toEqual([
    expect.stringContaining(
      `cannot be found without its discovery document (${issuer}/.well-known/openid-configuration answers 404)`,
    ),
  ]);
});

test("keys change: a file is read again, a URL asked again for a key that is not known", async () => {
  const rotated = { kid: "k2", key: second.privateKey };
  expect((await ask("/file", rotated)).status).toBe(401);
  const file = join(doors.folder, "keys.json");
  writeFileSync(file, jwks(["k1", first.publicKey], ["k2", second.publicKey], ["c1", curve.publicKey]));
  utimesSync(file, new Date(), new Date(Date.now() + 1000));
  expect((await ask("/file", rotated)).status).toBe(200);
  served = jwks(["k2", second.publicKey]);
  expect((await ask("/url", { ...rotated, issuer: URL_ISSUER })).status).toBe(200);
  expect((await ask("/url", { issuer: URL_ISSUER })).status).toBe(401);
});

const BEARER = /^Bearer scope="" error="invalid_token" error_description="[^"]+"$/;

test.each<[what: string, parts: TokenParts]>([
  ["without a key id", { kid: undefined }],
  ["of a key that is not known", { kid: "k9" }],
  ["signed with another kind of key", { kid: "c1", alg: "ES256", key: curve.privateKey }],
  ["signed with somebody else's key", { key: second.privateKey }],
  ["of another issuer", { issuer: "https://issuer.example.com" }],
  ["of another audience", { claims: { aud: "theirs" } }],
  ["of many other audiences", { claims: { aud: ["theirs", "others"] } }],
  ["that is too old", { claims: { exp: inSeconds(-5) } }],
  ["that is not yet good", { claims: { nbf: inSeconds(600) } }],
  ["of the future", { claims: { iat: inSeconds(600) } }],
])("a token %s is refused", async (_, parts) => {
  const answer = await ask("/file", parts);
  expect(answer).toMatchObject({ status: 401, text: '{"message":"Unauthorized"}' });
  expect(answer.headers["www-authenticate"]).toMatch(BEARER);
});

test("what is wrong stands in www-authenticate", async () => {
  const audience = await ask("/file", { claims: { aud: "theirs" } });
  expect(audience.headers["www-authenticate"]).toBe(
    'Bearer scope="" error="invalid_token" error_description="the token does not have a valid audience"',
  );
  expect((await doors.send("Http", "/file")).headers["www-authenticate"]).toBe("Bearer");
  const scope = await ask("/scoped", { claims: { scope: "read" } });
  expect([scope.status, scope.headers["www-authenticate"]]).toEqual([
    403,
    expect.stringMatching(/^Bearer scope="write admin" error="insufficient_scope"/),
  ]);
  expect((await ask("/scoped", { claims: { scp: ["admin"] } })).status).toBe(200);
});

test("a key set that cannot be had is told, too", async () => {
  served = "no JSON";
  // Of a key that is not known, so that the set is asked for again.
  const answer = await ask("/found", { issuer: discovered, kid: "k7" });
  expect([answer.status, answer.headers["www-authenticate"]]).toEqual([
    401,
    expect.stringContaining('"JWKS communication error"'),
  ]);
});

test("a user pool in front of a REST API takes access tokens for their scopes only", async () => {
  const issuer = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_abc";
  expect((await ask("/pool", { issuer, claims: { token_use: "id" } })).status).toBe(200);
  expect((await ask("/pool", { issuer, claims: { token_use: "access", scope: "write" } })).status).toBe(401);
  expect((await ask("/pool/scoped", { issuer, claims: { token_use: "access", scope: "write" } })).status).toBe(200);
});

test("a user pool in front of a REST API says no more than that a token has expired", async () => {
  const issuer = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_abc";
  expect((await ask("/pool", { issuer })).status).toBe(200);
  expect(await ask("/pool", { issuer, claims: { exp: inSeconds(-5) } })).toMatchObject({
    status: 401,
    text: '{"message":"The incoming token has expired"}',
    headers: { "x-amzn-errortype": "UnauthorizedException" },
  });
  expect(await ask("/pool", { issuer, kid: "k9" })).toMatchObject({ status: 401, text: '{"message":"Unauthorized"}' });
});
