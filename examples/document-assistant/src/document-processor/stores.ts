/** Where the chunks of a document go: the table (through the CRUD function), the vector index, the graph. */
import { paginateQuery } from "@aws-sdk/lib-dynamodb";
import { writeAll } from "../shared/batch-write.js";
import type { Budget } from "../shared/budget.js";
import { tableClient } from "../shared/clients.js";
import type { DocumentName } from "../shared/document-key.js";
import type { Fields } from "../shared/json.js";
import type { Libraries } from "../shared/libraries.js";
import { required } from "../shared/settings.js";
import { namesIn } from "../shared/words.js";
import type { StoredChunk } from "./chunks.js";

export interface StorageResults {
  readonly dynamodb: boolean;
  readonly pinecone: boolean;
  readonly neo4j: boolean;
}

interface Settings {
  readonly crud: string;
  readonly pinecone: string;
  readonly neo4j: string;
  readonly chunksTable: string;
}

/** Chunks of a thousand letters with their vectors: some 400 KB. */
const CHUNKS_PER_CALL = 100;
const MAX_ENTITIES = 50;
const SECONDS_PER_YEAR = 365 * 24 * 3600;

const WRITE_DOCUMENT = "MERGE (d:Document {document_id: $document_id}) SET d.filename = $filename";
const WRITE_ENTITIES = `UNWIND $entities AS entity
MERGE (d:Document {document_id: $document_id})
MERGE (e:Entity {name: entity.name})
SET e.title = entity.title
MERGE (d)-[:MENTIONS]->(e)`;

export class Stores {
  readonly #settings: Settings;
  readonly #libraries: Libraries;

  private constructor(settings: Settings, libraries: Libraries) {
    this.#settings = settings;
    this.#libraries = libraries;
  }

  static fromEnvironment(libraries: Libraries): Stores {
    return new Stores(
      {
        crud: required("DYNAMODB_MCP_FUNCTION"),
        pinecone: required("PINECONE_LIBRARY_FUNCTION"),
        neo4j: required("NEO4J_LIBRARY_FUNCTION"),
        chunksTable: required("CHUNKS_TABLE"),
      },
      libraries,
    );
  }

  /** The table must take them; of vectors and graph each is tried whatever became of the other. */
  async store(
    name: DocumentName,
    chunks: readonly StoredChunk[],
    embeddings: readonly (readonly number[])[],
    budget: Budget,
  ): Promise<{ readonly results: StorageResults; readonly failure: unknown }> {
    const stale = await this.#staleChunks(name.documentId, chunks, budget);
    await this.#writeChunks(name, chunks, budget);
    const [pinecone, neo4j] = await Promise.allSettled([
      this.#writeVectors(name, chunks, embeddings, stale, budget),
      this.#writeGraph(name, chunks, budget),
    ]);
    // Last: as long as vectors of it are there, so is the chunk that says so.
    if (pinecone.status === "fulfilled") await this.#removeChunks(stale, budget);
    const results = { dynamodb: true, pinecone: pinecone.status === "fulfilled", neo4j: neo4j.status === "fulfilled" };
    const failed = [pinecone, neo4j].find((one) => one.status === "rejected");
    return { results, failure: failed?.reason };
  }

  async #writeChunks(
    { documentId, filename }: DocumentName,
    chunks: readonly StoredChunk[],
    budget: Budget,
  ): Promise<void> {
    const { crud, chunksTable } = this.#settings;
    const now = new Date();
    const more = {
      document_id: documentId,
      filename,
      created_at: now.toISOString(),
      ttl: Math.floor(now.getTime() / 1000) + SECONDS_PER_YEAR,
    };
    for (const part of partsOf(chunks)) {
      const items = part.map((chunk) => ({ ...chunk, ...more }));
      await this.#libraries.call(crud, { operation: "write", table_name: chunksTable, items }, budget);
    }
  }

  async #writeVectors(
    { documentId, filename }: DocumentName,
    chunks: readonly StoredChunk[],
    embeddings: readonly (readonly number[])[],
    stale: readonly string[],
    budget: Budget,
  ): Promise<void> {
    const { pinecone } = this.#settings;
    const vectors = chunks.map(({ chunk_id, text, type, page }, i) => ({
      id: chunk_id,
      values: embeddings[i],
      metadata: { document_id: documentId, filename, text, type, page },
    }));
    for (const part of partsOf(vectors)) {
      await this.#libraries.call(pinecone, { operation_type: "upsert", vectors: part }, budget);
    }
    for (const ids of partsOf(stale)) {
      await this.#libraries.call(pinecone, { operation_type: "delete", ids }, budget);
    }
  }

  async #writeGraph(
    { documentId, filename }: DocumentName,
    chunks: readonly StoredChunk[],
    budget: Budget,
  ): Promise<void> {
    const names = [...new Set(chunks.flatMap(({ text }) => namesIn(text)))].slice(0, MAX_ENTITIES);
    const entities = names.map((title) => ({ name: title.toLowerCase(), title }));
    const write = (cypher_query: string, parameters: Fields): Promise<Fields> =>
      this.#libraries.call(this.#settings.neo4j, { operation_type: "write", cypher_query, parameters }, budget);
    await write(WRITE_DOCUMENT, { document_id: documentId, filename });
    if (entities.length > 0) await write(WRITE_ENTITIES, { document_id: documentId, entities });
  }

  /** Chunks of an earlier version of the document. */
  async #staleChunks(documentId: string, chunks: readonly StoredChunk[], budget: Budget): Promise<readonly string[]> {
    const current = new Set(chunks.map(({ chunk_id }) => chunk_id));
    const stale: string[] = [];
    const pages = paginateQuery(
      { client: tableClient() },
      {
        TableName: this.#settings.chunksTable,
        IndexName: "by-document",
        KeyConditionExpression: "document_id = :id",
        ExpressionAttributeValues: { ":id": documentId },
      },
      { abortSignal: budget.signal() },
    );
    for await (const { Items = [] } of pages) {
      for (const { chunk_id: id } of Items) if (typeof id === "string" && !current.has(id)) stale.push(id);
    }
    return stale;
  }

  async #removeChunks(ids: readonly string[], budget: Budget): Promise<void> {
    await writeAll(
      this.#settings.chunksTable,
      ids.map((chunk_id) => ({ DeleteRequest: { Key: { chunk_id } } })),
      budget,
    );
  }
}

function* partsOf<T>(list: readonly T[]): Generator<readonly T[]> {
  for (let from = 0; from < list.length; from += CHUNKS_PER_CALL) yield list.slice(from, from + CHUNKS_PER_CALL);
}
