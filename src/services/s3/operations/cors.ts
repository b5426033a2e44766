/**
 * CORS: the configuration of a bucket, preflights, and headers on actual answers.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManageCorsUsing.html
 */
import { AwsError } from "../../kit/aws-error.js";
import { childrenNamed, childText, type XmlElement } from "../../kit/xml.js";
import { wildcardMatches } from "../access.js";
import type { Operation, S3Context } from "../context.js";
import { invalidRequest, malformedXml, noSuchConfiguration } from "../errors.js";
import type { S3Request } from "../request.js";
import type { Headers } from "../respond.js";
import type { CorsRule } from "../rows.js";
import { readXml } from "../xml-body.js";

const MAX_CORS_RULES = 100;
const MAX_CORS_DOCUMENT_BYTES = 64 * 1024;
const METHODS = new Set(["GET", "PUT", "HEAD", "POST", "DELETE"]);
const VARY = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method";

export const putBucketCors: Operation = async ({ store }, request) => {
  store.bucket(request.bucket);
  const root = await readXml(request, "CORSConfiguration", MAX_CORS_DOCUMENT_BYTES);
  const cors = childrenNamed(root, "CORSRule").map(parseRule);
  if (cors.length === 0 || cors.length > MAX_CORS_RULES) throw malformedXml();
  await store.write(() => {
    const bucket = store.bucket(request.bucket);
    store.putBucket({ ...bucket, cors });
  });
  return {};
};

function parseRule(rule: XmlElement): CorsRule {
  const texts = (name: string): string[] => childrenNamed(rule, name).map((element) => element.text);
  const allowedMethods = texts("AllowedMethod");
  const allowedOrigins = texts("AllowedOrigin");
  const allowedHeaders = texts("AllowedHeader");
  if (allowedMethods.length === 0 || allowedOrigins.length === 0) throw malformedXml();
  for (const method of allowedMethods) {
    if (!METHODS.has(method))
      throw invalidRequest(`Found unsupported HTTP method in CORS config. Unsupported method is ${method}`);
  }
  for (const origin of allowedOrigins) {
    if (count(origin, "*") > 1) throw invalidRequest(`AllowedOrigin "${origin}" can not have more than one wildcard.`);
  }
  for (const header of allowedHeaders) {
    if (count(header, "*") > 1) throw invalidRequest(`AllowedHeader "${header}" can not have more than one wildcard.`);
  }
  const id = childText(rule, "ID");
  const maxAge = childText(rule, "MaxAgeSeconds");
  if (maxAge !== undefined && !/^\d{1,10}$/.test(maxAge.trim())) throw malformedXml();
  return {
    ...(id === undefined ? {} : { id }),
    allowedMethods,
    allowedOrigins,
    allowedHeaders,
    exposeHeaders: texts("ExposeHeader"),
    ...(maxAge === undefined ? {} : { maxAgeSeconds: Number(maxAge) }),
  };
}

function count(text: string, char: string): number {
  return text.split(char).length - 1;
}

export const getBucketCors: Operation = ({ store }, request) => {
  const { name, cors } = store.bucket(request.bucket);
  if (cors === undefined) {
    throw noSuchConfiguration("NoSuchCORSConfiguration", "The CORS configuration does not exist", name);
  }
  return {
    xml: [
      "CORSConfiguration",
      {
        CORSRule: cors.map((rule) => ({
          ID: rule.id,
          AllowedHeader: rule.allowedHeaders,
          AllowedMethod: rule.allowedMethods,
          AllowedOrigin: rule.allowedOrigins,
          ExposeHeader: rule.exposeHeaders,
          MaxAgeSeconds: rule.maxAgeSeconds,
        })),
      },
    ],
  };
};

export const deleteBucketCors: Operation = async ({ store }, request) => {
  await store.write(() => {
    const { cors: _dropped, ...bucket } = store.bucket(request.bucket);
    store.putBucket(bucket);
  });
  return { status: 204 };
};

/** OPTIONS: what a browser asks before it sends the request proper. */
export const preflight: Operation = ({ store }, request) => {
  const origin = request.header("origin");
  const method = request.header("access-control-request-method");
  if (origin === undefined) throw badPreflight("Insufficient information. Origin request header needed.");
  if (method === undefined || !METHODS.has(method)) {
    throw badPreflight(`Invalid Access-Control-Request-Method: ${method ?? "null"}`);
  }
  const bucket = store.findBucket(request.bucket);
  if (bucket === undefined) throw forbidden("CORSResponse: Bucket not found", method, "BUCKET");
  if (bucket.cors === undefined)
    throw forbidden("CORSResponse: CORS is not enabled for this bucket.", method, "BUCKET");
  const headers = matchCors(bucket.cors, origin, method, request.header("access-control-request-headers"));
  if (headers === undefined) {
    throw forbidden(
      "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.",
      method,
      request.key === "" ? "BUCKET" : "OBJECT",
    );
  }
  return { headers };
};

/** Headers for the answer to a request that a browser sent. */
export function corsHeaders({ store }: S3Context, request: S3Request): Headers {
  const origin = request.header("origin");
  if (origin === undefined || request.method === "OPTIONS") return {};
  const cors = store.findBucket(request.bucket)?.cors;
  return (cors && matchCors(cors, origin, request.method, undefined)) ?? {};
}

function matchCors(
  rules: readonly CorsRule[],
  origin: string,
  method: string,
  requestedHeaders: string | undefined,
): Headers | undefined {
  const asked = (requestedHeaders ?? "")
    .split(",")
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== "");
  const rule = rules.find(
    ({ allowedOrigins, allowedMethods, allowedHeaders }) =>
      allowedMethods.includes(method) &&
      allowedOrigins.some((pattern) => originMatches(pattern, origin)) &&
      asked.every((name) => allowedHeaders.some((pattern) => wildcardMatches(pattern.toLowerCase(), name))),
  );
  if (rule === undefined) return undefined;
  const anyOrigin = rule.allowedOrigins.includes("*");
  const headers: Headers = {
    "Access-Control-Allow-Origin": anyOrigin ? "*" : origin,
    "Access-Control-Allow-Methods": rule.allowedMethods.join(", "),
    Vary: VARY,
  };
  if (!anyOrigin) headers["Access-Control-Allow-Credentials"] = "true";
  if (asked.length > 0) headers["Access-Control-Allow-Headers"] = asked.join(", ");
  if (rule.exposeHeaders.length > 0) headers["Access-Control-Expose-Headers"] = rule.exposeHeaders.join(", ");
  if (rule.maxAgeSeconds !== undefined) headers["Access-Control-Max-Age"] = rule.maxAgeSeconds;
  return headers;
}

/** `?` is no wildcard in an origin. */
function originMatches(pattern: string, origin: string): boolean {
  const [head = "", tail] = pattern.split("*");
  if (tail === undefined) return pattern === origin;
  return origin.length >= head.length + tail.length && origin.startsWith(head) && origin.endsWith(tail);
}

function badPreflight(message: string): AwsError {
  return new AwsError("BadRequest", message);
}

function forbidden(message: string, method: string, resourceType: string): AwsError {
  return new AwsError("AccessForbidden", message, {
    statusCode: 403,
    members: { Method: method, ResourceType: resourceType },
  });
}
