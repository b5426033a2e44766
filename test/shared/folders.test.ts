import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeFolder } from "../../src/shared/folders.js";
import { itUnless, NOT_LINUX } from "../unless.js";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "lambda-run-folders-"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

describe("a folder that a person names", () => {
  it("is made with those above it, for its owner alone", () => {
    makeFolder(join(home, "a", "b", "c"));
    expect(["a", "a/b", "a/b/c"].map((name) => modeOf(join(home, name)))).toEqual(["700", "700", "700"]);
  });

  it("is left as it is when it is there", () => {
    mkdirSync(join(home, "there"), { mode: 0o755 });
    makeFolder(join(home, "there"));
    makeFolder(join(home, "there", "new"));
    expect([modeOf(join(home, "there")), modeOf(join(home, "there", "new"))]).toEqual(["755", "700"]);
  });

  it("cannot be made below a file", () => {
    writeFileSync(join(home, "file"), "");
    expect(() => makeFolder(join(home, "file", "a", "b"))).toThrow("ENOTDIR");
  });

  itUnless(NOT_LINUX)("ends in an error where a file system takes no folders, and does not go round for ever", () => {
    expect(() => makeFolder("/proc/lambda-run/state")).toThrow("ENOENT");
  });
});
