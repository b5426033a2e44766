/** Takes secrets out of an event before it becomes a fixture that is committed. */
import { isJsonObject, type Json } from "../../config/json.js";

export const REDACTED = "REDACTED";

/** Names whose values nobody should commit; case, hyphens and underscores do not count. */
const SECRET_NAME =
  /^(x-?amz-?security-?token|authorization(token)?|proxy-?authorization|(set-?)?cookies?|.*(password|passwd|secret|api[-_]?key|access[-_]?token|refresh[-_]?token|id[-_]?token|private[-_]?key|credentials?))$/i;

/** Values that give themselves away: access keys, JSON web tokens, signatures in URLs, keys in PEM. */
const SECRET_TEXT: readonly RegExp[] = [
  /\b(AKIA|ASIA)[A-Z0-9]{16}\b/g,
  /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g,
  /(?<=X-Amz-(Signature|Credential|Security-Token)=)[^&"\s]+/gi,
  /(?<=\bBearer )[\w.~+/=-]{8,}/g,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----/g,
];

/** The shortest secret of the stack that is looked for by its value: shorter ones would hit innocent text. */
const MIN_KNOWN_LENGTH = 6;

/** `known`: secret values of the stack, wherever they stand. */
export function redact(value: Json, known: readonly string[] = []): Json {
  const secrets = known.filter((text) => text.length >= MIN_KNOWN_LENGTH);
  return walk(value, secrets);
}

function walk(value: Json, known: readonly string[]): Json {
  if (typeof value === "string") return redactText(value, known);
  if (Array.isArray(value)) return (value as readonly Json[]).map((item) => walk(item, known));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      SECRET_NAME.test(name) && !isJsonObject(inner) && inner !== null ? REDACTED : walk(inner, known),
    ]),
  );
}

function redactText(text: string, known: readonly string[]): string {
  // Bodies are JSON inside JSON: an order in a queue, a request of API Gateway.
  if (/^\s*[[{]/.test(text)) {
    try {
      const inner = JSON.parse(text) as Json;
      const clean = walk(inner, known);
      return JSON.stringify(clean) === JSON.stringify(inner) ? text : JSON.stringify(clean);
    } catch {
      // It only looks like JSON.
    }
  }
  let clean = text;
  for (const pattern of SECRET_TEXT) clean = clean.replace(pattern, REDACTED);
  for (const secret of known) clean = clean.replaceAll(secret, REDACTED);
  return clean;
}
