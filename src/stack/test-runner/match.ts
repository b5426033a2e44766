/**
 * Holds a value against what is expected of it: objects by subset, lists element by element, and matchers for what is
 * different in each run.
 */
import { isJsonObject, type Json } from "../../config/json.js";
import { didYouMean } from "../../config/nearest.js";
import { messageOf } from "../../shared/errors.js";

/** Named matchers; a string that begins with `$$` stands for one that begins with `$`. */
const MATCHERS: Readonly<Record<string, (value: Json | undefined) => boolean>> = {
  $any: () => true,
  $exists: (value) => value !== undefined,
  $absent: (value) => value === undefined,
  $string: (value) => typeof value === "string",
  $number: (value) => typeof value === "number",
  $boolean: (value) => typeof value === "boolean",
  $array: (value) => Array.isArray(value),
  $object: (value) => isJsonObject(value),
  $uuid: (value) => typeof value === "string" && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value),
  $time: (value) =>
    typeof value === "number" ? value > 0 : typeof value === "string" && !Number.isNaN(Date.parse(value)),
  $url: (value) => typeof value === "string" && URL.canParse(value),
};
const REGEX = "$match:";
const CONTAINS = "$contains:";
/** `{"$json": ...}` stands for a text that is JSON: the body of an HTTP answer is one. */
const JSON_TEXT = "$json";

/** One sentence for each place that differs; empty when everything fits. */
export function mismatches(expected: Json, actual: Json | undefined, path = ""): string[] {
  const here = path === "" ? "it" : path;
  if (typeof expected === "string" && expected.startsWith("$")) return matcher(expected, actual, here);
  if (Array.isArray(expected)) {
    const wanted = expected as readonly Json[];
    if (!Array.isArray(actual)) return [`${here}: expected a list, got ${shown(actual)}`];
    const given = actual as readonly Json[];
    if (given.length !== wanted.length) return [`${here}: expected ${wanted.length} elements, got ${given.length}`];
    return wanted.flatMap((one, at) => mismatches(one, given[at], `${path}[${at}]`));
  }
  const inText = jsonTextOf(expected);
  if (inText !== undefined) {
    const inner = typeof actual === "string" ? parsed(actual) : undefined;
    return inner === undefined ? [`${here}: ${shown(actual)} is no JSON text`] : mismatches(inText, inner, path);
  }
  if (isJsonObject(expected)) {
    if (!isJsonObject(actual)) return [`${here}: expected an object, got ${shown(actual)}`];
    return Object.entries(expected).flatMap(([name, one]) =>
      mismatches(one, actual[name], path === "" ? name : `${path}.${name}`),
    );
  }
  return expected === actual ? [] : [`${here}: expected ${shown(expected)}, got ${shown(actual)}`];
}

/** What the JSON in a text must be, where that is what is expected. */
function jsonTextOf(expected: Json): Json | undefined {
  return isJsonObject(expected) && Object.keys(expected).length === 1 ? expected[JSON_TEXT] : undefined;
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

export const fits = (expected: Json, actual: Json | undefined): boolean => mismatches(expected, actual).length === 0;

function matcher(expected: string, actual: Json | undefined, here: string): string[] {
  if (expected.startsWith("$$"))
    return expected.slice(1) === actual ? [] : [`${here}: expected ${shown(expected.slice(1))}, got ${shown(actual)}`];
  const holds = expected.startsWith(REGEX)
    ? typeof actual === "string" && new RegExp(expected.slice(REGEX.length)).test(actual)
    : expected.startsWith(CONTAINS)
      ? typeof actual === "string" && actual.includes(expected.slice(CONTAINS.length))
      : // Others were refused when the expectation was read.
        MATCHERS[expected]?.(actual) === true;
  return holds ? [] : [`${here}: ${shown(actual)} is no ${expected}`];
}

export interface MatcherFault {
  readonly path: string;
  readonly what: string;
  readonly fix: string;
}

/** The first matcher that there is not, or whose pattern is none: it would only ever say that something does not fit. */
export function matcherFault(expected: Json | undefined, path = ""): MatcherFault | undefined {
  if (typeof expected === "string") return textFault(expected, path);
  const children: readonly (readonly [string, Json])[] = Array.isArray(expected)
    ? (expected as readonly Json[]).map((one, at) => [`${path}[${at}]`, one] as const)
    : isJsonObject(expected)
      ? Object.entries(expected).map(([name, one]) => [path === "" ? name : `${path}.${name}`, one] as const)
      : [];
  for (const [at, child] of children) {
    const fault = matcherFault(child, at);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function textFault(text: string, path: string): MatcherFault | undefined {
  if (!text.startsWith("$") || text.startsWith("$$") || text in MATCHERS || text.startsWith(CONTAINS)) return undefined;
  if (text.startsWith(REGEX)) {
    try {
      "".search(text.slice(REGEX.length));
      return undefined;
    } catch (error) {
      return { path, what: messageOf(error), fix: "Mend the pattern: it is a regular expression of JavaScript." };
    }
  }
  const names = [...Object.keys(MATCHERS), REGEX, CONTAINS];
  const [written = text] = /^\$\w*:?/.exec(text) ?? [];
  return {
    path,
    what: `there is no matcher ${written}.${didYouMean(written, names)}`,
    fix: `Use one of ${Object.keys(MATCHERS).join(", ")}, ${REGEX}<pattern>, ${CONTAINS}<text>, {"${JSON_TEXT}": ...}; a text that begins with $ is written $${text}.`,
  };
}

const MAX_SHOWN = 200;

function shown(value: Json | undefined): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}...`;
}

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi;
const TIME = /\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z/g;
/** Milliseconds or seconds since the epoch, between 2023 and 2050. */
const isEpoch = (value: number): boolean =>
  Number.isInteger(value) && ((value > 1.67e12 && value < 2.52e12) || (value > 1.67e9 && value < 2.52e9));

/** The expectation that a value suggests: what is another one in each run becomes a matcher. */
export function generalise(value: Json): Json {
  if (typeof value === "number") return isEpoch(value) ? "$number" : value;
  if (typeof value === "string") return generaliseText(value);
  if (Array.isArray(value)) return (value as readonly Json[]).map(generalise);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, generalise(inner)]));
}

function generaliseText(text: string): Json {
  if (/^[{[]/.test(text)) {
    const inner = parsed(text);
    if (inner !== undefined) return { [JSON_TEXT]: generalise(inner) };
  }
  if (/^https?:\/\/(127\.0\.0\.1|localhost)/.test(text)) return "$url";
  if (MATCHERS["$uuid"]?.(text) === true) return "$uuid";
  const times = text.match(TIME);
  if (times?.[0] === text) return "$time";
  if (times === null && text.match(UUID) === null) return text.startsWith("$") ? `$${text}` : text;
  const escaped = text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  // Hyphens and colons need no escape, so the patterns still find what they look for.
  return `${REGEX}^${escaped.replace(UUID, "[0-9a-f-]{36}").replace(/\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\\\.\d+)?Z/g, "[-0-9T:.]+Z")}$`;
}
