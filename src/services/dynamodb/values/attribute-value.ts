/**
 * Attribute values in the form they have on the wire and on disk: one member that names the type. Binary stays
 * base64 text; numbers are already in DynamoDB's canonical notation.
 * https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html
 */

export type AttributeType = "S" | "N" | "B" | "SS" | "NS" | "BS" | "BOOL" | "NULL" | "L" | "M";
export type SetType = "SS" | "NS" | "BS";
export type KeyType = "S" | "N" | "B";

export interface AttributeValue {
  S?: string;
  N?: string;
  B?: string;
  SS?: string[];
  NS?: string[];
  BS?: string[];
  BOOL?: boolean;
  NULL?: boolean;
  L?: AttributeValue[];
  M?: Item;
}

/** Attribute names are the client's: read them with `attributeOf`, write them only to objects made by `emptyItem`. */
export type Item = Record<string, AttributeValue>;

/** An object in which `__proto__` and `constructor` are names like any other. */
export function emptyItem(): Item {
  return Object.create(null) as Item;
}

export function attributeOf(item: Item | undefined, name: string): AttributeValue | undefined {
  return item !== undefined && Object.hasOwn(item, name) ? item[name] : undefined;
}

export function typeOf(value: AttributeValue): AttributeType {
  for (const type in value) return type as AttributeType;
  throw new Error("an attribute value without a type got past the validation");
}

/** The first member of a set type, or undefined for any other type. */
export function setOf(value: AttributeValue): readonly string[] | undefined {
  return value.SS ?? value.NS ?? value.BS;
}

/** A deep copy that may be changed, safe for any attribute name. */
export function cloneItem(item: Item): Item {
  const copy = emptyItem();
  for (const name of Object.keys(item)) copy[name] = cloneValue(item[name] as AttributeValue);
  return copy;
}

export function cloneValue(value: AttributeValue): AttributeValue {
  if (value.M !== undefined) return { M: cloneItem(value.M) };
  if (value.L !== undefined) return { L: value.L.map(cloneValue) };
  if (value.SS !== undefined) return { SS: [...value.SS] };
  if (value.NS !== undefined) return { NS: [...value.NS] };
  if (value.BS !== undefined) return { BS: [...value.BS] };
  return { ...value };
}

/** The attributes named, as far as they are there. */
export function pick(item: Item, names: Iterable<string>): Item {
  const picked = emptyItem();
  for (const name of names) {
    const value = attributeOf(item, name);
    if (value !== undefined) picked[name] = value;
  }
  return picked;
}
