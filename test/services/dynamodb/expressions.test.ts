import {
  CreateTableCommand,
  PutItemCommand,
  ScanCommand,
  UpdateItemCommand,
  type AttributeValue,
} from "@aws-sdk/client-dynamodb";
import { refusal, startServer, tableInput, type TestServer } from "./server.js";

let server: TestServer;
const table = { TableName: "Expressions" };
const values: Record<string, AttributeValue> = {
  ":s": { S: "hello" },
  ":he": { S: "he" },
  ":n": { N: "5" },
  ":zero": { N: "0" },
  ":ten": { N: "10" },
  ":bytes": { B: Buffer.from("ab") },
  ":set": { SS: ["b", "a"] },
  ":list": { L: [{ N: "9" }] },
  ":map": { M: { x: { S: "y" } } },
  ":t": { S: "SS" },
  ":true": { BOOL: true },
  ":null": { NULL: true },
};
const item: Record<string, AttributeValue> = {
  pk: { S: "a" },
  s: { S: "hello" },
  n: { N: "5.0" },
  bytes: { B: Buffer.from("abc") },
  tags: { SS: ["a", "b"] },
  nums: { NS: ["1", "2"] },
  li: { L: [{ N: "1" }, { S: "two" }, { M: { q: { N: "3" } } }] },
  m: { M: { x: { S: "y" }, "dotted.name": { S: "z" } } },
  flag: { BOOL: true },
  nothing: { NULL: true },
};
const names: Record<string, string> = { "#d": "dotted.name", "#status": "status", "#s": "s" };

const used = <T>(expression: string, all: Record<string, T>): Record<string, T> | undefined => {
  const entries = Object.entries(all).filter(([name]) => new RegExp(`${name}(?![A-Za-z0-9_])`).test(expression));
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
};
const parameters = (expression: string) => ({
  ExpressionAttributeNames: used(expression, names),
  ExpressionAttributeValues: used(expression, values),
});

beforeAll(async () => {
  server = await startServer();
  await server.client.send(new CreateTableCommand(tableInput("Expressions", "pk:S")));
});
beforeEach(() => server.client.send(new PutItemCommand({ ...table, Item: item })));
afterAll(() => server.close());

const count = async (FilterExpression: string): Promise<number | undefined> =>
  (await server.client.send(new ScanCommand({ ...table, FilterExpression, ...parameters(FilterExpression) }))).Count;

test.each([
  "s = :s",
  "n = :n",
  "n BETWEEN :zero AND :ten",
  "not n between :ten and :ten",
  "s IN (:he, :s)",
  "s <> :n",
  "absent <> :s",
  "tags = :set",
  "contains(s, :he) and begins_with(s, :he)",
  "begins_with(bytes, :bytes) AND contains(bytes, :bytes)",
  "contains(li, :s) OR contains(tags, :he) or size(li) < :ten",
  "attribute_type(tags, :t)",
  "attribute_exists(li[2].q) and attribute_not_exists(li[3])",
  "attribute_exists(m.#d)",
  "size(s) = :n",
  "size(m) < size(li)",
  "flag = :true AND nothing = :null",
  "NOT (s = :he AND n = :n)",
  "(s = :he or n = :n) and flag = :true",
  "s = :he and n = :zero or flag = :true",
  "li[1] <> :s",
  "  s\t=\n:s  ",
])("holds: %s", async (expression) => {
  expect(await count(expression)).toBe(1);
});

test.each([
  "s = :n",
  "s > :n",
  "absent = :s",
  "absent < :n",
  "s = :he or n = :zero and flag = :true",
  "NOT s = :s",
  "begins_with(n, :he)",
  "contains(absent, :s)",
  "size(n) > :zero",
  "tags < :set",
  "li[0] = :s",
  "m.x.y = :s",
])("does not hold: %s", async (expression) => {
  expect(await count(expression)).toBe(0);
});

test.each([
  ["", "The expression can not be empty;"],
  ["s", 'Syntax error; token: "<EOF>", near: "s"'],
  ["s = :s and", 'Syntax error; token: "<EOF>", near: "and"'],
  ["s : s", 'Syntax error; token: ":", near: "s : s"'],
  ["a-b = :s", 'Syntax error; token: "-", near: "a-b"'],
  ["s = 5", 'Syntax error; token: "5", near: "= 5"'],
  ["s in :s", 'Syntax error; token: ":s", near: "in :s"'],
  ["s == :s", 'Syntax error; token: "=", near: "== :s"'],
  ["((s = :s))", "The expression has redundant parentheses;"],
  ["status = :s", "Attribute name is a reserved keyword; reserved keyword: status"],
  ["m.Name = :s", "Attribute name is a reserved keyword; reserved keyword: Name"],
  ["nope(s)", "Invalid function name; function: nope"],
  ["size(s)", "The function is not allowed to be used this way in an expression; function: size"],
  [
    "attribute_exists(s) = :s",
    "The function is not allowed to be used this way in an expression; function: attribute_exists",
  ],
  [
    "#undefined = :s",
    "An expression attribute name used in the document path is not defined; attribute name: #undefined",
  ],
  ["s = :undefined", "An expression attribute value used in expression is not defined; attribute value: :undefined"],
  ["attribute_exists(:s)", "Operator or function requires a document path; operator or function: attribute_exists"],
  [
    "begins_with(s)",
    "Incorrect number of operands for operator or function; operator or function: begins_with, number of operands: 1",
  ],
  [
    "begins_with(s, :n)",
    "Incorrect operand type for operator or function; operator or function: begins_with, operand type: N",
  ],
  [
    "attribute_type(s, :s)",
    "Invalid attribute type name found; type: hello, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}",
  ],
  [
    "s = s",
    "The first operand must be distinct from the remaining operands for this operator or function; operator: =, first operand: [s]",
  ],
  [
    "n between :ten and :zero",
    "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: AttributeValue: {N:10}, upper bound operand: AttributeValue: {N:0}",
  ],
])("the filter `%s` is refused", async (expression, message) => {
  const refused = await refusal(count(expression));
  expect(refused).toMatchObject({ name: "ValidationException", message: `Invalid FilterExpression: ${message}` });
});

test("findings are told by class, not by place: an unknown function before a reserved word before an undefined value", async () => {
  expect((await refusal(count("s = :undefined and status = :s and nope(s)"))).message).toContain(
    "Invalid function name",
  );
  expect((await refusal(count("s = :undefined and status = :s"))).message).toContain("reserved keyword: status");
});

test("placeholders must be used, defined and well-formed", async () => {
  const scan = (input: object) => refusal(server.client.send(new ScanCommand({ ...table, ...input })));
  expect((await scan({ ExpressionAttributeNames: { "#a": "a" } })).message).toBe(
    "ExpressionAttributeNames can only be specified when using expressions",
  );
  expect((await scan({ ExpressionAttributeValues: { ":a": { S: "a" } } })).message).toBe(
    "ExpressionAttributeValues can only be specified when using expressions: FilterExpression is null",
  );
  const FilterExpression = "attribute_exists(s)";
  expect((await scan({ FilterExpression, ExpressionAttributeNames: { "#a": "a", "#b": "b" } })).message).toBe(
    "Value provided in ExpressionAttributeNames unused in expressions: keys: {#a, #b}",
  );
  expect((await scan({ FilterExpression, ExpressionAttributeValues: { ":a": { S: "a" } } })).message).toBe(
    "Value provided in ExpressionAttributeValues unused in expressions: keys: {:a}",
  );
  expect((await scan({ FilterExpression, ExpressionAttributeNames: { a: "a" } })).message).toBe(
    'ExpressionAttributeNames contains invalid key: Syntax error; key: "a"',
  );
  expect((await scan({ FilterExpression, ExpressionAttributeValues: { ":a": { NS: [] } } })).message).toBe(
    "ExpressionAttributeValues contains invalid value: One or more parameter values were invalid: An number set  may not be empty for key :a",
  );
});

const update = async (UpdateExpression: string): Promise<Record<string, AttributeValue> | undefined> =>
  (
    await server.client.send(
      new UpdateItemCommand({
        ...table,
        Key: { pk: { S: "a" } },
        UpdateExpression,
        ReturnValues: "UPDATED_NEW",
        ...parameters(UpdateExpression),
      }),
    )
  ).Attributes;

test.each([
  ["SET s = :he", { s: { S: "he" } }],
  ["set n = n + :n, zero = n - :n", { n: { N: "10" }, zero: { N: "0" } }],
  ["SET a = s, s = :he", { a: { S: "hello" }, s: { S: "he" } }],
  ["SET #status = if_not_exists(#status, :zero) + :n", { status: { N: "5" } }],
  ["SET li = list_append(li, :list)", { li: { L: [...(item["li"]?.L ?? []), { N: "9" }] } }],
  ["SET li = list_append(:list, li)", { li: { L: [{ N: "9" }, ...(item["li"]?.L ?? [])] } }],
  ["SET li[0] = :s, li[2].q = :ten", { li: { L: [{ S: "hello" }, { M: { q: { N: "10" } } }] } }],
  ["SET m.#d = :n", { m: { M: { "dotted.name": { N: "5" } } } }],
  ["ADD n :n", { n: { N: "10" } }],
  ["ADD fresh :set", { fresh: { SS: ["b", "a"] } }],
  ["DELETE tags :set", undefined],
  ["REMOVE s, m.x, li[0], absent", undefined],
])("the update `%s` applies", async (expression, attributes) => {
  const answer = await update(expression);
  expect(answer).toEqual(expression.startsWith("REMOVE") ? { li: { L: [{ S: "two" }] } } : attributes);
});

test.each([
  ["INVALID SYNTAX HERE", 'Invalid UpdateExpression: Syntax error; token: "INVALID", near: "INVALID SYNTAX"'],
  ["SET a = VALUE 1", 'Invalid UpdateExpression: Syntax error; token: "1", near: "VALUE 1"'],
  [
    "SET s = :s SET n = :n",
    'Invalid UpdateExpression: The "SET" section can only be used once in an update expression;',
  ],
  [
    "SET m = :map, m.x = :s",
    "Invalid UpdateExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [m], path two: [m, x]",
  ],
  [
    "SET m.x = :s, m[0] = :s",
    "Invalid UpdateExpression: Two document paths conflict with each other; must remove or rewrite one of these paths; path one: [m, x], path two: [m, [0]]",
  ],
  [
    "ADD s :s",
    "Invalid UpdateExpression: Incorrect operand type for operator or function; operator: ADD, operand type: STRING",
  ],
  [
    "SET n = n + :s",
    "Invalid UpdateExpression: Incorrect operand type for operator or function; operator or function: +, operand type: S",
  ],
  ["SET n = s + :n", "An operand in the update expression has an incorrect data type"],
  ["SET n = absent + :n", "The provided expression refers to an attribute that does not exist in the item"],
  ["SET absent.x = :s", "The document path provided in the update expression is invalid for update"],
  ["ADD s :n", "An operand in the update expression has an incorrect data type"],
  [
    "SET pk = :s",
    "One or more parameter values were invalid: Cannot update attribute pk. This attribute is part of the key",
  ],
])("the update `%s` is refused", async (expression, message) => {
  expect(await refusal(update(expression))).toMatchObject({ name: "ValidationException", message });
});

test("indexes of removed elements are those of the list as it was", async () => {
  expect(await update("REMOVE li[0], li[1]")).toEqual({ li: { L: [{ M: { q: { N: "3" } } }] } });
});

test("a projection cuts documents and closes up lists", async () => {
  const { Items } = await server.client.send(
    new ScanCommand({
      ...table,
      ProjectionExpression: "li[2].q, li[0], m.#d, absent",
      ExpressionAttributeNames: { "#d": "dotted.name" },
    }),
  );
  expect(Items).toEqual([
    { li: { L: [{ N: "1" }, { M: { q: { N: "3" } } }] }, m: { M: { "dotted.name": { S: "z" } } } },
  ]);
});

test("the old parameters are understood and may not meet the new ones", async () => {
  const old = await server.client.send(
    new UpdateItemCommand({
      ...table,
      Key: { pk: { S: "a" } },
      AttributeUpdates: {
        n: { Action: "ADD", Value: { N: "1" } },
        s: { Action: "DELETE" },
        new: { Value: { S: "x" } },
      },
      Expected: { s: { Value: { S: "hello" } }, absent: { Exists: false } },
      ReturnValues: "UPDATED_NEW",
    }),
  );
  expect(old.Attributes).toEqual({ n: { N: "6" }, new: { S: "x" } });
  const found = await server.client.send(
    new ScanCommand({
      ...table,
      ScanFilter: {
        n: { ComparisonOperator: "GT", AttributeValueList: [{ N: "99" }] },
        new: { ComparisonOperator: "NOT_NULL" },
      },
      ConditionalOperator: "OR",
    }),
  );
  expect(found.Count).toBe(1);
  const mixed = {
    ...table,
    ScanFilter: { n: { ComparisonOperator: "NULL" } },
    FilterExpression: "attribute_exists(n)",
  } as const;
  expect((await refusal(server.client.send(new ScanCommand(mixed)))).message).toBe(
    "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {ScanFilter} Expression parameters: {FilterExpression}",
  );
});

test("an expression of more than 4 KB or of 300 nested parentheses is refused without harm", async () => {
  expect((await refusal(count(`s = :s${" or s = :s".repeat(500)}`))).message).toContain(
    "Expression size has exceeded the maximum allowed size",
  );
  expect((await refusal(count(`${"(".repeat(1500)}s = :s${")".repeat(1500)}`))).name).toBe("ValidationException");
});

test("a condition that was read before is judged for each request anew, by its placeholders and its parameter", async () => {
  const condition = (text: string, more: object = {}): Promise<string> => {
    const input = { ...table, Item: { pk: { S: "again" } }, ConditionExpression: text, ...more };
    return server.client.send(new PutItemCommand(input)).then(
      () => "written",
      (error: Error) => `${error.name}: ${error.message}`,
    );
  };
  const conditionFailed = "ConditionalCheckFailedException: The conditional request failed";
  expect(await condition("attribute_not_exists(pk)")).toBe("written");
  expect(await condition("attribute_not_exists(pk)")).toBe(conditionFailed);
  expect(await condition("attribute_not_exists(pk)", { ExpressionAttributeNames: { "#pk": "pk" } })).toContain(
    "unused in expressions: keys: {#pk}",
  );
  const byName = { ExpressionAttributeNames: { "#a": "pk" } };
  expect(await condition("attribute_exists(#a)", byName)).toBe("written");
  expect(await condition("attribute_exists(#a)", { ExpressionAttributeNames: { "#a": "absent" } })).toBe(
    conditionFailed,
  );
  expect(await condition("attribute_exists(#a)")).toContain("attribute name: #a");
  for (let i = 0; i < 2; i++)
    expect(await condition("pk = = pk")).toContain("Invalid ConditionExpression: Syntax error");
});
