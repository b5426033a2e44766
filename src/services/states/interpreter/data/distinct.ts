/** The first of each that is there, equal ones compared by their texts: to compare each with each takes minutes. */
export function distinct<T>(items: readonly T[]): T[] {
  const seen = new Set<string>();
  return items.filter((item) => seen.size < seen.add(JSON.stringify(item, ordered)).size);
}

/** Equal objects may have their members in another order; numbers without end have no form in JSON. */
function ordered(_name: string, value: unknown): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) return { number: String(value) };
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1)));
}
