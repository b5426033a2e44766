/**
 * What is known of a file: who works on it, how far it is, whether it is done. A file is the same as long as its content is: one
 * that is uploaded or announced twice is worked on once. Time to live is deleted late, so that `expires` counts in conditions, too.
 */
import { ConditionalCheckFailedException, UpdateItemCommand, type AttributeValue } from "@aws-sdk/client-dynamodb";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { RetryableError } from "./api.js";
import type { FileDetails } from "./request.js";

export interface Progress {
  readonly rowsDone: number;
  /** Where the next row begins. */
  readonly nextByte: number;
  /** Names of the columns; undefined before the first row was read. */
  readonly columns: readonly string[] | undefined;
  /** Numbers of rows that the API has not taken, the first ones. */
  readonly rejected: readonly number[];
  readonly rejectedCount: number;
}

export const NOTHING_DONE: Progress = { rowsDone: 0, nextByte: 0, columns: undefined, rejected: [], rejectedCount: 0 };

/** Somebody else is at it: the message stays in the queue and comes again. */
export class InProgressError extends Error {
  override readonly name = "InProgressError";
}

type Item = Readonly<Record<string, AttributeValue>>;

export const fileId = ({ bucket, key, etag = "" }: FileDetails): string => `${bucket}/${key}#${etag}`;

export interface RecordOptions {
  readonly dynamodb: DynamoDBClient;
  readonly table: string;
  readonly ttlSeconds: number;
  /** Who works: the id of the invocation. */
  readonly holder: string;
}

export class FileRecord {
  readonly #id: string;
  readonly #options: RecordOptions;

  constructor(id: string, options: RecordOptions) {
    this.#id = id;
    this.#options = options;
  }

  /** Takes the file, for as long as the invocation can last. Undefined when it is done already. */
  async take(remainingMs: number): Promise<Progress | undefined> {
    const now = epochSeconds();
    try {
      const { Attributes: before } = await this.#update(
        "SET #status = :taken, #holder = :me, leaseUntil = :lease, expires = :expires",
        "attribute_not_exists(id) OR expires < :now OR #status = :paused OR (#status = :taken AND leaseUntil < :now)",
        {
          ":taken": { S: "IN_PROGRESS" },
          ":paused": { S: "PAUSED" },
          ":now": { N: String(now) },
          ":lease": { N: String(now + Math.ceil(remainingMs / 1000)) },
        },
      );
      const isExpired = Number(before?.["expires"]?.N ?? 0) < now;
      return before === undefined || isExpired ? NOTHING_DONE : progressOf(before);
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      if (error.Item?.["status"]?.S === "DONE") return undefined;
      throw new InProgressError("another invocation works on this file");
    }
  }

  keep(progress: Progress): Promise<void> {
    return this.#set("IN_PROGRESS", progress);
  }

  /** Lets the next invocation go on at once. */
  pause(progress: Progress): Promise<void> {
    return this.#set("PAUSED", progress);
  }

  finish(progress: Progress): Promise<void> {
    return this.#set("DONE", progress);
  }

  /** As `pause`, with the progress that is kept. */
  async release(): Promise<void> {
    await this.#update("SET #status = :paused, expires = :expires", "#holder = :me", { ":paused": { S: "PAUSED" } });
  }

  async #set(status: string, { rowsDone, nextByte, columns, rejected, rejectedCount }: Progress): Promise<void> {
    try {
      await this.#update("SET #status = :status, progress = :progress, expires = :expires", "#holder = :me", {
        ":status": { S: status },
        ":progress": { S: JSON.stringify({ rowsDone, nextByte, columns, rejected, rejectedCount }) },
      });
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      throw new RetryableError("the file was taken over by another invocation");
    }
  }

  #update(expression: string, condition: string, values: Item) {
    const { dynamodb, table, ttlSeconds, holder } = this.#options;
    const named = `${expression} ${condition}`;
    return dynamodb.send(
      new UpdateItemCommand({
        TableName: table,
        Key: { id: { S: this.#id } },
        UpdateExpression: expression,
        ConditionExpression: condition,
        ExpressionAttributeNames: {
          "#status": "status",
          ...(named.includes("#holder") ? { "#holder": "holder" } : {}),
        },
        ExpressionAttributeValues: {
          ...values,
          ":me": { S: holder },
          ":expires": { N: String(epochSeconds() + ttlSeconds) },
        },
        ReturnValues: "ALL_OLD",
        ReturnValuesOnConditionCheckFailure: "ALL_OLD",
      }),
    );
  }
}

const epochSeconds = (): number => Math.floor(Date.now() / 1000);

function progressOf(item: Item): Progress {
  const kept = item["progress"]?.S;
  return kept === undefined ? NOTHING_DONE : (JSON.parse(kept) as Progress);
}
