/** How deeply a text nests, told before anything recurses through it. */
import { isTooDeep } from "../../../src/services/kit/json-depth.js";

const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth) + " ".repeat(2000);

test("a thousand levels are read, and no more; brackets in texts are none", () => {
  expect([isTooDeep(nested(1000)), isTooDeep(nested(1001))]).toEqual([false, true]);
  expect(isTooDeep(JSON.stringify({ text: `"${"[".repeat(2000)}\\` }))).toBe(false);
});

test.each([
  ["its quotes escaped", `"${'\\"'.repeat(128 * 1024)}`],
  ["a backslash at its end", `"${"[".repeat(4000)}\\`],
])("a text that does not end, %s, is looked through once", (_what, text) => {
  const beganMs = performance.now();
  expect(isTooDeep(text)).toBe(false);
  // A few milliseconds; looked through from each quote on it takes minutes.
  expect(performance.now() - beganMs).toBeLessThan(20_000);
});
