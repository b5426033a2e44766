/**
 * Whether the wildcards of one field are too complex for AWS: counted is how many beginnings of them can match one and the
 * same text at once. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
 * The limit is not documented. Ten agrees with the patterns that people report: three of the kind `*:x/NAME/*` in one field (nine
 * beginnings) are accepted, four (twelve) refused.
 */
import type { WildcardToken } from "./wildcard.js";

const MAX_BEGINNINGS = 10;
/** Combinations looked at; a pattern that has more is too complex as well. */
const MAX_STEPS = 5000;
/** Stands for every character that is in no pattern. */
const OTHER = "";

/** One place in one pattern: what may come next. */
interface Place {
  readonly pattern: readonly WildcardToken[];
  readonly at: number;
}

export function isTooComplex(wildcards: readonly (readonly WildcardToken[])[]): boolean {
  const alphabet = new Set([OTHER]);
  const places: Place[] = [];
  const starts: number[] = [];
  for (const wildcard of wildcards) {
    // AWS matches the text with its quotes.
    const pattern: WildcardToken[] = [{ literal: '"' }, ...wildcard, { literal: '"' }];
    starts.push(places.length);
    for (let at = 0; at <= pattern.length; at++) places.push({ pattern, at });
    for (const token of pattern) if (token !== "*") alphabet.add(token.literal);
  }
  const seen = new Set<string>();
  const pending: (readonly number[])[] = [starts];
  for (let active = pending.pop(); active !== undefined; active = pending.pop()) {
    for (const character of alphabet) {
      const next = [...step(places, active, character)].sort((a, b) => a - b);
      if (next.length > MAX_BEGINNINGS) return true;
      const key = next.join();
      if (next.length === 0 || seen.has(key)) continue;
      seen.add(key);
      if (seen.size > MAX_STEPS) return true;
      pending.push(next);
    }
  }
  return false;
}

/** Where the patterns are after one character more. */
function step(places: readonly Place[], active: readonly number[], character: string): Set<number> {
  const next = new Set<number>();
  const reach = (index: number): void => {
    next.add(index);
    const place = places[index];
    // A star may stand for nothing.
    if (place?.pattern[place.at] === "*") next.add(index + 1);
  };
  for (const index of active) {
    const place = places[index];
    if (place === undefined) continue;
    if (place.pattern[place.at - 1] === "*") reach(index);
    const token = place.pattern[place.at];
    if (token !== undefined && token !== "*" && token.literal === character) reach(index + 1);
  }
  return next;
}
