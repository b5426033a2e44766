/**
 * Cross-origin requests. HTTP APIs and function URLs with a CORS configuration answer preflight requests themselves and
 * put their own headers on every answer; REST APIs answer preflight only (SAM's `Cors` makes a MOCK method for it).
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
 */
import type { FixedIntegration } from "../../config/api-integration.js";
import type { ApiCors } from "../../config/event-source.js";
import { headerOf, type HeaderLine, type HttpAnswer, type HttpRequest } from "./message.js";

const CORS_HEADER = /^access-control-/i;

/** A browser asks whether it may. */
export function isPreflight(request: HttpRequest): boolean {
  return (
    request.method === "OPTIONS" &&
    headerOf(request, "origin") !== undefined &&
    headerOf(request, "access-control-request-method") !== undefined
  );
}

/** `https://*.example.com`, `https://*` and `*` are patterns. */
export function allowsOrigin(cors: ApiCors, origin: string): boolean {
  return cors.allowOrigins.some((pattern) => {
    if (pattern === "*" || pattern === origin) return true;
    if (!pattern.includes("*")) return false;
    const [start = "", end = ""] = pattern.split("*", 2);
    return origin.length >= start.length + end.length && origin.startsWith(start) && origin.endsWith(end);
  });
}

export function preflightAnswer(cors: ApiCors, request: HttpRequest, statusCode: 200 | 204): HttpAnswer {
  const origin = headerOf(request, "origin") ?? "";
  if (!allowsOrigin(cors, origin)) return { statusCode, headers: [], body: Buffer.alloc(0) };
  const asked = {
    method: headerOf(request, "access-control-request-method") ?? "",
    headers: headerOf(request, "access-control-request-headers"),
  };
  const methods = cors.allowMethods.length === 0 ? [asked.method] : cors.allowMethods;
  const lines: HeaderLine[] = [...originLines(cors, origin), ["access-control-allow-methods", methods.join(",")]];
  const headers =
    cors.allowHeaders.includes("*") && cors.allowCredentials ? asked.headers : cors.allowHeaders.join(",");
  if (headers !== undefined && headers !== "") lines.push(["access-control-allow-headers", headers]);
  if (cors.maxAgeSeconds !== undefined) lines.push(["access-control-max-age", String(cors.maxAgeSeconds)]);
  return { statusCode, headers: lines, body: Buffer.alloc(0) };
}

/** The configuration's headers in place of the function's. */
export function withCors(
  headers: readonly HeaderLine[],
  cors: ApiCors | undefined,
  origin: string | undefined,
): readonly HeaderLine[] {
  if (cors === undefined) return headers;
  const own = headers.filter(([name]) => !CORS_HEADER.test(name));
  if (origin === undefined || !allowsOrigin(cors, origin)) return own;
  const exposed: readonly HeaderLine[] =
    cors.exposeHeaders.length === 0 ? [] : [["access-control-expose-headers", cors.exposeHeaders.join(",")]];
  return [...own, ...originLines(cors, origin), ...exposed];
}

function originLines(cors: ApiCors, origin: string): readonly HeaderLine[] {
  const any = cors.allowOrigins.includes("*") && !cors.allowCredentials;
  return [
    ["access-control-allow-origin", any ? "*" : origin],
    ...(any ? [] : [["vary", "Origin"] as const]),
    ...(cors.allowCredentials ? [["access-control-allow-credentials", "true"] as const] : []),
  ];
}

/** The response template of SAM's MOCK methods. */
const SAM_BODY = "{}\n";

/** What SAM's MOCK method for OPTIONS answers: fixed texts, whatever was asked. */
export function restPreflight(cors: ApiCors, methods: readonly string[]): Omit<FixedIntegration, "kind"> {
  const named = methods.includes("ANY")
    ? ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
    : [...new Set([...methods, "OPTIONS"])].toSorted();
  const lines: HeaderLine[] = [
    ["Content-Type", "application/json"],
    ["Access-Control-Allow-Origin", cors.allowOrigins.join(",") || "*"],
    ["Access-Control-Allow-Methods", (cors.allowMethods.length === 0 ? named : cors.allowMethods).join(",")],
  ];
  if (cors.allowHeaders.length > 0) lines.push(["Access-Control-Allow-Headers", cors.allowHeaders.join(",")]);
  if (cors.maxAgeSeconds !== undefined) lines.push(["Access-Control-Max-Age", String(cors.maxAgeSeconds)]);
  if (cors.allowCredentials) lines.push(["Access-Control-Allow-Credentials", "true"]);
  return { statusCode: 200, headers: lines, body: SAM_BODY };
}
