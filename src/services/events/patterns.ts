/** Patterns of rules, compiled once, and TestEventPattern. */
import { isTooDeep } from "../kit/json-depth.js";
import { jsonObjectIn, stringMember, Violations } from "../kit/json-input.js";
import type { JsonObject } from "../kit/json-protocol.js";
import { PatternError } from "../kit/patterns/pattern-error.js";
import { compilePattern, type Pattern } from "../kit/patterns/pattern.js";
import { eventsError } from "./errors.js";

const MAX_PATTERN_LENGTH = 4096;
/** More than this many different texts are not kept: the next ones are compiled anew. */
const MAX_COMPILED = 1000;
/** TestEventPattern: "The JSON must follow the format specified in Amazon Web Services Events, and the following fields are mandatory." */
const MANDATORY = ["id", "account", "source", "time", "region", "detail-type"] as const;

const compiled = new Map<string, Pattern>();

/** Throws InvalidEventPatternException. */
export function patternOf(text: string): Pattern {
  const known = compiled.get(text);
  if (known !== undefined) return known;
  try {
    const pattern = compilePattern(text);
    if (compiled.size >= MAX_COMPILED) compiled.clear();
    compiled.set(text, pattern);
    return pattern;
  } catch (error) {
    if (error instanceof PatternError) throw eventsError.badPattern(error);
    throw error;
  }
}

export function checkPatternLength(violations: Violations, text: string | undefined): void {
  violations.length(text, "eventPattern", 0, MAX_PATTERN_LENGTH);
}

export function testEventPattern(input: JsonObject): JsonObject {
  const text = stringMember(input, "EventPattern");
  const eventText = stringMember(input, "Event");
  const violations = new Violations();
  violations.required(text, "eventPattern");
  violations.required(eventText, "event");
  checkPatternLength(violations, text);
  violations.check();
  const pattern = patternOf(text ?? "");
  const event = isTooDeep(eventText ?? "") ? undefined : jsonObjectIn(eventText ?? "");
  if (event === undefined || MANDATORY.some((name) => !Object.hasOwn(event, name)))
    throw eventsError.invalid("Parameter Event is not valid.");
  return { Result: pattern.matches(event) };
}
