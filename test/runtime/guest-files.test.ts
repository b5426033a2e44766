/** Paths of the execution environment are found where layers lie over each other as the sandbox shows them. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { guestFile } from "../../src/runtime/guest-files.js";

const folder = mkdtempSync(join(tmpdir(), "lambda-run-guest-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = (path: string): string => {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), "");
  return join(folder, path);
};
const link = (path: string, target: string): void => {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  symlinkSync(target, join(folder, path));
};

test.each<[string, string, readonly string[] | undefined]>([
  ["a file of a later layer hides an earlier one", "/opt/both", ["two/both"]],
  ["folders are united", "/opt/bin", ["one/bin", "two/bin"]],
  ["a file in a united folder", "/opt/bin/old", ["one/bin/old"]],
  ["a folder hides the link of an earlier layer, and what that leads to", "/opt/over/old", undefined],
  ["a file hides the folder of an earlier layer", "/opt/under/old", undefined],
  ["a relative link leads into another layer", "/opt/relative", ["one/bin/old"]],
  ["an absolute link of the code leads into a layer", "/var/task/run", ["one/bin/old"]],
  ["a path through an absolute link of a folder", "/opt/current/old", ["one/bin/old"]],
  ["two dots behind a link go up from where it leads", "/opt/deep/../old", ["one/bin/old"]],
  ["links in a circle", "/opt/circle", undefined],
  ["what comes with the runtime is looked for inside alone", "/opt/node", []],
  ["what is under a file", "/opt/both/x", undefined],
])("%s", (_what, path, expected) => {
  rmSync(folder, { recursive: true });
  for (const path of ["one/both", "two/both", "one/bin/old", "two/bin/new", "one/bin/sub/x", "two/over/new"])
    file(path);
  link("one/over", "bin");
  file("one/under/old");
  file("two/under");
  link("two/relative", "bin/old");
  link("task/run", "/opt/bin/old");
  link("two/current", "/opt/bin");
  link("two/deep", "/opt/bin/sub");
  link("one/circle", "/opt/circle");
  link("one/node", "/var/lang/bin/node");
  const roots = { taskRoot: join(folder, "task"), layers: [join(folder, "one"), join(folder, "two")] };
  expect(guestFile(path, roots)?.hostPaths).toEqual(expected?.map((name) => join(folder, name)));
});
