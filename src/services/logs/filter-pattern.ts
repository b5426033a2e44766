/**
 * Filter patterns of FilterLogEvents and subscription filters.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
 */
import { invalidPattern } from "./errors.js";
import { compileJsonPattern } from "./json-pattern.js";
import { checkRegexCount, compileRegex } from "./regex.js";
import { compileSpacePattern } from "./space-pattern.js";

export type MessageTest = (message: string) => boolean;

const TERM = /\s*([-?]?)(?:"((?:[^"\\]|\\.)*)"|%([^%]*)%|([^\s"%]+))/y;

/** Compiles a pattern. Throws InvalidParameterException for what is no pattern. */
export function compileFilterPattern(pattern: string): MessageTest {
  const text = pattern.trim();
  if (text === "") return () => true;
  if (text.startsWith("{")) {
    if (!text.endsWith("}")) throw invalidPattern("a closing brace is missing.");
    return compileJsonPattern(text.slice(1, -1));
  }
  if (text.startsWith("[")) {
    if (!text.endsWith("]")) throw invalidPattern("a closing bracket is missing.");
    return compileSpacePattern(text.slice(1, -1));
  }
  return compileTerms(text);
}

function compileTerms(text: string): MessageTest {
  const required: MessageTest[] = [];
  const optional: MessageTest[] = [];
  const excluded: MessageTest[] = [];
  let regexes = 0;
  TERM.lastIndex = 0;
  while (TERM.lastIndex < text.length) {
    const at = TERM.lastIndex;
    const match = TERM.exec(text);
    if (match === null) throw invalidPattern(`unexpected character at ${at + 1}.`);
    const [, sign, phrase, regex, word] = match;
    if (regex !== undefined) regexes += 1;
    const test = regex === undefined ? contains(phrase?.replace(/\\(.)/g, "$1") ?? word ?? "") : compileRegex(regex);
    if (sign === "?") optional.push(test);
    else (sign === "-" ? excluded : required).push(test);
  }
  checkRegexCount(regexes);
  return (message) =>
    required.every((test) => test(message)) &&
    !excluded.some((test) => test(message)) &&
    // AWS ignores `?` terms that stand beside others.
    (optional.length === 0 || required.length + excluded.length > 0 || optional.some((test) => test(message)));
}

const contains =
  (term: string): MessageTest =>
  (message) =>
    message.includes(term);
