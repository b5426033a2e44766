/**
 * Regular expressions in filter patterns, between percent signs.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html#regex-expressions
 */
import { invalidPattern } from "./errors.js";

/** What AWS lets a `%regex%` contain: no groups, so no catastrophic nesting either. */
const REGEX_CHARACTERS = /^[\w#=@/;,\-:^$?[\]{}|\\*+. ]*$/;
const MAX_REGEXES = 2;

export function compileRegex(source: string): (text: string) => boolean {
  if (source === "" || !REGEX_CHARACTERS.test(source))
    throw invalidPattern("unsupported character in a regular expression.");
  try {
    const regex = new RegExp(source);
    return (text) => regex.test(text);
  } catch {
    throw invalidPattern(`${source} is not a regular expression.`);
  }
}

export function checkRegexCount(count: number): void {
  if (count > MAX_REGEXES) throw invalidPattern(`more than ${MAX_REGEXES} regular expressions.`);
}
