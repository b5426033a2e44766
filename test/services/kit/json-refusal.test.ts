/** What is said about events that are no JSON. The first one is recorded on AWS, the others are the parser's own words. */
import { jsonRefusal } from "../../../src/services/kit/json-refusal.js";

const VALUES = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";
const at = (line: number, column: number): string =>
  `[Source: REDACTED (\`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION\` disabled); line: ${line}, column: ${column}]`;

test.each([
  ["\x99\xebj", false, `Unexpected character ((CTRL-CHAR, code 153)): expected a valid value ${VALUES}`, at(1, 1)],
  ["hello", true, `Unrecognized token 'hello': was expecting ${VALUES}`, at(1, 6)],
  ["tru", true, `Unrecognized token 'tru': was expecting ${VALUES}`, at(1, 4)],
  ['{"a": nope}', true, `Unrecognized token 'nope': was expecting ${VALUES}`, at(1, 11)],
  ["'a'", true, `Unexpected character (''' (code 39)): expected a valid value ${VALUES}`, at(1, 1)],
  [
    "{not json",
    true,
    "Unexpected character ('n' (code 110)): was expecting double-quote to start field name",
    at(1, 2),
  ],
  [
    '{"a" 1}',
    true,
    "Unexpected character ('1' (code 49)): was expecting a colon to separate field name and value",
    at(1, 6),
  ],
  [
    '{"a":1\n "b":2}',
    true,
    "Unexpected character ('\"' (code 34)): was expecting comma to separate Object entries",
    at(2, 2),
  ],
  ["[1 2]", true, "Unexpected character ('2' (code 50)): was expecting comma to separate Array entries", at(1, 4)],
  ["[1,]", true, "Unexpected character (']' (code 93)): expected a value", at(1, 4)],
  ["[,1]", true, "Unexpected character (',' (code 44)): expected a value", at(1, 2)],
  ['{"a":}', true, "Unexpected character ('}' (code 125)): expected a value", at(1, 6)],
  ['{"a":]', true, `Unexpected character (']' (code 93)): expected a valid value ${VALUES}`, at(1, 6)],
  ["[NaN]", true, "Non-standard token 'NaN': enable `JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS` to allow", at(1, 5)],
  ['{"a":012}', true, "Invalid numeric value: Leading zeroes not allowed", at(1, 7)],
  [
    "[1.]",
    true,
    "Unexpected character (']' (code 93)) in numeric value: Decimal point not followed by a digit",
    at(1, 4),
  ],
  [
    "1.",
    true,
    "Unexpected character ('.' (code 46)) in numeric value: Decimal point not followed by a digit",
    at(1, 2),
  ],
  [
    "[1e+x]",
    true,
    "Unexpected character ('x' (code 120)) in numeric value: Exponent indicator not followed by a digit",
    at(1, 5),
  ],
  [
    "[-]",
    true,
    "Unexpected character (']' (code 93)) in numeric value: expected digit (0-9) to follow minus sign, for valid numeric value",
    at(1, 3),
  ],
  ["12x", true, "Unexpected character ('x' (code 120)): Expected space separating root-level values", at(1, 3)],
  [
    "// no",
    true,
    "Unexpected character ('/' (code 47)): maybe a (non-standard) comment? (not recognized as one since Feature 'ALLOW_COMMENTS' not enabled for parser)",
    at(1, 1),
  ],
  [
    "[1,\u0000]",
    true,
    "Illegal character ((CTRL-CHAR, code 0)): only regular white space (\\r, \\n, \\t) is allowed between tokens",
    at(1, 4),
  ],
  ['{"a":1,}', true, "Unexpected character ('}' (code 125)): was expecting double-quote to start field name", at(1, 8)],
  ['{"a":[1}', true, `Unexpected close marker '}': expected ']' (for Array starting at ${at(1, 6)})`, at(1, 8)],
  ['{"a":1', true, `Unexpected end-of-input: expected close marker for Object (start marker at ${at(1, 1)})`, at(1, 7)],
  ['{"a":', true, `Unexpected end-of-input: expected close marker for Object (start marker at ${at(1, 1)})`, at(1, 6)],
  ['"abc', true, "Unexpected end-of-input in VALUE_STRING", at(1, 5)],
  ['{"abc', true, "Unexpected end-of-input in field name", at(1, 6)],
  [
    '"a\nb"',
    true,
    "Illegal unquoted character ((CTRL-CHAR, code 10)): has to be escaped using backslash to be included in string value",
    at(1, 3),
  ],
  ['"\\x"', true, "Unrecognized character escape 'x' (code 120)", at(1, 3)],
  [
    '"\\u12g4"',
    true,
    "Unexpected character ('g' (code 103)): expected a hex-digit for character escape sequence",
    at(1, 6),
  ],
  ['"a\xff"', false, "Invalid UTF-8 start byte 0xff", at(1, 3)],
  ['"a\xc3("', false, "Invalid UTF-8 middle byte 0x28", at(1, 4)],
  ["  ", true, "No content to map due to end-of-input", at(1, 3)],
])("%j", (text, isUtf8, message, place) => {
  expect(jsonRefusal(text, isUtf8)).toBe(`${message}\n at ${place}`);
});

test("is found in linear time, at the end of a large event too", () => {
  const text = `[${"1,".repeat(1_000_000)}oops]`;
  expect(jsonRefusal(text, true)).toMatch(/^Unrecognized token 'oops'/);
});

test("finds nothing wrong with JSON, however deep", () => {
  const texts = [
    '{"a":[1,-2.5e3,true,null,"x\\u00e9\\n"],"b":{}}',
    "[]",
    ' "a" ',
    `${"[".repeat(50_000)}${"]".repeat(50_000)}`,
  ];
  for (const text of texts) expect(jsonRefusal(text, true)).toBeUndefined();
});
