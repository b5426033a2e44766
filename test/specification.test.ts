import { readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(__dirname, "..");
const page = readFileSync(join(root, "SPECIFICATION.md"), "utf8");
const named = [...page.matchAll(/`(test\/[\w./-]+\.(?:test|containers)\.ts): ([^`]+)`/g)].map(
  ([, file = "", title = ""]) => ({
    file,
    title,
  }),
);
const promises = page.split(/^(?=\d+\. )/m).slice(1);

describe("SPECIFICATION.md", () => {
  it("numbers its promises without a gap", () => {
    expect(promises.map((promise) => Number.parseInt(promise, 10))).toEqual(promises.map((_, index) => index + 1));
  });

  it("names a test for every promise, or says that it is pending", () => {
    const bare = promises.filter((promise) => !promise.includes("`test/") && !promise.includes("*pending*"));
    expect(bare).toEqual([]);
  });

  it.each(named)("names a test that exists: $file: $title", ({ file, title }) => {
    // Titles stand in the source as string literals; quotes inside may be escaped there.
    const source = readFileSync(join(root, file), "utf8").replaceAll("\\'", "'").replaceAll('\\"', '"');
    expect(source).toContain(title);
  });
});
