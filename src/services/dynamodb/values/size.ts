/**
 * Sizes as DynamoDB counts them for the 400 KB limit, the 1 MB page and consumed capacity.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
 */
import { typeOf, type AttributeValue, type Item } from "./attribute-value.js";
import { parseDecimal } from "./number.js";

export const MAX_ITEM_BYTES = 400 * 1024;

const COLLECTION_OVERHEAD_BYTES = 3;
const MEMBER_OVERHEAD_BYTES = 1;

export function itemSize(item: Item): number {
  let size = 0;
  for (const name of Object.keys(item)) size += Buffer.byteLength(name) + valueSize(item[name] as AttributeValue);
  return size;
}

export function valueSize(value: AttributeValue): number {
  const type = typeOf(value);
  switch (type) {
    case "S":
      return Buffer.byteLength(value.S as string);
    case "N":
      return numberSize(value.N as string);
    case "B":
      return binarySize(value.B as string);
    case "SS":
      return sum(value.SS as string[], (text) => Buffer.byteLength(text));
    case "NS":
      return sum(value.NS as string[], numberSize);
    case "BS":
      return sum(value.BS as string[], binarySize);
    case "BOOL":
    case "NULL":
      return 1;
    case "L":
      return (
        COLLECTION_OVERHEAD_BYTES +
        sum(value.L as AttributeValue[], (member) => MEMBER_OVERHEAD_BYTES + valueSize(member))
      );
    case "M": {
      const map = value.M as Item;
      return COLLECTION_OVERHEAD_BYTES + MEMBER_OVERHEAD_BYTES * Object.keys(map).length + itemSize(map);
    }
  }
}

/** One byte per two digits, one for the exponent, one for a minus sign. */
function numberSize(text: string): number {
  const parts = parseDecimal(text);
  if (parts === undefined || parts.digits === "") return 1;
  const { digits, exponent, negative } = parts;
  // Digits pair up at the decimal point: a number that starts in the middle of a pair needs one more byte.
  const split = digits.length % 2 === 0 && exponent % 2 === 0 ? 1 : 0;
  return 1 + Math.ceil(digits.length / 2) + split + (negative ? 1 : 0);
}

function binarySize(base64: string): number {
  return Buffer.byteLength(base64, "base64");
}

function sum<T>(members: readonly T[], size: (member: T) => number): number {
  let total = 0;
  for (const member of members) total += size(member);
  return total;
}
