/** Payload templates and the intrinsic functions in them. */
import type { Json } from "../../../../../src/config/json.js";
import { fillTemplate } from "../../../../../src/services/states/interpreter/data/template.js";
import { workedMs } from "../../../../worked.js";
import { failureOf, scopeOf } from "./scope-of.js";

describe("a payload template", () => {
  it("fills in the members that end in .$ at any depth, and leaves the others", () => {
    const template = {
      fixed: "$.n",
      "whole.$": "$",
      list: [{ "n.$": "$.n" }, "$.n"],
      deep: { "name.$": "$$.State.Name", "seen.$": "$seen" },
    };
    expect(fillTemplate(template, scopeOf({ n: 1 }, { seen: [true] }, { State: { Name: "S" } }))).toEqual({
      fixed: "$.n",
      whole: { n: 1 },
      list: [{ n: 1 }, "$.n"],
      deep: { name: "S", seen: [true] },
    });
  });

  it.each([
    ["$.nope", `The JSONPath '$.nope' specified for the field 'a.$' could not be found in the input '{"n":1}'`],
    ["$$.Nope", `The JSONPath '$.Nope' specified for the field 'a.$' could not be found in the input '{"c":2}'`],
  ])("says where %s was looked for in vain", (path, cause) => {
    expect(failureOf(() => fillTemplate({ "a.$": path }, scopeOf({ n: 1 }, {}, { c: 2 })))).toEqual({
      error: "States.Runtime",
      cause,
    });
  });

  it("has null for an element behind the end of a list, as seen on AWS", () => {
    expect(fillTemplate({ "a.$": "$.l[5]" }, scopeOf({ l: [1] }))).toEqual({ a: null });
  });
});

const INPUT: Json = {
  s: "a-b",
  n: 3,
  list: [1, "x", null, { k: [1] }],
  o: { a: 1, b: [true, null] },
  nul: null,
  mixed: [{ a: 1, b: 2 }, "1", { b: 2, a: 1 }, 1, "1"],
};
const call = (text: string, input = INPUT): Json => {
  const filled = fillTemplate({ "r.$": text }, scopeOf(input, { v: "var" }, { C: "ctx" }));
  return (filled as { readonly r: Json }).r;
};

describe("an intrinsic function", () => {
  it.each<[string, Json]>([
    ["States.Format('{} and {}', $.s, $v)", "a-b and var"],
    ["States.Format('{}|{}|{}|{}', $.nul, $.n, true, 1.5)", "null|3|true|1.5"],
    ["States.Format('{}', $.o)", "{a=1, b=[true, null]}"],
    [String.raw`States.Format('\{{}\} it\'s', $$.C)`, "{ctx} it's"],
    ["States.Format($v)", "var"],
    ["States.StringToJson('{\"a\": [1]}')", { a: [1] }],
    ["States.JsonToString($.o)", '{"a":1,"b":[true,null]}'],
    ["States.Array()", []],
    ["States.Array(1, 'x', null, $.n, States.Array(2))", [1, "x", null, 3, [2]]],
    ["States.ArrayPartition($.list, 3)", [[1, "x", null], [{ k: [1] }]]],
    ["States.ArrayPartition($.list, 3.9)", [[1, "x", null], [{ k: [1] }]]],
    ["States.ArrayContains($.list, States.StringToJson('{\"k\":[1]}'))", true],
    ["States.ArrayContains($.list, '1')", false],
    ["States.ArrayRange(1, 9, 2)", [1, 3, 5, 7, 9]],
    ["States.ArrayRange(5, 1, -2)", [5, 3, 1]],
    ["States.ArrayRange(5, 1, 1)", []],
    ["States.ArrayRange(1.6, 1.4, 1)", [1]],
    ["States.ArrayGetItem($.list, 1)", "x"],
    ["States.ArrayGetItem($.list, 2)", null],
    ["States.ArrayLength($.list)", 4],
    ["States.ArrayUnique($.mixed)", [{ a: 1, b: 2 }, "1", 1]],
    ["States.ArrayUnique(States.Array(1, 1, 'a', States.Array(1), States.Array(1)))", [1, "a", [1]]],
    ["States.Base64Encode('grün')", "Z3LDvG4="],
    ["States.Base64Decode('Z3LDvG4=')", "grün"],
    ["States.Hash('x', 'MD5')", "9dd4e461268c8034f5c8564e155c67a6"],
    ["States.Hash('x', 'SHA-1')", "11f6ad8ec52a2984abaafd7c3b516503785c2072"],
    ['States.JsonMerge($.o, States.StringToJson(\'{"a":2,"c":3}\'), false)', { a: 2, b: [true, null], c: 3 }],
    ["States.MathAdd(2.5, -1)", 2],
    ["States.MathAdd(-1.5, 0)", -1],
    ["States.StringSplit('a,b;;c', ',;')", ["a", "b", "c"]],
    ["States.StringSplit(',', ',')", []],
    ["States.MathRandom(5, 6)", 5],
    ["States.ArrayLength($.list[*].none)", 0],
  ])("%s", (text, value) => {
    expect(call(text)).toEqual(value);
  });

  it("finds what is there once in time that grows with the list and not with its square", async () => {
    const many = Array.from({ length: 10_000 }, (_, index) => ({ index: 100_000 + index }));
    let seen: unknown;
    const workMs = await workedMs(() => (seen = call("States.ArrayLength(States.ArrayUnique($.many))", { many })));
    expect([seen, workMs < 3000]).toEqual([10_000, true]);
  });

  it("draws the same number for the same seed, from the start up to the end", () => {
    const draw = (seed: number): Json => call(`States.MathRandom(-10, 990, ${String(seed)})`);
    // java.util.Random with this seed.
    expect(draw(42)).toBe(120);
    expect(draw(1)).toBe(975);
    expect(draw(1)).toBe(draw(1));
  });

  it("makes a new UUID each time", () => {
    expect(call("States.UUID()")).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(call("States.UUID()")).not.toBe(call("States.UUID()"));
  });

  it.each([
    ["States.MathAdd('1', 2)", "Invalid arguments in States.MathAdd"],
    ["States.MathAdd(2147483647, 1)", "Invalid arguments in States.MathAdd"],
    ["States.ArrayRange(1, 1001, 1)", "Invalid arguments in States.ArrayRange"],
    ["States.ArrayRange(1, 2, 0.4)", "Invalid arguments in States.ArrayRange"],
    ["States.ArrayPartition($.list, 0.6)", "Invalid arguments in States.ArrayPartition"],
    ["States.ArrayGetItem($.list, 4)", "Invalid arguments in States.ArrayGetItem"],
    ["States.ArrayGetItem($.list, -1)", "Invalid arguments in States.ArrayGetItem"],
    ["States.ArrayLength($.s)", "Invalid arguments in States.ArrayLength"],
    ["States.JsonMerge($.o, $.o, true)", "Invalid arguments in States.JsonMerge"],
    ["States.Hash('x', 'md5')", "Invalid arguments in States.Hash"],
    ["States.StringToJson('{')", "Invalid arguments in States.StringToJson"],
    ["States.Base64Decode('ab$')", "Invalid arguments in States.Base64Decode"],
    ["States.MathRandom(2, 2)", "Invalid arguments in States.MathRandom"],
    ["States.UUID(1)", "Invalid arguments in States.UUID"],
    [
      "States.Format('{} {}', 1)",
      "Invalid arguments in States.Format: number of arguments do not match the occurrences of {}.",
    ],
    ["States.Format('{', 1)", "Invalid template in States.Format: matching '}' not found for '{'."],
    [
      "States.Format('{}', States.ArrayLength($.nope))",
      `The JsonPath argument for the field '$.nope' could not be found in the input '${JSON.stringify(INPUT)}'`,
    ],
    ["States.Format('{}', $.n[0])", "Filter: [0] can only be applied to arrays. Current context is: 3"],
    ["States.Nope()", "Unsupported function States.Nope"],
  ])("%s is refused, and the cause names the whole call", (text, why) => {
    expect(failureOf(() => call(text))).toEqual({
      error: "States.Runtime",
      cause: `The function '${text}' had the following error: ${why}`,
    });
  });
});
