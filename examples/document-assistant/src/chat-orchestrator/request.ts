/** What a client asks: `{query, conversation_id?, conversation_history?, document_id?, limit?}`. */
import { randomUUID } from "node:crypto";
import { RequestError } from "../shared/errors.js";
import { isFields, requiredText, textIn, type Fields } from "../shared/json.js";

export interface Message {
  readonly role: "user" | "assistant";
  readonly content: string;
}

export interface ChatRequest {
  readonly query: string;
  readonly conversationId: string;
  /** Undefined when the client sent none: then the table is asked, if the conversation is not new. */
  readonly history: readonly Message[] | undefined;
  readonly isNew: boolean;
  readonly documentId: string | undefined;
  readonly limit: number;
}

const MAX_QUERY_LETTERS = 8000;
const DEFAULT_LIMIT = 5;
const MAX_LIMIT = 20;

export function readChat(body: Fields): ChatRequest {
  const query = requiredText(body, "query");
  if (query.length > MAX_QUERY_LETTERS) {
    throw new RequestError(400, "ValidationError", `query has more than ${MAX_QUERY_LETTERS} characters`);
  }
  const { limit = DEFAULT_LIMIT } = body;
  if (typeof limit !== "number" || !Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
    throw new RequestError(400, "ValidationError", `limit must be a whole number from 1 to ${MAX_LIMIT}`);
  }
  const conversationId = textIn(body, "conversation_id");
  return {
    query,
    conversationId: conversationId ?? randomUUID(),
    history: historyIn(body),
    isNew: conversationId === undefined,
    documentId: textIn(body, "document_id"),
    limit,
  };
}

function historyIn({ conversation_history: history }: Fields): readonly Message[] | undefined {
  if (history === undefined || history === null) return undefined;
  if (!Array.isArray(history)) throw new RequestError(400, "ValidationError", "conversation_history must be a list");
  return history.map((one: unknown): Message => {
    const role = isFields(one) ? one["role"] : undefined;
    const content = isFields(one) ? one["content"] : undefined;
    if ((role === "user" || role === "assistant") && typeof content === "string") return { role, content };
    throw new RequestError(400, "ValidationError", "conversation_history holds {role: user|assistant, content}");
  });
}
