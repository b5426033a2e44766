/**
 * Bytes whose bytewise order is the order of the values: what LMDB's keys are made of.
 *
 * Numbers: one byte for the sign, one for the exponent, then two digits a byte and a terminator; all but the sign
 * inverted for negative numbers. Strings are their UTF-8 bytes, binaries themselves. Where something follows (index
 * rows), values go through `grouped`, which keeps the order, delimits itself, and costs one byte in nine whatever the
 * content: 1,024 bytes of sort key become 1,161, so every key fits LMDB's 1,978 bytes and none needs shortening.
 */
import { hash } from "node:crypto";
import type { AttributeValue } from "./attribute-value.js";
import { parseDecimal } from "./number.js";

const NEGATIVE = 0;
const ZERO = 1;
const POSITIVE = 2;
/** Exponents run from -130 to 125: 256 values, one byte. */
const EXPONENT_BIAS = 130;

export function orderedBytes(value: AttributeValue): Buffer {
  if (value.S !== undefined) return Buffer.from(value.S);
  if (value.B !== undefined) return Buffer.from(value.B, "base64");
  if (value.N !== undefined) return numberBytes(value.N);
  throw new Error("only strings, numbers and binaries can be keys");
}

function numberBytes(text: string): Buffer {
  const parts = parseDecimal(text);
  if (parts === undefined || parts.digits === "") return Buffer.from([ZERO]);
  const pairs = Math.ceil(parts.digits.length / 2);
  const bytes = Buffer.alloc(pairs + 3);
  bytes[0] = parts.negative ? NEGATIVE : POSITIVE;
  bytes[1] = parts.exponent + EXPONENT_BIAS;
  // 1 to 100 for a pair of digits, so that the terminator 0 sorts a shorter number before its longer extensions.
  for (let i = 0; i < pairs; i++) bytes[2 + i] = Number(parts.digits.slice(2 * i, 2 * i + 2).padEnd(2, "0")) + 1;
  if (parts.negative) for (let i = 1; i < bytes.length; i++) bytes[i] = 0xff - (bytes[i] as number);
  return bytes;
}

const GROUP_BYTES = 8;

/** Groups of eight bytes, zero-filled, each followed by the number of bytes that count, or 9 when more follows. */
export function grouped(bytes: Buffer): Buffer {
  const groups = Math.max(1, Math.ceil(bytes.length / GROUP_BYTES));
  const out = Buffer.alloc(groups * (GROUP_BYTES + 1));
  for (let i = 0; i < groups; i++) {
    const at = i * (GROUP_BYTES + 1);
    const taken = bytes.copy(out, at, i * GROUP_BYTES, (i + 1) * GROUP_BYTES);
    out[at + GROUP_BYTES] = i === groups - 1 ? taken : GROUP_BYTES + 1;
  }
  return out;
}

/** The smallest bytes above everything that starts with `prefix`; undefined when there is no end. */
export function afterPrefix(prefix: Buffer): Buffer | undefined {
  for (let i = prefix.length - 1; i >= 0; i--) {
    const byte = prefix[i] as number;
    if (byte < 0xff) {
      const end = Buffer.from(prefix.subarray(0, i + 1));
      end[i] = byte + 1;
      return end;
    }
  }
  return undefined;
}

export const DIGEST_BYTES = 16;

/**
 * Where a partition lies: 128 bits of the SHA-256 of its key. It stands in the place of the key, which may be 2,048
 * bytes long, and spreads the partitions over the scan order as AWS's own hash does.
 */
export function partitionDigest(value: AttributeValue): Buffer {
  const type = value.S !== undefined ? "S" : value.N !== undefined ? "N" : "B";
  return digest(type, orderedBytes(value));
}

export function digest(label: string, bytes: Buffer): Buffer {
  return hash("sha256", Buffer.concat([Buffer.from(label), bytes]), "buffer").subarray(0, DIGEST_BYTES);
}
