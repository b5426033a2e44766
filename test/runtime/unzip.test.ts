/** Archives that several processes unpack at the same time. */
import { readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { prepareFolder } from "../../src/config/code.js";
import { functionFromFile } from "../../src/config/function-file.js";
import type { FunctionConfig } from "../../src/config/function-config.js";
import { unzip } from "../../src/runtime/unzip.js";
import { ProjectFolder } from "../cli/cli.js";
import { zip } from "../services/lambda/zip.js";

const MODULES = 150;

/** A package whose entry loads every file of it: one that is missing fails the function. */
function bigPackage(word: string): Buffer {
  const names = Array.from({ length: MODULES }, (_, index) => `part${index}`);
  return zip({
    "nodejs/node_modules/big/index.js": `module.exports = [${names.map((name) => `require("./${name}")`).join(", ")}].at(-1);`,
    ...Object.fromEntries(
      names.map((name) => [`nodejs/node_modules/big/${name}.js`, `module.exports = ${JSON.stringify(word)};`]),
    ),
    "app.js": `exports.handler = async () => [${JSON.stringify(word)}, require("big")];`,
  });
}

const folders: ProjectFolder[] = [];
const project = (files: Readonly<Record<string, string>> = {}): ProjectFolder => {
  const one = new ProjectFolder(files);
  folders.push(one);
  return one;
};
afterAll(() => folders.forEach((one) => one.remove()));

test("commands that start at the same time share a new layer and a new package, each a ZIP", async () => {
  const here = project({
    "template.yaml": `Transform: AWS::Serverless-2016-10-31
Resources:
  Big: { Type: AWS::Serverless::LayerVersion, Properties: { ContentUri: big.zip } }
  Fn:
    Type: AWS::Serverless::Function
    Properties: { Runtime: nodejs20.x, CodeUri: code.zip, Handler: app.handler, Layers: [!Ref Big] }
`,
    "node_modules/.keep": "",
  });
  for (const word of ["first", "second"]) {
    for (const name of ["big.zip", "code.zip"]) {
      writeFileSync(join(here.folder, name), bigPackage(word));
      const at = new Date(word === "first" ? 1e12 : 2e12);
      utimesSync(join(here.folder, name), at, at);
    }
    const runs = await Promise.all(Array.from({ length: 4 }, () => here.run(["invoke", "Fn", "--port", "0"])));
    for (const { stdout, stderr } of runs)
      expect(stdout === "" ? stderr : stdout.trim()).toBe(JSON.stringify([word, word]));
  }
});

test("what another has unpacked by then stays as it is: it may be mounted", async () => {
  const { folder } = project();
  const [first] = await Promise.all([1, 2, 3].map(() => unzip(bigPackage("x"), join(folder, "to"))));
  expect(first).toBeUndefined();
  const { ino } = statSync(join(folder, "to", "app.js"));
  await unzip(bigPackage("y"), join(folder, "to"));
  expect(statSync(join(folder, "to", "app.js")).ino).toBe(ino);
});

test("an archive that has changed takes the place of what was unpacked, also when several see that at once", async () => {
  const { folder } = project({ "app.js": "" });
  const file = join(folder, "code.zip");
  const root = join(folder, "generated", "Fn");
  const fn: FunctionConfig = {
    ...functionFromFile(join(folder, "app.js"), folder),
    code: { kind: "folder", root, origin: { kind: "zip", file } },
  };
  for (const [word, atMs] of [
    ["first", 1e12],
    ["second", 2e12],
  ] as const) {
    writeFileSync(file, bigPackage(word));
    utimesSync(file, new Date(atMs), new Date(atMs));
    await Promise.all([1, 2, 3].map(() => prepareFolder(fn, unzip)));
    expect(readFileSync(join(root, "app.js"), "utf8")).toContain(word);
  }
});
