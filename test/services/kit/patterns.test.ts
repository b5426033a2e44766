/** Event patterns: what matches, what does not, and what is refused with which words. */
import { PatternError } from "../../../src/services/kit/patterns/pattern-error.js";
import { compilePattern } from "../../../src/services/kit/patterns/pattern.js";

const matches = (pattern: unknown, event: unknown): boolean => compilePattern(JSON.stringify(pattern)).matches(event);

describe("a pattern", () => {
  it.each<[name: string, pattern: unknown, event: unknown, expected: boolean]>([
    ["one of several texts", { a: ["x", "y"] }, { a: "y" }, true],
    ["another text", { a: ["x"] }, { a: "y" }, false],
    ["a missing field", { a: ["x"] }, {}, false],
    ["numbers by value", { a: [300] }, { a: 300.0 }, true],
    ["a number against a text", { a: [300] }, { a: "300" }, false],
    ["true against a text", { a: [true] }, { a: "true" }, false],
    ["null", { a: [null] }, { a: null }, true],
    ["null against nothing", { a: [null] }, {}, false],
    ["null against an empty list", { a: [null] }, { a: [] }, false],
    ["an empty text", { a: [""] }, { a: "" }, true],
    ["all fields, one of which fails", { a: ["x"], b: ["y"] }, { a: "x", b: "z" }, false],
    ["fields below fields", { a: { b: ["x"] } }, { a: { b: "x" } }, true],
    ["dots as levels", { "a.b": ["x"] }, { a: { b: "x" } }, true],
    ["one member of a list", { a: ["x"] }, { a: ["w", "x"] }, true],
    ["prefix", { a: [{ prefix: "ab" }] }, { a: "abc" }, true],
    ["prefix of a number", { a: [{ prefix: "1" }] }, { a: 12 }, false],
    ["prefix in any case", { a: [{ prefix: { "equals-ignore-case": "AB" } }] }, { a: "abc" }, true],
    ["suffix", { a: [{ suffix: ".png" }] }, { a: "x.png" }, true],
    ["equals in any case", { a: [{ "equals-ignore-case": "ABC" }] }, { a: "abC" }, true],
    ["a wildcard", { a: [{ wildcard: "a*c*e" }] }, { a: "abcde" }, true],
    ["a wildcard whose parts overlap", { a: [{ wildcard: "ab*ba" }] }, { a: "aba" }, false],
    ["an escaped star", { a: [{ wildcard: "a\\*c" }] }, { a: "a*c" }, true],
    ["an escaped star against a letter", { a: [{ wildcard: "a\\*c" }] }, { a: "abc" }, false],
    ["anything but", { a: [{ "anything-but": ["x", "y"] }] }, { a: "z" }, true],
    ["anything but what it is", { a: [{ "anything-but": ["x", "y"] }] }, { a: "x" }, false],
    ["anything but, missing", { a: [{ "anything-but": "x" }] }, {}, false],
    ["anything but a prefix, a number", { a: [{ "anything-but": { prefix: "init" } }] }, { a: 12 }, true],
    [
      "anything but one of several suffixes",
      { a: [{ "anything-but": { suffix: [".a", ".b"] } }] },
      { a: "x.b" },
      false,
    ],
    ["anything but in any case", { a: [{ "anything-but": { "equals-ignore-case": ["YES"] } }] }, { a: "yes" }, false],
    ["anything but a wildcard", { a: [{ "anything-but": { wildcard: "*/x/*" } }] }, { a: "1/y/2" }, true],
    ["a range", { a: [{ numeric: [">", 0, "<=", 5] }] }, { a: 5 }, true],
    ["outside a range", { a: [{ numeric: [">", 0, "<=", 5] }] }, { a: 0 }, false],
    ["a range against a text", { a: [{ numeric: [">", 0] }] }, { a: "1" }, false],
    ["exists", { a: [{ exists: true }] }, { a: null }, true],
    ["exists, an object", { a: [{ exists: true }] }, { a: { b: 1 } }, false],
    ["does not exist", { a: [{ exists: false }] }, { b: 1 }, true],
    ["does not exist, an empty list", { a: [{ exists: false }] }, { a: [] }, true],
    ["does not exist, but does", { a: [{ exists: false }] }, { a: 1 }, false],
    ["an address in a network", { a: [{ cidr: "10.0.0.0/24" }] }, { a: "10.0.0.255" }, true],
    ["an address outside", { a: [{ cidr: "10.0.0.0/24" }] }, { a: "10.0.1.0" }, false],
    ["an address of version 6", { a: [{ cidr: "2001:db8::/32" }] }, { a: "2001:db8::1" }, true],
    ["either", { $or: [{ a: ["x"] }, { b: [{ numeric: [">", 1] }] }] }, { b: 2 }, true],
    ["neither", { $or: [{ a: ["x"] }, { b: ["y"] }] }, { a: "y", b: "x" }, false],
    ["either, together with a field", { c: [1], $or: [{ a: ["x"] }, { b: ["y"] }] }, { b: "y", c: 2 }, false],
    ["$or as a field of its own", { $or: ["x"] }, { $or: "x" }, true],
    ["fields of one element of a list", { a: { b: [1], c: [2] } }, { a: [{ b: 1, c: 2 }, { b: 3 }] }, true],
    ["fields of two elements of a list", { a: { b: [1], c: [2] } }, { a: [{ b: 1 }, { c: 2 }] }, false],
    ["fields of two lists", { a: { b: [1] }, d: { e: [2] } }, { a: [{ b: 0 }, { b: 1 }], d: [{ e: 2 }] }, true],
    [
      "an element that lacks a field which another has",
      { a: { b: [1], c: [{ exists: false }] } },
      { a: [{ b: 1 }, { b: 2, c: 3 }] },
      true,
    ],
  ])("for %s", (_name, pattern, event, expected) => expect(matches(pattern, event)).toBe(expected));

  it.each<[expression: unknown, passes: readonly unknown[], stops: readonly unknown[]]>([
    [{ exactly: "ab" }, ["ab"], ["abc", "AB", "", 1]],
    [{ prefix: "ab" }, ["ab", "abc"], ["xab", "Abc", "a", 1]],
    [{ prefix: { "equals-ignore-case": "Ab" } }, ["ab", "ABC"], ["xab", "a"]],
    [{ suffix: "yz" }, ["yz", "xyz"], ["yzx", "xYZ", "z", 1]],
    [{ suffix: { "equals-ignore-case": "Yz" } }, ["yz", "XYZ"], ["yzx", "z"]],
    [{ "equals-ignore-case": "Ab" }, ["ab", "AB"], ["abc", "b"]],
    [{ wildcard: "a*z" }, ["az", "abz"], ["a", "azb", "bz"]],
    [{ "anything-but": "x" }, ["y", "X", 1, true, null], ["x"]],
    [{ "anything-but": 1 }, [2, "1"], [1]],
    [{ "anything-but": ["x", "y"] }, ["z"], ["x", "y"]],
    [{ "anything-but": { prefix: "ab" } }, ["xab"], ["ab", "abc"]],
    [{ "anything-but": { suffix: "yz" } }, ["yzx"], ["yz", "xyz"]],
    [{ "anything-but": { "equals-ignore-case": "Ab" } }, ["abc"], ["ab", "AB"]],
    [{ "anything-but": { wildcard: "a*z" } }, ["azb"], ["az", "abz"]],
    [{ numeric: ["=", 5] }, [5, 5.0], [4.9, 5.1, "5"]],
    [{ numeric: ["<", 5] }, [4.9, -6], [5, 6, "4"]],
    [{ numeric: ["<=", 5] }, [5, 4], [5.1]],
    [{ numeric: [">", 5] }, [5.1], [5, 4]],
    [{ numeric: [">=", 5] }, [5, 6], [4.9]],
    [{ numeric: [">=", 0, "<", 5] }, [0, 4.9], [-0.1, 5]],
    [{ cidr: "10.0.0.0/24" }, ["10.0.0.0", "10.0.0.255"], ["10.0.1.0", "::ffff:10.0.0.1", "10.0.0", "x", 1]],
    [{ cidr: "2001:db8::/32" }, ["2001:db8::1"], ["2001:db9::1", "10.0.0.1"]],
    [{ exists: true }, ["", 0, false, null], [undefined]],
    [{ exists: false }, [undefined], ["", 0, false, null]],
  ])("of %j lets pass %j and stops %j", (expression, passes, stops) => {
    const passing = (value: unknown): boolean => matches({ a: [expression] }, value === undefined ? {} : { a: value });
    expect(passes.filter((value) => !passing(value))).toEqual([]);
    expect(stops.filter(passing)).toEqual([]);
  });

  it.each<[pattern: string, reason: string]>([
    ["null", "Filter is not an object"],
    ['{"a":"x"}', '"a" must be an object or an array'],
    ['{"a":[]}', "Empty arrays are not allowed"],
    ['{"a":[{"EXISTS":true}]}', "Unrecognized match type EXISTS"],
    ['{"a":[{"prefix":["x"]}]}', "prefix match pattern must be a string"],
    ['{"a":[{"wildcard":"x**y"}]}', "Consecutive wildcard characters at pos 2"],
    ['{"a":[{"anything-but":null}]}', "Value of anything-but must be an array or single string/number value."],
    ['{"a":[{"anything-but":{"prefix":""}}]}', "Null prefix/suffix not allowed"],
    ['{"a":[{"cidr":"10.0.0.1"}]}', "Malformed CIDR, one '/' required"],
    ['{"a":[{"cidr":"10.0.0.1/x"}]}', "Malformed CIDR, mask bits must be an integer"],
    ['{"a":[{"numeric":["<",5,">",1]}]}', "Too many elements in numeric expression"],
    ['{"a":[{"numeric":[">",5,"<",1]}]}', "Bottom must be less than top"],
    ['{"a":[{"numeric":["=","5"]}]}', "Value of equals must be numeric"],
    ['{"a":[{"numeric":["constructor",5]}]}', "Unrecognized numeric range operator: constructor"],
    ['{"a":["\\u12', "Unexpected end-of-input in character escape sequence"],
  ])("%s is refused: %s", (pattern, reason) => expect(() => compilePattern(pattern)).toThrow(reason));

  it.each<[pattern: string, place: string]>([
    ['{"a":[{"numeric":[5]}]}', "line: 1, column: 20]"],
    ['{"a":\n [{"suffix":1}]}', "line: 2, column: 14]"],
    // Of a text only the opening quote has been read, behind a name also the first character of the value.
    ['{"a":[{"exists":"x"}]}', "line: 1, column: 18]"],
    ['{"a":[{"unknown":["x"]}]}', "line: 1, column: 19]"],
    ['{"a":[1]', "line: 1, column: 9]"],
  ])("%s is refused with the place %s", (pattern, place) => {
    const shown = `\n at [Source: (String)"${pattern}"; ${place}`;
    expect(refusal(pattern).place).toBe(shown);
  });

  it.each<[pattern: string, reason: string]>([
    ["{a:1}", "Unexpected character ('a' (code 97)): was expecting double-quote to start field name"],
    [
      '{"a":[tru]}',
      "Unrecognized token 'tru': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')",
    ],
    ['{"a":[1 2]}', "Unexpected character ('2' (code 50)): was expecting comma to separate Array entries"],
    [
      '{"a":[1}',
      `Unexpected close marker '}': expected ']' (for Array starting at [Source: (String)"{"a":[1}"; line: 1, column: 6])`,
    ],
    ['{"a":["x', "Unexpected end-of-input: was expecting closing quote for a string value"],
  ])("%s is no JSON: %s", (pattern, reason) => expect(refusal(pattern).message).toBe(reason));

  it("of more than 500 characters is cut in the text of a refusal", () =>
    expect(refusal(`{"a":"${"x".repeat(600)}"}`).place).toMatch(
      /^\n at \[Source: \(String\)"\{"a":"x{494}"\[truncated 108 chars\]; line: 1, column: 7\]$/,
    ));

  it("has the place of a fault inside a list of anything-but twice, as AWS tells it", () =>
    expect(refusal('{"a":[{"anything-but":[null]}]}').place.match(/ at \[Source/g)).toHaveLength(2));

  it("that starts with many stars is too complex, and found so at once", () =>
    expect(refusal(JSON.stringify({ a: [{ wildcard: `${"*a".repeat(40)}b` }] })).message).toMatch(
      /^Rule is too complex/,
    ));

  it.each([
    [["*/in/*.a", "*/in/*.b"], true],
    [["*/in/*.a", "*/in/*.b", "*/in/*.c", "*/in/*.d"], false],
    [["*.a", "*.b", "*.c", "*.d"], true],
  ])("with the wildcards %j in one field: accepted is %s", (wildcards, accepted) => {
    const pattern = JSON.stringify({ a: wildcards.map((wildcard) => ({ wildcard })) });
    if (accepted) expect(compilePattern(pattern).matches({ a: "x/in/y.a" })).toBe(true);
    else expect(() => compilePattern(pattern)).toThrow(PatternError);
  });

  it("may have `$or` with the names of operators, which was a field before it had a meaning", () =>
    expect(matches({ $or: [{ prefix: "a" }, { prefix: "b" }] }, { $or: "bc" })).toBe(true));

  it("takes the last of two conditions for one field, also inside $or", () => {
    expect(compilePattern('{"a":["x"],"a":["y"]}').matches({ a: "y" })).toBe(true);
    expect(matches({ a: ["x"], $or: [{ a: ["y"] }, { b: ["z"] }] }, { a: "y" })).toBe(true);
  });

  it("looks for what must be absent in the elements chosen by fields of earlier names", () => {
    const absent = [{ exists: false }];
    const event = { a: [{ b: 1 }, { c: 1 }] };
    expect(matches({ a: { b: [1], c: absent } }, event)).toBe(true);
    // No element has been chosen yet when `b` is looked for.
    expect(matches({ a: { b: absent, c: [1] } }, event)).toBe(false);
  });

  it.each([
    ["straße", "STRASSE", true],
    ["Σας", "σΑΣ", true],
    ["a.b", "aXb", false],
    ["𐐀", "𐐨", false],
  ])("takes %j and %j for the same but for case: %s", (wanted, value, same) =>
    expect(matches({ a: [{ "equals-ignore-case": wanted }] }, { a: value })).toBe(same),
  );

  it("compares texts that are addresses as addresses", () => {
    expect(matches({ a: ["2001:db8::1"] }, { a: "2001:0DB8:0:0:0:0:0:1" })).toBe(true);
    expect(matches({ a: ["10.0.0.1"] }, { a: "10.0.0.10" })).toBe(false);
  });

  it("does not go through all elements of all lists for a value that is nowhere", () => {
    const list = Array.from({ length: 35 }, () => ({ x: 1 }));
    const event = { a: list, b: list, c: list, d: list, e: list };
    expect(matches({ a: { x: [1] }, b: { x: [1] }, c: { x: [1] }, d: { x: [1] }, e: { x: [2] } }, event)).toBe(false);
  });

  it.each(["1e400", "0.1000000000000000055511151231257827", "9007199254740993", "-1.00000000000000000001"])(
    "does not compare %s, which no double holds",
    (number) =>
      expect(refusal(`{"a":[{"numeric":["=",${number}]}]}`).message).toBe(`Cannot compare number : ${number}`),
  );

  it.each([
    ["1.50e1", 15],
    ["100", 1e2],
    ["-0.0", 0],
    ["0.000001200", 1.2e-6],
    ["-12E+20", -1.2e21],
  ])("takes %s for %d, however it is written", (written, number) => {
    const pattern = compilePattern(`{"a":[{"numeric":["=",${written}]}]}`);
    expect([pattern.matches({ a: number }), pattern.matches({ a: number + 1e22 })]).toEqual([true, false]);
  });
});

function refusal(pattern: string): PatternError {
  try {
    compilePattern(pattern);
  } catch (error) {
    if (error instanceof PatternError) return error;
    throw error;
  }
  throw new Error("the pattern was accepted");
}
