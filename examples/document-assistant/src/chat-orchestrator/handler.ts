/** Function `chat-orchestrator-business-logic`: answers questions from the documents. */
import { businessFunction, type Route } from "../shared/business-function.js";
import { RequestError } from "../shared/errors.js";
import { Libraries } from "../shared/libraries.js";
import { emitMetrics, count, milliseconds } from "../shared/metrics.js";
import { oneOf, required } from "../shared/settings.js";
import { Chat } from "./chat.js";
import { Conversations } from "./conversations.js";
import { readChat } from "./request.js";
import { Search } from "./search.js";

const libraries = Libraries.fromEnvironment();
const chat = new Chat({
  libraries,
  search: new Search(libraries, {
    sentenceTransformer: required("SENTENCE_TRANSFORMER_LIBRARY_FUNCTION"),
    pinecone: required("PINECONE_LIBRARY_FUNCTION"),
    neo4j: required("NEO4J_LIBRARY_FUNCTION"),
    embeddings: oneOf("EMBEDDINGS", ["sentence-transformer", "pinecone"]),
    chunksTable: required("CHUNKS_TABLE"),
  }),
  conversations: new Conversations(required("CONVERSATIONS_TABLE")),
  openai: required("OPENAI_LIBRARY_FUNCTION"),
  model: process.env["CHAT_MODEL"] ?? "gpt-4o-mini",
});

const answer: Route = async ({ request, budget, requestId }) => {
  const startedAtMs = performance.now();
  const body = request.body();
  const action = body["action"] ?? "chat";
  if (action !== "chat")
    throw new RequestError(400, "ValidationError", `action must be chat, got ${JSON.stringify(action)}`);
  const result = await chat.answer(readChat(body), requestId, budget);
  const missing = Object.values(result.metadata.services_available).filter((available) => !available).length;
  emitMetrics(
    { Function: process.env["AWS_LAMBDA_FUNCTION_NAME"] ?? "local" },
    { ChatMs: milliseconds(performance.now() - startedAtMs), ServicesMissing: count(missing) },
    { request_id: requestId },
  );
  return { ...result };
};

export const handler = businessFunction({ "POST /chat": answer, "POST /chat/query": answer }, answer);
