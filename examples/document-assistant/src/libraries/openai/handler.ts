/**
 * Library function `openai-library-handler`: `{operation_type: "chat", messages, model, max_tokens, temperature}` in,
 * `{success, response, usage}` out. No model: the answer is made of the sentences of the context that fit the question best,
 * and is the same for the same messages whatever the temperature.
 */
import { RequestError } from "../../shared/errors.js";
import { isFields, type Fields } from "../../shared/json.js";
import { byOperation, libraryFunction } from "../../shared/library-function.js";
import { answerFrom } from "./answer.js";

const DEFAULT_MAX_TOKENS = 1000;
const ROLES = new Set(["system", "user", "assistant"]);

interface Message {
  readonly role: string;
  readonly content: string;
}

export const handler = libraryFunction(
  byOperation("operation_type", {
    chat: (payload) => {
      const messages = messagesIn(payload);
      const question = messages.findLast(({ role }) => role === "user");
      if (question === undefined) throw new RequestError(400, "ValidationError", "messages have none of the user");
      const { max_tokens: maxTokens = DEFAULT_MAX_TOKENS } = payload;
      if (typeof maxTokens !== "number" || maxTokens < 1) {
        throw new RequestError(400, "ValidationError", "max_tokens must be a number from 1");
      }
      const context = messages.filter(({ role }) => role === "system").map(({ content }) => content);
      const response = answerFrom(question.content, context.join("\n"), maxTokens);
      const prompt_tokens = messages.reduce((sum, { content }) => sum + tokensOf(content), 0);
      const completion_tokens = tokensOf(response);
      return {
        response,
        model: "local-template",
        usage: { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens },
      };
    },
  }),
);

function messagesIn({ messages }: Fields): readonly Message[] {
  if (!Array.isArray(messages) || messages.length === 0) {
    throw new RequestError(400, "ValidationError", "messages must be a list with a message");
  }
  return messages.map((one: unknown): Message => {
    if (
      isFields(one) &&
      typeof one["role"] === "string" &&
      ROLES.has(one["role"]) &&
      typeof one["content"] === "string"
    )
      return { role: one["role"], content: one["content"] };
    throw new RequestError(400, "ValidationError", "each message needs a role and content");
  });
}

/** As a rule of thumb a token is four letters. */
const tokensOf = (text: string): number => Math.ceil(text.length / 4);
