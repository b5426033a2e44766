import { parseSize } from "../../../src/stack/seed/size.js";

test.each([
  ["512", 512],
  ["512b", 512],
  ["2k", 2048],
  ["2K", 2048],
  ["2kb", 2048],
  ["2KiB", 2048],
  ["1.5m", 1_572_864],
  [" 1g ", 1_073_741_824],
  ["0", 0],
])("%j is %i bytes", (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});

test.each(["", "k", "-1", "2x", "two", "2 k b", "1e3", "0x10"])("%j is refused", (text) => {
  expect(() => parseSize(text)).toThrow("Expected a size such as 2k");
});
