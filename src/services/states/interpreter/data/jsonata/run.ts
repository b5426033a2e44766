/**
 * Runs one expression of JSONata inside the limits that AWS has: a depth of 100, one second, lists of 873,782 items. Its
 * regular expressions are bounded by BoundedRegExp, since no limit of the library reaches into them.
 */
import type jsonata from "jsonata";
import type { Json } from "../../../../../config/json.js";
import type { Scope } from "../../scope.js";
import { BoundedRegExp, RegExpTimeout } from "../bounded-regexp.js";
import { boundedFunctions } from "./bounded-functions.js";
import { FUNCTIONS } from "./functions.js";

export type Outcome =
  | { readonly kind: "value"; readonly value: Json }
  | { readonly kind: "nothing" }
  | { readonly kind: "unsupported" }
  /** How the cause goes on after "threw an error during evaluation". */
  | { readonly kind: "thrown"; readonly tail: string };

const MAX_DEPTH = 100;
const TIME_LIMIT_MS = 1000;
const MAX_ITEMS = 873_782;
const CACHE_SIZE = 500;

const DEPTH_TAIL =
  ": Stack overflow error: Check for non-terminating recursive function.  Consider rewriting as tail-recursive.";
const TIMEOUT_TAIL = ": Expression evaluation timeout: Check for infinite loop";
const MEMORY_TAIL = ": Expression evaluation memory limit exceeded: Check for excessive memory usage";

/** The library words its limits in its own way; AWS has the older sentences. */
const LIMIT_TAILS: Readonly<Record<string, string>> = {
  D1011: DEPTH_TAIL,
  D1012: TIMEOUT_TAIL,
  D2014: MEMORY_TAIL,
  D2015: MEMORY_TAIL,
};

const compiled = new Map<string, jsonata.Expression>();
let bounded: Promise<Record<string, unknown>> | undefined;

export async function runExpression(expression: string, scope: Scope): Promise<Outcome> {
  let value: unknown;
  try {
    const program = compiled.get(expression) ?? (await compile(expression));
    value = await program.evaluate(undefined, Object.assign({}, await bounded, bindingsOf(scope)));
  } catch (error) {
    return { kind: "thrown", tail: tailOf(error) };
  }
  if (value === undefined) return { kind: "nothing" };
  const json = toJson(value);
  return json === undefined ? { kind: "unsupported" } : { kind: "value", value: json };
}

async function compile(expression: string): Promise<jsonata.Expression> {
  const { default: parse } = await import("jsonata");
  bounded ??= boundedFunctions(parse);
  const program = parse(expression, {
    stack: MAX_DEPTH,
    timeout: TIME_LIMIT_MS,
    sequence: MAX_ITEMS,
    RegexEngine: BoundedRegExp as unknown as RegExpConstructor,
  });
  if (compiled.size >= CACHE_SIZE) compiled.clear();
  compiled.set(expression, program);
  return program;
}

/** `$states` comes last: no variable hides it. */
function bindingsOf(scope: Scope): Record<string, unknown> {
  const states: Record<string, Json> = { input: scope.input, context: scope.context };
  if (scope.result !== undefined) states["result"] = scope.result;
  if (scope.errorOutput !== undefined) states["errorOutput"] = scope.errorOutput;
  return Object.assign({}, FUNCTIONS, scope.variables, { states });
}

function tailOf(error: unknown): string {
  if (error instanceof RegExpTimeout) return TIMEOUT_TAIL;
  // Parentheses deeper than the parser can follow, or a text longer than the engine can hold.
  if (error instanceof RangeError) return error.message.includes("call stack") ? DEPTH_TAIL : MEMORY_TAIL;
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  const text = String(message ?? error);
  if (typeof code !== "string") return `: ${text}`;
  return LIMIT_TAILS[code] ?? `. ${code}: ${text}`;
}

/** `undefined` for what JSON has no form for: functions. AWS writes numbers without end as text. */
function toJson(value: unknown): Json | undefined {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (typeof value !== "object" || "_jsonata_lambda" in value || "_jsonata_function" in value) return undefined;
  // Lists of the library have members of their own besides their items.
  if (Array.isArray(value)) return allOf(Array.from(value, (item) => toJson(item)));
  const names = Object.keys(value);
  const members = allOf(names.map((name) => toJson((value as Record<string, unknown>)[name])));
  return members && Object.fromEntries(names.map((name, index) => [name, members[index] ?? null]));
}

const allOf = (values: readonly (Json | undefined)[]): readonly Json[] | undefined =>
  values.every((value) => value !== undefined) ? values : undefined;
