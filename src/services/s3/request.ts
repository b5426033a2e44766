/** One S3 request, taken apart: bucket, key, query, headers. Path style only; the gateway rewrites virtual hosts. */
import type { ServiceRequest } from "../service.js";
import { invalidArgument, invalidUri } from "./errors.js";
import { keyBytes } from "./keys.js";

export interface S3Request {
  readonly raw: ServiceRequest;
  readonly method: string;
  /** Empty for the service itself. */
  readonly bucket: string;
  /** Empty for a bucket. */
  readonly key: string;
  readonly query: ReadonlyMap<string, string>;
  /** A header; those named `x-amz-*` may stand in the query instead, where presigners put them. */
  header(name: string): string | undefined;
  /** All headers that start with `prefix`, by the rest of their lower-case name. */
  headersFrom(prefix: string): Record<string, string>;
}

export function readRequest(raw: ServiceRequest): S3Request {
  const [, bucketPart = "", keyPart = ""] = /^\/([^/]*)\/?(.*)$/s.exec(raw.path) ?? [];
  const query = parseQuery(raw.query);
  const fromQuery = amzParameters(query);
  return {
    raw,
    method: raw.method,
    bucket: decodePath(bucketPart, raw.path),
    key: decodePath(keyPart, raw.path),
    query,
    header: (name) => {
      const value = raw.headers[name];
      return (Array.isArray(value) ? value.join(", ") : value) ?? fromQuery?.get(name);
    },
    headersFrom: (prefix) => {
      const found: Record<string, string> = {};
      for (const [name, value] of fromQuery ?? [])
        if (name.startsWith(prefix)) found[name.slice(prefix.length)] = value;
      for (const [name, value] of Object.entries(raw.headers)) {
        if (name.startsWith(prefix) && typeof value === "string") found[name.slice(prefix.length)] = value;
      }
      return found;
    },
  };
}

/** The bytes of the key, checked. */
export function requestKey(request: S3Request): Buffer {
  return keyBytes(request.key);
}

function decodePath(text: string, uri: string): string {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    // Not percent-encoding, or not UTF-8 under it.
    throw invalidUri(uri);
  }
}

function parseQuery(text: string): Map<string, string> {
  const query = new Map<string, string>();
  if (text === "") return query;
  for (const pair of text.split("&")) {
    if (pair === "") continue;
    const equals = pair.indexOf("=");
    const name = decodeQuery(equals === -1 ? pair : pair.slice(0, equals));
    if (!query.has(name)) query.set(name, equals === -1 ? "" : decodeQuery(pair.slice(equals + 1)));
  }
  return query;
}

function decodeQuery(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    throw invalidUri(text);
  }
}

function amzParameters(query: ReadonlyMap<string, string>): Map<string, string> | undefined {
  let found: Map<string, string> | undefined;
  for (const [name, value] of query) {
    if (!/^x-amz-/i.test(name)) continue;
    found ??= new Map();
    found.set(name.toLowerCase(), value);
  }
  return found;
}

/** A bounded whole number of the query. AWS: `Argument maxKeys must be an integer between 0 and 2147483647`. */
export function numberParameter(request: S3Request, name: string, label: string, fallback: number): number {
  const text = request.query.get(name);
  if (text === undefined || text === "") return fallback;
  if (!/^[+-]?\d+$/.test(text))
    throw invalidArgument(`Provided ${name} not an integer or within integer range`, name, text);
  const value = Number(text);
  if (value > MAX_INT) throw invalidArgument(`Provided ${name} not an integer or within integer range`, name, text);
  if (value < 0) {
    throw invalidArgument(`Argument ${label} must be an integer between 0 and ${MAX_INT}`, name, text);
  }
  return value;
}

const MAX_INT = 2 ** 31 - 1;
