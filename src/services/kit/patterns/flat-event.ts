/** An event as the matcher reads it: every leaf under its dotted path, with the array elements it stands in. */

export interface FlatValue {
  readonly value: string | number | boolean | null;
  /** Number of each array of objects on the way, and the index in it. */
  readonly elements: readonly (readonly [array: number, index: number])[];
}

export type FlatEvent = ReadonlyMap<string, readonly FlatValue[]>;

/** Objects and empty arrays are no leaves: at their own path there is nothing. */
export function flatten(event: unknown): FlatEvent {
  const flat = new Map<string, FlatValue[]>();
  let arrays = 0;
  const visit = (value: unknown, path: string, elements: FlatValue["elements"]): void => {
    if (Array.isArray(value)) {
      const array = arrays++;
      for (const [index, item] of value.entries() as IterableIterator<[number, unknown]>) {
        const nested = typeof item === "object" && item !== null;
        visit(item, path, nested ? [...elements, [array, index]] : elements);
      }
    } else if (typeof value === "object" && value !== null) {
      for (const [key, item] of Object.entries(value)) visit(item, path === "" ? key : `${path}.${key}`, elements);
    } else if (value !== undefined) {
      // What is undefined is not in the JSON either.
      const list = flat.get(path);
      const leaf: FlatValue = { value: value as FlatValue["value"], elements };
      if (list === undefined) flat.set(path, [leaf]);
      else list.push(leaf);
    }
  };
  visit(event, "", []);
  return flat;
}
