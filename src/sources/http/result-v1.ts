/**
 * What a REST API, or payload format 1.0, makes of the function's result. Anything but the exact shape is a malformed
 * proxy response. Rules as recorded on AWS (Nov 2024).
 */
import { isBinaryType } from "./event-v1.js";
import { mediaTypeOf, type HeaderLine, type HttpAnswer } from "./message.js";

export interface ResultV1Options {
  readonly binaryMediaTypes: readonly string[];
  /** Of the request: REST decides by it whether base64 is unpacked. */
  readonly accept: string | undefined;
  /** HTTP APIs always unpack. */
  readonly alwaysDecode: boolean;
}

const MEMBERS: ReadonlySet<string> = new Set(["statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"]);
/** Names that belong to the gateway; the function's come out with this in front. */
const REMAPPED: ReadonlySet<string> = new Set([
  "authorization",
  "connection",
  "content-length",
  "content-md5",
  "date",
  "host",
  "server",
  "trailer",
  "user-agent",
  "www-authenticate",
]);
const DROPPED: ReadonlySet<string> = new Set(["transfer-encoding", "upgrade", "keep-alive"]);

/** Undefined when the result is malformed, "no-base64" when its body is not what it says. */
export function answerFromV1(payload: Buffer, options: ResultV1Options): HttpAnswer | "no-base64" | undefined {
  const result = objectIn(payload);
  if (result === undefined || Object.keys(result).some((member) => !MEMBERS.has(member))) return undefined;
  const statusCode = statusOf(result["statusCode"]);
  const headers = headersOf(result["headers"], result["multiValueHeaders"]);
  const { body } = result;
  if (
    statusCode === undefined ||
    headers === undefined ||
    (body !== undefined && body !== null && typeof body !== "string")
  )
    return undefined;
  const contentType = headers.find(([name]) => name.toLowerCase() === "content-type")?.[1];
  const lines: readonly HeaderLine[] =
    contentType === undefined ? [["Content-Type", "application/json"], ...headers] : headers;
  const bytes = bodyBytes(body ?? "", result["isBase64Encoded"] === true && unpacks(options, contentType));
  return bytes === undefined ? "no-base64" : { statusCode, headers: lines, body: bytes };
}

/** The prelude of a stream through a REST API: the same members without a body, and cookies. Undefined when it is malformed. */
export function streamHeadFromV1(
  prelude: Readonly<Record<string, unknown>>,
): { readonly statusCode: number; readonly headers: readonly HeaderLine[] } | undefined {
  const statusCode = statusOf(prelude["statusCode"]);
  const headers = headersOf(prelude["headers"], prelude["multiValueHeaders"]);
  const { cookies } = prelude;
  if (statusCode === undefined || headers === undefined) return undefined;
  if (cookies !== undefined && cookies !== null && !Array.isArray(cookies)) return undefined;
  const lines = ((cookies ?? []) as readonly unknown[]).map((cookie): HeaderLine => [
    "Set-Cookie",
    cleanValue(textOf(cookie) ?? ""),
  ]);
  const type: readonly HeaderLine[] = headers.some(([name]) => name.toLowerCase() === "content-type")
    ? []
    : [["Content-Type", "application/json"]];
  return { statusCode, headers: [...type, ...headers, ...lines] };
}

function unpacks(
  { alwaysDecode, accept, binaryMediaTypes }: ResultV1Options,
  contentType: string | undefined,
): boolean {
  if (alwaysDecode) return true;
  // Of several accepted types only the first counts.
  const accepted = mediaTypeOf((accept ?? "").split(",", 1)[0]);
  return isBinaryType(accepted, binaryMediaTypes) || isBinaryType(mediaTypeOf(contentType), binaryMediaTypes);
}

/** Undefined when it is to be unpacked and is no base64. */
export function bodyBytes(text: string, base64: boolean): Buffer | undefined {
  if (!base64) return Buffer.from(text);
  return /[^A-Za-z0-9+/=\s]/.test(text) ? undefined : Buffer.from(text, "base64");
}

export function objectIn(payload: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(payload.toString("utf8"));
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** 200 when there is none; numbers may come as text. One below 200 would leave the client waiting for another. */
export function statusOf(value: unknown): number | undefined {
  if (value === undefined || value === null) return 200;
  const status = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
  return typeof status === "number" && Number.isInteger(status) && status >= 200 && status <= 999 ? status : undefined;
}

/** Those of many values first. A name in both maps is spelled as there. */
function headersOf(single: unknown, multi: unknown): readonly HeaderLine[] | undefined {
  const lines: HeaderLine[] = [];
  const spelling = new Map<string, string>();
  for (const [name, values] of entriesOf(multi) ?? [["", undefined]]) {
    if (!Array.isArray(values)) return undefined;
    spelling.set(name.toLowerCase(), name);
    for (const value of values as readonly unknown[]) lines.push([name, textOf(value) ?? ""]);
  }
  for (const [name, value] of entriesOf(single) ?? [["", {}]]) {
    if (value === null || value === undefined) continue;
    const text = textOf(value);
    if (text === undefined) return undefined;
    lines.push([spelling.get(name.toLowerCase()) ?? name, text]);
  }
  return lines.flatMap(([name, value]) => outgoing(name, value) ?? []);
}

/** A header on its way out: respelled, remapped, dropped, or cleaned of what would break the message. */
export function outgoing(name: string, value: string): [HeaderLine] | undefined {
  const key = name.toLowerCase();
  if (DROPPED.has(key) || !isHeaderName(name)) return undefined;
  return [[remapped(name), cleanValue(value)]];
}

/** The name under which a function's header goes out of a REST API or a function URL. */
export const remapped = (name: string): string => (REMAPPED.has(name.toLowerCase()) ? `x-amzn-Remapped-${name}` : name);

export const isHeaderName = (name: string): boolean => /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name);

/** Control characters would end the header and start another; characters beyond Latin-1 cannot be sent. */
export function cleanValue(value: string): string {
  // oxlint-disable-next-line no-control-regex -- exactly those have to go
  return value.replace(/[\u0000-\u0008\u000a-\u001f\u007f]/g, " ").replace(/[^\u0009\u0020-\u00ff]/g, "?");
}

function entriesOf(map: unknown): readonly (readonly [string, unknown])[] | undefined {
  if (map === undefined || map === null) return [];
  return typeof map === "object" && !Array.isArray(map) ? Object.entries(map) : undefined;
}

/** Numbers and booleans are fine as texts. */
export function textOf(value: unknown): string | undefined {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
    ? String(value)
    : undefined;
}
