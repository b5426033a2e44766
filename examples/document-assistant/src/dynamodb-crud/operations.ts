/**
 * The operations of `/crud`. Names of attributes never stand in an expression as they are: `text`, `status`, `type` and some five
 * hundred others are reserved. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ReservedWords.html
 */
import {
  BatchGetCommand,
  DeleteCommand,
  GetCommand,
  PutCommand,
  ScanCommand,
  UpdateCommand,
} from "@aws-sdk/lib-dynamodb";
import { writeAll } from "../shared/batch-write.js";
import type { Budget } from "../shared/budget.js";
import { tableClient } from "../shared/clients.js";
import { nameOf, RequestError } from "../shared/errors.js";
import { isFields, type Fields } from "../shared/json.js";
import { itemIn, keyIn, type Table } from "./tables.js";

type Operation = (table: Table, body: Fields, budget: Budget) => Promise<Fields>;

/** DynamoDB's own bound for one BatchGetItem. */
const MAX_KEYS = 100;
const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 1000;

export const OPERATIONS: Readonly<Record<string, Operation>> = {
  /** One item by `key`, or those that fit `filter`, `limit` of them at most. */
  read: async (table, body, budget) => {
    if (body["key"] === undefined) return scan(table, body, budget);
    const { Item } = await tableClient().send(
      new GetCommand({ TableName: table.name, Key: keyIn(table, body["key"], "key"), ConsistentRead: true }),
      { abortSignal: budget.signal() },
    );
    return { item: Item ?? null };
  },

  /** `item`, or all `items`. */
  write: async (table, body, budget) => {
    if (Array.isArray(body["items"])) {
      const items = body["items"].map((item: unknown) => itemIn(table, item, "each of items"));
      await writeAll(
        table.name,
        items.map((Item) => ({ PutRequest: { Item } })),
        budget,
      );
      return { written: items.length };
    }
    await tableClient().send(new PutCommand({ TableName: table.name, Item: itemIn(table, body["item"], "item") }), {
      abortSignal: budget.signal(),
    });
    return { written: 1 };
  },

  /** Sets the members of `item` (or `updates`) that are not of the key; members that are null are removed. */
  update: async (table, body, budget) => {
    const changes = body["updates"] ?? body["item"];
    if (!isFields(changes)) throw new RequestError(400, "ValidationError", "updates must be an object");
    const Key = keyIn(table, body["key"], "key");
    const names = Object.keys(changes).filter((name) => !table.key.includes(name));
    if (names.length === 0) throw new RequestError(400, "ValidationError", "updates has nothing to change");
    const set = names.filter((name) => changes[name] !== null);
    const removed = names.filter((name) => changes[name] === null);
    const place = (name: string): string => `#n${names.indexOf(name)}`;
    const expression = [
      set.length === 0 ? "" : `SET ${set.map((name) => `${place(name)} = :v${names.indexOf(name)}`).join(", ")}`,
      removed.length === 0 ? "" : `REMOVE ${removed.map(place).join(", ")}`,
    ];
    const { Attributes } = await existing(() =>
      tableClient().send(
        new UpdateCommand({
          TableName: table.name,
          Key,
          UpdateExpression: expression.join(" ").trim(),
          ConditionExpression: "attribute_exists(#key)",
          ExpressionAttributeNames: {
            "#key": table.key[0] ?? "",
            ...Object.fromEntries(names.map((name) => [place(name), name])),
          },
          ...(set.length === 0
            ? {}
            : {
                ExpressionAttributeValues: Object.fromEntries(
                  set.map((name) => [`:v${names.indexOf(name)}`, changes[name]]),
                ),
              }),
          ReturnValues: "ALL_NEW",
        }),
        { abortSignal: budget.signal() },
      ),
    );
    return { item: Attributes ?? null };
  },

  delete: async (table, body, budget) => {
    const { Attributes } = await existing(() =>
      tableClient().send(
        new DeleteCommand({
          TableName: table.name,
          Key: keyIn(table, body["key"], "key"),
          ConditionExpression: "attribute_exists(#key)",
          ExpressionAttributeNames: { "#key": table.key[0] ?? "" },
          ReturnValues: "ALL_OLD",
        }),
        { abortSignal: budget.signal() },
      ),
    );
    return { deleted: true, item: Attributes ?? null };
  },

  batch_read: async (table, body, budget) => {
    if (!Array.isArray(body["keys"])) throw new RequestError(400, "ValidationError", "keys must be a list");
    const keys = body["keys"].map((key: unknown) => keyIn(table, key, "each of keys"));
    const items: Fields[] = [];
    for (let from = 0; from < keys.length; from += MAX_KEYS) {
      let wanted: Record<string, unknown>[] = keys.slice(from, from + MAX_KEYS);
      while (wanted.length > 0) {
        const { Responses = {}, UnprocessedKeys = {} } = await tableClient().send(
          new BatchGetCommand({ RequestItems: { [table.name]: { Keys: wanted } } }),
          { abortSignal: budget.signal() },
        );
        items.push(...(Responses[table.name] ?? []));
        wanted = UnprocessedKeys[table.name]?.Keys ?? [];
      }
    }
    return { items, count: items.length };
  },
};

/** `Limit` of a scan counts items before the filter: pages are read until enough have passed it. */
async function scan(table: Table, body: Fields, budget: Budget): Promise<Fields> {
  const { filter = {}, limit = DEFAULT_LIMIT } = body;
  if (!isFields(filter)) throw new RequestError(400, "ValidationError", "filter must be an object");
  if (typeof limit !== "number" || !Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
    throw new RequestError(400, "ValidationError", `limit must be a whole number from 1 to ${MAX_LIMIT}`);
  }
  const members = Object.entries(filter);
  const condition =
    members.length === 0
      ? {}
      : {
          FilterExpression: members.map((_, i) => `#f${i} = :f${i}`).join(" AND "),
          ExpressionAttributeNames: Object.fromEntries(members.map(([name], i) => [`#f${i}`, name])),
          ExpressionAttributeValues: Object.fromEntries(members.map(([, value], i) => [`:f${i}`, value])),
        };
  const items: Fields[] = [];
  let start: Record<string, unknown> | undefined;
  do {
    const page = await tableClient().send(
      new ScanCommand({
        TableName: table.name,
        ...condition,
        ...(start === undefined ? {} : { ExclusiveStartKey: start }),
      }),
      { abortSignal: budget.signal() },
    );
    items.push(...(page.Items ?? []));
    start = page.LastEvaluatedKey;
  } while (start !== undefined && items.length < limit);
  return { items: items.slice(0, limit), count: Math.min(items.length, limit) };
}

async function existing<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (nameOf(error) !== "ConditionalCheckFailedException") throw error;
    throw new RequestError(404, "NotFound", "there is no item with this key");
  }
}
