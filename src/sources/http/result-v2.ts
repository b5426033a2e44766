/**
 * What an HTTP API (payload format 2.0) and a function URL make of the function's result: a status makes it an answer,
 * everything else is the body of one. https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
 */
import type { HeaderLine, HttpAnswer } from "./message.js";
import { bodyBytes, cleanValue, isHeaderName, objectIn, remapped, statusOf, textOf } from "./result-v1.js";

/** Belong to the connection; function URLs hand on the first two under other names, as REST APIs do. */
const DROPPED = {
  http: new Set(["connection", "content-length", "keep-alive", "transfer-encoding", "upgrade"]),
  url: new Set(["keep-alive", "transfer-encoding", "upgrade"]),
} as const;

/** What an answer with a status and without a type is: of HTTP APIs as users show it, of function URLs as documented. */
const DEFAULT_TYPES = { http: "text/plain; charset=utf-8", url: "application/json" } as const;

/** A header of a server behind an HTTP API: less what concerns one connection. */
export function passedOn(name: string, value: string): [HeaderLine] | undefined {
  return !isHeaderName(name) || DROPPED.http.has(name.toLowerCase()) ? undefined : [[name, cleanValue(value)]];
}

/** Undefined when the result is malformed. */
export function answerFromV2(payload: Buffer, kind: keyof typeof DEFAULT_TYPES): HttpAnswer | undefined {
  const result = objectIn(payload);
  if (result?.["statusCode"] === undefined) return inferred(payload, kind);
  const statusCode = statusOf(result["statusCode"]);
  const head = statusCode === undefined ? undefined : headOf(result, kind);
  const { body } = result;
  if (
    statusCode === undefined ||
    head === undefined ||
    (body !== undefined && body !== null && typeof body !== "string")
  )
    return undefined;
  const bytes = bodyBytes(body ?? "", result["isBase64Encoded"] === true);
  return bytes && { statusCode, headers: head, body: bytes };
}

/** Headers and cookies of a result, or of the prelude of a stream. */
export function headOf(
  result: Readonly<Record<string, unknown>>,
  kind: keyof typeof DEFAULT_TYPES = "url",
): readonly HeaderLine[] | undefined {
  const { headers: map, cookies } = result;
  if (map !== undefined && map !== null && (typeof map !== "object" || Array.isArray(map))) return undefined;
  if (cookies !== undefined && cookies !== null && !Array.isArray(cookies)) return undefined;
  const lines: HeaderLine[] = [];
  for (const [name, value] of Object.entries(map ?? {}) as [string, unknown][]) {
    const text = textOf(value);
    const key = name.toLowerCase();
    // A list of values breaks the answer of an HTTP API (CodeGenieApp/serverless-express#355).
    if (kind === "http" && typeof value === "object" && value !== null) return undefined;
    if (text === undefined || !isHeaderName(name) || DROPPED[kind].has(key)) continue;
    lines.push([kind === "url" ? remapped(key) : key, cleanValue(text)]);
  }
  for (const cookie of (cookies ?? []) as readonly unknown[])
    lines.push(["set-cookie", cleanValue(textOf(cookie) ?? "")]);
  if (!lines.some(([name]) => name === "content-type")) lines.unshift(["content-type", DEFAULT_TYPES[kind]]);
  return lines;
}

/** Spaces between the tokens of a JSON text, and its strings, which keep theirs. */
const SPACES = /("(?:[^"\\]|\\.)*")|[ \t\r\n]+/g;

/**
 * A text goes out as it is, without its quotes (recorded); anything else as JSON, of which function URLs leave out the
 * spaces that runtimes other than Node's put in (localstack/localstack#6765).
 */
function inferred(payload: Buffer, kind: keyof typeof DEFAULT_TYPES): HttpAnswer {
  let body = payload;
  try {
    const text = payload.toString("utf8");
    const value: unknown = JSON.parse(text);
    if (typeof value === "string") body = Buffer.from(value);
    else if (kind === "url") body = Buffer.from(text.replace(SPACES, "$1"));
  } catch {
    // A runtime may answer something that is no JSON; it goes out as it is.
  }
  return { statusCode: 200, headers: [["content-type", "application/json"]], body };
}
