import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CreateTableCommand,
  DeleteTableCommand,
  DescribeContinuousBackupsCommand,
  DescribeLimitsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  GetItemCommand,
  ListTablesCommand,
  ListTagsOfResourceCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
  waitUntilTableNotExists,
  type CreateTableCommandInput,
} from "@aws-sdk/client-dynamodb";
import { refusal, startServer, tableInput, type TestServer } from "./server.js";

let server: TestServer;
beforeEach(async () => {
  server = await startServer();
});
afterEach(() => server.close());

const byText = (a: string, b: string): number => (a < b ? -1 : 1);
const create = (input: CreateTableCommandInput) => server.client.send(new CreateTableCommand(input));
const put = (TableName: string, pk: string, more = {}) =>
  server.client.send(new PutItemCommand({ TableName, Item: { pk: { S: pk }, ...more } }));

test("a table is made, awaited, described, listed and deleted", async () => {
  const made = await create(tableInput("First", "pk:S", "sk:N"));
  expect(made.TableDescription?.TableStatus).toBe("CREATING");
  await waitUntilTableExists({ client: server.client, maxWaitTime: 30 }, { TableName: "First" });
  await put("First", "a", { sk: { N: "1" } });
  const { Table } = await server.client.send(new DescribeTableCommand({ TableName: "First" }));
  expect(Table).toMatchObject({
    TableStatus: "ACTIVE",
    TableArn: "arn:aws:dynamodb:us-east-1:000000000000:table/First",
    KeySchema: [
      { AttributeName: "pk", KeyType: "HASH" },
      { AttributeName: "sk", KeyType: "RANGE" },
    ],
    BillingModeSummary: { BillingMode: "PAY_PER_REQUEST" },
    ItemCount: 1,
    TableSizeBytes: 7,
  });
  await server.client.send(new DeleteTableCommand({ TableName: "First" }));
  await waitUntilTableNotExists({ client: server.client, maxWaitTime: 30 }, { TableName: "First" });
  const missing = await refusal(server.client.send(new DescribeTableCommand({ TableName: "First" })));
  expect(missing.message).toBe("Requested resource not found: Table: First not found");
});

test("names are listed in order and by pages", async () => {
  for (const name of ["bbb", "aaa", "ccc"]) await create(tableInput(name, "pk:S"));
  const first = await server.client.send(new ListTablesCommand({ Limit: 2 }));
  expect(first).toMatchObject({ TableNames: ["aaa", "bbb"], LastEvaluatedTableName: "bbb" });
  const second = await server.client.send(new ListTablesCommand({ ExclusiveStartTableName: "bbb" }));
  expect(second.TableNames).toEqual(["ccc"]);
  expect(second.LastEvaluatedTableName).toBeUndefined();
});

test("a table that is deleted and made again starts empty", async () => {
  await create(tableInput("Again", "pk:S"));
  await put("Again", "old");
  await server.client.send(new DeleteTableCommand({ TableName: "Again" }));
  await create(tableInput("Again", "pk:S"));
  expect(await server.client.send(new ScanCommand({ TableName: "Again" }))).toMatchObject({ Count: 0 });
  expect((await refusal(create(tableInput("Again", "pk:S")))).name).toBe("ResourceInUseException");
});

test("a protected table is not deleted until the protection goes", async () => {
  await create(tableInput("Safe", "pk:S", undefined, { DeletionProtectionEnabled: true }));
  expect((await refusal(server.client.send(new DeleteTableCommand({ TableName: "Safe" })))).name).toBe(
    "ValidationException",
  );
  await server.client.send(new UpdateTableCommand({ TableName: "Safe", DeletionProtectionEnabled: false }));
  await expect(server.client.send(new DeleteTableCommand({ TableName: "Safe" }))).resolves.toBeDefined();
});

test("an index that is added later finds the items that were there, and one that is removed is gone", async () => {
  await create(tableInput("Grow", "pk:S"));
  await put("Grow", "a", { g: { S: "x" } });
  await put("Grow", "b", { g: { S: "x" } });
  await put("Grow", "c");
  const Create = {
    IndexName: "by-g",
    KeySchema: [{ AttributeName: "g", KeyType: "HASH" as const }],
    Projection: { ProjectionType: "ALL" as const },
  };
  await server.client.send(
    new UpdateTableCommand({
      TableName: "Grow",
      AttributeDefinitions: [{ AttributeName: "g", AttributeType: "S" }],
      GlobalSecondaryIndexUpdates: [{ Create }],
    }),
  );
  const query = () =>
    server.client.send(
      new QueryCommand({
        TableName: "Grow",
        IndexName: "by-g",
        KeyConditionExpression: "g = :g",
        ExpressionAttributeValues: { ":g": { S: "x" } },
      }),
    );
  expect((await query()).Count).toBe(2);
  const { Table } = await server.client.send(new DescribeTableCommand({ TableName: "Grow" }));
  expect(Table?.GlobalSecondaryIndexes?.[0]).toMatchObject({ IndexName: "by-g", IndexStatus: "ACTIVE", ItemCount: 2 });
  const mistyped = await refusal(put("Grow", "d", { g: { N: "1" } }));
  expect(mistyped.message).toBe(
    "One or more parameter values were invalid: Type mismatch for Index Key g Expected: S Actual: N IndexName: by-g",
  );
  const update = { TableName: "Grow", GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: "by-g" } }] };
  await server.client.send(new UpdateTableCommand(update));
  expect((await refusal(query())).message).toBe("The table does not have the specified index: by-g");
  await expect(put("Grow", "d", { g: { N: "1" } })).resolves.toBeDefined();
});

test("billing changes both ways", async () => {
  await create(tableInput("Bill", "pk:S"));
  const ProvisionedThroughput = { ReadCapacityUnits: 5, WriteCapacityUnits: 6 };
  await server.client.send(
    new UpdateTableCommand({ TableName: "Bill", BillingMode: "PROVISIONED", ProvisionedThroughput }),
  );
  const described = async () => (await server.client.send(new DescribeTableCommand({ TableName: "Bill" }))).Table;
  expect(await described()).toMatchObject({
    BillingModeSummary: { BillingMode: "PROVISIONED" },
    ProvisionedThroughput,
  });
  const same = await refusal(server.client.send(new UpdateTableCommand({ TableName: "Bill", ProvisionedThroughput })));
  expect(same.message).toContain("The provisioned throughput for the table will not change.");
  await server.client.send(new UpdateTableCommand({ TableName: "Bill", BillingMode: "PAY_PER_REQUEST" }));
  expect((await described())?.ProvisionedThroughput?.ReadCapacityUnits).toBe(0);
});

test.each([
  [
    { KeySchema: [{ AttributeName: "other", KeyType: "HASH" }] },
    "Some index key attributes are not defined in AttributeDefinitions. Keys: [other], AttributeDefinitions: [pk]",
  ],
  [
    { AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "X" }] },
    "Value 'X' at 'attributeDefinitions.1.member.attributeType' failed to satisfy constraint: Member must satisfy enum value set: [B, N, S]",
  ],
  [{ TableName: "ab" }, "TableName must be at least 3 characters long and at most 255 characters long"],
  [{ TableName: "a/b" }, "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"],
  [
    { BillingMode: "PROVISIONED" },
    "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED",
  ],
  [{ StreamSpecification: { StreamEnabled: true } }, "StreamViewType"],
])("a wrong definition is refused: %j", async (wrong, message) => {
  const answer = await server.call("CreateTable", { ...tableInput("Wrong", "pk:S"), ...wrong });
  expect(answer.body["__type"]).toBe("com.amazon.coral.validate#ValidationException");
  expect(answer.body["message"]).toContain(message);
  expect(server.service.tableNames()).toEqual([]);
});

test("tags are kept, listed and taken away", async () => {
  await create(tableInput("Tagged", "pk:S", undefined, { Tags: [{ Key: "a", Value: "1" }] }));
  const ResourceArn = "arn:aws:dynamodb:us-east-1:000000000000:table/Tagged";
  await server.client.send(new TagResourceCommand({ ResourceArn, Tags: [{ Key: "b", Value: "2" }] }));
  await server.client.send(new UntagResourceCommand({ ResourceArn, TagKeys: ["a"] }));
  expect((await server.client.send(new ListTagsOfResourceCommand({ ResourceArn }))).Tags).toEqual([
    { Key: "b", Value: "2" },
  ]);
});

test("tools find limits and backups described", async () => {
  await create(tableInput("Known", "pk:S"));
  expect((await server.client.send(new DescribeLimitsCommand({}))).TableMaxReadCapacityUnits).toBe(40_000);
  const { ContinuousBackupsDescription } = await server.client.send(
    new DescribeContinuousBackupsCommand({ TableName: "Known" }),
  );
  expect(ContinuousBackupsDescription?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus).toBe("DISABLED");
});

test("an item whose time has come is deleted by the clock; others stay", async () => {
  await create(tableInput("Ttl", "pk:S"));
  const nowSeconds = server.clock.now() / 1000;
  await put("Ttl", "before", { ends: { N: String(nowSeconds + 60) } });
  await server.client.send(
    new UpdateTimeToLiveCommand({
      TableName: "Ttl",
      TimeToLiveSpecification: { Enabled: true, AttributeName: "ends" },
    }),
  );
  await put("Ttl", "soon", { ends: { N: String(nowSeconds + 30) } });
  await put("Ttl", "later", { ends: { N: String(nowSeconds + 3600) } });
  await put("Ttl", "text", { ends: { S: String(nowSeconds) } });
  await put("Ttl", "ancient", { ends: { N: String(nowSeconds - 6 * 365 * 86_400) } });
  await put("Ttl", "moved", { ends: { N: String(nowSeconds + 30) } });
  await put("Ttl", "moved", { ends: { N: String(nowSeconds + 7200) } });
  const left = async () =>
    ((await server.client.send(new ScanCommand({ TableName: "Ttl" }))).Items ?? [])
      .map(({ pk }) => String(pk?.S))
      .sort(byText);
  await server.clock.advance(29_000);
  expect(await left()).toEqual(["ancient", "before", "later", "moved", "soon", "text"]);
  await server.clock.advance(12_000);
  expect(await left()).toEqual(["ancient", "before", "later", "moved", "text"]);
  await server.clock.advance(30_000);
  expect(await left()).toEqual(["ancient", "later", "moved", "text"]);
  const described = await server.client.send(new DescribeTimeToLiveCommand({ TableName: "Ttl" }));
  expect(described.TimeToLiveDescription).toEqual({ TimeToLiveStatus: "ENABLED", AttributeName: "ends" });
  await server.client.send(
    new UpdateTimeToLiveCommand({
      TableName: "Ttl",
      TimeToLiveSpecification: { Enabled: false, AttributeName: "ends" },
    }),
  );
  await server.clock.advance(2 * 3600_000);
  expect(await left()).toEqual(["ancient", "later", "moved", "text"]);
});

test("a stack makes its tables in process, once", async () => {
  const input = tableInput("Made", "pk:S") as unknown as Record<string, unknown>;
  await server.service.ensureTable(input, { timeToLive: "ttl" });
  await put("Made", "a");
  await server.service.ensureTable(input, { timeToLive: "ttl" });
  expect(server.service.tableNames()).toEqual(["Made"]);
  expect(
    (await server.client.send(new GetItemCommand({ TableName: "Made", Key: { pk: { S: "a" } } }))).Item,
  ).toBeDefined();
});

test("a reset forgets tables and items", async () => {
  await create(tableInput("Gone", "pk:S"));
  await put("Gone", "a");
  await server.service.reset();
  expect(server.service.tableNames()).toEqual([]);
  await create(tableInput("Gone", "pk:S"));
  const { Table } = await server.client.send(new DescribeTableCommand({ TableName: "Gone" }));
  expect(Table).toMatchObject({ ItemCount: 0, TableSizeBytes: 0 });
});

test("what was stored is there after a restart, and the leftovers of a deleted table are not", async () => {
  const folder = mkdtempSync(join(tmpdir(), "lambda-run-test-"));
  try {
    const first = await startServer({ folder });
    await first.client.send(new CreateTableCommand(tableInput("Kept", "pk:S")));
    await first.client.send(new PutItemCommand({ TableName: "Kept", Item: { pk: { S: "a" } } }));
    await first.client.send(new CreateTableCommand(tableInput("Dropped", "pk:S")));
    await first.client.send(new DeleteTableCommand({ TableName: "Dropped" }));
    await first.close();
    const second = await startServer({ folder });
    expect(second.service.tableNames()).toEqual(["Kept"]);
    expect((await second.client.send(new ScanCommand({ TableName: "Kept" }))).Items).toEqual([{ pk: { S: "a" } }]);
    await second.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("a store that waits for the disk keeps conditions exact too", async () => {
  const other = await startServer({ durability: "disk" });
  await other.client.send(new CreateTableCommand(tableInput("Race", "pk:S")));
  const body = { TableName: "Race", Item: { pk: { S: "x" } }, ConditionExpression: "attribute_not_exists(pk)" };
  const answers = await Promise.all(Array.from({ length: 50 }, () => other.call("PutItem", body)));
  await other.close();
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
});
