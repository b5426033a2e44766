import { codeFrame } from "../../src/config/code-frame.js";
import { didYouMean, nearest } from "../../src/config/nearest.js";

test.each([
  ["manifst", ["manifest", "aggregation"], "manifest"],
  ["Sateg", ["Stage", "Size"], "Stage"],
  ["memorysize", ["MemorySize"], "MemorySize"],
  ["sq", ["s3", "sqs", "sns"], "sqs"],
  ["Manifest", ["ManifestFunction"], "ManifestFunction"],
  ["completely-else", ["manifest"], undefined],
  ["ab", ["xy"], undefined],
])("%s among %j means %s", (word, candidates, expected) => {
  expect(nearest(word, candidates)).toBe(expected);
});

test("nothing near gives no question", () => {
  expect(didYouMean("zzz", ["manifest"])).toBe("");
});

test("a code frame marks the column, tabs and the ends of the text included", () => {
  expect(codeFrame("\tone\ntwo", 1, 2)).toBe("> 1 |  one\n    |  ^\n  2 | two");
  expect(codeFrame("one\ntwo\nthree\nfour", 4, 1)).toBe("  2 | two\n  3 | three\n> 4 | four\n    | ^");
});
