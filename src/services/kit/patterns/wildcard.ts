/** The wildcard operator: `*` stands for any run of characters, `\*` and `\\` for themselves. */
import { Buffer } from "node:buffer";

/** A character, or any run of them. */
export type WildcardToken = { readonly literal: string } | "*";

/** Throws the reason alone: the reader of the pattern knows the place. */
export class WildcardFault extends Error {}

export function readWildcard(pattern: string): WildcardToken[] {
  const tokens: WildcardToken[] = [];
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern.charAt(at);
    const next = pattern.charAt(at + 1);
    if (character === "*") {
      if (next === "*") throw new WildcardFault(`Consecutive wildcard characters at pos ${position(pattern, at)}`);
      tokens.push("*");
    } else if (character === "\\") {
      if (next !== "*" && next !== "\\")
        throw new WildcardFault(`Invalid escape character at pos ${position(pattern, at)}`);
      tokens.push({ literal: next });
      at += 1;
    } else tokens.push({ literal: character });
  }
  return tokens;
}

/** AWS counts the bytes of the text in quotes. */
const position = (pattern: string, at: number): number => Buffer.byteLength(pattern.slice(0, at)) + 1;

/** A test whose time grows with the product of the two lengths at worst: no pattern can stall the matcher. */
export function wildcardTest(tokens: readonly WildcardToken[]): (value: string) => boolean {
  const parts = [""];
  for (const token of tokens) {
    if (token === "*") parts.push("");
    else parts[parts.length - 1] += token.literal;
  }
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
