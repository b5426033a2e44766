/**
 * One HTTP or HTTPS request to somebody else's server. Redirects are not followed: what goes along to authorise is meant for
 * this server alone.
 */
import type { Agent, request as Send, IncomingMessage, RequestOptions } from "node:http";
import { messageOf } from "../../shared/errors.js";

/** Name and value, as they are sent. */
export type NameAndValue = readonly [name: string, value: string];

export interface HttpCall {
  readonly url: URL;
  readonly method: string;
  /** A later one of a name, in whatever letters, takes the place of an earlier. */
  readonly headers: readonly NameAndValue[];
  readonly body: Buffer | undefined;
  /** Of the whole answer, in real time: a server that trickles would keep its socket for ever. */
  readonly timeoutMs: number;
  /** What comes beyond it is not read. */
  readonly maxBytes: number;
  readonly signal?: AbortSignal | undefined;
  /** Absent: a connection of its own. */
  readonly agent?: Agent | undefined;
}

export interface HttpAnswer {
  readonly statusCode: number;
  readonly statusText: string;
  readonly headers: readonly NameAndValue[];
  readonly body: Buffer;
  /** There was more. */
  readonly truncated: boolean;
}

/** No answer came. `invalid`: the request could not even be written. */
export class HttpCallError extends Error {
  override readonly name = "HttpCallError";
  readonly kind: "timeout" | "connection" | "invalid";

  constructor(kind: HttpCallError["kind"], message: string, cause?: unknown) {
    super(message, { cause });
    this.kind = kind;
  }
}

/** Rejects with HttpCallError. */
export async function callHttp(call: HttpCall): Promise<HttpAnswer> {
  const { url, method, body, signal, agent } = call;
  // TLS is loaded for the first address that needs it.
  const { request } = url.protocol === "https:" ? await import("node:https") : await import("node:http");
  const sent = begin(request, url, { method, headers: merged(call.headers), agent: agent ?? false, signal });
  return new Promise((resolve, reject) => {
    const tooLate = setTimeout(
      () => sent.destroy(new HttpCallError("timeout", `no answer within ${call.timeoutMs / 1000} seconds`)),
      call.timeoutMs,
    );
    sent.once("close", () => clearTimeout(tooLate));
    sent.once("error", (error) => reject(asCallError(error)));
    sent.once("response", (response) => {
      read(response, call.maxBytes).then(resolve, (error: unknown) => reject(asCallError(error)));
    });
    sent.end(body);
  });
}

/** Names and values that may not stand in a header are found here. */
function begin(send: typeof Send, url: URL, options: RequestOptions): ReturnType<typeof Send> {
  try {
    return send(url, options);
  } catch (error) {
    throw new HttpCallError("invalid", messageOf(error), error);
  }
}

const asCallError = (error: unknown): HttpCallError =>
  error instanceof HttpCallError ? error : new HttpCallError("connection", messageOf(error), error);

function merged(headers: HttpCall["headers"]): Record<string, string> {
  const byName = new Map(headers.map((header) => [header[0].toLowerCase(), header]));
  return Object.fromEntries(byName.values());
}

async function read(response: IncomingMessage, maxBytes: number): Promise<HttpAnswer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > maxBytes) break;
  }
  const { statusCode = 0, statusMessage: statusText = "", rawHeaders } = response;
  const body = Buffer.concat(chunks).subarray(0, maxBytes);
  return { statusCode, statusText, headers: pairs(rawHeaders), body, truncated: length > maxBytes };
}

/** Names and values in turn. */
function pairs(raw: readonly string[]): NameAndValue[] {
  const headers: NameAndValue[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) headers.push([raw[i] ?? "", raw[i + 1] ?? ""]);
  return headers;
}
