/** Conversations: one item a message, in the order of time. */
import { QueryCommand } from "@aws-sdk/lib-dynamodb";
import { writeAll } from "../shared/batch-write.js";
import type { Budget } from "../shared/budget.js";
import { tableClient } from "../shared/clients.js";
import type { Message } from "./request.js";

const MAX_MESSAGES = 10;
const KEPT_SECONDS = 30 * 24 * 3600;

export class Conversations {
  readonly #table: string;

  constructor(table: string) {
    this.#table = table;
  }

  /** The latest messages, oldest first. */
  async latest(conversationId: string, budget: Budget): Promise<readonly Message[]> {
    const { Items = [] } = await tableClient().send(
      new QueryCommand({
        TableName: this.#table,
        KeyConditionExpression: "conversation_id = :id",
        ExpressionAttributeValues: { ":id": conversationId },
        ScanIndexForward: false,
        Limit: MAX_MESSAGES,
        ConsistentRead: true,
      }),
      { abortSignal: budget.signal() },
    );
    return Items.map(({ role, content }): Message => ({
      role: role === "user" ? "user" : "assistant",
      content: String(content),
    })).reverse();
  }

  async add(conversationId: string, messages: readonly Message[], budget: Budget): Promise<void> {
    const nowMs = Date.now();
    const ttl = Math.floor(nowMs / 1000) + KEPT_SECONDS;
    const puts = messages.map(({ role, content }, i) => ({
      // The sort key tells the messages of one turn apart.
      PutRequest: { Item: { conversation_id: conversationId, ts: nowMs + i, role, content, ttl } },
    }));
    await writeAll(this.#table, puts, budget);
  }
}
