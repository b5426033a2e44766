import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  CreateTableCommand,
  GetItemCommand,
  PutItemCommand,
  ScanCommand,
  TransactGetItemsCommand,
  TransactWriteItemsCommand,
  type AttributeValue,
  type TransactWriteItem,
} from "@aws-sdk/client-dynamodb";
import { refusal, startServer, tableInput, type TestServer } from "./server.js";

let server: TestServer;
beforeEach(async () => {
  server = await startServer();
  await server.client.send(new CreateTableCommand(tableInput("Left", "pk:S")));
  await server.client.send(new CreateTableCommand(tableInput("Right", "pk:S", "sk:N")));
});
afterEach(() => server.close());

const left = (pk: string, more: Record<string, AttributeValue> = {}) => ({ pk: { S: pk }, ...more });
const get = async (pk: string) =>
  (await server.client.send(new GetItemCommand({ TableName: "Left", Key: left(pk) }))).Item;
const transact = (TransactItems: TransactWriteItem[], ClientRequestToken?: string) =>
  server.client.send(
    new TransactWriteItemsCommand({ TransactItems, ClientRequestToken, ReturnConsumedCapacity: "TOTAL" }),
  );
const put = (pk: string, more?: Record<string, AttributeValue>, condition?: string): TransactWriteItem => ({
  Put: {
    TableName: "Left",
    Item: left(pk, more),
    ...(condition === undefined ? {} : { ConditionExpression: condition }),
  },
});

test("a batch writes to several tables and another reads them back", async () => {
  const written = await server.client.send(
    new BatchWriteItemCommand({
      RequestItems: {
        Left: [{ PutRequest: { Item: left("a") } }, { PutRequest: { Item: left("b") } }],
        Right: [{ PutRequest: { Item: { ...left("a"), sk: { N: "1" } } } }],
      },
      ReturnConsumedCapacity: "TOTAL",
    }),
  );
  expect(written.UnprocessedItems).toEqual({});
  expect(written.ConsumedCapacity).toEqual([
    { TableName: "Left", CapacityUnits: 2 },
    { TableName: "Right", CapacityUnits: 1 },
  ]);
  const read = await server.client.send(
    new BatchGetItemCommand({
      RequestItems: {
        Left: { Keys: [left("b"), left("none"), left("a")] },
        Right: { Keys: [{ ...left("a"), sk: { N: "1.0" } }], ProjectionExpression: "sk" },
      },
    }),
  );
  expect(read.Responses?.["Left"]).toHaveLength(2);
  expect(read.Responses?.["Right"]).toEqual([{ sk: { N: "1" } }]);
  expect(read.UnprocessedKeys).toEqual({});
});

test("a batch that is wrong in one place writes nothing", async () => {
  const duplicate = { Left: [{ PutRequest: { Item: left("a") } }, { DeleteRequest: { Key: left("a") } }] };
  expect((await refusal(server.client.send(new BatchWriteItemCommand({ RequestItems: duplicate })))).message).toBe(
    "Provided list of item keys contains duplicates",
  );
  const mistyped = { Left: [{ PutRequest: { Item: left("a") } }], Right: [{ PutRequest: { Item: left("a") } }] };
  expect((await refusal(server.client.send(new BatchWriteItemCommand({ RequestItems: mistyped })))).message).toBe(
    "The provided key element does not match the schema",
  );
  const many = { Left: Array.from({ length: 26 }, (_, i) => ({ PutRequest: { Item: left(`k${i}`) } })) };
  expect((await refusal(server.client.send(new BatchWriteItemCommand({ RequestItems: many })))).message).toContain(
    "at 'requestItems' failed to satisfy constraint: Map value must satisfy constraint: [Member must have length less than or equal to 25, Member must have length greater than or equal to 1]",
  );
  const spread = {
    Left: many.Left.slice(0, 13),
    Right: Array.from({ length: 13 }, (_, i) => ({ PutRequest: { Item: { ...left("x"), sk: { N: String(i) } } } })),
  };
  expect((await refusal(server.client.send(new BatchWriteItemCommand({ RequestItems: spread })))).message).toBe(
    "Too many items requested for the BatchWriteItem call",
  );
  expect((await server.client.send(new ScanCommand({ TableName: "Left" }))).Count).toBe(0);
});

test("a batch of reads takes 100 distinct keys and answers at most 16 MB", async () => {
  const keys = Array.from({ length: 100 }, (_, i) => left(`k${i}`));
  expect(
    (
      await refusal(
        server.client.send(new BatchGetItemCommand({ RequestItems: { Left: { Keys: [...keys, left("more")] } } })),
      )
    ).message,
  ).toContain("Member must have length less than or equal to 100");
  expect(
    (
      await refusal(
        server.client.send(new BatchGetItemCommand({ RequestItems: { Left: { Keys: [left("a"), left("a")] } } })),
      )
    ).message,
  ).toBe("Provided list of item keys contains duplicates");
  for (const key of keys.slice(0, 43))
    await server.client.send(
      new PutItemCommand({ TableName: "Left", Item: { ...key, d: { S: "x".repeat(400_000) } } }),
    );
  const { Responses, UnprocessedKeys } = await server.client.send(
    new BatchGetItemCommand({ RequestItems: { Left: { Keys: keys.slice(0, 43) } } }),
  );
  expect(Responses?.["Left"]).toHaveLength(41);
  expect(UnprocessedKeys?.["Left"]?.Keys).toEqual([left("k41"), left("k42")]);
});

test("a transaction does all its writes and counts double capacity", async () => {
  await transact([put("b", { n: { N: "1" } }), put("d")]);
  const { ConsumedCapacity } = await transact([
    put("a"),
    {
      Update: {
        TableName: "Left",
        Key: left("b"),
        UpdateExpression: "ADD n :one",
        ExpressionAttributeValues: { ":one": { N: "1" } },
      },
    },
    { ConditionCheck: { TableName: "Left", Key: left("c"), ConditionExpression: "attribute_not_exists(pk)" } },
    { Delete: { TableName: "Left", Key: left("d") } },
  ]);
  expect(ConsumedCapacity).toEqual([{ TableName: "Left", CapacityUnits: 8, WriteCapacityUnits: 8 }]);
  expect([await get("a"), await get("b"), await get("c"), await get("d")]).toEqual([
    left("a"),
    left("b", { n: { N: "2" } }),
    undefined,
    undefined,
  ]);
});

test("one failed condition cancels everything, and every reason is told in its place", async () => {
  await transact([put("b", { n: { N: "1" } })]);
  const check = {
    Put: {
      TableName: "Left",
      Item: left("b"),
      ConditionExpression: "attribute_not_exists(pk)",
      ReturnValuesOnConditionCheckFailure: "ALL_OLD" as const,
    },
  };
  const wrong = { Update: { TableName: "Left", Key: left("z"), UpdateExpression: "SET a = absent" } };
  const refused = await refusal(transact([put("a"), check, wrong]));
  expect(refused.name).toBe("TransactionCanceledException");
  expect(refused.message).toBe(
    "Transaction cancelled, please refer cancellation reasons for specific reasons [None, ConditionalCheckFailed, ValidationError]",
  );
  expect(refused["CancellationReasons"]).toEqual([
    { Code: "None" },
    { Code: "ConditionalCheckFailed", Message: "The conditional request failed", Item: left("b", { n: { N: "1" } }) },
    {
      Code: "ValidationError",
      Message: "The provided expression refers to an attribute that does not exist in the item",
    },
  ]);
  expect(await get("a")).toBeUndefined();
});

test("a transaction may not touch one item twice, nor be empty, nor hold 101 writes", async () => {
  expect((await refusal(transact([put("a"), { Delete: { TableName: "Left", Key: left("a") } }]))).message).toBe(
    "Transaction request cannot include multiple operations on one item",
  );
  expect((await refusal(transact([]))).message).toContain("Member must have length greater than or equal to 1");
  expect((await refusal(transact(Array.from({ length: 101 }, (_, i) => put(`k${i}`))))).message).toContain(
    "Member must have length less than or equal to 100",
  );
});

test("a repeated token does nothing for ten minutes, and is refused with another request", async () => {
  const add = (n: string): TransactWriteItem => ({
    Update: {
      TableName: "Left",
      Key: left("t"),
      UpdateExpression: "ADD n :n",
      ExpressionAttributeValues: { ":n": { N: n } },
    },
  });
  await transact([add("1")], "token");
  await server.clock.advance(9 * 60_000);
  const repeated = await transact([add("1")], "token");
  expect(repeated.ConsumedCapacity).toEqual([{ TableName: "Left", CapacityUnits: 2, ReadCapacityUnits: 2 }]);
  expect((await get("t"))?.["n"]).toEqual({ N: "1" });
  expect((await refusal(transact([add("2")], "token"))).name).toBe("IdempotentParameterMismatchException");
  await server.clock.advance(60_001);
  await transact([add("1")], "token");
  expect((await get("t"))?.["n"]).toEqual({ N: "2" });
});

test("a transaction of reads answers in order, with gaps where there is nothing", async () => {
  await transact([put("a", { n: { N: "1" } })]);
  const { Responses } = await server.client.send(
    new TransactGetItemsCommand({
      TransactItems: ["b", "a"].map((pk) => ({ Get: { TableName: "Left", Key: left(pk), ProjectionExpression: "n" } })),
    }),
  );
  expect(Responses).toEqual([{}, { Item: { n: { N: "1" } } }]);
});
