/** Finds what the documents say: by vectors, by the graph, and by the words of the chunks where there are no vectors. */
import { paginateScan } from "@aws-sdk/lib-dynamodb";
import type { Budget } from "../shared/budget.js";
import { tableClient } from "../shared/clients.js";
import { LibraryError } from "../shared/errors.js";
import { isFields, type Fields } from "../shared/json.js";
import type { Libraries } from "../shared/libraries.js";
import { namesIn, wordsOf } from "../shared/words.js";
import type { ChatRequest } from "./request.js";

export interface Source {
  readonly text: string;
  readonly source: string;
  /** 0 to 1. */
  readonly score: number;
  readonly type: "vector" | "keyword" | "graph";
}

export interface SearchSettings {
  readonly sentenceTransformer: string;
  readonly pinecone: string;
  readonly neo4j: string;
  readonly embeddings: "sentence-transformer" | "pinecone";
  readonly chunksTable: string;
}

const MAX_WORDS = 10;
/** Passages below say nothing about the question. */
const MIN_SCORE = 0.05;
const GRAPH_SCORE = 0.5;
/** Of all documents, when one of them is asked about: the limit is for what is left of them. */
const MAX_MENTIONS = 1000;

const WHO_MENTIONS = `MATCH (d:Document)-[:MENTIONS]->(e:Entity) WHERE e.name IN $names
RETURN d.document_id AS document_id, d.filename AS filename, e.title AS title LIMIT $limit`;

export class Search {
  readonly #libraries: Libraries;
  readonly #settings: SearchSettings;

  constructor(libraries: Libraries, settings: SearchSettings) {
    this.#libraries = libraries;
    this.#settings = settings;
  }

  async embed(text: string, budget: Budget): Promise<readonly number[]> {
    const { embeddings: by, pinecone, sentenceTransformer } = this.#settings;
    const library = by === "pinecone" ? pinecone : sentenceTransformer;
    const payload = by === "pinecone" ? { operation_type: "generate_embeddings", texts: [text] } : { texts: [text] };
    const { embeddings } = await this.#libraries.call(library, payload, budget);
    const vector: unknown = Array.isArray(embeddings) ? embeddings[0] : undefined;
    if (Array.isArray(vector)) return vector as readonly number[];
    throw new LibraryError(library, "unreadable", "it gave no vector");
  }

  async byVector(
    query_vector: readonly number[],
    { limit, documentId }: ChatRequest,
    budget: Budget,
  ): Promise<readonly Source[]> {
    const { pinecone } = this.#settings;
    const filter_dict = documentId === undefined ? {} : { document_id: documentId };
    const payload = { operation_type: "search", query_vector, limit, filter_dict };
    const { results } = await this.#libraries.call(pinecone, payload, budget);
    return rowsOf(pinecone, results)
      .map(({ score, metadata }): Source => {
        const { text, filename } = isFields(metadata) ? metadata : {};
        return { text: String(text), source: String(filename), score: Number(score), type: "vector" };
      })
      .filter(({ score }) => score >= MIN_SCORE);
  }

  async byGraph({ query, limit, documentId }: ChatRequest, budget: Budget): Promise<readonly Source[]> {
    const names = [...new Set([...namesIn(query).map((name) => name.toLowerCase()), ...wordsOf(query)])].slice(
      0,
      MAX_WORDS,
    );
    if (names.length === 0) return [];
    const { neo4j } = this.#settings;
    const parameters = { names, limit: documentId === undefined ? limit : MAX_MENTIONS };
    const payload = { operation_type: "read", cypher_query: WHO_MENTIONS, parameters };
    const { records } = await this.#libraries.call(neo4j, payload, budget);
    return rowsOf(neo4j, records)
      .filter(({ document_id: id }) => documentId === undefined || id === documentId)
      .slice(0, limit)
      .map(({ filename, title }) => ({
        text: `${String(filename)} mentions ${String(title)}.`,
        source: String(filename),
        score: GRAPH_SCORE,
        type: "graph",
      }));
  }

  /**
   * The chunks that hold the words of the question. The whole table is read, page by page: a `Limit` would count items before
   * the filter. `text` is a reserved word.
   */
  async byWords({ query, limit, documentId }: ChatRequest, budget: Budget): Promise<readonly Source[]> {
    const words = [...new Set(wordsOf(query))].slice(0, MAX_WORDS);
    if (words.length === 0) return [];
    const found: Source[] = [];
    const pages = paginateScan(
      { client: tableClient() },
      {
        TableName: this.#settings.chunksTable,
        ProjectionExpression: "#text, filename, document_id",
        ExpressionAttributeNames: { "#text": "text" },
        ...(documentId === undefined
          ? {}
          : { FilterExpression: "document_id = :id", ExpressionAttributeValues: { ":id": documentId } }),
      },
      { abortSignal: budget.signal() },
    );
    for await (const { Items = [] } of pages) {
      for (const { text, filename } of Items) {
        const own = new Set(wordsOf(String(text)));
        const score = words.filter((word) => own.has(word)).length / words.length;
        if (score > 0) found.push({ text: String(text), source: String(filename), score, type: "keyword" });
      }
      found.sort((a, b) => b.score - a.score).splice(limit);
    }
    return found;
  }
}

function rowsOf(library: string, value: unknown): readonly Fields[] {
  if (Array.isArray(value) && value.every(isFields)) return value;
  throw new LibraryError(library, "unreadable", "its results are no list of objects");
}
