import {
  BatchWriteItemCommand,
  CreateTableCommand,
  DeleteItemCommand,
  paginateQuery,
  paginateScan,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
  type AttributeValue,
  type QueryCommandInput,
} from "@aws-sdk/client-dynamodb";
import { refusal, startServer, tableInput, type TestServer } from "./server.js";

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
  await server.client.send(new CreateTableCommand(tableInput("Numbers", "pk:S", "sk:N")));
  await server.client.send(new CreateTableCommand(tableInput("Texts", "pk:S", "sk:S", withIndexes())));
  await server.client.send(new CreateTableCommand(tableInput("Plain", "pk:S")));
});
afterAll(() => server.close());

function withIndexes(): Parameters<typeof tableInput>[3] {
  const key = (hash: string, range?: string) => [
    { AttributeName: hash, KeyType: "HASH" as const },
    ...(range === undefined ? [] : [{ AttributeName: range, KeyType: "RANGE" as const }]),
  ];
  return {
    AttributeDefinitions: [
      { AttributeName: "g", AttributeType: "S" },
      { AttributeName: "at", AttributeType: "N" },
      { AttributeName: "long", AttributeType: "S" },
    ],
    GlobalSecondaryIndexes: [
      {
        IndexName: "by-g",
        KeySchema: key("g", "at"),
        Projection: { ProjectionType: "INCLUDE", NonKeyAttributes: ["kept"] },
      },
      { IndexName: "by-long", KeySchema: key("g", "long"), Projection: { ProjectionType: "ALL" } },
    ],
    LocalSecondaryIndexes: [
      { IndexName: "by-at", KeySchema: key("pk", "at"), Projection: { ProjectionType: "KEYS_ONLY" } },
    ],
  };
}

async function putAll(TableName: string, items: readonly Record<string, AttributeValue>[]): Promise<void> {
  for (let i = 0; i < items.length; i += 25) {
    const requests = items.slice(i, i + 25).map((Item) => ({ PutRequest: { Item } }));
    await server.client.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: requests } }));
  }
}

const query = (input: Partial<QueryCommandInput> & { TableName: string }, values: Record<string, AttributeValue>) =>
  server.client.send(new QueryCommand({ ...input, ExpressionAttributeValues: values }));

test("numbers sort by value, over the whole range and to 38 digits", async () => {
  const ordered = [
    "-9.9999999999999999999999999999999999999E+125",
    "-1000000000000000000000000000000000000.5",
    "-1000000000000000000000000000000000000.4",
    "-100",
    "-99.9",
    "-10",
    "-1.5",
    "-1",
    "-0.001",
    "-1E-130",
    "0",
    "1E-130",
    "0.00001",
    "0.1",
    "0.11",
    "1",
    "1.0000000000000000000000000000000000001",
    "2",
    "9.99",
    "10",
    "100",
    "12345678901234567890123456789012345678",
    "9.9999999999999999999999999999999999999E+125",
  ];
  const shuffled = ordered.map((n, i) => ({ n, i })).sort((a, b) => ((a.i * 7) % 23) - ((b.i * 7) % 23));
  await putAll(
    "Numbers",
    shuffled.map(({ n, i }) => ({ pk: { S: "order" }, sk: { N: n }, i: { N: String(i) } })),
  );
  const all = await query({ TableName: "Numbers", KeyConditionExpression: "pk = :p" }, { ":p": { S: "order" } });
  expect(all.Items?.map(({ i }) => Number(i?.N))).toEqual(ordered.map((_, i) => i));
  const some = await query(
    { TableName: "Numbers", KeyConditionExpression: "pk = :p and sk between :a and :b", ScanIndexForward: false },
    { ":p": { S: "order" }, ":a": { N: "-1.50" }, ":b": { N: "0.10" } },
  );
  expect(some.Items?.map(({ i }) => Number(i?.N))).toEqual([13, 12, 11, 10, 9, 8, 7, 6]);
});

test.each([
  ["=", ["b"]],
  ["<", ["", "a", "a\u0000", "ab"]],
  ["<=", ["", "a", "a\u0000", "ab", "b"]],
  [">", ["b\u0000", "ba", "é", "\uffff", "𝒳"]],
  [">=", ["b", "b\u0000", "ba", "é", "\uffff", "𝒳"]],
] as const)("a sort key that is text is compared by its UTF-8 bytes: %s b", async (operator, found) => {
  const keys = ["𝒳", "b", "ab", "a", "é", "\uffff", "ba", "a\u0000", "b\u0000"];
  await putAll(
    "Texts",
    keys.map((sk) => ({ pk: { S: "bytes" }, sk: { S: sk } })),
  );
  const answer = await query(
    { TableName: "Texts", KeyConditionExpression: `pk = :p and sk ${operator} :k` },
    { ":p": { S: "bytes" }, ":k": { S: "b" } },
  );
  expect(answer.Items?.map(({ sk }) => sk?.S)).toEqual(found.filter((sk) => sk !== ""));
});

test("begins_with finds every key with the prefix and no other, in a table and in an index", async () => {
  const keys = ["ab", "abc", "ab\u0000", "ab\u{10ffff}", "ac", "a", "abcdefgh", "abcdefghi"];
  await putAll(
    "Texts",
    keys.map((sk) => ({ pk: { S: "prefix" }, sk: { S: sk }, g: { S: "prefix" }, long: { S: sk } })),
  );
  const expected = ["ab", "ab\u0000", "abc", "abcdefgh", "abcdefghi", "ab\u{10ffff}"];
  const table = await query(
    { TableName: "Texts", KeyConditionExpression: "pk = :p and begins_with(sk, :k)" },
    { ":p": { S: "prefix" }, ":k": { S: "ab" } },
  );
  expect(table.Items?.map(({ sk }) => sk?.S)).toEqual(expected);
  const index = await query(
    {
      TableName: "Texts",
      IndexName: "by-long",
      KeyConditionExpression: "g = :p and begins_with(#l, :k)",
      ExpressionAttributeNames: { "#l": "long" },
    },
    { ":p": { S: "prefix" }, ":k": { S: "ab" } },
  );
  expect(index.Items?.map(({ sk }) => sk?.S)).toEqual(expected);
});

test("keys of the greatest lengths are kept apart, ordered and paged, in tables and indexes", async () => {
  const pk = { S: "p".repeat(2048) };
  const long = (end: string) => ({ S: "\u0000".repeat(1024 - end.length) + end });
  const ends = ["a", "b", "bc", "c"];
  await putAll(
    "Texts",
    ends.map((end) => ({ pk, sk: long(end), g: { S: "long" }, long: long(end) })),
  );
  const neighbour = { pk: { S: `${"p".repeat(2047)}q` }, sk: long("a") };
  await server.client.send(new PutItemCommand({ TableName: "Texts", Item: neighbour }));
  const pages = [];
  const input = {
    TableName: "Texts",
    KeyConditionExpression: "pk = :p",
    ExpressionAttributeValues: { ":p": pk },
    Limit: 1,
  };
  for await (const page of paginateQuery({ client: server.client }, input)) pages.push(...(page.Items ?? []));
  const inOrder = (texts: (string | undefined)[]) =>
    [...texts].sort((a = "", b = "") => Buffer.from(a).compare(Buffer.from(b)));
  expect(pages.map(({ sk }) => sk?.S)).toEqual(inOrder(ends.map((end) => long(end).S)));
  const index = await query(
    { TableName: "Texts", IndexName: "by-long", KeyConditionExpression: "g = :g", ScanIndexForward: false },
    { ":g": { S: "long" } },
  );
  expect(index.Items?.map(({ sk }) => sk?.S)).toEqual(inOrder(ends.map((end) => long(end).S)).reverse());
  const tooLong = { TableName: "Texts", Item: { pk: { S: "x" }, sk: { S: "s".repeat(1025) } } };
  expect((await refusal(server.client.send(new PutItemCommand(tooLong)))).message).toContain(
    "exceeded the size limit of 1024 bytes",
  );
});

test("a global index holds only items with its keys, follows their changes, and keeps what it projects", async () => {
  const key = { pk: { S: "gsi" }, sk: { S: "1" } };
  const found = async () =>
    (await query({ TableName: "Texts", IndexName: "by-g", KeyConditionExpression: "g = :g" }, { ":g": { S: "G" } }))
      .Items;
  const set = (UpdateExpression: string, ExpressionAttributeValues?: Record<string, AttributeValue>) =>
    server.client.send(
      new UpdateItemCommand({
        TableName: "Texts",
        Key: key,
        UpdateExpression,
        ExpressionAttributeNames: { "#at": "at" },
        ExpressionAttributeValues,
      }),
    );
  await server.client.send(
    new PutItemCommand({ TableName: "Texts", Item: { ...key, g: { S: "G" }, kept: { S: "k" }, lost: { S: "l" } } }),
  );
  expect(await found()).toEqual([]);
  await set("SET #at = :one", { ":one": { N: "1" } });
  expect(await found()).toEqual([{ ...key, g: { S: "G" }, at: { N: "1" }, kept: { S: "k" } }]);
  await set("SET #at = :two", { ":two": { N: "2.0" } });
  expect((await found())?.map(({ at }) => at)).toEqual([{ N: "2" }]);
  await set("REMOVE #at");
  expect(await found()).toEqual([]);
  await set("SET #at = :two", { ":two": { N: "2" } });
  await server.client.send(new DeleteItemCommand({ TableName: "Texts", Key: key }));
  expect(await found()).toEqual([]);
});

test("writes to indexes cost capacity of their own: one for a new row, two for a row that moves, none without change", async () => {
  const write = async (at: string, kept: string) =>
    (
      await server.client.send(
        new PutItemCommand({
          TableName: "Texts",
          Item: { pk: { S: "cost" }, sk: { S: "1" }, g: { S: "cost" }, at: { N: at }, kept: { S: kept } },
          ReturnConsumedCapacity: "INDEXES",
        }),
      )
    ).ConsumedCapacity;
  const units = (count: number) => ({ CapacityUnits: count });
  expect(await write("1", "a")).toEqual({
    TableName: "Texts",
    ...units(3),
    Table: units(1),
    GlobalSecondaryIndexes: { "by-g": units(1) },
    LocalSecondaryIndexes: { "by-at": units(1) },
  });
  expect(await write("1", "a")).toEqual({ TableName: "Texts", ...units(1), Table: units(1) });
  expect(await write("1", "b")).toMatchObject({ ...units(2), GlobalSecondaryIndexes: { "by-g": units(1) } });
  expect(await write("2", "b")).toMatchObject({ ...units(5), GlobalSecondaryIndexes: { "by-g": units(2) } });
  const Update = {
    TableName: "Texts",
    Key: { pk: { S: "cost" }, sk: { S: "1" } },
    UpdateExpression: "SET kept = :c",
    ExpressionAttributeValues: { ":c": { S: "c" } },
  };
  const doubled = await server.client.send(
    new TransactWriteItemsCommand({ TransactItems: [{ Update }], ReturnConsumedCapacity: "INDEXES" }),
  );
  expect(doubled.ConsumedCapacity?.[0]?.GlobalSecondaryIndexes?.["by-g"]?.WriteCapacityUnits).toBe(2);
});

test("a local index fetches from the table what it does not hold, and may be read consistently", async () => {
  const items = ["3", "1", "2"].map((at) => ({
    pk: { S: "lsi" },
    sk: { S: `s${at}` },
    at: { N: at },
    extra: { S: `e${at}` },
  }));
  await putAll("Texts", items);
  const input = {
    TableName: "Texts",
    IndexName: "by-at",
    KeyConditionExpression: "pk = :p",
    ConsistentRead: true,
    ReturnConsumedCapacity: "INDEXES",
  } as const;
  const keys = await query(input, { ":p": { S: "lsi" } });
  expect(keys.Items?.map((item) => Object.keys(item).sort())).toEqual([1, 2, 3].map(() => ["at", "pk", "sk"]));
  expect(keys.ConsumedCapacity).toMatchObject({
    CapacityUnits: 1,
    Table: { CapacityUnits: 0 },
    LocalSecondaryIndexes: { "by-at": { CapacityUnits: 1 } },
  });
  const whole = await query({ ...input, Select: "ALL_ATTRIBUTES" }, { ":p": { S: "lsi" } });
  expect(whole.Items?.map(({ extra }) => extra?.S)).toEqual(["e1", "e2", "e3"]);
  expect(whole.ConsumedCapacity?.Table?.CapacityUnits).toBe(3);
});

test.each([
  [{ IndexName: "nope" }, "The table does not have the specified index: nope"],
  [
    { IndexName: "by-g", KeyConditionExpression: "g = :p", ConsistentRead: true },
    "Consistent reads are not supported on global secondary indexes",
  ],
  [
    { IndexName: "by-g", KeyConditionExpression: "g = :p", Select: "ALL_ATTRIBUTES" },
    "One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global secondary index by-g because its projection type is not ALL",
  ],
  [
    { IndexName: "by-g", KeyConditionExpression: "g = :p", ProjectionExpression: "lost" },
    "One or more parameter values were invalid: Global secondary index by-g does not project [lost]",
  ],
  [{ KeyConditionExpression: "sk = :p" }, "Query condition missed key schema element: pk"],
  [{ KeyConditionExpression: "pk > :p" }, "Query key condition not supported"],
  [{ KeyConditionExpression: "pk = :p or sk = :p" }, "Invalid operator used in KeyConditionExpression: OR"],
  [
    { KeyConditionExpression: "pk = :p and pk = :p" },
    "KeyConditionExpressions must only contain one condition per key",
  ],
  [{ KeyConditionExpression: "pk.x = :p" }, "KeyConditionExpressions cannot have conditions on nested attributes"],
  [{ KeyConditionExpression: "pk = :p and elsewhere = :p" }, "Query condition missed key schema element: sk"],
  [
    { FilterExpression: "sk = :p" },
    "Filter Expression can only contain non-primary key attributes: Primary key attribute: sk",
  ],
  [
    { ExclusiveStartKey: { pk: { S: "other" }, sk: { S: "x" } } },
    "The provided starting key is outside query boundaries based on provided conditions",
  ],
  [{ ExclusiveStartKey: { pk: { S: "p" } } }, "The provided starting key is invalid"],
  [{ Select: "SPECIFIC_ATTRIBUTES" }, /Must specify the AttributesToGet or ProjectionExpression/],
] as const)("the query %j is refused", async (input, message) => {
  const asked = { TableName: "Texts", KeyConditionExpression: "pk = :p", ...input } as QueryCommandInput & {
    TableName: string;
  };
  const refused = await refusal(query(asked, { ":p": { S: "p" } }));
  expect(refused.name).toBe("ValidationException");
  expect(refused.message).toMatch(
    typeof message === "string" ? new RegExp(`^${message.replace(/[[\](){}.*+?^$|]/g, "\\$&")}$`) : message,
  );
});

test("a page ends at 1 MB, a filter is applied after counting, and paging reaches every item once", async () => {
  const items = Array.from({ length: 30 }, (_, i) => ({
    pk: { S: "mb" },
    sk: { N: String(i) },
    fill: { S: "x".repeat(100_000) },
  }));
  for (const Item of items) await server.client.send(new PutItemCommand({ TableName: "Numbers", Item }));
  const input = {
    TableName: "Numbers",
    KeyConditionExpression: "pk = :p",
    FilterExpression: "not fill = :nothing",
    ProjectionExpression: "sk",
    ExpressionAttributeValues: { ":p": { S: "mb" }, ":nothing": { S: "" } },
  };
  const counts = [];
  const seen = [];
  for await (const page of paginateQuery({ client: server.client }, input)) {
    counts.push(page.ScannedCount);
    seen.push(...(page.Items ?? []).map(({ sk }) => Number(sk?.N)));
  }
  expect(counts).toEqual([11, 11, 8]);
  expect(seen).toEqual(items.map((_, i) => i));
  const counted = await query(
    { TableName: "Numbers", KeyConditionExpression: "pk = :p", Select: "COUNT" },
    { ":p": { S: "mb" } },
  );
  expect(counted).toMatchObject({ Count: 11, ScannedCount: 11 });
  expect(counted.Items).toBeUndefined();
});

test("pages backwards go on where they ended, and a limit that ends with the data still names a last key", async () => {
  await putAll(
    "Numbers",
    [1, 2, 3, 4].map((n) => ({ pk: { S: "back" }, sk: { N: String(n) } })),
  );
  const page = (ExclusiveStartKey?: Record<string, AttributeValue>) =>
    query(
      { TableName: "Numbers", KeyConditionExpression: "pk = :p", ScanIndexForward: false, Limit: 2, ExclusiveStartKey },
      { ":p": { S: "back" } },
    );
  const first = await page();
  expect(first.Items?.map(({ sk }) => sk?.N)).toEqual(["4", "3"]);
  const second = await page(first.LastEvaluatedKey);
  expect(second.Items?.map(({ sk }) => sk?.N)).toEqual(["2", "1"]);
  expect(second.LastEvaluatedKey).toEqual({ pk: { S: "back" }, sk: { N: "1" } });
  expect(await page(second.LastEvaluatedKey)).toMatchObject({ Count: 0, Items: [] });
});

test("the segments of a parallel scan are disjoint and together are the table", async () => {
  await putAll(
    "Plain",
    Array.from({ length: 100 }, (_, i) => ({ pk: { S: `k${i}` } })),
  );
  const seen: (string | undefined)[] = [];
  for (const Segment of [0, 1, 2]) {
    let size = 0;
    const input = { TableName: "Plain", Segment, TotalSegments: 3, Limit: 7 };
    for await (const page of paginateScan({ client: server.client }, input)) {
      size += page.Items?.length ?? 0;
      seen.push(...(page.Items ?? []).map(({ pk }) => pk?.S));
    }
    expect(size).toBeGreaterThan(15);
  }
  expect(new Set(seen)).toEqual(new Set(Array.from({ length: 100 }, (_, k) => `k${k}`)));
  expect(seen).toHaveLength(100);
  const { message } = await refusal(
    server.client.send(new ScanCommand({ TableName: "Plain", Segment: 3, TotalSegments: 3 })),
  );
  expect(message).toContain("The Segment parameter is zero-based and must be less than parameter TotalSegments");
});

test("an index shares its key among many items and loses none while paging", async () => {
  await putAll(
    "Texts",
    Array.from({ length: 40 }, (_, i) => ({
      pk: { S: `shared${i}` },
      sk: { S: "s" },
      g: { S: "shared" },
      at: { N: "7" },
    })),
  );
  const seen = new Set<string | undefined>();
  const input = {
    TableName: "Texts",
    IndexName: "by-g",
    KeyConditionExpression: "g = :g and #at = :at",
    ExpressionAttributeNames: { "#at": "at" },
    ExpressionAttributeValues: { ":g": { S: "shared" }, ":at": { N: "7" } },
    Limit: 9,
  };
  for await (const page of paginateQuery({ client: server.client }, input))
    for (const { pk } of page.Items ?? []) seen.add(pk?.S);
  expect(seen.size).toBe(40);
});
