/** Where ResultPath puts a result. */
import { writePath } from "../../../../../src/services/states/interpreter/data/reference-path.js";
import { failureOf } from "./scope-of.js";

describe("a reference path", () => {
  it.each([
    ["$", { a: 1 }, 7],
    ["$.b", { a: 1 }, { a: 1, b: 7 }],
    ["$.a.b['c d']", { x: 0 }, { x: 0, a: { b: { "c d": 7 } } }],
    ["$.list[1]", { list: [1, 2, 3] }, { list: [1, 7, 3] }],
    ["$.a", { a: { b: 1 } }, { a: 7 }],
  ])("puts the result at %s, making what is missing on the way", (path, into, expected) => {
    const before = JSON.stringify(into);
    expect(writePath(path, into, 7)).toEqual(expected);
    expect(JSON.stringify(into)).toBe(before);
  });

  it.each([
    ["$.a.b", { a: "text" }],
    ["$.a", "text"],
    ["$.list[5]", { list: [1] }],
    ["$.list[*]", { list: [1] }],
  ])("fails the state when %s has no place in the input", (path, into) => {
    expect(failureOf(() => writePath(path, into, 7))).toEqual({
      error: "States.ResultPathMatchFailure",
      cause: `Unable to apply ReferencePath ${path} to input ${JSON.stringify(into)}`,
    });
  });

  it("takes __proto__ for a name like any other", () => {
    const written = writePath("$.__proto__", {}, { polluted: true }) as { readonly [name: string]: unknown };
    expect(Object.keys(written)).toEqual(["__proto__"]);
    expect(written["polluted"]).toBeUndefined();
  });
});
