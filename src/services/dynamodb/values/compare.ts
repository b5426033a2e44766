/** Equality, order and containment of attribute values, as conditions and filters see them. */
import { attributeOf, setOf, typeOf, type AttributeValue, type Item } from "./attribute-value.js";
import { compareNumbers } from "./number.js";

/** Deep equality; sets have no order. Canonical numbers are equal when their texts are. */
export function valuesEqual(a: AttributeValue, b: AttributeValue): boolean {
  const type = typeOf(a);
  if (type !== typeOf(b)) return false;
  if (type === "M") return itemsEqual(a.M as Item, b.M as Item);
  if (type === "L") {
    const [left, right] = [a.L as AttributeValue[], b.L as AttributeValue[]];
    return left.length === right.length && left.every((member, i) => valuesEqual(member, right[i] as AttributeValue));
  }
  const [left, right] = [setOf(a), setOf(b)];
  if (left !== undefined && right !== undefined) {
    const members = new Set(left);
    return left.length === right.length && right.every((member) => members.has(member));
  }
  return a[type] === b[type];
}

export function itemsEqual(a: Item, b: Item): boolean {
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  return names.every((name) => {
    const other = attributeOf(b, name);
    return other !== undefined && valuesEqual(a[name] as AttributeValue, other);
  });
}

/** Order of two strings, numbers or binaries of the same type; undefined for anything else. */
export function compareValues(a: AttributeValue, b: AttributeValue): number | undefined {
  if (a.N !== undefined && b.N !== undefined) return compareNumbers(a.N, b.N);
  if (a.S !== undefined && b.S !== undefined) return compareStrings(a.S, b.S);
  if (a.B !== undefined && b.B !== undefined) return Buffer.from(a.B, "base64").compare(Buffer.from(b.B, "base64"));
  return undefined;
}

/** By UTF-8 bytes, which JavaScript's own order (UTF-16 units) is not for characters beyond the basic plane. */
function compareStrings(a: string, b: string): number {
  if (a === b) return 0;
  return Buffer.from(a).compare(Buffer.from(b));
}

export function beginsWith(value: AttributeValue, prefix: AttributeValue): boolean {
  if (value.S !== undefined && prefix.S !== undefined) return value.S.startsWith(prefix.S);
  if (value.B !== undefined && prefix.B !== undefined) {
    const start = Buffer.from(prefix.B, "base64");
    return Buffer.from(value.B, "base64").subarray(0, start.length).equals(start);
  }
  return false;
}

/** A substring, a member of a set, or an element of a list. */
export function contains(value: AttributeValue, part: AttributeValue): boolean {
  if (value.L !== undefined) return value.L.some((member) => valuesEqual(member, part));
  if (value.S !== undefined) return part.S !== undefined && value.S.includes(part.S);
  if (value.B !== undefined)
    return part.B !== undefined && Buffer.from(value.B, "base64").includes(Buffer.from(part.B, "base64"));
  if (value.SS !== undefined) return part.S !== undefined && value.SS.includes(part.S);
  if (value.NS !== undefined) return part.N !== undefined && value.NS.includes(part.N);
  if (value.BS !== undefined) return part.B !== undefined && value.BS.includes(part.B);
  return false;
}
