import { jsonFault } from "../../src/config/json-fault.js";

test.each([
  ["", "1:1", "the text ends where a value is expected"],
  ['{"a": [1,\n}', "2:1", 'there is "}" where a value is expected'],
  ['{"a": 1,\n  b: 2}', "2:3", 'there is "b" where a property name in double quotes is expected'],
  ['{"a" 1}', "1:6", 'there is "1" where ":" is expected'],
  ['{"a": 1} x', "1:10", 'there is "x" where the end of the text is expected'],
  ['["a" "b"]', "1:6", 'there is "\\"" where "," or "]" is expected'],
  ["{'a': 1}", "1:2", `there is "'" where a property name in double quotes is expected`],
  ["[01]", "1:3", 'there is "1" where "," or "]" is expected'],
  ['{"a": "x', "1:7", 'there is "\\"" where a value is expected'],
  ['{"a": 1,}', "1:9", 'there is "}" where a property name in double quotes is expected'],
])("%j fails at %s", (text, place, message) => {
  const fault = jsonFault(text);
  expect(`${fault?.line}:${fault?.column}`).toBe(place);
  expect(fault?.message).toBe(message);
  expect(() => JSON.parse(text) as unknown).toThrow();
});

test.each(["{}", "[]", ' {"a": [1, -2.5e+3, true, null, "\\u00e4\\""], "b": {"c": []}} ', '"x"', "0"])(
  "%j is valid",
  (text) => {
    expect(jsonFault(text)).toBeUndefined();
    expect(() => JSON.parse(text) as unknown).not.toThrow();
  },
);
