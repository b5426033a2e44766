/**
 * Library function `pinecone-library-handler`: a vector index.
 * `{operation_type: upsert|search|delete|generate_embeddings, vectors|query_vector|ids|texts, limit, filter_dict, namespace}`
 */
import { DIMENSIONS, embed } from "../../shared/embedding.js";
import { RequestError } from "../../shared/errors.js";
import { isFields, textIn, textsIn, type Fields } from "../../shared/json.js";
import { byOperation, libraryFunction } from "../../shared/library-function.js";
import { required } from "../../shared/settings.js";
import { VectorIndex, type Vector } from "./vector-index.js";

const DEFAULT_NAMESPACE = "default";
const DEFAULT_LIMIT = 5;
const MAX_LIMIT = 100;

const index = new VectorIndex(required("VECTORS_TABLE"));

export const handler = libraryFunction(
  byOperation("operation_type", {
    generate_embeddings: (payload) => ({ embeddings: textsIn(payload, "texts").map(embed) }),
    upsert: async (payload, budget) => {
      const vectors = vectorsIn(payload);
      await index.upsert(namespaceIn(payload), vectors, budget);
      return { upserted_count: vectors.length };
    },
    delete: async (payload, budget) => {
      const ids = textsIn(payload, "ids");
      await index.remove(namespaceIn(payload), ids, budget);
      return { deleted_count: ids.length };
    },
    search: async (payload, budget) => ({
      results: await index.search(
        namespaceIn(payload),
        {
          vector: numbersOf(payload["query_vector"], "query_vector"),
          limit: limitIn(payload),
          filter: isFields(payload["filter_dict"]) ? payload["filter_dict"] : {},
        },
        budget,
      ),
    }),
  }),
);

const namespaceIn = (payload: Fields): string => textIn(payload, "namespace") ?? DEFAULT_NAMESPACE;

function limitIn({ limit = DEFAULT_LIMIT }: Fields): number {
  if (typeof limit === "number" && Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw new RequestError(400, "ValidationError", `limit must be a whole number from 1 to ${MAX_LIMIT}`);
}

function vectorsIn({ vectors }: Fields): readonly Vector[] {
  if (!Array.isArray(vectors)) throw new RequestError(400, "ValidationError", "vectors must be a list");
  return vectors.map((one: unknown): Vector => {
    if (!isFields(one) || typeof one["id"] !== "string") {
      throw new RequestError(400, "ValidationError", "each vector needs an id");
    }
    const metadata = isFields(one["metadata"]) ? one["metadata"] : {};
    return { id: one["id"], values: numbersOf(one["values"], "values"), metadata };
  });
}

function numbersOf(value: unknown, name: string): readonly number[] {
  if (Array.isArray(value) && value.length === DIMENSIONS && value.every((one) => typeof one === "number")) {
    return value;
  }
  throw new RequestError(400, "ValidationError", `${name} must be a list of ${DIMENSIONS} numbers`);
}
