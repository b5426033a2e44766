/**
 * Each write of an object is archived once, however often it is announced. A row goes IN_PROGRESS -> DONE, or FAILED:
 *
 *   IN_PROGRESS  claimed by one invocation until ClaimedUntil, when that invocation cannot be alive any more
 *   DONE         its archive has arrived and was verified
 *   FAILED       may be claimed again at once; `Reason` says what was wrong the last time
 *
 * ExpiresAt, IDEMPOTENCY_TTL_HOURS from the last change, is the table's TTL and says until when a row counts. A claim has
 * a time of its own because TTL removes what is over, and a row that lapsed is still needed:
 *
 * DONE is written last. An invocation that dies between the arrival of its archive and DONE leaves the archive's name
 * in the row (`Archives`), and the next one looks there before it archives the object a second time.
 */
import { createHash } from "node:crypto";
import {
  ConditionalCheckFailedException,
  PutItemCommand,
  UpdateItemCommand,
  type AttributeValue,
  type DynamoDBClient,
} from "@aws-sdk/client-dynamodb";
import type { AnnouncedObject } from "./notification.js";

export interface Claim {
  readonly objectId: string;
  /** Archives in which invocations that died may have delivered the object. */
  readonly earlierArchives: readonly string[];
}

export type ClaimResult =
  | { readonly kind: "claimed"; readonly claim: Claim }
  | { readonly kind: "done" }
  | { readonly kind: "in-progress" };

/** The first digits of a digest spread keys that begin alike over DynamoDB's partitions. */
const SHARD_DIGITS = 4;
const MAX_REASON_LENGTH = 500;

/** `a4f1#bucket/path/to/file.txt/0055AED6DCD90281E5`: another write of the same key is another object. */
export function objectIdOf({ bucket, key, versionId, sequencer, eTag }: AnnouncedObject): string {
  const shard = createHash("sha1").update(key).digest("hex").slice(0, SHARD_DIGITS);
  return `${shard}#${bucket}/${key}/${versionId ?? sequencer ?? eTag ?? ""}`;
}

export interface IdempotencyOptions {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly ttlSeconds: number;
  /** Of the invocation. */
  readonly owner: string;
  readonly archiveKey: string;
  /** When this invocation is over, whatever happens. */
  readonly claimUntilSeconds: number;
  readonly nowSeconds: () => number;
  readonly signal: AbortSignal;
}

export class Idempotency {
  readonly #options: IdempotencyOptions;

  constructor(options: IdempotencyOptions) {
    this.#options = options;
  }

  async claim(objectId: string, messageId: string): Promise<ClaimResult> {
    const { client, table, owner, archiveKey, claimUntilSeconds, nowSeconds, signal } = this.#options;
    const row = {
      ObjectID: { S: objectId },
      Status: { S: "IN_PROGRESS" },
      ClaimedUntil: { N: String(claimUntilSeconds) },
      ExpiresAt: { N: String(this.#keptUntil()) },
      SQSMessageID: { S: messageId },
      Owner: { S: owner },
      Archives: { L: [{ S: archiveKey }] },
    };
    let found: Record<string, AttributeValue>;
    try {
      await client.send(
        new PutItemCommand({
          TableName: table,
          Item: row,
          ConditionExpression: "attribute_not_exists(ObjectID)",
          ReturnValuesOnConditionCheckFailure: "ALL_OLD",
        }),
        { abortSignal: signal },
      );
      return { kind: "claimed", claim: { objectId, earlierArchives: [] } };
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      found = error.Item ?? {};
    }
    const status = found["Status"]?.S;
    // The SDK repeats a call whose answer was lost: the claim is our own.
    if (found["Owner"]?.S === owner && status === "IN_PROGRESS")
      return { kind: "claimed", claim: { objectId, earlierArchives: [] } };
    // TTL removes rows hours or days late: the time counts, not the row.
    const isOver = (time: AttributeValue | undefined): boolean => Number(time?.N ?? 0) <= nowSeconds();
    if (status === "DONE" && !isOver(found["ExpiresAt"])) return { kind: "done" };
    if (status === "IN_PROGRESS" && !isOver(found["ClaimedUntil"])) return { kind: "in-progress" };
    const earlier = status === "IN_PROGRESS" ? (found["Archives"]?.L ?? []) : [];
    return this.#takeOver({ ...row, Archives: { L: [...earlier, { S: archiveKey }] } }, found);
  }

  /** Takes a row that lapsed or failed, unless somebody else was quicker. */
  async #takeOver(
    row: Record<string, AttributeValue> & { readonly ObjectID: { readonly S: string } },
    found: Record<string, AttributeValue>,
  ): Promise<ClaimResult> {
    const { client, table, archiveKey, signal } = this.#options;
    try {
      await client.send(
        new PutItemCommand({
          TableName: table,
          Item: row,
          ConditionExpression:
            "attribute_not_exists(ObjectID) OR (#owner = :owner AND #status = :status AND ClaimedUntil = :until)",
          ExpressionAttributeNames: { "#owner": "Owner", "#status": "Status" },
          ExpressionAttributeValues: {
            ":owner": found["Owner"] ?? NULL,
            ":status": found["Status"] ?? NULL,
            ":until": found["ClaimedUntil"] ?? NULL,
          },
        }),
        { abortSignal: signal },
      );
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return { kind: "in-progress" };
      throw error;
    }
    const archives = row["Archives"]?.L ?? [];
    return {
      kind: "claimed",
      claim: {
        objectId: row.ObjectID.S,
        earlierArchives: archives.flatMap(({ S }) => (S === undefined || S === archiveKey ? [] : [S])),
      },
    };
  }

  /** To be called when the archive has been verified: ours, or an earlier one that holds the object. */
  async done({ objectId }: Claim, archiveKey = this.#options.archiveKey): Promise<void> {
    await this.#finish(objectId, "DONE", "SET ArchiveKey = :detail REMOVE Archives, Reason", {
      ":detail": { S: archiveKey },
    });
  }

  /** Lets the next delivery try again at once. No archive holds the object. */
  async release({ objectId }: Claim, reason: string): Promise<void> {
    await this.#finish(objectId, "FAILED", "SET Reason = :detail REMOVE Archives", {
      ":detail": { S: reason.slice(0, MAX_REASON_LENGTH) },
    });
  }

  /** The claim is over, but whether an archive holds the object is not known: the next one looks. */
  async lapse({ objectId }: Claim, reason: string): Promise<void> {
    await this.#finish(objectId, "IN_PROGRESS", "SET Reason = :detail, ClaimedUntil = :now", {
      ":detail": { S: reason.slice(0, MAX_REASON_LENGTH) },
      ":now": { N: String(this.#options.nowSeconds()) },
    });
  }

  #keptUntil(): number {
    return this.#options.nowSeconds() + this.#options.ttlSeconds;
  }

  async #finish(
    objectId: string,
    status: string,
    change: `SET ${string}`,
    values: Readonly<Record<string, AttributeValue>>,
  ): Promise<void> {
    const { client, table, owner } = this.#options;
    // No signal: what is known at the end of the time must still be written.
    await client.send(
      new UpdateItemCommand({
        TableName: table,
        Key: { ObjectID: { S: objectId } },
        UpdateExpression: change.replace("SET ", "SET #status = :status, ExpiresAt = :expires, "),
        ConditionExpression: "#owner = :owner",
        ExpressionAttributeNames: { "#status": "Status", "#owner": "Owner" },
        ExpressionAttributeValues: {
          ":status": { S: status },
          ":expires": { N: String(this.#keptUntil()) },
          ":owner": { S: owner },
          ...values,
        },
      }),
    );
  }
}

const NULL: AttributeValue = { NULL: true };
