/** Folders that are loaded by a computed name, with files in them that are no code. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { FunctionConfig } from "../../src/config/function-config.js";
import { deploymentBuild } from "../../src/runtime/deployment-build.js";
import { bodyOf, FunctionHost } from "./function-host.js";

const root = mkdtempSync(join(tmpdir(), "lambda-run-globs-"));
const functions = new FunctionHost({ cache: join(root, ".cache") });
afterAll(async () => {
  await functions.close();
  rmSync(root, { recursive: true, force: true });
});
const files: Readonly<Record<string, string>> = {
  "index.js":
    "const read = (found) => found.it ?? found; exports.handler = async ({ name }) => read(require('./plugins/' + name));",
  "named.js": "require('./plugins/README.md'); exports.handler = async ({ name }) => require('./plugins/' + name).it;",
  "module.mjs": "export const handler = async ({ name }) => (await import('./plugins/' + name)).it;",
  "plugins/one.js": "exports.it = 'one';",
  "plugins/one.js.map": "{}",
  "plugins/deep/two.ts": "export const it: string = 'two';",
  "plugins/data.json": '{ "it": "data" }',
  "plugins/README.md": "# Plugins",
  "plugins/.DS_Store": "\0",
  "plugins/deep/Makefile.am": "all:",
};
for (const [name, text] of Object.entries(files)) {
  mkdirSync(dirname(join(root, name)), { recursive: true });
  writeFileSync(join(root, name), text);
}

function fn(
  handlerFile: string,
  of: Partial<Extract<FunctionConfig["code"], { kind: "bundle" }>> = {},
): FunctionConfig {
  return functions.function("x", `${handlerFile}.handler`, {
    code: { kind: "bundle", root, handlerFile, build: { external: [] }, ...of },
  });
}

test.each(["index", "module"])(
  "its code and JSON are loaded although a README and maps lie beside: %s",
  async (file) => {
    for (const [name, it] of [
      ["one.js", "one"],
      ["deep/two.ts", "two"],
      ["data.json", "data"],
    ])
      expect(bodyOf(await functions.invoke(fn(file), { name }))).toBe(it);
    expect(bodyOf(await functions.invoke(fn(file), { name: "README.md" }))).toMatchObject({
      errorType: "SyntaxError",
      errorMessage: "plugins/README.md is no code",
    });
  },
);

test("a package of it is built likewise", async () => {
  const { files: built } = await deploymentBuild(fn("index"), root);
  expect(built.map(({ name }) => name)).toEqual(expect.arrayContaining(["index.js"]));
});

test("a file that the user has a loader for is loaded by that", async () => {
  const texts = fn("index", { build: { external: [], loader: { ".md": "text" } } });
  expect(bodyOf(await functions.invoke(texts, { name: "README.md" }))).toBe("# Plugins");
});

test.each([
  ["imported by its own name", fn("named")],
  ["in a folder that `sam build` bundles, which fails, too,", fn("index", { samBundles: true })],
])("a file that is no code and %s fails the build, with the option that says what it is", async (_how, config) => {
  await expect(functions.invoke(config)).rejects.toMatchObject({
    code: "LR3001",
    fix: expect.stringMatching(/Metadata\.BuildProperties\.Loader what it is, such as "\.\w+=text"/),
  });
});
