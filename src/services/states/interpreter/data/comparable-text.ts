/** Two values of JSON are equal when their texts are: many are told apart by a Set, where comparing each with each takes minutes. */
export const comparableText = (value: unknown): string => JSON.stringify(value, ordered);

/** Equal objects may have their members in another order; numbers without end have no form in JSON. */
function ordered(_name: string, value: unknown): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) return { number: String(value) };
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1)));
}
