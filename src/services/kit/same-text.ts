/** Compares a signature with the one that was expected, in a time that does not tell how much of it was right. */
import { timingSafeEqual } from "node:crypto";

/** Texts, not the bytes they encode: decoders of hex and base64 overlook what follows. */
export function sameText(given: string, expected: string): boolean {
  const bytes = Buffer.from(given);
  return bytes.length === expected.length && timingSafeEqual(bytes, Buffer.from(expected));
}
