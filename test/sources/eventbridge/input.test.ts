/** What a target gets of an event. */
import { targetInput } from "../../../src/sources/eventbridge/input.js";

const RULE = { ruleArn: "arn:aws:events:us-east-1:000000000000:rule/r", ruleName: "r", ingestionTimeMs: 1000 };
const EVENT = {
  version: "0",
  id: "i",
  "detail-type": "kind",
  source: "shop",
  detail: { text: 'say "hi"', list: ["A", "B"], object: { a: "x", n: 1 }, yes: true, nothing: null, "x-y": [{ z: 5 }] },
};
const input = (target: Readonly<Record<string, unknown>>): string =>
  targetInput({ ...RULE, target, event: JSON.stringify(EVENT) });
const transformed = (InputTemplate: string, paths: Readonly<Record<string, string>> = {}): string =>
  input({ InputTransformer: { InputTemplate, InputPathsMap: paths } });

const PATHS = {
  text: "$.detail.text",
  list: "$.detail.list",
  object: "$.detail.object",
  yes: "$.detail.yes",
  nothing: "$.detail.nothing",
  gone: "$.detail.gone",
  kind: "$.detail-type",
};

test("is the event, when the target says nothing", () => expect(JSON.parse(input({}))).toEqual(EVENT));
test("is a constant as it was written", () => expect(input({ Input: '{ "a":1 }' })).toBe('{ "a":1 }'));

test.each([
  ["$", EVENT],
  ["$.detail.object", { a: "x", n: 1 }],
  ["$.detail.text", 'say "hi"'],
  ["$['detail']['x-y'][0].z", 5],
  ["$.detail.list[*]", ["A", "B"]],
  ["$.detail.gone", null],
])("is what the path %s finds", (InputPath, expected) => expect(JSON.parse(input({ InputPath }))).toEqual(expected));

test.each([
  ['{"v": <text>}', { v: 'say "hi"' }],
  ['{"v": <list>, "w": <object>}', { v: ["A", "B"], w: { a: "x", n: 1 } }],
  ['{"v": <yes>, "w": <gone>}', { v: true, w: "" }],
  ['{"v": "<kind>"}', { v: "kind" }],
  ['{"v": "it is <yes>, <list> and <object>, not <gone>"}', { v: "it is true, [A,B] and {a:x,n:1}, not " }],
  ['{"v": "<text>", "w\\"": <kind>}', { v: 'say "hi"', 'w"': "kind" }],
  ["<object>", { a: "x", n: 1 }],
])("is what the template %s makes of it", (template, expected) =>
  expect(JSON.parse(transformed(template, PATHS))).toEqual(expected),
);

test("keeps the quotes and the lines of a text", () =>
  expect(transformed('"Event <kind>"\n"of <aws.events.rule-name>"', PATHS)).toBe('"Event kind"\n"of r"'));

test("ends where no target takes more", () => {
  const target = {
    InputTransformer: { InputTemplate: `"${"<all>".repeat(1600)}"`, InputPathsMap: { all: "$.detail" } },
  };
  const event = JSON.stringify({ ...EVENT, detail: { text: "x".repeat(1_000_000) } });
  expect(targetInput({ ...RULE, target, event }).length).toBeLessThan(4_000_000);
});

test("has AWS's own names in a template", () => {
  const template =
    '{"arn": <aws.events.rule-arn>, "at": "<aws.events.event.ingestion-time>", "event": <aws.events.event>, "all": <aws.events.event.json>}';
  expect(JSON.parse(transformed(template))).toEqual({
    arn: RULE.ruleArn,
    at: "1970-01-01T00:00:01Z",
    event: { version: "0", id: "i", detailType: "kind", source: "shop" },
    all: EVENT,
  });
});
