/** One HTTP request as the front doors see it, and the answer that they give: plain data, so that events and mappings are pure functions. */

/** Name as sent, value; in the order of the wire. */
export type HeaderLine = readonly [name: string, value: string];

/** "Payload size: 10 MB", of requests and of answers. */
export const MAX_PAYLOAD_BYTES = 10 * 1024 * 1024;

export interface HttpRequest {
  readonly method: string;
  /** As sent, still percent-encoded, without the query, without what only finds the API (`/_aws/...`). */
  readonly path: string;
  /** Without `?`. */
  readonly query: string;
  readonly headers: readonly HeaderLine[];
  readonly body: Buffer;
  readonly sourceIp: string;
  /** `HTTP/1.1` */
  readonly protocol: string;
  readonly receivedAtMs: number;
  /** UUID; what the API's own kind of id is made from. */
  readonly requestId: string;
}

export interface HttpAnswer {
  readonly statusCode: number;
  readonly headers: readonly HeaderLine[];
  readonly body: Buffer;
}

/** All lines of one header joined, as proxies may join them. Undefined when it was not sent. */
export function headerOf(request: Pick<HttpRequest, "headers">, name: string): string | undefined {
  const values = request.headers.filter(([other]) => other.toLowerCase() === name).map(([, value]) => value);
  return values.length === 0 ? undefined : values.join(name === "cookie" ? "; " : ",");
}

/** Decoded parameters in the order of their first appearance. A `+` is a space. */
export function parseQuery(query: string): ReadonlyMap<string, readonly string[]> {
  const parameters = new Map<string, string[]>();
  for (const part of query.split("&")) {
    if (part === "") continue;
    const equals = part.indexOf("=");
    const name = decodeQuery(equals === -1 ? part : part.slice(0, equals));
    const value = equals === -1 ? "" : decodeQuery(part.slice(equals + 1));
    const values = parameters.get(name);
    if (values === undefined) parameters.set(name, [value]);
    else values.push(value);
  }
  return parameters;
}

function decodeQuery(text: string): string {
  return decodePath(text.replaceAll("+", " "));
}

/** Leaves what is no percent-encoding alone. */
export function decodePath(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** `text/html; charset=utf-8` is `text/html`. */
export function mediaTypeOf(contentType: string | undefined): string {
  return (contentType ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
}

export function jsonAnswer(statusCode: number, body: unknown, headers: readonly HeaderLine[] = []): HttpAnswer {
  return {
    statusCode,
    headers: [["Content-Type", "application/json"], ...headers],
    body: Buffer.from(JSON.stringify(body)),
  };
}
