/** Chunks as they are stored. */
import { createHash } from "node:crypto";
import { isFields, type Fields } from "../shared/json.js";

export interface StoredChunk {
  readonly chunk_id: string;
  readonly text: string;
  readonly type: string;
  readonly page: number | undefined;
  readonly metadata: Fields;
}

/** Undefined when it is no list of chunks. */
export function chunksIn(value: unknown, documentId: string): readonly StoredChunk[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const chunks: StoredChunk[] = [];
  for (const [i, chunk] of (value as readonly unknown[]).entries()) {
    if (!isFields(chunk) || typeof chunk["text"] !== "string") return undefined;
    chunks.push({
      chunk_id: chunkIdOf(documentId, i, chunk["text"]),
      text: chunk["text"],
      type: typeof chunk["type"] === "string" ? chunk["type"] : "text",
      page: typeof chunk["page"] === "number" ? chunk["page"] : undefined,
      metadata: isFields(chunk["metadata"]) ? chunk["metadata"] : {},
    });
  }
  return chunks;
}

/** Of document, place and text: the same paragraph in two documents, or twice in one, is several chunks. */
const chunkIdOf = (documentId: string, place: number, text: string): string =>
  createHash("sha256").update(`${documentId}\n${place}\n${text}`).digest("hex").slice(0, 32);
