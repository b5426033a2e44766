/**
 * The canonical request of Signature Version 4: the one text that client and server must both arrive at.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 *
 * Two readings of the same bytes exist. `sent` takes path and query as they stand on the wire, which is what nearly
 * every client signs and needs no work; `exact` decodes and encodes them anew and takes repeated headers apart, for
 * clients that sign one spelling and send another. A signature that fits either is good.
 */
import type { IncomingHttpHeaders } from "node:http";

export interface HttpMessage {
  readonly method: string;
  /** As sent, percent-encoded, without the query. */
  readonly path: string;
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
}

export type Reading = "sent" | "exact";

/** The pseudo-header of HTTP/2 that names the host. */
export const AUTHORITY = ":authority";

/** Undefined when the path or the query cannot be decoded and so has no exact reading. */
export function canonicalRequest(
  message: HttpMessage,
  reading: Reading,
  isS3: boolean,
  signedHeaders: string,
  payloadHash: string,
): string | undefined {
  try {
    const uri = isS3 ? s3Uri(message.path, reading) : otherUri(message.path, reading);
    const query = canonicalQuery(message.query, reading);
    const headers = canonicalHeaders(message, reading, signedHeaders);
    return `${message.method}\n${uri}\n${query}\n${headers}\n${signedHeaders}\n${payloadHash}`;
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

/** RFC 3986: everything but unreserved characters, upper-case hex. */
export function encodeStrictly(text: string): string {
  if (/^[\w.~-]*$/.test(text)) return text;
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** S3 neither removes `.` and `//` from a path nor encodes it twice: they belong to the key. */
function s3Uri(path: string, reading: Reading): string {
  if (reading === "sent") return path;
  // Raw UTF-8 in a request line reaches us as Latin-1.
  return Buffer.from(path, "latin1")
    .toString("utf8")
    .split("/")
    .map((segment) => encodeStrictly(decodeURIComponent(segment)))
    .join("/");
}

function otherUri(path: string, reading: Reading): string {
  if (path === "/") return path;
  const plain = reading === "sent" ? removeDotSegments(path) : path;
  return plain.split("/").map(encodeStrictly).join("/");
}

function removeDotSegments(path: string): string {
  if (!/\/(?:\.{0,2}(?:\/|$))/.test(path)) return path;
  const kept: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "..") kept.pop();
    else if (segment !== "" && segment !== ".") kept.push(segment);
  }
  return `/${kept.join("/")}${path.endsWith("/") && kept.length > 0 ? "/" : ""}`;
}

function canonicalQuery(query: string, reading: Reading): string {
  if (query === "") return "";
  const pairs: [name: string, value: string][] = [];
  for (const part of query.split("&")) {
    if (part === "" || part.startsWith("X-Amz-Signature=")) continue;
    const equals = part.indexOf("=");
    const name = equals === -1 ? part : part.slice(0, equals);
    const value = equals === -1 ? "" : part.slice(equals + 1);
    pairs.push(reading === "sent" ? [name, value] : [recode(name), recode(value)]);
  }
  pairs.sort(([nameA, valueA], [nameB, valueB]) => compare(nameA, nameB) || compare(valueA, valueB));
  return pairs.map(([name, value]) => `${name}=${value}`).join("&");
}

/** In a query, `+` is a space. */
const recode = (text: string): string => encodeStrictly(decodeURIComponent(text.replaceAll("+", " ")));
const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

function canonicalHeaders(message: HttpMessage, reading: Reading, signedHeaders: string): string {
  let text = "";
  for (const name of signedHeaders.split(";")) {
    // Clients of HTTP/2 sign what is Host in HTTP/1, which http2-bridge.ts makes of it.
    const at = name === AUTHORITY ? "host" : name;
    const value = reading === "sent" ? message.headers[at] : allValues(message.rawHeaders, at);
    text += `${name}:${trimAll(Array.isArray(value) ? value.join(",") : (value ?? ""))}\n`;
  }
  return text;
}

/** Node joins some repeated headers with ", " and drops others; AWS signs all of them, joined with ",". */
function allValues(rawHeaders: readonly string[], name: string): string {
  const values: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.toLowerCase() === name) values.push(trimAll(rawHeaders[i + 1] ?? ""));
  }
  return values.join(",");
}

function trimAll(value: string): string {
  const trimmed = value.trim();
  return trimmed.includes("  ") ? trimmed.replace(/ {2,}/g, " ") : trimmed;
}
