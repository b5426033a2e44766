/**
 * Vectors by hashing: each word, and each group of three letters in it, is added to or taken from one of the dimensions.
 * No model and no network; texts that share words, or parts of words, point in similar directions.
 */
import { wordsOf } from "./words.js";

export const DIMENSIONS = 256;

/** A whole word says more than a part of one. */
const WORD_WEIGHT = 1;
const PART_WEIGHT = 0.25;
const PART_LENGTH = 3;

/** Of length 1; all zero for a text without words. */
export function embed(text: string): number[] {
  const vector = Array.from({ length: DIMENSIONS }, () => 0);
  for (const word of wordsOf(text)) {
    add(vector, `w ${word}`, WORD_WEIGHT);
    for (let at = 0; at + PART_LENGTH <= word.length && word.length > PART_LENGTH; at++) {
      add(vector, `p ${word.slice(at, at + PART_LENGTH)}`, PART_WEIGHT);
    }
  }
  const length = Math.hypot(...vector);
  return length === 0 ? vector : vector.map((value) => Number((value / length).toFixed(6)));
}

/** Cosine of two vectors of length 1. */
export function similarity(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}

function add(vector: number[], feature: string, weight: number): void {
  const hash = hashOf(feature);
  const at = hash % DIMENSIONS;
  // A bit of its own decides the sign.
  vector[at] = (vector[at] ?? 0) + (hash >>> 31 === 1 ? weight : -weight);
}

/** FNV-1a of 32 bits, over UTF-16 units, and mixed once more: its last bits alone are few. Nobody has to be kept from guessing it. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}
