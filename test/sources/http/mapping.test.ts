/** The table of requests and answers: what each door makes of what a function returns, and of what a client sends. */
import { Doors, eventIn, HEAD, type Answer, type Sent } from "./fixture.js";

const TEMPLATE = `${HEAD}
Resources:
  Http: { Type: AWS::Serverless::HttpApi, Properties: { StageName: $default } }
  Rest: { Type: AWS::Serverless::Api, Properties: { StageName: Prod, BinaryMediaTypes: ["image~1png"] } }
  Echo:
    Type: AWS::Serverless::Function
    Properties:
      Handler: echo.handler
      FunctionUrlConfig: { AuthType: NONE }
      Events:
        Two: { Type: HttpApi, Properties: { ApiId: !Ref Http, Path: /two, Method: ANY } }
        One: { Type: HttpApi, Properties: { ApiId: !Ref Http, Path: /one, Method: ANY, PayloadFormatVersion: "1.0" } }
        Item: { Type: HttpApi, Properties: { ApiId: !Ref Http, Path: "/items/{id}", Method: GET } }
        Files: { Type: HttpApi, Properties: { ApiId: !Ref Http, Path: "/files/{key+}", Method: GET } }
        Rest: { Type: Api, Properties: { RestApiId: !Ref Rest, Path: /echo, Method: ANY } }
        RestItem: { Type: Api, Properties: { RestApiId: !Ref Rest, Path: "/items/{id}", Method: GET } }
        RestProxy: { Type: Api, Properties: { RestApiId: !Ref Rest, Path: "/files/{proxy+}", Method: GET } }
`;

type Door = "rest" | "http 1.0" | "http 2.0" | "url";
const PLACES: Readonly<Record<Door, readonly [name: string, path: string]>> = {
  rest: ["Rest", "/echo"],
  "http 1.0": ["Http", "/one"],
  "http 2.0": ["Http", "/two"],
  url: ["Echo", "/"],
};

const REST_502 = { status: 502, text: '{"message":"Internal server error"}' };
const HTTP_500 = { status: 500, text: '{"message":"Internal Server Error"}' };
const URL_502 = { status: 502, text: "Internal Server Error" };
const png = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0xff]);

interface Expected {
  readonly status?: number;
  readonly text?: string;
  readonly body?: Buffer;
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** What the function returns, and what then reaches the client. */
const RESULTS: readonly (readonly [
  name: string,
  result: string,
  doors: readonly Door[],
  expected: Expected,
  sent?: Readonly<Record<string, string>>,
])[] = [
  ["a status alone", '{"statusCode":200}', ["rest", "http 1.0", "http 2.0", "url"], { status: 200, text: "" }],
  [
    "a status and a body",
    '{"statusCode":201,"body":"made"}',
    ["rest", "http 1.0", "http 2.0", "url"],
    { status: 201, text: "made" },
  ],
  [
    "no Content-Type",
    '{"statusCode":200,"body":"x"}',
    ["rest", "http 1.0", "url"],
    { headers: { "content-type": "application/json" } },
  ],
  [
    "no Content-Type",
    '{"statusCode":200,"body":"x"}',
    ["http 2.0"],
    { headers: { "content-type": "text/plain; charset=utf-8" } },
  ],
  [
    "a Content-Type of its own",
    '{"statusCode":200,"headers":{"content-type":"text/html"},"body":"x"}',
    ["rest", "http 1.0", "http 2.0", "url"],
    { headers: { "content-type": "text/html" } },
  ],
  ["a status as text", '{"statusCode":"202","body":""}', ["rest", "http 1.0", "http 2.0", "url"], { status: 202 }],
  ["a status that is no number", '{"statusCode":"test"}', ["rest"], REST_502],
  ["a status that is no number", '{"statusCode":"test"}', ["http 1.0", "http 2.0"], HTTP_500],
  ["a status that is no number", '{"statusCode":"test"}', ["url"], URL_502],
  ["a member that is not known", '{"statusCode":200,"body":"x","extra":1}', ["rest"], REST_502],
  ["a member that is not known", '{"statusCode":200,"body":"x","extra":1}', ["http 1.0"], HTTP_500],
  [
    "a member that is not known",
    '{"statusCode":200,"body":"x","extra":1}',
    ["http 2.0", "url"],
    { status: 200, text: "x" },
  ],
  ["a bare text", '"hello"', ["rest"], REST_502],
  ["a bare text", '"hello"', ["http 1.0"], HTTP_500],
  [
    "a bare text",
    '"hello"',
    ["http 2.0", "url"],
    { status: 200, text: "hello", headers: { "content-type": "application/json" } },
  ],
  ["an object without a status", '{"ok":true}', ["rest"], REST_502],
  ["an object without a status", '{"ok":true}', ["http 2.0", "url"], { status: 200, text: '{"ok":true}' }],
  ["only headers", '{"headers":{"x-a":"1"}}', ["rest"], { status: 200, text: "", headers: { "x-a": "1" } }],
  ["a list", "[1,2]", ["rest"], REST_502],
  ["a list", "[1,2]", ["http 1.0"], HTTP_500],
  ["a list", "[1,2]", ["http 2.0", "url"], { status: 200, text: "[1,2]" }],
  ["null", "null", ["rest"], REST_502],
  ["null", "null", ["http 1.0"], HTTP_500],
  ["nothing at all", "undefined", ["rest"], REST_502],
  ["nothing at all", "undefined", ["http 2.0", "url"], { status: 200, text: "null" }],
  ["a number", "7", ["http 2.0", "url"], { status: 200, text: "7" }],
  [
    "headers that are null",
    '{"statusCode":200,"headers":null}',
    ["rest", "http 1.0", "http 2.0", "url"],
    { status: 200 },
  ],
  [
    "a header that is a boolean",
    '{"statusCode":200,"headers":{"x-a":true}}',
    ["rest", "http 1.0", "http 2.0", "url"],
    { headers: { "x-a": "true" } },
  ],
  [
    "a header that is a number",
    '{"statusCode":200,"headers":{"x-a":5}}',
    ["rest", "http 2.0", "url"],
    { headers: { "x-a": "5" } },
  ],
  ["a header that is an object", '{"statusCode":200,"headers":{"x-a":{}}}', ["rest"], REST_502],
  ["a header that is a list", '{"statusCode":200,"headers":{"set-cookie":["a=1"]}}', ["rest"], REST_502],
  [
    "a header that is a list",
    '{"statusCode":200,"headers":{"set-cookie":["a=1"]}}',
    ["http 1.0", "http 2.0"],
    HTTP_500,
  ],
  [
    "headers of many values",
    '{"statusCode":200,"multiValueHeaders":{"X-A":["1","2"]}}',
    ["rest", "http 1.0"],
    { headers: { "x-a": "1, 2" } },
  ],
  [
    "one name in both maps",
    '{"statusCode":200,"headers":{"x-a":"3"},"multiValueHeaders":{"X-A":["1","2"]}}',
    ["rest"],
    { headers: { "x-a": "1, 2, 3" } },
  ],
  ["multiValueHeaders without a list", '{"statusCode":200,"multiValueHeaders":{"x-a":"1"}}', ["rest"], REST_502],
  [
    "multiValueHeaders in format 2.0",
    '{"statusCode":200,"multiValueHeaders":{"x-a":["1"]}}',
    ["http 2.0", "url"],
    { status: 200, headers: { "x-a": undefined } },
  ],
  [
    "cookies",
    '{"statusCode":200,"cookies":["a=1; Secure","b=2"]}',
    ["http 2.0", "url"],
    { headers: { "set-cookie": ["a=1; Secure", "b=2"] } },
  ],
  [
    "cookies of many values",
    '{"statusCode":200,"multiValueHeaders":{"Set-Cookie":["a=1","b=2"]}}',
    ["rest"],
    { headers: { "set-cookie": ["a=1", "b=2"] } },
  ],
  ["cookies in REST's strict shape", '{"statusCode":200,"cookies":["a=1"]}', ["rest"], REST_502],
  ["a body that is an object", '{"statusCode":200,"body":{"a":1}}', ["rest"], REST_502],
  ["a body that is an object", '{"statusCode":200,"body":{"a":1}}', ["http 1.0", "http 2.0"], HTTP_500],
  [
    "a body that is null",
    '{"statusCode":200,"body":null}',
    ["rest", "http 1.0", "http 2.0", "url"],
    { status: 200, text: "" },
  ],
  [
    "base64",
    `{"statusCode":200,"headers":{"content-type":"image/png"},"body":"${png.toString("base64")}","isBase64Encoded":true}`,
    ["rest", "http 1.0", "http 2.0", "url"],
    { body: png },
  ],
  [
    "text that is said to be base64",
    '{"statusCode":200,"headers":{"content-type":"image/png"},"body":"{}","isBase64Encoded":true}',
    ["rest"],
    { status: 500, text: REST_502.text },
  ],
  [
    "text that is said to be base64",
    '{"statusCode":200,"body":"{}","isBase64Encoded":true}',
    ["http 1.0", "http 2.0"],
    HTTP_500,
  ],
  ["text that is said to be base64", '{"statusCode":200,"body":"{}","isBase64Encoded":true}', ["url"], URL_502],
  ["a status that announces another", '{"statusCode":101}', ["rest"], REST_502],
  ["a status that announces another", '{"statusCode":103}', ["http 1.0", "http 2.0"], HTTP_500],
  ["a status that announces another", '{"statusCode":100}', ["url"], URL_502],
  [
    "base64 of a type that REST takes for text",
    '{"statusCode":200,"headers":{"content-type":"text/plain"},"body":"aGk=","isBase64Encoded":true}',
    ["rest"],
    { text: "aGk=" },
  ],
  [
    "base64 of a type that REST takes for text",
    '{"statusCode":200,"headers":{"content-type":"text/plain"},"body":"aGk=","isBase64Encoded":true}',
    ["http 1.0", "http 2.0", "url"],
    { text: "hi" },
  ],
  [
    "base64 that the client accepts as binary",
    '{"statusCode":200,"body":"aGk=","isBase64Encoded":true}',
    ["rest"],
    { text: "hi" },
    { accept: "image/png, */*" },
  ],
  [
    "base64 that the client accepts as binary in the second place",
    '{"statusCode":200,"body":"aGk=","isBase64Encoded":true}',
    ["rest"],
    { text: "aGk=" },
    { accept: "text/html, image/png" },
  ],
  [
    "a redirect",
    '{"statusCode":302,"headers":{"Location":"/there"}}',
    ["rest", "http 2.0", "url"],
    { status: 302, headers: { location: "/there" } },
  ],
  ["no content", '{"statusCode":204}', ["rest", "http 2.0", "url"], { status: 204, text: "" }],
  [
    "a header that belongs to the gateway",
    '{"statusCode":200,"headers":{"Date":"today"}}',
    ["rest"],
    { headers: { "x-amzn-remapped-date": "today" } },
  ],
  [
    "a header that belongs to the gateway",
    '{"statusCode":401,"headers":{"WWW-Authenticate":"Basic"}}',
    ["url"],
    { status: 401, headers: { "x-amzn-remapped-www-authenticate": "Basic", "www-authenticate": undefined } },
  ],
  [
    "a challenge",
    '{"statusCode":401,"headers":{"WWW-Authenticate":"Basic"}}',
    ["http 2.0"],
    { status: 401, headers: { "www-authenticate": "Basic" } },
  ],
  [
    "a header that would break the message",
    '{"statusCode":200,"headers":{"x-a":"1\\r\\nx-b: 2"}}',
    ["rest", "http 2.0", "url"],
    { status: 200, headers: { "x-b": undefined } },
  ],
  [
    "a length that is a lie",
    '{"statusCode":200,"headers":{"Content-Length":"999"},"body":"abc"}',
    ["rest", "http 2.0", "url"],
    { text: "abc", headers: { "content-length": "3" } },
  ],
  [
    "text beyond Latin",
    '{"statusCode":200,"body":"Gr\\u00fc\\u00dfe \\u2615"}',
    ["rest", "http 2.0", "url"],
    { text: "Grüße ☕" },
  ],
];

let doors: Doors;
beforeAll(async () => {
  doors = await Doors.open(TEMPLATE);
});
afterAll(() => doors.close());

/** Of an answer, what is expected of it. */
function seen({ status, text, body, headers }: Answer, expected: Expected): Expected {
  return {
    ...(expected.status === undefined ? {} : { status }),
    ...(expected.text === undefined ? {} : { text }),
    ...(expected.body === undefined ? {} : { body }),
    ...(expected.headers === undefined
      ? {}
      : { headers: Object.fromEntries(Object.keys(expected.headers).map((name) => [name, headers[name]])) }),
  };
}

describe("a function that returns", () => {
  const rows = RESULTS.flatMap(([name, result, kinds, expected, sent]) =>
    kinds.map((kind) => ({ name, kind, result, expected, sent })),
  );
  test("is held to at least 80 mappings", () => expect(rows.length).toBeGreaterThanOrEqual(80));

  test.each(rows)("$name, behind $kind: $result", async ({ kind, result, expected, sent }) => {
    const [door, path] = PLACES[kind];
    const answer = await doors.send(door, path, { headers: { ...sent, "x-result": result } });
    expect(seen(answer, expected)).toEqual(expected);
  });
});

describe("a function that fails", () => {
  test.each([
    ["rest", REST_502, { "x-amzn-errortype": "InternalServerErrorException" }],
    ["http 1.0", HTTP_500, {}],
    ["http 2.0", HTTP_500, {}],
    ["url", URL_502, {}],
  ] as const)("behind %s gives the door's own error", async (kind, expected, headers) => {
    const [door, path] = PLACES[kind];
    const answer = await doors.send(door, path, { headers: { "x-throw": "no" } });
    expect(seen(answer, { ...expected, headers })).toEqual({ ...expected, headers });
  });
});

describe("an event of a REST API", () => {
  const send = (path: string, sent?: Sent): Promise<Record<string, unknown>> =>
    doors.send("Rest", path, sent).then(eventIn);

  test("has null where there is nothing", async () => {
    expect(await send("/echo")).toMatchObject({
      resource: "/echo",
      path: "/echo",
      httpMethod: "GET",
      queryStringParameters: null,
      multiValueQueryStringParameters: null,
      pathParameters: null,
      stageVariables: null,
      body: null,
      isBase64Encoded: false,
      requestContext: {
        stage: "Prod",
        path: "/Prod/echo",
        resourcePath: "/echo",
        identity: { sourceIp: "127.0.0.1", userAgent: null },
      },
    });
  });

  test("keeps the last of repeated values, and all of them beside it", async () => {
    expect(await send("/echo?a=1&a=2&b=x%20y+z")).toMatchObject({
      queryStringParameters: { a: "2", b: "x y z" },
      multiValueQueryStringParameters: { a: ["1", "2"], b: ["x y z"] },
    });
  });

  test("keeps the spelling of headers, but for those that AWS respells", async () => {
    const { headers, multiValueHeaders } = await send("/echo", {
      headers: ["X-mIxEd", "1", "X-mIxEd", "2", "authorization", "me", "user-agent", "test"],
    });
    expect(headers).toMatchObject({
      "X-mIxEd": "2",
      Authorization: "me",
      "User-Agent": "test",
      "X-Forwarded-For": "127.0.0.1",
      "X-Forwarded-Proto": "https",
    });
    expect(multiValueHeaders).toMatchObject({ "X-mIxEd": ["1", "2"] });
    expect(Object.keys(headers as object).map((name) => name.toLowerCase())).not.toContain("connection");
  });

  test("is without headers that REST APIs keep to themselves", async () => {
    const { headers, multiValueHeaders } = await send("/echo", {
      headers: ["Content-MD5", "1", "Max-Forwards", "2", "Server", "3", "WWW-Authenticate", "4", "X-A", "5"],
    });
    const sent = /^(content-md5|max-forwards|server|www-authenticate|x-a)$/i;
    for (const map of [headers, multiValueHeaders])
      expect(Object.keys(map as object).filter((name) => sent.test(name))).toEqual(["X-A"]);
  });

  test("leaves path parameters encoded, and the final slash in the path alone", async () => {
    expect(await send("/files/a%2Bb/c+d/")).toMatchObject({
      resource: "/files/{proxy+}",
      path: "/files/a%2Bb/c+d/",
      pathParameters: { proxy: "a%2Bb/c+d" },
    });
  });

  test("has a binary body in base64 when the API takes its type for binary", async () => {
    expect(await send("/echo", { method: "POST", body: png, headers: { "content-type": "image/png" } })).toMatchObject({
      body: png.toString("base64"),
      isBase64Encoded: true,
    });
    expect(
      await send("/echo", {
        method: "POST",
        body: "a=1",
        headers: { "content-type": "application/x-www-form-urlencoded" },
      }),
    ).toMatchObject({ body: "a=1", isBase64Encoded: false });
  });
});

describe("an event of format 2.0", () => {
  const send = (path: string, sent?: Sent): Promise<Record<string, unknown>> =>
    doors.send("Http", path, sent).then(eventIn);

  test("leaves out what is not there", async () => {
    const event = await send("/two");
    expect(event).toMatchObject({
      version: "2.0",
      routeKey: "ANY /two",
      rawPath: "/two",
      rawQueryString: "",
      isBase64Encoded: false,
    });
    for (const member of ["cookies", "queryStringParameters", "pathParameters", "stageVariables", "body"])
      expect(event).not.toHaveProperty(member);
  });

  test("joins repeated values, and parts cookies", async () => {
    const event = await send("/two?a=1&a=2", { headers: ["X-A", "1", "x-a", "2", "Cookie", "a=1; b=2"] });
    expect(event).toMatchObject({
      queryStringParameters: { a: "1,2" },
      rawQueryString: "a=1&a=2",
      headers: { "x-a": "1,2" },
      cookies: ["a=1", "b=2"],
    });
    expect(event["headers"]).not.toHaveProperty("cookie");
  });

  test("decodes path parameters", async () => {
    expect(await send("/items/a%20b")).toMatchObject({ routeKey: "GET /items/{id}", pathParameters: { id: "a b" } });
    expect(await send("/files/2026/04/a.pdf")).toMatchObject({
      routeKey: "GET /files/{key+}",
      pathParameters: { key: "2026/04/a.pdf" },
    });
  });

  test("has text as text and everything else in base64, forms too", async () => {
    const post = (type: string, body: string | Buffer): Promise<Record<string, unknown>> =>
      send("/two", { method: "POST", body, headers: { "content-type": type } });
    expect(await post("application/json; charset=utf-8", '{"ü":1}')).toMatchObject({
      body: '{"ü":1}',
      isBase64Encoded: false,
    });
    expect(await post("application/vnd.api+json", "{}")).toMatchObject({ body: "{}", isBase64Encoded: false });
    expect(await post("application/x-www-form-urlencoded", "a=1")).toMatchObject({
      body: "YT0x",
      isBase64Encoded: true,
    });
    expect(await post("application/octet-stream", png)).toMatchObject({
      body: png.toString("base64"),
      isBase64Encoded: true,
    });
  });
});

test("events of HTTP APIs name a length even where none was sent; those of the others do not", async () => {
  const headersOf = async (name: string, path: string): Promise<unknown> =>
    eventIn(await doors.send(name, path))["headers"];
  expect(await headersOf("Http", "/two")).toMatchObject({ "content-length": "0" });
  expect(await headersOf("Http", "/one")).toMatchObject({ "Content-Length": "0" });
  expect(await headersOf("Rest", "/echo")).not.toHaveProperty("Content-Length");
  expect(await headersOf("Echo", "/")).not.toHaveProperty("content-length");
});

test.each([
  ["Http", "/two"],
  ["Http", "/one"],
  ["Rest", "/echo"],
  ["Echo", "/"],
])("%s%s: headers and parameters with names of JavaScript's objects are headers and parameters", async (name, path) => {
  const names = ["__proto__", "constructor", "tostring"];
  const event = eventIn(
    await doors.send(name, `${path}?${names.map((each) => `${each}=1`).join("&")}`, {
      headers: names.flatMap((each) => [each, "2"]),
    }),
  );
  const own = (member: string): Record<string, unknown> =>
    Object.fromEntries(Object.entries(event[member] as object).filter(([key]) => names.includes(key)));
  expect(Object.entries(own("queryStringParameters"))).toEqual(names.map((each) => [each, "1"]));
  expect(own("headers")).toEqual(Object.fromEntries(names.map((each) => [each, "2"])));
});

test("format 1.0 of an HTTP API is REST's with a version", async () => {
  expect(eventIn(await doors.send("Http", "/one?a=1"))).toMatchObject({
    version: "1.0",
    resource: "/one",
    path: "/one",
    queryStringParameters: { a: "1" },
    multiValueQueryStringParameters: { a: ["1"] },
  });
});

test("a function URL has the whole path, and members of its own", async () => {
  const event = eventIn(await doors.send("Echo", "/any/a%20b?x=1"));
  expect(event).toMatchObject({
    version: "2.0",
    routeKey: "$default",
    rawPath: "/any/a%20b",
    requestContext: { stage: "$default", accountId: "anonymous", http: { path: "/any/a%20b" } },
  });
  expect(event).not.toHaveProperty("pathParameters");
  expect(event).not.toHaveProperty(["requestContext", "authentication"]);
});
