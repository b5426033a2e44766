/**
 * Event patterns, as EventBridge rules, pipes and Lambda's event filters write them.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern.html
 */
import { flatten, type FlatEvent, type FlatValue } from "./flat-event.js";
import { readPattern, type Condition } from "./read-pattern.js";

export interface Pattern {
  /** `event` is a JSON value. */
  matches(event: unknown): boolean;
}

/** Throws PatternError with AWS's reason when the text is no pattern. */
export function compilePattern(text: string): Pattern {
  const alternatives = readPattern(text).map(byPath);
  return {
    matches: (event) => {
      const flat = flatten(event);
      return alternatives.some(
        (conditions) => conditions.every((one) => holdsAlone(one, flat)) && holds(conditions, 0, flat, NONE_CHOSEN),
      );
    },
  };
}

/** The search below goes through all elements of all arrays; of most events this says before that it leads to nothing. */
const holdsAlone = ({ path, tests, absent }: Condition, event: FlatEvent): boolean =>
  absent || (event.get(path) ?? NOTHING).some(({ value }) => tests.some((test) => test(value)));

/**
 * Whether all conditions hold together. Values that come out of one array must come out of one and the same element of
 * it: {"a":[{"b":1},{"c":2}]} does not match {"a":{"b":[1],"c":[2]}}. So the search carries the elements chosen so far.
 */
function holds(
  conditions: readonly Condition[],
  from: number,
  event: FlatEvent,
  chosen: ReadonlyMap<number, number>,
): boolean {
  const condition = conditions[from];
  if (condition === undefined) return true;
  let present = false;
  const tried = new Set<string>();
  for (const value of event.get(condition.path) ?? NOTHING) {
    const next = merge(chosen, value);
    if (next === undefined) continue;
    present = true;
    // Values of one element lead to the same search.
    const place = value.elements.join();
    if (tried.has(place) || !condition.tests.some((test) => test(value.value))) continue;
    tried.add(place);
    if (holds(conditions, from + 1, event, next)) return true;
  }
  // Absent from the elements that the other conditions have chosen.
  return !present && condition.absent && holds(conditions, from + 1, event, chosen);
}

const NOTHING: readonly FlatValue[] = [];
const NONE_CHOSEN: ReadonlyMap<number, number> = new Map();

/**
 * AWS goes through the fields in the order of their names: what must be absent is looked for in the elements that the
 * conditions before it have chosen.
 */
function byPath(conditions: readonly Condition[]): readonly Condition[] {
  return conditions.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

/** Undefined when another element of the same array has been chosen before. */
function merge(chosen: ReadonlyMap<number, number>, { elements }: FlatValue): ReadonlyMap<number, number> | undefined {
  if (elements.length === 0) return chosen;
  const merged = new Map(chosen);
  for (const [array, index] of elements) {
    const other = merged.get(array);
    if (other !== undefined && other !== index) return undefined;
    merged.set(array, index);
  }
  return merged;
}
