/**
 * What a WebSocket API says when it refuses: a client that connects gets a status, one that is connected a message. The words
 * are those of REST APIs.
 */
import { refusal, refusalText, type RefusalDetail, type RefusalName } from "../http/refusals.js";

/** By its own names, where these differ from those of REST APIs. */
const OWN_WORDS: Readonly<Partial<Record<RefusalName, string>>> = {
  "no-route": "Forbidden",
  "authorizer-failed": "Internal server error",
};

export const wordsOf = (name: RefusalName, detail?: RefusalDetail): string =>
  OWN_WORDS[name] ?? refusalText("rest", name, detail) ?? "Internal server error";

export const statusOf = (name: RefusalName): number => refusal("rest", name).statusCode;

/** With the blanks that AWS writes. */
export const refusalBody = (message: string, connectionId: string, requestId: string): string =>
  `{"message": ${JSON.stringify(message)}, "connectionId":"${connectionId}", "requestId":"${requestId}"}`;
