import { readFileSync } from "node:fs";
import {
  CreateTableCommand,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  ScanCommand,
  UpdateItemCommand,
  type AttributeValue,
} from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, GetCommand, PutCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { crc32 } from "node:zlib";
import { refusal, startServer, tableInput, type TestServer } from "./server.js";

let server: TestServer;
const table = { TableName: "Items" };
const key = (pk: string): { pk: AttributeValue } => ({ pk: { S: pk } });

beforeAll(async () => {
  server = await startServer();
  await server.client.send(new CreateTableCommand(tableInput("Items", "pk:S")));
});
afterAll(() => server.close());

const put = (pk: string, attributes: Record<string, AttributeValue> = {}): Promise<unknown> =>
  server.client.send(new PutItemCommand({ ...table, Item: { ...key(pk), ...attributes } }));
const get = async (pk: string): Promise<Record<string, AttributeValue> | undefined> =>
  (await server.client.send(new GetItemCommand({ ...table, Key: key(pk) }))).Item;

test("an item comes back with every type it was stored with", async () => {
  const documents = DynamoDBDocumentClient.from(server.client);
  const item = {
    pk: "types",
    text: "é𝒳 ",
    empty: "",
    yes: true,
    nothing: null,
    bytes: new Uint8Array([0, 255, 1]),
    list: [1, "a", [false]],
    map: { deep: { deeper: 1.5 } },
    set: new Set(["a", "b"]),
  };
  await documents.send(new PutCommand({ ...table, Item: item }));
  expect((await documents.send(new GetCommand({ ...table, Key: { pk: "types" } }))).Item).toEqual(item);
});

test("attribute names that JavaScript gives a meaning are names like any other", async () => {
  const body = `{"TableName":"Items","Item":{"pk":{"S":"proto"},"__proto__":{"S":"mine"},"m":{"M":{"__proto__":{"N":"1"}}}}}`;
  expect((await server.call("PutItem", body)).status).toBe(200);
  const update = {
    ...table,
    Key: key("proto"),
    UpdateExpression: "SET x = :x",
    ExpressionAttributeValues: { ":x": { S: "x" } },
  };
  await server.client.send(new UpdateItemCommand(update));
  const answer = await server.call("GetItem", { ...table, Key: key("proto") });
  expect(Object.keys(answer.body["Item"] as object).sort()).toEqual(["__proto__", "m", "pk", "x"]);
  const condition = { ...table, Key: key("proto"), ConditionExpression: "attribute_not_exists(hasOwnProperty)" };
  await expect(server.client.send(new DeleteItemCommand(condition))).resolves.toBeDefined();
});

test("answers carry the checksum of their body", async () => {
  const response = await fetch(server.endpoint, {
    method: "POST",
    headers: { "x-amz-target": "DynamoDB_20120810.ListTables" },
    body: "{}",
  });
  expect(response.headers.get("x-amz-crc32")).toBe(String(crc32(Buffer.from(await response.arrayBuffer()))));
});

test("an operation that is not emulated is refused by its name", async () => {
  const answer = await server.call("ExecuteStatement", { Statement: "SELECT * FROM Items" });
  expect(answer.status).toBe(400);
  expect(answer.body["__type"]).toBe("com.amazon.coral.service#UnknownOperationException");
  expect(answer.body["message"]).toContain("ExecuteStatement");
});

test.each([
  ["1.50", "1.5"],
  ["-0", "0"],
  ["+7", "7"],
  ["0010", "10"],
  ["1E5", "100000"],
  ["1e-7", "0.0000001"],
  ["12345678901234567890123456789012345678", "12345678901234567890123456789012345678"],
  ["9.9999999999999999999999999999999999999E+125", `${"9".repeat(38)}${"0".repeat(88)}`],
  ["1E-130", `0.${"0".repeat(129)}1`],
])("the number %s is returned as %s", async (sent, returned) => {
  await put("number", { n: { N: sent } });
  expect((await get("number"))?.["n"]).toEqual({ N: returned });
});

test.each([
  ["", "The parameter cannot be converted to a numeric value"],
  ["abc", "The parameter cannot be converted to a numeric value: abc"],
  ["1e126", "Number overflow. Attempting to store a number with magnitude larger than supported range"],
  ["1e-131", "Number underflow. Attempting to store a number with magnitude smaller than supported range"],
  ["123456789012345678901234567890123456789", "Attempting to store more than 38 significant digits in a Number"],
])("the number %s is refused", async (sent, message) => {
  expect(await refusal(put("bad", { n: { N: sent } }))).toMatchObject({ name: "ValidationException", message });
});

test("a sum that needs more than 38 digits is refused and changes nothing", async () => {
  await put("sum", { n: { N: "1E38" } });
  const update = {
    ...table,
    Key: key("sum"),
    UpdateExpression: "ADD n :one",
    ExpressionAttributeValues: { ":one": { N: "1" } },
  };
  const { message } = await refusal(server.client.send(new UpdateItemCommand(update)));
  expect(message).toBe("Attempting to store more than 38 significant digits in a Number");
  expect((await get("sum"))?.["n"]).toEqual({ N: `1${"0".repeat(38)}` });
});

test("an item of 400 KB is stored and one byte more is refused", async () => {
  const room = 400 * 1024 - ["pk", "big", "data"].join("").length;
  await expect(put("big", { data: { S: "x".repeat(room) } })).resolves.toBeDefined();
  const { message } = await refusal(put("big", { data: { S: "x".repeat(room + 1) } }));
  expect(message).toBe("Item size has exceeded the maximum allowed size");
  const update = {
    ...table,
    Key: key("big"),
    UpdateExpression: "SET more = :m",
    ExpressionAttributeValues: { ":m": { S: "y" } },
  };
  const refused = await refusal(server.client.send(new UpdateItemCommand(update)));
  expect(refused.message).toBe("Item size to update has exceeded the maximum allowed size");
});

test("a document may be nested 32 levels deep and no deeper", async () => {
  const nested = (levels: number): AttributeValue => (levels === 1 ? { S: "x" } : { M: { m: nested(levels - 1) } });
  await expect(put("deep", { a: nested(32) })).resolves.toBeDefined();
  expect((await refusal(put("deep", { a: nested(33) }))).message).toContain(
    "Nesting Levels have exceeded supported limits",
  );
});

test("a JSON bomb of 100,000 levels is refused and the service lives on", async () => {
  const bomb = `${'{"L":['.repeat(100_000)}${"]}".repeat(100_000)}`;
  const answer = await server.call("PutItem", `{"TableName":"Items","Item":{"pk":{"S":"x"},"a":${bomb}}}`);
  expect(answer.status).toBe(400);
  expect(await get("x")).toBeUndefined();
});

test.each(["{", "[]", '"text"', '{"TableName":'])(
  "a body that is no JSON object (%s) is a SerializationException",
  async (body) => {
    expect((await server.call("PutItem", body)).body["__type"]).toBe("com.amazon.coral.service#SerializationException");
  },
);

test("a failed condition names itself and shows the old item when asked", async () => {
  await put("once", { v: { S: "first" } });
  const second = {
    ...table,
    Item: { ...key("once"), v: { S: "second" } },
    ConditionExpression: "attribute_not_exists(pk)",
  };
  const plain = await refusal(server.client.send(new PutItemCommand(second)));
  expect(plain).toMatchObject({ name: "ConditionalCheckFailedException", message: "The conditional request failed" });
  expect(plain["Item"]).toBeUndefined();
  const shown = await refusal(
    server.client.send(new PutItemCommand({ ...second, ReturnValuesOnConditionCheckFailure: "ALL_OLD" })),
  );
  expect(shown["Item"]).toEqual({ pk: { S: "once" }, v: { S: "first" } });
  expect((await get("once"))?.["v"]).toEqual({ S: "first" });
});

test("of 200 writers that race for one key exactly one wins", async () => {
  const race = Array.from({ length: 200 }, (_, i) =>
    server.call("PutItem", {
      ...table,
      Item: { ...key("race"), by: { N: String(i) } },
      ConditionExpression: "attribute_not_exists(pk)",
    }),
  );
  const answers = await Promise.all(race);
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  expect((await get("race"))?.["by"]).toEqual({ N: String(answers.findIndex(({ status }) => status === 200)) });
});

test("200 increments at once are all counted", async () => {
  const increment = {
    ...table,
    Key: key("counter"),
    UpdateExpression: "ADD n :one",
    ExpressionAttributeValues: { ":one": { N: "1" } },
  };
  await Promise.all(Array.from({ length: 200 }, () => server.call("UpdateItem", increment)));
  expect((await get("counter"))?.["n"]).toEqual({ N: "200" });
});

test.each([
  ["NONE", undefined],
  ["ALL_OLD", { pk: { S: "rv" }, a: { N: "1" }, b: { N: "2" } }],
  ["UPDATED_OLD", { a: { N: "1" } }],
  ["ALL_NEW", { pk: { S: "rv" }, a: { N: "5" }, b: { N: "2" }, c: { N: "5" } }],
  ["UPDATED_NEW", { a: { N: "5" }, c: { N: "5" } }],
] as const)("an update returns %s", async (ReturnValues, attributes) => {
  await put("rv", { a: { N: "1" }, b: { N: "2" } });
  const answer = await server.client.send(
    new UpdateItemCommand({
      ...table,
      Key: key("rv"),
      UpdateExpression: "SET a = :five, c = :five",
      ExpressionAttributeValues: { ":five": { N: "5" } },
      ReturnValues,
    }),
  );
  expect(answer.Attributes).toEqual(attributes);
});

test("a put and a delete return only the old item", async () => {
  await put("old", { v: { N: "1" } });
  const answer = await server.client.send(new PutItemCommand({ ...table, Item: key("old"), ReturnValues: "ALL_OLD" }));
  expect(answer.Attributes).toEqual({ pk: { S: "old" }, v: { N: "1" } });
  const deleted = await server.client.send(
    new DeleteItemCommand({ ...table, Key: key("old"), ReturnValues: "ALL_OLD" }),
  );
  expect(deleted.Attributes).toEqual(key("old"));
  const { message } = await refusal(
    server.client.send(new DeleteItemCommand({ ...table, Key: key("old"), ReturnValues: "ALL_NEW" })),
  );
  expect(message).toBe("ReturnValues can only be ALL_OLD or NONE");
});

test("the document client updates, adds to sets and removes list elements", async () => {
  const documents = DynamoDBDocumentClient.from(server.client);
  await documents.send(
    new PutCommand({ ...table, Item: { pk: "doc", tags: new Set(["a"]), items_: [1, 2, 3], visits: 1 } }),
  );
  const { Attributes } = await documents.send(
    new UpdateCommand({
      ...table,
      Key: { pk: "doc" },
      UpdateExpression: "SET visits = visits + :one, items_[5] = :tail REMOVE items_[0] ADD tags :more",
      ExpressionAttributeValues: { ":one": 1, ":tail": "end", ":more": new Set(["b"]) },
      ReturnValues: "ALL_NEW",
    }),
  );
  expect(Attributes).toEqual({ pk: "doc", tags: new Set(["a", "b"]), items_: [2, 3, "end"], visits: 2 });
});

test("capacity is counted per KB written and per 4 KB read", async () => {
  const ReturnConsumedCapacity = "TOTAL";
  const written = await server.client.send(
    new PutItemCommand({ ...table, Item: { ...key("capacity"), d: { S: "x".repeat(2048) } }, ReturnConsumedCapacity }),
  );
  expect(written.ConsumedCapacity).toEqual({ TableName: "Items", CapacityUnits: 3 });
  const read = (ConsistentRead: boolean) =>
    server.client.send(new GetItemCommand({ ...table, Key: key("capacity"), ConsistentRead, ReturnConsumedCapacity }));
  expect((await read(false)).ConsumedCapacity?.CapacityUnits).toBe(0.5);
  expect((await read(true)).ConsumedCapacity?.CapacityUnits).toBe(1);
  const shrunk = await server.client.send(
    new PutItemCommand({ ...table, Item: key("capacity"), ReturnConsumedCapacity }),
  );
  expect(shrunk.ConsumedCapacity?.CapacityUnits).toBe(3);
});

test("an unknown table is told without its name", async () => {
  const { name, message } = await refusal(server.client.send(new ScanCommand({ TableName: "Nobody" })));
  expect({ name, message }).toEqual({ name: "ResourceNotFoundException", message: "Requested resource not found" });
});

test("a table may be named by its ARN", async () => {
  await put("arn");
  const arn = "arn:aws:dynamodb:us-east-1:000000000000:table/Items";
  expect((await server.client.send(new GetItemCommand({ TableName: arn, Key: key("arn") }))).Item).toEqual(key("arn"));
});

test("the card lists what the service does not do", () => {
  expect(readFileSync("src/services/dynamodb/index.ts", "utf8")).toMatch(
    /^\/\*\*\n \* # DynamoDB\n[^]* \* Gaps:\n[^]* \* By design:\n[^]* \* Unverified:\n/,
  );
});
