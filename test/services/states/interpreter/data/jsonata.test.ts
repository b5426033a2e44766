/** JSONata in the fields of states. */
import type { Json } from "../../../../../src/config/json.js";
import { evaluate } from "../../../../../src/services/states/interpreter/data/jsonata.js";
import { QueryEvaluationError } from "../../../../../src/services/states/interpreter/states-error.js";
import { workedMs } from "../../../../worked.js";
import { scopeOf } from "./scope-of.js";

const SCOPE = {
  ...scopeOf({ items: [1, 2, 3], nul: null, text: '{"a":1}' }, { rate: 2 }, { State: { Name: "S" } }),
  result: { ok: true },
};
const value = (expression: string): Promise<Json> => evaluate(`{% ${expression} %}`, SCOPE, "Output");
const refusal = async (template: Json, field = "Output"): Promise<QueryEvaluationError> => {
  const thrown = await evaluate(template, SCOPE, field).catch((error: unknown) => error);
  expect(thrown).toBeInstanceOf(QueryEvaluationError);
  return thrown as QueryEvaluationError;
};

describe("a template in JSONata", () => {
  it("evaluates the strings that are expressions as a whole, and leaves the rest", async () => {
    const template = { a: "{% $states.input.items[0] %}", b: ["{%$rate%}", "x {% $rate %}", 7, null], c: { d: true } };
    expect(await evaluate(template, SCOPE, "Output")).toEqual({
      a: 1,
      b: [2, "x {% $rate %}", 7, null],
      c: { d: true },
    });
  });

  it.each<[string, Json]>([
    ["$states.context.State.Name", "S"],
    ["$states.result.ok", true],
    ["$sum($states.input.items) * $rate", 12],
    ["$states.input.nul", null],
    ["$exists($states.input.nul)", true],
    ["$states.input.items[$ > 1]", [2, 3]],
    ["$states.input.items[$ > 2]", 3],
    ["($x := 4; $x + 1)", 5],
    ["1/0", "Infinity"],
    ["$map([1, 2], $string)", ["1", "2"]],
    ["$partition([1,2,3], 2)", [[1, 2], [3]]],
    ["$partition([1,2,3], 2.9)", [[1, 2], [3]]],
    ["$range(1, 5, 2)", [1, 3, 5]],
    ["$range(-1.7, 1, 1)", [-1, 0, 1]],
    ["$range(5, 1, -2)", [5, 3, 1]],
    ["$range(2, 9, 9)", 2],
    ["$hash('x', 'SHA-1')", "11f6ad8ec52a2984abaafd7c3b516503785c2072"],
    ["$random(42)", 0.7275636800328681],
    ["$parse($states.input.text).a", 1],
    ["$parse('null')", null],
    ["$contains('a-b', /^a.b$/)", true],
    ["$uuid() ~> $length()", 36],
    ["$sort([3, 1, 10, 2])", [1, 2, 3, 10]],
    ["$sort(['b', 'a', 'B'])", ["B", "a", "b"]],
    ["$sort([1, 2, 3], function($l, $r) { $l < $r })", [3, 2, 1]],
    ["$sort(7)", [7]],
    [
      "$distinct([1, '1', {'a': 1, 'b': [2]}, {'b': [2], 'a': 1}, ['a', 1], {'a': 1}, 1, 1/0, 1/0])",
      [1, "1", { a: 1, b: [2] }, ["a", 1], { a: 1 }, "Infinity"],
    ],
    ["$distinct(7)", 7],
    ["$pad('x', -4, '#+')", "#+#x"],
    ["$map(['a', 'b'], $pad(?, 2))", ["a ", "b "]],
    ["$formatNumber(1234.5, '#,##0.00')", "1,234.50"],
  ])("%s", async (expression, expected) => {
    expect(await value(expression)).toEqual(expected);
  });

  it.each([
    ["$count($sort($reverse([1..60000])))", 60_000],
    ["$count($distinct([1..100000]))", 100_000],
  ])("%s, in time that grows with the list and not with its square", async (expression, expected) => {
    let seen: unknown;
    const workMs = await workedMs(async () => (seen = await value(expression)));
    // The library's own take more than ten seconds.
    expect([seen, workMs < 3000]).toEqual([expected, true]);
  });

  it("draws a number below one without a seed", async () => {
    const drawn = await value("$random()");
    expect(drawn).toBeGreaterThanOrEqual(0);
    expect(drawn).toBeLessThan(1);
  });
});

describe("an expression that cannot be used", () => {
  it("names itself and its place when nothing comes of it", async () => {
    const { failure, location } = await refusal({ a: [{ b: "{% $states.input.gone %}" }] }, "Arguments");
    expect(failure).toEqual({
      error: "States.QueryEvaluationError",
      cause:
        "The JSONata expression '$states.input.gone' specified for the field 'Arguments/a[0]/b' returned nothing (undefined).",
    });
    expect(location).toBe("Arguments/a[0]/b");
  });

  it.each([
    ["$nobody", "returned nothing (undefined)."],
    ["$range(1, 5)", "returned nothing (undefined)."],
    ["$partition([], 2)", "returned nothing (undefined)."],
    ["function($x){$x}", "returned an unsupported result type."],
    ["[function(){1}]", "returned an unsupported result type."],
    [
      "$abs('x')",
      'threw an error during evaluation. T0410: Argument 1 of function "abs" does not match function signature',
    ],
    ["$eval('1')", "threw an error during evaluation. T1006: Attempted to invoke a non-function"],
    [
      "$uuid(1)",
      'threw an error during evaluation. T0410: Argument 1 of function "uuid" does not match function signature',
    ],
    [
      "$hash('x', 'md5')",
      "threw an error during evaluation. D3137: Hash algorithm 'md5' must be one of SHA-1, SHA-384, SHA-256, SHA-512, MD5",
    ],
    [
      "$partition('a', 1)",
      'threw an error during evaluation. T0412: Argument 1 of function "partition" must be an array of undefined',
    ],
    [
      "$sort([1, 'a'])",
      "threw an error during evaluation. D3070: The single argument form of the sort function can only be applied to an array of strings or an array of numbers.  Use the second argument to specify a comparison function",
    ],
    [
      "$pad(1, 2)",
      'threw an error during evaluation. T0410: Argument 2 of function "pad" does not match function signature',
    ],
    ["$parse('{')", "threw an error during evaluation. D3137: Invalid JSON"],
    ["$partition([1], -1)", "threw an error during evaluation. D3137: Second argument must be zero or greater"],
  ])("%s: %s", async (expression, why) => {
    const { failure } = await refusal(`{% ${expression} %}`);
    expect(failure.cause).toBe(`The JSONata expression '${expression}' specified for the field 'Output' ${why}`);
  });

  it.each([
    [
      "a recursion deeper than a hundred",
      "($f := function($n) { $n = 0 ? 0 : 1 + $f($n - 1) }; $f(32))",
      ": Stack overflow error: Check for non-terminating recursive function.  Consider rewriting as tail-recursive.",
    ],
    [
      "parentheses without end",
      `${"(".repeat(50_000)}1${")".repeat(50_000)}`,
      ": Stack overflow error: Check for non-terminating recursive function.  Consider rewriting as tail-recursive.",
    ],
    [
      "a list too long",
      "$count([1..900000])",
      ": Expression evaluation memory limit exceeded: Check for excessive memory usage",
    ],
    [
      "a range too long",
      "$range(1, 360146, 1)",
      ": Expression evaluation memory limit exceeded: Check for excessive memory usage",
    ],
    [
      "a text too long",
      "$length($pad('x', 500000000))",
      ": Expression evaluation memory limit exceeded: Check for excessive memory usage",
    ],
    [
      "a picture of a number without end",
      "$formatNumber(1, '#' & $pad('', 100000, ',#'))",
      ": Expression evaluation timeout: Check for infinite loop",
    ],
    [
      "a loop",
      "($f := function($n) { $f($n + 1) }; $f(0))",
      ": Expression evaluation timeout: Check for infinite loop",
    ],
    [
      "a regular expression that backtracks for ever",
      "$contains('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!', /^(a+)+$/)",
      ": Expression evaluation timeout: Check for infinite loop",
    ],
  ])("is ended by the limits: %s", async (_, expression, tail) => {
    const { failure } = await refusal(`{% ${expression} %}`);
    expect(failure.cause?.split("threw an error during evaluation")[1]).toBe(tail);
  });

  it("is inside the limits where AWS still takes it", async () => {
    expect(await value("($f := function($n) { $n = 0 ? 0 : 1 + $f($n - 1) }; $f(31))")).toBe(31);
  });
});
