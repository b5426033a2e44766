/**
 * What a WebSocket API says when it refuses: a client that connects gets a status, one that is connected a message. The words
 * are those of REST APIs.
 */
import { STATUS_CODES } from "node:http";
import { whyLimited } from "../http/refusal-notice.js";
import { refusal, refusalText, type RefusalDetail, type RefusalName } from "../http/refusals.js";

const MAX_SHOWN_KEY = 60;

/** By its own names, where these differ from those of REST APIs. */
const OWN_WORDS: Readonly<Partial<Record<RefusalName, string>>> = {
  "no-route": "Forbidden",
  "authorizer-failed": "Internal server error",
};

export const wordsOf = (name: RefusalName, detail?: RefusalDetail): string =>
  OWN_WORDS[name] ?? refusalText("rest", name, detail) ?? "Internal server error";

/** Of what $connect answers. */
export function wordsOfStatus(statusCode: number): string {
  if (statusCode >= 500) return "Internal server error";
  return STATUS_CODES[statusCode] ?? "Forbidden";
}

/** For the person at the terminal: no function ran, or it did not get to answer. */
export function whyRefused(name: RefusalName, key: string | undefined): string | undefined {
  switch (name) {
    case "no-route":
      return key === undefined
        ? "the route selection expression finds no key in it, and there is no $default"
        : `no route has the key ${JSON.stringify(key.slice(0, MAX_SHOWN_KEY))}, and there is no $default`;
    case "forbidden":
      return "its connection has no API key of a usage plan";
    default:
      return whyLimited(name);
  }
}

export const statusOf = (name: RefusalName): number => refusal("rest", name).statusCode;

/** With the blanks that AWS writes. */
export const refusalBody = (message: string, connectionId: string, requestId: string): string =>
  `{"message": ${JSON.stringify(message)}, "connectionId":"${connectionId}", "requestId":"${requestId}"}`;
