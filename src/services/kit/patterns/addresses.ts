/** IP addresses as AWS's matcher reads them: decimal octets, leading zeros allowed, IPv4 in IPv6 is IPv4. */
import { isIPv6 } from "node:net";

const LIKE_IPV4 = /^\d+\.\d+\.\d+\.\d+$/;
const LIKE_IPV6 = /^[\da-fA-F:]*:[\da-fA-F:]*$/;
const MAPPED = "00000000000000000000ffff";

export const looksLikeAddress = (text: string): boolean => LIKE_IPV4.test(text) || LIKE_IPV6.test(text);

/** Its bytes as lower-case hexadecimal digits, 8 or 32; undefined when it is none. */
export function addressDigits(text: string): string | undefined {
  if (LIKE_IPV4.test(text)) {
    const octets = text.split(".").map(Number);
    return octets.every((octet) => octet <= 255) ? octets.map((octet) => hex(octet, 2)).join("") : undefined;
  }
  if (!LIKE_IPV6.test(text) || !isIPv6(text)) return undefined;
  const [head = "", tail] = text.split("::");
  const groups = (part: string): string[] =>
    part === "" ? [] : part.split(":").map((group) => group.padStart(4, "0"));
  const first = groups(head);
  const last = tail === undefined ? [] : groups(tail);
  const digits = [...first, ...Array<string>(8 - first.length - last.length).fill("0000"), ...last]
    .join("")
    .toLowerCase();
  return digits.startsWith(MAPPED) ? digits.slice(MAPPED.length) : digits;
}

/** The first and the last address of a block of `bits` fixed bits. */
export function blockOf(digits: string, bits: number): readonly [first: string, last: string] {
  const size = BigInt(digits.length * 4 - bits);
  const first = (BigInt(`0x${digits}`) >> size) << size;
  return [hex(first, digits.length), hex(first | ((1n << size) - 1n), digits.length)];
}

const hex = (value: number | bigint, length: number): string => value.toString(16).padStart(length, "0");
