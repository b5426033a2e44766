/** The rules of Choice states in their JSONPath form. */
import type { Json } from "../../../../../src/config/json.js";
import { holds } from "../../../../../src/services/states/interpreter/data/choice-rule.js";
import { failureOf, scopeOf } from "./scope-of.js";

const decide = (operator: string, value: Json, operand: Json): boolean => {
  const rule = operator.endsWith("Path")
    ? { Variable: "$.v", [operator]: "$.other", Next: "N" }
    : { Variable: "$.v", [operator]: operand, Next: "N" };
  return holds(rule, scopeOf({ v: value, other: operand }));
};

const EARLY = "2024-02-29T10:00:00Z";
const LATE = "2024-02-29T12:30:00.5+02:00";

describe("a comparison", () => {
  it.each<[string, Json, Json, boolean]>([
    ["StringEquals", "a", "a", true],
    ["StringLessThan", "a", "b", true],
    ["StringGreaterThan", "a", "b", false],
    ["StringLessThanEquals", "b", "b", true],
    ["StringGreaterThanEquals", "B", "a", false],
    ["NumericEquals", 1, 1, true],
    ["NumericEquals", 1, "1", false],
    ["NumericLessThan", -1, 0, true],
    ["NumericGreaterThan", 2.5, 2.4, true],
    ["NumericLessThanEquals", 3, 2, false],
    ["NumericGreaterThanEquals", 2, 2, true],
    ["BooleanEquals", false, false, true],
    ["BooleanEquals", 0, false, false],
    ["TimestampEquals", "2024-01-01T00:00:00Z", "2024-01-01T02:00:00+02:00", true],
    ["TimestampLessThan", EARLY, LATE, true],
    ["TimestampGreaterThan", EARLY, LATE, false],
    ["TimestampLessThanEquals", "2024-02-29", LATE, false],
    ["TimestampGreaterThanEquals", LATE, EARLY, true],
  ])("%s of %j and %j is %j, also by a path", (operator, value, operand, expected) => {
    expect(decide(operator, value, operand)).toBe(expected);
    expect(decide(`${operator}Path`, value, operand)).toBe(expected);
  });

  it.each<[string, string, boolean]>([
    ["log-*.txt", "log-7.txt", true],
    ["log-*.txt", "log-7.txt.gz", false],
    ["*", "", true],
    [String.raw`a\*b`, "a*b", true],
    [String.raw`a\*b`, "axb", false],
    [String.raw`a\\*`, String.raw`a\b`, true],
    ["a.c", "abc", false],
    ["*a*a*a*", "aaa", true],
    ["*a*a*a*", "aa", false],
    ["ab*ba", "aba", false],
    ["*b*a*", "ab", false],
    ["**", "x", true],
    [String.raw`a\b`, String.raw`a\b`, true],
  ])("StringMatches %s takes %s: %j", (pattern, value, expected) => {
    expect(decide("StringMatches", value, pattern)).toBe(expected);
  });

  it("StringMatches with many stars ends soon for a long text", () => {
    expect(decide("StringMatches", "a".repeat(200_000), `${"*a".repeat(50)}*b`)).toBe(false);
  });

  it.each<[string, Json, boolean]>([
    ["IsNull", null, true],
    ["IsNull", 0, false],
    ["IsNumeric", 0, true],
    ["IsString", "", true],
    ["IsBoolean", false, true],
    ["IsBoolean", "false", false],
    ["IsTimestamp", EARLY, true],
    ["IsTimestamp", "2024-02-30T10:00:00Z", false],
    ["IsPresent", null, true],
  ])("%s of %j is %j, and the opposite is asked with false", (operator, value, expected) => {
    expect(decide(operator, value, true)).toBe(expected);
    expect(decide(operator, value, false)).toBe(!expected);
  });
});

describe("a rule", () => {
  const absent = { Variable: "$.gone", NumericEquals: 1 };

  it("joins others by And, Or and Not, and looks no further than it has to", () => {
    const scope = scopeOf({ n: 1 });
    const one = { Variable: "$.n", NumericEquals: 1 };
    const present = { Variable: "$.gone", IsPresent: true };
    expect(holds({ And: [one, { Not: present }] }, scope)).toBe(true);
    expect(holds({ And: [present, absent] }, scope)).toBe(false);
    expect(holds({ Or: [one, absent] }, scope)).toBe(true);
  });

  it("about a variable that is not there fails the execution", () => {
    expect(failureOf(() => holds(absent, scopeOf({})))).toEqual({
      error: "States.Runtime",
      cause: "Invalid path '$.gone': The choice state's condition path references an invalid value.",
    });
    expect(failureOf(() => holds({ Variable: "$.n", NumericEqualsPath: "$.gone" }, scopeOf({ n: 1 })))).toBeDefined();
  });
});
