/** What keys must be: present, of the declared type, not empty, not too long, not changed by an update. Texts are AWS's. */
import { invalidValues, validationError } from "./errors.js";
import type { Path } from "./expressions/context.js";
import { forEachPath, type Condition } from "./expressions/condition.js";
import { knownUpdateType, type UpdateAction } from "./expressions/update.js";
import { keyNames, type IndexRecord, type Keys, type TableRecord } from "./store/table-record.js";
import { attributeOf, typeOf, type AttributeValue, type Item, type KeyType } from "./values/attribute-value.js";

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html */
const MAX_HASH_BYTES = 2048;
const MAX_RANGE_BYTES = 1024;

const NO_MATCH = "The provided key element does not match the schema";

/** A `Key` parameter: exactly the key attributes of the table. */
export function checkKey(table: TableRecord, key: Item, keys: Keys = table.keys): void {
  const names = keyNames(keys);
  if (Object.keys(key).length !== names.length) throw validationError(NO_MATCH);
  for (const name of names) checkKeyPart(table, keys, name, attributeOf(key, name));
}

export function checkKeyPart(table: TableRecord, keys: Keys, name: string, value: AttributeValue | undefined): void {
  const type = typeOfKey(table, name);
  if (value === undefined || value[type] === undefined) throw validationError(NO_MATCH);
  if (value[type] === "") {
    throw invalidValues(
      `The AttributeValue for a key attribute cannot contain an empty ${emptyWord(type)} value. Key: ${name}`,
    );
  }
  checkLength(value, name === keys.hash);
}

/** An item to be put: its table key, and the keys of indexes where it has them. */
export function checkItemKeys(table: TableRecord, item: Item): void {
  for (const name of keyNames(table.keys)) {
    const type = typeOfKey(table, name);
    const value = attributeOf(item, name);
    if (value === undefined) throw invalidValues(`Missing the key ${name} in the item`);
    if (value[type] === undefined)
      throw invalidValues(`Type mismatch for key ${name} expected: ${type} actual: ${typeOf(value)}`);
    if (value[type] === "") {
      throw validationError(
        `One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty ${emptyWord(type)} value. Key: ${name}`,
      );
    }
    checkLength(value, name === table.keys.hash);
  }
  checkIndexKeys(table, item);
}

/** Index keys of an item as it will be stored. */
export function checkIndexKeys(table: TableRecord, item: Item): void {
  for (const index of reportOrder(table)) {
    for (const name of keyNames(index.keys)) {
      const type = typeOfKey(table, name);
      const value = attributeOf(item, name);
      if (value === undefined || keyNames(table.keys).includes(name)) continue;
      if (value[type] === undefined) throw indexTypeMismatch(name, type, typeOf(value), index);
      if (value[type] === "") {
        throw validationError(
          `One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty ${emptyWord(type)} value. IndexName: ${index.name}, IndexKey: ${name}`,
        );
      }
      checkLength(value, name === index.keys.hash);
    }
  }
}

function indexTypeMismatch(name: string, type: KeyType, actual: string, index: IndexRecord): Error {
  return invalidValues(
    `Type mismatch for Index Key ${name} Expected: ${type} Actual: ${actual} IndexName: ${index.name}`,
  );
}

/** What an update may not touch, as far as it can be told without the item. */
export function checkUpdate(table: TableRecord, actions: readonly UpdateAction[]): void {
  for (const name of keyNames(table.keys)) {
    if (actions.some(({ path }) => path[0] === name)) {
      throw invalidValues(`Cannot update attribute ${name}. This attribute is part of the key`);
    }
  }
  for (const index of reportOrder(table)) {
    for (const name of keyNames(index.keys)) {
      const action = actions.find(({ path }) => path.length === 1 && path[0] === name);
      const actual = action === undefined || action.kind === "remove" ? undefined : actionType(action);
      const type = typeOfKey(table, name);
      if (actual !== undefined && actual !== type) throw indexTypeMismatch(name, type, actual, index);
    }
  }
  checkPaths(
    table,
    actions.map(({ path }) => path),
  );
}

function actionType(action: Exclude<UpdateAction, { kind: "remove" }>): string | undefined {
  return action.kind === "set" ? knownUpdateType(action.value) : typeOf(action.value);
}

/** A key that was computed only when the item was read, and came out with a type no index can hold. */
export function checkUpdatedIndexKeys(table: TableRecord, actions: readonly UpdateAction[], item: Item): void {
  for (const index of table.indexes) {
    for (const name of keyNames(index.keys)) {
      const value = attributeOf(item, name);
      if (value === undefined || value[typeOfKey(table, name)] !== undefined) continue;
      if (actions.some(({ kind, path }) => kind === "set" && path[0] === name)) {
        throw validationError("The update expression attempted to update the secondary index key to unsupported type");
      }
    }
  }
  checkIndexKeys(table, item);
}

/** Keys are scalars: no expression may look inside one. */
export function checkPaths(table: TableRecord, paths: Iterable<Path>): void {
  const nested = new Set<unknown>();
  for (const path of paths) if (path.length > 1) nested.add(path[0]);
  if (nested.size === 0) return;
  const refuse = (kind: string, name: string): never => {
    throw validationError(
      `Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: ${kind}: ${name}`,
    );
  };
  for (const name of keyNames(table.keys)) if (nested.has(name)) refuse("Key", name);
  for (const index of reportOrder(table)) {
    for (const name of keyNames(index.keys)) if (nested.has(name)) refuse("IndexKey", name);
  }
}

export function pathsOf(condition: Condition | undefined): Path[] {
  const paths: Path[] = [];
  if (condition !== undefined) forEachPath(condition, (path) => paths.push(path));
  return paths;
}

export function typeOfKey(table: TableRecord, name: string): KeyType {
  return table.types[name] as KeyType;
}

/** Global indexes are reported before local ones. */
function reportOrder(table: TableRecord): IndexRecord[] {
  return [...table.indexes.filter((index) => !index.local), ...table.indexes.filter((index) => index.local)];
}

function checkLength(value: AttributeValue, isHash: boolean): void {
  const bytes =
    value.S !== undefined
      ? Buffer.byteLength(value.S)
      : value.B !== undefined
        ? Buffer.byteLength(value.B, "base64")
        : 0;
  if (isHash && bytes > MAX_HASH_BYTES) {
    // The missing blank is AWS's.
    throw invalidValues(`Size of hashkey has exceeded the maximum size limit of${MAX_HASH_BYTES} bytes`);
  }
  if (!isHash && bytes > MAX_RANGE_BYTES) {
    throw invalidValues(`Aggregated size of all range keys has exceeded the size limit of ${MAX_RANGE_BYTES} bytes`);
  }
}

function emptyWord(type: KeyType): string {
  return type === "S" ? "string" : "binary";
}
