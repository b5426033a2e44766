/**
 * The status of each document: uploaded -> processing -> done | failed, always by conditional update, so that an event that is
 * delivered twice is worked off once, and an attempt that was overtaken changes nothing.
 */
import { GetCommand, PutCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import type { Budget } from "../shared/budget.js";
import { tableClient } from "../shared/clients.js";
import { nameOf } from "../shared/errors.js";
import type { Fields } from "../shared/json.js";
import { log } from "../shared/log.js";

export interface UploadedDocument {
  readonly documentId: string;
  readonly filename: string;
  readonly bucket: string;
  readonly key: string;
  readonly eTag: string;
  readonly sizeBytes: number;
}

export interface Claim {
  readonly documentId: string;
  readonly owner: string;
}

/** Another invocation works on it: this one is tried again, and then finds it done, or left. */
class InProgressError extends Error {
  override name = "InProgressError";
}

/** A claim outlives its invocation by this: clocks differ. */
const CLAIM_MARGIN_MS = 2000;

export class Documents {
  readonly #table: string;

  constructor(table: string) {
    this.#table = table;
  }

  /** Undefined when this version of the document is done already. */
  async claim(document: UploadedDocument, owner: string, budget: Budget): Promise<Claim | undefined> {
    const { documentId, filename, bucket, key, eTag, sizeBytes } = document;
    const nowMs = Date.now();
    const now = new Date(nowMs).toISOString();
    const row = { document_id: documentId, filename, bucket, key, etag: eTag, size: sizeBytes };
    await unless("ConditionalCheckFailedException", () =>
      tableClient().send(
        new PutCommand({
          TableName: this.#table,
          Item: { ...row, status: "uploaded", created_at: now, updated_at: now },
          ConditionExpression: "attribute_not_exists(document_id)",
        }),
      ),
    );
    const isMine = await unless("ConditionalCheckFailedException", () =>
      tableClient().send(
        new UpdateCommand({
          TableName: this.#table,
          Key: { document_id: documentId },
          UpdateExpression:
            "SET #status = :processing, claimed_by = :owner, claimed_until = :until, etag = :etag, #size = :size, updated_at = :now REMOVE #error, error_type, status_code",
          ConditionExpression:
            "#status IN (:uploaded, :failed) OR etag <> :etag OR claimed_by = :owner AND #status = :processing OR #status = :processing AND claimed_until < :nowMs",
          ExpressionAttributeNames: { "#status": "status", "#error": "error", "#size": "size" },
          ExpressionAttributeValues: {
            ":processing": "processing",
            ":uploaded": "uploaded",
            ":failed": "failed",
            ":owner": owner,
            ":until": nowMs + budget.remainingMs + CLAIM_MARGIN_MS,
            ":etag": eTag,
            ":size": sizeBytes,
            ":now": now,
            ":nowMs": nowMs,
          },
        }),
      ),
    );
    if (isMine) return { documentId, owner };
    const { Item } = await tableClient().send(
      new GetCommand({ TableName: this.#table, Key: { document_id: documentId }, ConsistentRead: true }),
    );
    if (Item?.["status"] === "done") return undefined;
    throw new InProgressError(`${documentId} is being processed by another invocation`);
  }

  done(claim: Claim, members: Fields): Promise<void> {
    return this.#end(claim, { ...members, status: "done" });
  }

  failed(claim: Claim, members: Fields): Promise<void> {
    return this.#end(claim, { ...members, status: "failed" });
  }

  async #end({ documentId, owner }: Claim, members: Fields): Promise<void> {
    const all: Fields = { ...members, updated_at: new Date().toISOString() };
    const names = Object.keys(all);
    const isMine = await unless("ConditionalCheckFailedException", () =>
      tableClient().send(
        new UpdateCommand({
          TableName: this.#table,
          Key: { document_id: documentId },
          UpdateExpression: `SET ${names.map((_, i) => `#n${i} = :v${i}`).join(", ")} REMOVE claimed_until`,
          ConditionExpression: "claimed_by = :owner",
          ExpressionAttributeNames: Object.fromEntries(names.map((name, i) => [`#n${i}`, name])),
          ExpressionAttributeValues: {
            ":owner": owner,
            ...Object.fromEntries(names.map((name, i) => [`:v${i}`, all[name]])),
          },
        }),
      ),
    );
    if (!isMine) log("WARN", "a later attempt has taken the document over", { document_id: documentId });
  }
}

/** False when the call failed with this error. */
async function unless(errorName: string, act: () => Promise<unknown>): Promise<boolean> {
  try {
    await act();
    return true;
  } catch (error) {
    if (nameOf(error) === errorName) return false;
    throw error;
  }
}
