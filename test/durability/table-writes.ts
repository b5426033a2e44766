/** The writers of rows and secrets: conditional puts, counters, transactions, versions. */
import {
  ConditionalCheckFailedException,
  DescribeTableCommand,
  GetItemCommand,
  PutItemCommand,
  ScanCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { GetSecretValueCommand, PutSecretValueCommand } from "@aws-sdk/client-secrets-manager";
import type { Clients } from "./clients.js";
import { Possible, Tally } from "./ledger.js";
import type { Writer } from "./mixed-writes.js";

/** Several writers put the same new items: each item has one winner, who finds it again. */
export function itemWriter(table: string, name: string, round: string, winners: Map<string, string>): Writer {
  let serial = 0;
  return {
    async write({ dynamodb }) {
      const id = `${round} item ${serial++}`;
      try {
        await dynamodb.send(
          new PutItemCommand({
            TableName: table,
            Item: { id: { S: id }, owner: { S: name } },
            ConditionExpression: "attribute_not_exists(id)",
          }),
        );
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return;
        throw error;
      }
      const other = winners.get(id);
      if (other !== undefined) throw new Error(`"${id}" was given to ${other} and to ${name}`);
      winners.set(id, name);
    },
    async check({ dynamodb }) {
      for (const [id, winner] of winners) {
        if (winner !== name) continue;
        const { Item } = await dynamodb.send(
          new GetItemCommand({ TableName: table, Key: { id: { S: id } }, ConsistentRead: true }),
        );
        if (Item?.["owner"]?.S !== name)
          throw new Error(`"${id}" was acknowledged to ${name} and holds ${JSON.stringify(Item)}`);
      }
    },
  };
}

/** Writers that count on the same item. */
export function counterWriter(table: string, round: string, tally: Tally): Writer {
  const Key = { id: { S: `${round} counter` } };
  return {
    async write({ dynamodb }) {
      tally.sending();
      await dynamodb.send(
        new UpdateItemCommand({
          TableName: table,
          Key,
          UpdateExpression: "ADD hits :one",
          ExpressionAttributeValues: { ":one": { N: "1" } },
        }),
      );
      tally.acknowledged();
    },
    async check({ dynamodb }) {
      const { Item } = await dynamodb.send(new GetItemCommand({ TableName: table, Key, ConsistentRead: true }));
      tally.check("the counter", Number(Item?.["hits"]?.N ?? 0));
    },
  };
}

/** Moves from one account to another in a transaction: the sum stays. */
export function transferWriter(table: string, name: string): Writer {
  const tally = new Tally();
  const side = (account: string, amount: string): { Update: object } => ({
    Update: {
      TableName: table,
      Key: { id: { S: `${name} ${account}` } },
      UpdateExpression: "ADD balance :amount",
      ExpressionAttributeValues: { ":amount": { N: amount } },
    },
  });
  return {
    async write({ dynamodb }) {
      tally.sending();
      const TransactItems = [side("debit", "-1"), side("credit", "1")] as never;
      await dynamodb.send(new TransactWriteItemsCommand({ TransactItems }));
      tally.acknowledged();
    },
    async check({ dynamodb }) {
      const balance = async (account: string): Promise<number> => {
        const Key = { id: { S: `${name} ${account}` } };
        const { Item } = await dynamodb.send(new GetItemCommand({ TableName: table, Key, ConsistentRead: true }));
        return Number(Item?.["balance"]?.N ?? 0);
      };
      const [debit, credit] = [await balance("debit"), await balance("credit")];
      if (debit + credit !== 0) throw new Error(`half a transaction is there: ${debit} and ${credit}`);
      tally.check(`the transfers of ${name}`, credit);
    },
  };
}

export function secretWriter(secretId: string): Writer {
  const state = new Possible("first");
  let serial = 0;
  return {
    async write({ secrets }) {
      const SecretString = `version ${serial++}`;
      state.sending(SecretString);
      await secrets.send(new PutSecretValueCommand({ SecretId: secretId, SecretString }));
      state.acknowledged(SecretString);
    },
    async check({ secrets }) {
      const { SecretString = "" } = await secrets.send(new GetSecretValueCommand({ SecretId: secretId }));
      if (!state.has(SecretString))
        throw new Error(`the secret ${secretId} is "${SecretString}"; it can only be ${state.toString()}`);
    },
  };
}

/** The table's own count against its items. */
export async function checkItemCount({ dynamodb }: Clients, table: string): Promise<void> {
  let items = 0;
  let from: Record<string, never> | undefined;
  do {
    const page = await dynamodb.send(
      new ScanCommand({
        TableName: table,
        Select: "COUNT",
        ...(from === undefined ? {} : { ExclusiveStartKey: from }),
      }),
    );
    items += page.Count ?? 0;
    from = page.LastEvaluatedKey as Record<string, never> | undefined;
  } while (from !== undefined);
  const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName: table }));
  if (Table?.ItemCount !== items) throw new Error(`the table counts ${Table?.ItemCount} items and has ${items}`);
}
