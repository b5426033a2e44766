/**
 * The index: vectors in a table, since environments are many and forget what they hold. A search compares with every vector
 * of the namespace; that is exact, and good for some ten thousand of them.
 */
import { paginateQuery } from "@aws-sdk/lib-dynamodb";
import type { Budget } from "../../shared/budget.js";
import { writeAll } from "../../shared/batch-write.js";
import { tableClient } from "../../shared/clients.js";
import { similarity } from "../../shared/embedding.js";
import { RequestError } from "../../shared/errors.js";
import { isFields, type Fields } from "../../shared/json.js";

export interface Vector {
  readonly id: string;
  /** Of length 1. */
  readonly values: readonly number[];
  readonly metadata: Fields;
}

export interface Match {
  readonly id: string;
  /** Cosine, -1 to 1. */
  readonly score: number;
  readonly metadata: Fields;
}

interface Search {
  readonly vector: readonly number[];
  readonly limit: number;
  /** `{member: value}`, `{member: {$eq | $ne | $in: ...}}`; all must hold. */
  readonly filter: Fields;
}

export class VectorIndex {
  readonly #table: string;

  constructor(table: string) {
    this.#table = table;
  }

  async upsert(namespace: string, vectors: readonly Vector[], budget: Budget): Promise<void> {
    const puts = vectors.map(({ id, values, metadata }) => ({
      PutRequest: { Item: { namespace, id, vector: Buffer.from(Float32Array.from(values).buffer), metadata } },
    }));
    await writeAll(this.#table, puts, budget);
  }

  async remove(namespace: string, ids: readonly string[], budget: Budget): Promise<void> {
    await writeAll(
      this.#table,
      ids.map((id) => ({ DeleteRequest: { Key: { namespace, id } } })),
      budget,
    );
  }

  /** Best first. */
  async search(namespace: string, { vector, limit, filter }: Search, budget: Budget): Promise<readonly Match[]> {
    const matches: Match[] = [];
    const pages = paginateQuery(
      { client: tableClient() },
      {
        TableName: this.#table,
        KeyConditionExpression: "#namespace = :namespace",
        ExpressionAttributeNames: { "#namespace": "namespace" },
        ExpressionAttributeValues: { ":namespace": namespace },
      },
      { abortSignal: budget.signal() },
    );
    for await (const { Items = [] } of pages) {
      for (const { id, vector: bytes, metadata = {} } of Items) {
        if (!isFields(metadata) || !holds(filter, metadata)) continue;
        matches.push({ id: String(id), score: similarity(vector, floats(bytes)), metadata });
      }
      // Never more in memory than one page beside the best.
      matches.sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1)).splice(limit);
    }
    return matches.map((match) => ({ ...match, score: Number(match.score.toFixed(4)) }));
  }
}

/** Copied: the bytes of an answer need not begin where a number may. */
const floats = (bytes: unknown): Float32Array =>
  bytes instanceof Uint8Array ? new Float32Array(new Uint8Array(bytes).buffer) : new Float32Array();

function holds(filter: Fields, metadata: Fields): boolean {
  return Object.entries(filter).every(([member, condition]) => {
    const value = metadata[member];
    if (!isFields(condition)) return value === condition;
    return Object.entries(condition).every(([operator, operand]) => {
      if (operator === "$eq") return value === operand;
      if (operator === "$ne") return value !== operand;
      if (operator === "$in") return Array.isArray(operand) && operand.includes(value);
      throw new RequestError(400, "ValidationError", `filter_dict knows $eq, $ne and $in, not ${operator}`);
    });
  });
}
