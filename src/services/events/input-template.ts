/**
 * Templates of input transformers: a JSON document, or lines of texts in quotes, with `<names>` in them. Outside of quotes a
 * name becomes JSON, inside them the bare text of its value, as recorded on AWS in May and June 2024.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
 */
import { JsonTokens } from "../kit/patterns/json-tokens.js";
import { PatternError } from "../kit/patterns/pattern-error.js";

const PLACEHOLDER = /<([^<>\s"]+)>/g;
export const RESERVED_NAMES: ReadonlySet<string> = new Set([
  "aws.events.rule-arn",
  "aws.events.rule-name",
  "aws.events.event.ingestion-time",
  "aws.events.event",
  "aws.events.event.json",
]);

export interface TemplateFault {
  readonly placeholder?: string;
  /** Where it is no JSON. */
  readonly place?: string;
}

export function checkTemplate(template: string, names: ReadonlySet<string>): TemplateFault | undefined {
  for (const [, name = ""] of template.matchAll(PLACEHOLDER))
    if (!names.has(name) && !RESERVED_NAMES.has(name)) return { placeholder: name };
  // A number stands for each name: it may stand in a text and as a value, but is no name of a member.
  const filled = template.replaceAll(PLACEHOLDER, (whole) => "1".repeat(whole.length));
  const fault = jsonFault(filled);
  return fault === undefined || filled.split("\n").every(isQuoted) ? undefined : { place: fault };
}

const isQuoted = (line: string): boolean => line.trim() === "" || /^\s*"(?:[^"\\]|\\.)*"\s*$/.test(line);

function jsonFault(text: string): string | undefined {
  const tokens = new JsonTokens(text);
  try {
    while (tokens.next() !== undefined);
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return error instanceof PatternError ? error.place.trim().replace(/^at /, "") : text;
  }
}

/** More than any target takes. */
const MAX_FILLED_LENGTH = 2 * 1024 * 1024;

/** `valueOf` answers undefined for what the event does not have. */
export function fillTemplate(template: string, valueOf: (name: string) => unknown): string {
  let filled = "";
  let quoted = false;
  let from = 0;
  for (const match of template.matchAll(PLACEHOLDER)) {
    // Every target refuses it, so that nobody needs the rest of it.
    if (filled.length > MAX_FILLED_LENGTH) return filled;
    const before = template.slice(from, match.index);
    quoted = endsQuoted(before, quoted);
    const value = valueOf(match[1] ?? "");
    filled += before + (quoted ? inText(value) : JSON.stringify(value ?? ""));
    from = match.index + match[0].length;
  }
  return filled + template.slice(from);
}

function endsQuoted(text: string, quoted: boolean): boolean {
  const quotes = text.replaceAll(/\\./g, "").split('"').length - 1;
  return quotes % 2 === 0 ? quoted : !quoted;
}

/** Inside a text: lists and objects lose their quotes; of what is not there nothing is written. */
function inText(value: unknown): string {
  if (value === undefined) return "";
  const text = typeof value === "string" ? value : bare(value);
  return JSON.stringify(text).slice(1, -1);
}

function bare(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(bare).join(",")}]`;
  if (typeof value !== "object" || value === null) return String(value);
  return `{${Object.entries(value)
    .map(([name, item]) => `${name}:${bare(item)}`)
    .join(",")}}`;
}
