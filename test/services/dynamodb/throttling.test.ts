import {
  BatchWriteItemCommand,
  CreateTableCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
} from "@aws-sdk/client-dynamodb";
import { refusal, startServer, tableInput, type TestServer } from "./server.js";

let server: TestServer;
beforeEach(async () => {
  server = await startServer({ partitionLimits: { writeUnits: 5, readUnits: 2 } });
  await server.client.send(new CreateTableCommand(tableInput("Hot", "pk:S", "sk:N")));
});
afterEach(() => server.close());

const item = (pk: string, sk: number) => ({ pk: { S: pk }, sk: { N: String(sk) } });
const put = (pk: string, sk: number) =>
  server.client.send(new PutItemCommand({ TableName: "Hot", Item: item(pk, sk) }));

test("a hot key is throttled while another key of the same table is not, and cools down with the clock", async () => {
  for (let i = 0; i < 5; i++) await put("hot", i);
  const refused = await refusal(put("hot", 5));
  expect(refused.name).toBe("ThrottlingException");
  expect(refused["throttlingReasons"]).toEqual([
    { reason: "TableWriteKeyRangeThroughputExceeded", resource: "arn:aws:dynamodb:us-east-1:000000000000:table/Hot" },
  ]);
  await expect(put("cold", 0)).resolves.toBeDefined();
  await server.clock.advance(200);
  await expect(put("hot", 5)).resolves.toBeDefined();
  expect((await refusal(put("hot", 6))).name).toBe("ThrottlingException");
});

test("a table with provisioned throughput says it in its own words", async () => {
  const BillingMode = "PROVISIONED";
  const ProvisionedThroughput = { ReadCapacityUnits: 1, WriteCapacityUnits: 1 };
  await server.client.send(
    new CreateTableCommand(tableInput("Old", "pk:S", undefined, { BillingMode, ProvisionedThroughput })),
  );
  const big = { TableName: "Old", Item: { pk: { S: "a" }, d: { S: "x".repeat(10_000) } } };
  await server.client.send(new PutItemCommand(big));
  expect((await refusal(server.client.send(new PutItemCommand(big)))).name).toBe(
    "ProvisionedThroughputExceededException",
  );
});

test("reads have a limit of their own, for gets and queries", async () => {
  await put("hot", 1);
  const get = () =>
    server.client.send(new GetItemCommand({ TableName: "Hot", Key: item("hot", 1), ConsistentRead: true }));
  await get();
  await get();
  expect((await refusal(get()))["name"]).toBe("ThrottlingException");
  const query = {
    TableName: "Hot",
    KeyConditionExpression: "pk = :p",
    ExpressionAttributeValues: { ":p": { S: "hot" } },
  };
  expect((await refusal(server.client.send(new QueryCommand(query)))).name).toBe("ThrottlingException");
  await expect(put("hot", 2)).resolves.toBeDefined();
});

test("a batch gives back what was throttled and writes the rest", async () => {
  const requests = [...Array.from({ length: 7 }, (_, i) => item("hot", i)), item("cold", 1)].map((Item) => ({
    PutRequest: { Item },
  }));
  const { UnprocessedItems } = await server.client.send(new BatchWriteItemCommand({ RequestItems: { Hot: requests } }));
  expect(UnprocessedItems?.["Hot"]).toEqual(requests.slice(5, 7));
});

test("a throttled write cancels its transaction with that reason", async () => {
  for (let i = 0; i < 5; i++) await put("hot", i);
  const TransactItems = [item("cold", 1), item("hot", 9)].map((Item) => ({ Put: { TableName: "Hot", Item } }));
  const refused = await refusal(server.client.send(new TransactWriteItemsCommand({ TransactItems })));
  expect(refused.message).toContain("[None, ThrottlingError]");
});
