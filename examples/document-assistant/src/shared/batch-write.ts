/** Writes many items: DynamoDB takes 25 at once, and gives back those that it had no room for. */
import { BatchWriteCommand, type BatchWriteCommandInput } from "@aws-sdk/lib-dynamodb";
import type { Budget } from "./budget.js";
import { tableClient } from "./clients.js";

type Writes = NonNullable<BatchWriteCommandInput["RequestItems"]>[string];

const MAX_WRITES = 25;
const MAX_ATTEMPTS = 6;
const FIRST_PAUSE_MS = 50;

export async function writeAll(table: string, writes: Writes, budget: Budget): Promise<void> {
  const abortSignal = budget.signal();
  for (let from = 0; from < writes.length; from += MAX_WRITES) {
    let left: Writes = writes.slice(from, from + MAX_WRITES);
    for (let attempt = 1; left.length > 0; attempt++) {
      const input = { RequestItems: { [table]: left } };
      const { UnprocessedItems = {} } = await tableClient().send(new BatchWriteCommand(input), { abortSignal });
      left = UnprocessedItems[table] ?? [];
      if (left.length === 0) break;
      if (attempt === MAX_ATTEMPTS) throw new Error(`${table} had no room for ${left.length} items`);
      await new Promise((resolve) => setTimeout(resolve, FIRST_PAUSE_MS * 2 ** attempt));
    }
  }
}
