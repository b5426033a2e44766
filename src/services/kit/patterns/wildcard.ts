/** The wildcard operator: `*` stands for any run of characters, `\*` and `\\` for themselves. */
import { PatternError } from "./pattern-error.js";

/** A test whose time grows with the product of the two lengths at worst: no pattern can stall the matcher. */
export function readWildcard(pattern: string): (value: string) => boolean {
  const parts = splitAtStars(pattern);
  const [first = "", ...rest] = parts;
  const last = rest.pop();
  if (last === undefined) return (value) => value === first;
  return (value) => {
    if (value.length < first.length + last.length || !value.startsWith(first) || !value.endsWith(last)) return false;
    const end = value.length - last.length;
    let at = first.length;
    for (const part of rest) {
      const found = value.indexOf(part, at);
      if (found < 0 || found + part.length > end) return false;
      at = found + part.length;
    }
    return true;
  };
}

/** The literal parts between the stars. */
function splitAtStars(pattern: string): string[] {
  const parts = [""];
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern.charAt(at);
    if (character === "*") {
      if (pattern[at + 1] === "*") throw new PatternError(`Consecutive wildcard characters at pos ${at + 1}`);
      parts.push("");
      continue;
    }
    let literal = character;
    if (character === "\\") {
      at += 1;
      literal = pattern.charAt(at);
      if (literal !== "*" && literal !== "\\") throw new PatternError(`Invalid escape character at pos ${at - 1}`);
    }
    parts[parts.length - 1] += literal;
  }
  return parts;
}
