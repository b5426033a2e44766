/**
 * Requests and answers of API Gateway's REST proxy events (payload 1.0), and of direct invocations, whose event is the body.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
 */
import { RequestError } from "./errors.js";
import { isFields, type Fields } from "./json.js";

export interface HttpRequest {
  /** Undefined for a direct invocation. */
  readonly method: string | undefined;
  /** The route that API Gateway chose, e.g. `/files/{key+}`; else the path. */
  readonly resource: string;
  /** Decoded. */
  readonly pathParameters: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly origin: string | undefined;
  /** Throws a RequestError (400) when it is no JSON object. */
  body(): Fields;
}

export interface HttpAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export function readRequest(event: unknown): HttpRequest {
  if (!isFields(event)) throw new RequestError(400, "ValidationError", "the event must be a JSON object");
  const headers = textsOf(event["headers"]);
  const origin = Object.entries(headers).find(([name]) => name.toLowerCase() === "origin")?.[1];
  const isHttp = typeof event["httpMethod"] === "string";
  const path = typeof event["path"] === "string" ? event["path"] : "/";
  return {
    method: isHttp ? (event["httpMethod"] as string) : undefined,
    resource: typeof event["resource"] === "string" ? event["resource"] : path,
    pathParameters: decoded(textsOf(event["pathParameters"])),
    query: textsOf(event["queryStringParameters"]),
    origin,
    body: () => bodyOf(event, isHttp),
  };
}

/** A text, an object, or (invoked directly) the members of the event itself. */
function bodyOf(event: Fields, isHttp: boolean): Fields {
  const raw = event["body"];
  if (isFields(raw)) return raw;
  if (raw === undefined || raw === null || raw === "") return isHttp ? {} : event;
  if (typeof raw !== "string") throw new RequestError(400, "ValidationError", "the body must be a JSON object");
  let value: unknown;
  try {
    value = JSON.parse(event["isBase64Encoded"] === true ? Buffer.from(raw, "base64").toString("utf8") : raw);
  } catch (error) {
    throw new RequestError(400, "ValidationError", `the body is not valid JSON: ${(error as Error).message}`);
  }
  if (!isFields(value)) throw new RequestError(400, "ValidationError", "the body must be a JSON object");
  return value;
}

/** Maps of proxy events may be null. */
function textsOf(value: unknown): Record<string, string> {
  if (!isFields(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}

/** API Gateway hands greedy parameters on as they came. */
function decoded(parameters: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => {
      try {
        return [name, decodeURIComponent(value)];
      } catch {
        throw new RequestError(400, "ValidationError", `${name} in the path is not URL-encoded`);
      }
    }),
  );
}

export function httpAnswer(statusCode: number, body: Fields, origin: string | undefined): HttpAnswer {
  return {
    statusCode,
    headers: { "Content-Type": "application/json", ...corsHeaders(origin) },
    body: JSON.stringify(body),
  };
}

/**
 * The asking origin where it is one of ALLOWED_ORIGINS, else the first of them: browsers refuse `*` together with
 * credentials, and an answer for one origin must not be kept for another.
 */
function corsHeaders(origin: string | undefined): Record<string, string> {
  const allowed = (process.env["ALLOWED_ORIGINS"] ?? "").split(",").map((one) => one.trim());
  return {
    "Access-Control-Allow-Origin": (origin !== undefined && allowed.includes(origin) ? origin : allowed[0]) ?? "",
    "Access-Control-Allow-Headers": "Authorization,Content-Type,X-Api-Key",
    "Access-Control-Allow-Methods": "DELETE,GET,OPTIONS,POST",
    "Access-Control-Allow-Credentials": "true",
    Vary: "Origin",
  };
}
