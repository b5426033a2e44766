/**
 * What the services of the REST protocol answer: a JSON object, or an error whose name stands in a header.
 * Protocol: https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html
 */
import type { ServerResponse } from "node:http";
import type { Logger } from "../../shared/logger.js";
import type { ServiceRequest } from "../service.js";
import { refusalOf, type JsonObject } from "./json-protocol.js";

export interface RestJsonOptions {
  /** Member that carries the error text, as the API model spells it. */
  readonly messageKey: "message" | "Message";
  readonly log: Logger;
}

/** Answers one request, errors included. Never throws for a client's mistake. */
export async function answerRestJson(
  request: ServiceRequest,
  response: ServerResponse,
  { messageKey, log }: RestJsonOptions,
  run: () => Promise<JsonObject>,
): Promise<void> {
  try {
    send(request, response, 200, await run(), {});
  } catch (error) {
    const wire = refusalOf(log, error);
    if (response.headersSent) response.destroy();
    else
      send(
        request,
        response,
        wire.statusCode,
        { [messageKey]: wire.message, ...wire.members },
        { "x-amzn-ErrorType": wire.code, ...wire.headers },
      );
  }
}

/** A part of a path, decoded. What is not encoded rightly stays as it is: it is no name either, and its pattern refuses it. */
export function decodedPart(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** How the members of an API stand in a query. */
export interface QueryForm {
  /** Those that are called otherwise there. */
  readonly names?: ReadonlyMap<string, string>;
  readonly numbers: ReadonlySet<string>;
  /** They may come more than once: their operations read them from the query itself. */
  readonly lists: ReadonlySet<string>;
}

export function queryMembers(query: URLSearchParams, { names, numbers, lists }: QueryForm): JsonObject {
  const members: JsonObject = {};
  for (const [name, value] of query) {
    if (lists.has(name)) continue;
    // What is no number stays a text, which the reader of the member refuses.
    members[names?.get(name) ?? name] = numbers.has(name) && /^-?\d+$/.test(value) ? Number(value) : value;
  }
  return members;
}

function send(
  request: ServiceRequest,
  response: ServerResponse,
  status: number,
  body: JsonObject,
  headers: Readonly<Record<string, string>>,
): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    "Content-Type": "application/json",
    "Content-Length": Buffer.byteLength(text),
    "x-amzn-RequestId": request.requestId,
    ...headers,
  });
  response.end(text);
}
