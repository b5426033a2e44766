/** What paths select. */
import { findPath, readPath } from "../../../../../src/services/states/interpreter/data/json-path.js";
import { failureOf, scopeOf } from "./scope-of.js";

const STORE = {
  books: [
    { title: "Emma", price: 8, tags: ["old", "novel"] },
    { title: "Dune", price: 12, tags: ["new"], isbn: "0-1" },
    { title: "Ilias", price: 20, tags: [] },
  ],
  owner: { "first name": "Ada", "x.y": 1, none: null },
};
const at = (path: string): unknown =>
  readPath(path, scopeOf(STORE, { v: { deep: [5] } }, { Execution: { Name: "e" } }));

describe("a path", () => {
  it.each([
    ["$", STORE],
    ["$.books[1].title", "Dune"],
    ["$['books'][-1]['title']", "Ilias"],
    [`$.owner["first name"]`, "Ada"],
    ["$.owner['x.y']", 1],
    ["$.owner.none", null],
    ["$$.Execution.Name", "e"],
    ["$v.deep[0]", 5],
    ["$v", { deep: [5] }],
    ["$.owner['first name','none']", { "first name": "Ada", none: null }],
    ["$.books.length()", 3],
    ["$.books[*].price.max()", 20],
  ])("selects one value: %s", (path, value) => {
    expect(at(path)).toEqual(value);
  });

  it.each([
    ["$.books[*].title", ["Emma", "Dune", "Ilias"]],
    ["$.books[0,2].price", [8, 20]],
    ["$.books[1:].price", [12, 20]],
    ["$.books[:-1].price", [8, 12]],
    ["$..price", [8, 12, 20]],
    ["$..tags[0]", ["old", "new"]],
    ["$.owner.*", ["Ada", 1, null]],
    ["$.books[?(@.price < 15)].title", ["Emma", "Dune"]],
    ["$.books[?(@.price < 15 && @.isbn)].title", ["Dune"]],
    ["$.books[?(@.title == 'Emma' || @.price >= 20)].price", [8, 20]],
    ["$.books[?(!(@.isbn))].price", [8, 20]],
    ["$.books[?(@.title in ['Dune','Emma'])].price", [8, 12]],
    ["$.books[?(@.title nin ['Dune'])].price", [8, 20]],
    ["$.books[?(@.tags contains 'new')].title", ["Dune"]],
    ["$.books[?(@.tags size 2)].title", ["Emma"]],
    ["$.books[?(@.tags empty true)].title", ["Ilias"]],
    ["$.books[?(@.tags anyof ['novel','new'])].price", [8, 12]],
    ["$.books[?(@.tags noneof ['new'])].price", [8, 20]],
    ["$.books[?(@.tags subsetof ['new'])].price", [12, 20]],
    ["$.books[?(@.title =~ /.*M.*/i)].price", [8]],
    ["$.books[?(@.title =~ /D|Dune/)].price", [12]],
    ["$.books[?(@.price == '8')].price", []],
    ["$.books[?(@.price != 8)].price", [12, 20]],
    ["$.books[?(@.price > $.books[0].price)].price", [12, 20]],
    ["$.missing[*].x", []],
    ["$.missing[:1]", []],
  ])("selects a list where there may be several values, also an empty one: %s", (path, value) => {
    expect(at(path)).toEqual(value);
  });

  it.each([
    ["$.owner.age", "Invalid path '$.owner.age' : No results for path: $['owner']['age']"],
    ["$.a.b.c", "Invalid path '$.a.b.c' : Missing property in path $['a']"],
    ["$.owner[0]", `Invalid path '$.owner[0]' : Filter: [0] can only be applied to arrays. Current context is: `],
    ["$.books[9]", "Invalid path '$.books[9]' : No results for path: $['books'][9]"],
  ])("that selects nothing fails the state: %s", (path, cause) => {
    const failure = failureOf(() => at(path));
    expect(failure?.error).toBe("States.Runtime");
    expect(failure?.cause?.startsWith(cause)).toBe(true);
    expect(findPath(path, scopeOf(STORE))).toBeUndefined();
  });

  it("ends a regular expression that backtracks for ever", () => {
    const scope = scopeOf([{ t: `${"a".repeat(40)}!` }]);
    expect(failureOf(() => readPath("$[?(@.t =~ /(a+)+/)]", scope))?.cause).toContain("takes too long");
  });

  it("does not reach what an object inherits", () => {
    expect(findPath("$.constructor", scopeOf({}))).toBeUndefined();
    expect(findPath("$toString", scopeOf({}))).toBeUndefined();
  });
});
