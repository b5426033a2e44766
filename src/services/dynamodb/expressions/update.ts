/** What a parsed update is, and how it changes an item. All operands see the item as it was before the update. */
import {
  attributeOf,
  cloneItem,
  cloneValue,
  setOf,
  typeOf,
  type AttributeType,
  type AttributeValue,
  type Item,
  type SetType,
} from "../values/attribute-value.js";
import { validationError } from "../errors.js";
import { addNumbers, subtractNumbers } from "../values/number.js";
import type { Path } from "./context.js";
import { childOf, valueAt } from "./paths.js";

export type UpdateValue =
  | { readonly kind: "path"; readonly path: Path }
  | { readonly kind: "value"; readonly value: AttributeValue }
  | { readonly kind: "function"; readonly name: string; readonly args: readonly UpdateValue[] };

export type UpdateAction =
  | { readonly kind: "set"; readonly path: Path; readonly value: UpdateValue }
  | { readonly kind: "remove"; readonly path: Path }
  /** A number to add, or members for a set; through the old AttributeUpdates parameter also elements for a list. */
  | { readonly kind: "add"; readonly path: Path; readonly value: AttributeValue }
  | { readonly kind: "delete"; readonly path: Path; readonly value: AttributeValue };

/** Types the value of a SET is known to have before any item is seen. */
export function knownUpdateType(value: UpdateValue): AttributeType | undefined {
  if (value.kind === "path") return undefined;
  if (value.kind === "value") return typeOf(value.value);
  if (value.name === "list_append") return "L";
  if (value.name === "if_not_exists") return value.args[1] === undefined ? undefined : knownUpdateType(value.args[1]);
  return "N";
}

/** The item after the update. `mismatch` is the text for an ADD or DELETE on an attribute of another type. */
export function applyUpdate(actions: readonly UpdateAction[], before: Item, mismatch: string = WRONG_TYPE): Item {
  const values = actions.map((action) => (action.kind === "set" ? evaluate(action.value, before) : undefined));
  const after = cloneItem(before);
  const removals: { readonly list: AttributeValue[]; readonly index: number }[] = [];
  const appends: { readonly list: AttributeValue[]; readonly index: number; readonly value: AttributeValue }[] = [];
  for (const [i, action] of actions.entries()) {
    const place = placeOf(after, action.path);
    const existing = place.get();
    const replace = (value: AttributeValue): void => {
      if (place.list !== undefined && place.index >= place.list.length)
        appends.push({ list: place.list, index: place.index, value });
      else place.set(value);
    };
    if (action.kind === "set") replace(cloneValue(values[i] as AttributeValue));
    else if (action.kind === "add") replace(add(existing, action.value, mismatch));
    else {
      const left =
        action.kind === "delete" && existing !== undefined ? subtractSet(existing, action.value, mismatch) : undefined;
      if (left !== undefined) place.set(left);
      else if (place.list !== undefined) removals.push({ list: place.list, index: place.index });
      else place.remove();
    }
  }
  // Indexes name elements of the list as it was: elements go from the back, new ones come at the end in their order.
  removals.sort((a, b) => b.index - a.index).forEach(({ list, index }) => list.splice(index, 1));
  appends.sort((a, b) => a.index - b.index).forEach(({ list, value }) => list.push(value));
  return after;
}

const WRONG_TYPE = "An operand in the update expression has an incorrect data type";

interface Place {
  readonly list: AttributeValue[] | undefined;
  readonly index: number;
  get(): AttributeValue | undefined;
  set(value: AttributeValue): void;
  remove(): void;
}

/** Where the last piece of a path points. Throws when the way to it does not exist. */
function placeOf(item: Item, path: Path): Place {
  let parent: AttributeValue = { M: item };
  for (const piece of path.slice(0, -1)) {
    const child = childOf(parent, piece);
    if (child === undefined) throw invalidPath();
    parent = child;
  }
  const last = path[path.length - 1] as string | number;
  if (typeof last === "number") {
    const list = parent.L;
    if (list === undefined) throw invalidPath();
    return {
      list,
      index: last,
      get: () => list[last],
      set: (value) => (list[last] = value),
      remove: () => list.splice(last, 1),
    };
  }
  const map = parent.M;
  if (map === undefined) throw invalidPath();
  const set = (value: AttributeValue): void => {
    map[last] = value;
  };
  return { list: undefined, index: -1, get: () => attributeOf(map, last), set, remove: () => delete map[last] };
}

function invalidPath(): Error {
  return validationError("The document path provided in the update expression is invalid for update");
}

function evaluate(value: UpdateValue, item: Item): AttributeValue {
  if (value.kind === "value") return value.value;
  if (value.kind === "path") {
    const found = valueAt(item, value.path);
    if (found === undefined)
      throw validationError("The provided expression refers to an attribute that does not exist in the item");
    return found;
  }
  const [first, second] = value.args as readonly [UpdateValue, UpdateValue];
  if (value.name === "if_not_exists") {
    const existing = first.kind === "path" ? valueAt(item, first.path) : undefined;
    return existing ?? evaluate(second, item);
  }
  const [left, right] = [evaluate(first, item), evaluate(second, item)];
  if (value.name === "list_append") {
    if (left.L === undefined || right.L === undefined) throw validationError(WRONG_TYPE);
    return { L: [...left.L, ...right.L] };
  }
  if (left.N === undefined || right.N === undefined) throw validationError(WRONG_TYPE);
  return { N: value.name === "+" ? addNumbers(left.N, right.N) : subtractNumbers(left.N, right.N) };
}

function add(existing: AttributeValue | undefined, value: AttributeValue, mismatch: string): AttributeValue {
  if (existing === undefined) return cloneValue(value);
  if (typeOf(existing) !== typeOf(value)) throw validationError(mismatch);
  if (existing.N !== undefined) return { N: addNumbers(existing.N, value.N as string) };
  if (existing.L !== undefined) return { L: [...existing.L, ...(value.L as AttributeValue[]).map(cloneValue)] };
  return { [typeOf(value) as SetType]: [...new Set([...(setOf(existing) ?? []), ...(setOf(value) ?? [])])] };
}

/** The set without the members; undefined when none is left, for there are no empty sets. */
function subtractSet(existing: AttributeValue, value: AttributeValue, mismatch: string): AttributeValue | undefined {
  if (typeOf(existing) !== typeOf(value)) throw validationError(mismatch);
  const gone = new Set(setOf(value));
  const left = (setOf(existing) ?? []).filter((member) => !gone.has(member));
  return left.length === 0 ? undefined : { [typeOf(value) as SetType]: left };
}
