/** CORS settings in the two spellings of templates: SAM's REST API (one quoted text) and HTTP APIs (lists). */
import type { ApiCors } from "../event-source.js";
import { isJsonObject, jsonText } from "../json.js";
import type { Json, JsonObject } from "../json.js";

/** `"'GET,POST'"`, `"*"`, or a list. */
function values(value: Json | undefined): readonly string[] {
  if (Array.isArray(value)) return (value as readonly Json[]).map(jsonText);
  if (typeof value !== "string") return [];
  return value
    .replace(/^'(.*)'$/s, "$1")
    .split(",")
    .map((item) => item.trim());
}

export function corsOf(cors: Json | undefined): ApiCors | undefined {
  if (cors === undefined || cors === null || cors === false) return undefined;
  if (cors === true) return wildcard(["*"]);
  if (!isJsonObject(cors)) return wildcard(values(cors));
  const maxAge = cors["MaxAge"];
  return {
    allowOrigins: values(cors["AllowOrigins"] ?? cors["AllowOrigin"]),
    allowMethods: values(cors["AllowMethods"]),
    allowHeaders: values(cors["AllowHeaders"]),
    exposeHeaders: values(cors["ExposeHeaders"]),
    allowCredentials: cors["AllowCredentials"] === true || cors["AllowCredentials"] === "true",
    maxAgeSeconds: maxAge === undefined ? undefined : Number(jsonText(maxAge).replaceAll("'", "")),
  };
}

const wildcard = (allowOrigins: readonly string[]): ApiCors => ({
  allowOrigins,
  allowMethods: [],
  allowHeaders: [],
  exposeHeaders: [],
  allowCredentials: false,
  maxAgeSeconds: undefined,
});

/** `x-amazon-apigateway-cors` of an HTTP API's document. */
export function documentCorsOf(document: JsonObject | undefined): ApiCors | undefined {
  const cors = document?.["x-amazon-apigateway-cors"];
  if (!isJsonObject(cors)) return undefined;
  const capital = Object.entries(cors).map(([key, value]) => [key.charAt(0).toUpperCase() + key.slice(1), value]);
  return corsOf(Object.fromEntries(capital) as JsonObject);
}
