/**
 * Filter patterns for events of space-delimited fields: `[ip, ..., status = 4*, bytes > 1000]`. A field is a word, or
 * what stands between quotes or brackets. The last field takes the rest of the line, unless an ellipsis stands before
 * it: then fields are counted from the end.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html, "space-delimited log events"
 */
import { invalidPattern } from "./errors.js";
import { NUMBER, numberTest, wildcard } from "./comparisons.js";
import { checkRegexCount, compileRegex } from "./regex.js";

type FieldTest = (field: string) => boolean;

const ELLIPSIS = "...";
const FIELD = /"([^"]*)"|\[([^\]]*)\]|(\S+)/g;
/** Text that holds no separator outside of quotes and regular expressions. */
const ENTRY = /(?:"[^"]*"|%[^%]*%|[^,"%])+/g;
const CONDITION = /^\s*([\w$-]+)\s*(?:(!=|<=|>=|=|<|>)\s*(?:"([^"]*)"|%([^%]*)%|([^"%]+?)))?\s*$/;
const NAME = /^[\w$-]+$/;

interface Entry {
  readonly tests: FieldTest;
  readonly isEllipsis: boolean;
}

/** Compiles the inside of the brackets. Throws InvalidParameterException for what is no pattern. */
export function compileSpacePattern(source: string): (message: string) => boolean {
  checkRegexCount((source.match(/%[^%]*%/g) ?? []).length);
  const texts = source.match(ENTRY) ?? [];
  if (texts.join(",") !== source) throw invalidPattern("an empty field, or a quote without its other half.");
  const entries = source.trim() === "" ? [] : texts.map(compileEntry);
  const ellipsis = entries.findIndex(({ isEllipsis }) => isEllipsis);
  if (entries.filter(({ isEllipsis }) => isEllipsis).length > 1) throw invalidPattern("more than one ellipsis.");
  const before = (ellipsis === -1 ? entries : entries.slice(0, ellipsis)).map(({ tests }) => tests);
  const after = (ellipsis === -1 ? [] : entries.slice(ellipsis + 1)).map(({ tests }) => tests);
  return (message) => {
    const fields = ellipsis === -1 ? splitFields(message, before.length) : splitFields(message, Infinity);
    if (fields.length < before.length + after.length) return false;
    const tail = fields.slice(fields.length - after.length);
    return (
      before.every((test, index) => test(fields[index] ?? "")) && after.every((test, index) => test(tail[index] ?? ""))
    );
  };
}

/** At most so many fields: the last one is then the rest of the line as it stands. */
function splitFields(message: string, limit: number): string[] {
  const fields: string[] = [];
  for (const match of message.matchAll(FIELD)) {
    const [whole, quoted, bracketed, word] = match;
    const rest = message.slice(match.index);
    if (fields.length === limit - 1 && rest.trimEnd() !== whole) return [...fields, rest];
    fields.push(quoted ?? bracketed ?? word ?? "");
  }
  return fields;
}

function compileEntry(text: string): Entry {
  const entry = text.trim();
  if (entry === ELLIPSIS) return { isEllipsis: true, tests: () => true };
  const alternatives = entry
    .split("||")
    .map((alternative) => alternative.split("&&").map((condition) => compileCondition(condition)));
  return {
    isEllipsis: false,
    tests: (field) => alternatives.some((conditions) => conditions.every((test) => test(field))),
  };
}

function compileCondition(text: string): FieldTest {
  const match = CONDITION.exec(text);
  const [, name = "", operator, quoted, regex, word] = match ?? [];
  if (match === null || !NAME.test(name)) throw invalidPattern(`${text.trim()} is not a field.`);
  if (operator === undefined) return () => true;
  if (operator === "=" || operator === "!=") {
    const equals = regex === undefined ? wildcard(quoted ?? word ?? "") : compileRegex(regex);
    return operator === "=" ? equals : (field) => !equals(field);
  }
  if (word === undefined || !NUMBER.test(word)) throw invalidPattern(`${operator} compares numbers only.`);
  const holds = numberTest(operator, Number(word));
  return (field) => NUMBER.test(field) && holds(Number(field));
}
