import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { silentLogger } from "../../../src/shared/logger.js";
import { AwsError } from "../../../src/services/kit/aws-error.js";
import type { JsonObject } from "../../../src/services/kit/json-protocol.js";
import {
  flatList,
  flatMap,
  handleQuery,
  isQueryRequest,
  list,
  map,
  structure,
  type QueryOperation,
} from "../../../src/services/kit/query-protocol.js";
import type { ServiceRequest } from "../../../src/services/service.js";

const record = structure({
  Name: "string",
  Count: "integer",
  Ratio: "double",
  Loud: "boolean",
  At: "timestamp",
  Items: list(structure({ Key: "string", Tags: list("string") })),
  Flat: flatList("FlatItem", "string"),
  Table: map("string"),
  Attributes: flatMap("Attribute", "Name", "Value", "string"),
});
let seen: JsonObject = {};
const operations: Record<string, QueryOperation> = {
  Echo: {
    input: record,
    output: record,
    run: (input) => {
      seen = input;
      return input;
    },
  },
  Quiet: { input: structure({}), run: () => ({}) },
  Refuse: {
    input: structure({}),
    run: () => {
      throw new AwsError("NewName", 'no "a" < b', { statusCode: 403, queryCode: "OldName" });
    },
  },
  Break: {
    input: structure({}),
    run: () => {
      throw new Error("a fault of ours");
    },
  },
};

let server: Server;
let endpoint: string;
beforeAll(async () => {
  server = createServer((body, response) => {
    const [path = "/", query = ""] = (body.url ?? "/").split("?");
    const request: ServiceRequest = {
      method: body.method ?? "",
      path,
      query,
      headers: body.headers,
      body,
      caller: undefined,
      requestId: "id-1",
      endpoint: "",
      remoteAddress: "",
      payload: { kind: "unsigned" },
    };
    if (!isQueryRequest(request)) response.end("not for us");
    else
      void handleQuery(request, response, {
        version: "2020-01-01",
        xmlNamespace: "http://ns/",
        operations,
        maxBodyBytes: 10_000,
        log: silentLogger,
      });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function call(parameters: Record<string, string>): Promise<{ status: number; xml: string }> {
  const answer = await fetch(endpoint, { method: "POST", body: new URLSearchParams(parameters) });
  return { status: answer.status, xml: await answer.text() };
}

test("parameters become nested input of the shape's types", async () => {
  await call({
    Action: "Echo",
    Name: "a b+c=d&é",
    Count: "-7",
    Ratio: "1.5e3",
    Loud: "TRUE",
    At: "2026-01-02T03:04:05Z",
    "Items.member.2.Key": "second",
    "Items.member.1.Key": "first",
    "Items.member.1.Tags.member.1": "x",
    "Items.member.1.Tags.member.2": "y",
    "FlatItem.1": "one",
    "FlatItem.3": "three",
    "Table.entry.1.key": "k",
    "Table.entry.1.value": "v",
    "Attribute.1.Name": "n",
    "Attribute.1.Value": "",
    Unknown: "ignored",
  });
  expect(seen).toEqual({
    Name: "a b+c=d&é",
    Count: -7,
    Ratio: 1500,
    Loud: true,
    At: Date.UTC(2026, 0, 2, 3, 4, 5) / 1000,
    Items: [{ Key: "first", Tags: ["x", "y"] }, { Key: "second" }],
    Flat: ["one", "three"],
    Table: { k: "v" },
    Attributes: { n: "" },
  });
});

test("a single value stands for a list of one, and an empty list may be sent", async () => {
  await call({ Action: "Echo", FlatItem: "only", Items: "" });
  expect(seen).toEqual({ Flat: ["only"], Items: [] });
});

test("a name like __proto__ is data", async () => {
  await call({ Action: "Echo", "Attribute.1.Name": "__proto__", "Attribute.1.Value": "x", "__proto__.polluted": "1" });
  expect(Object.keys(seen["Attributes"] as object)).toEqual(["__proto__"]);
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
});

test("output is XML in the order of the shape", async () => {
  const { xml } = await call({
    Action: "Echo",
    Name: "<&>\r",
    At: "0",
    "Items.member.1.Key": "k",
    "FlatItem.1": "f",
    "Table.entry.1.key": "k",
    "Table.entry.1.value": "v",
    "Attribute.1.Name": "n",
    "Attribute.1.Value": "v",
  });
  expect(xml).toBe(
    '<?xml version="1.0"?><EchoResponse xmlns="http://ns/"><EchoResult><Name>&lt;&amp;&gt;&#xD;</Name><At>1970-01-01T00:00:00.000Z</At>' +
      "<Items><member><Key>k</Key></member></Items><FlatItem>f</FlatItem><Table><entry><key>k</key><value>v</value></entry></Table>" +
      "<Attribute><Name>n</Name><Value>v</Value></Attribute></EchoResult><ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata></EchoResponse>",
  );
});

test("an operation without output answers its request id alone", async () => {
  expect((await call({ Action: "Quiet" })).xml).toBe(
    '<?xml version="1.0"?><QuietResponse xmlns="http://ns/"><ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata></QuietResponse>',
  );
});

test("an error carries its old code and its fault", async () => {
  const { status, xml } = await call({ Action: "Refuse" });
  expect(status).toBe(403);
  expect(xml).toBe(
    '<?xml version="1.0"?><ErrorResponse xmlns="http://ns/"><Error><Type>Sender</Type><Code>OldName</Code><Message>no &quot;a&quot; &lt; b</Message></Error><RequestId>id-1</RequestId></ErrorResponse>',
  );
});

const REFUSALS: readonly (readonly [string, Record<string, string>, number, string])[] = [
  ["a fault of ours", { Action: "Break" }, 500, "InternalFailure"],
  ["an unknown action", { Action: "toString" }, 400, "InvalidAction"],
  ["no action", {}, 400, "MissingAction"],
  ["a broken number as integer", { Action: "Echo", Count: "1.5" }, 400, "MalformedInput"],
  ["an empty double", { Action: "Echo", Ratio: "" }, 400, "MalformedInput"],
  ["a boolean in words", { Action: "Echo", Loud: "yes" }, 400, "MalformedInput"],
  ["a time in words", { Action: "Echo", At: "soon" }, 400, "MalformedInput"],
  ["a map entry without key", { Action: "Echo", "Attribute.1.Value": "v" }, 400, "MalformedInput"],
  ["a body over the limit", { Action: "Echo", Name: "x".repeat(20_000) }, 413, "RequestEntityTooLarge"],
];

test.each(REFUSALS)("%s is refused", async (_what, parameters, status, code) => {
  const answer = await call(parameters);
  expect(answer.status).toBe(status);
  expect(answer.xml).toContain(`<Code>${code}</Code>`);
  expect(answer.xml).not.toContain("a fault of ours");
});

test("a name of very many parts does no harm", async () => {
  const { status } = await call({ Action: "Echo", [`Items${".member.1".repeat(300)}`]: "x" });
  expect(status).toBe(200);
});

test("a request is of this protocol by its form or its Action, never when it names a target", async () => {
  expect(await (await fetch(`${endpoint}/?Action=Quiet`)).text()).toContain("QuietResponse");
  const json = await fetch(endpoint, { method: "POST", headers: { "x-amz-target": "A.B" }, body: "{}" });
  expect(await json.text()).toBe("not for us");
});
