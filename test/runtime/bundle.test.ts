/** Functions in TypeScript: bundled, run with the runtime's AWS SDK, and traced to the line that a person wrote. */
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { FunctionConfig } from "../../src/config/function-config.js";
import { buildCode, cachedBuild } from "../../src/runtime/bundle.js";
import { deploymentBuild } from "../../src/runtime/deployment-build.js";
import { zip } from "../services/lambda/zip.js";
import { bodyOf, FunctionHost, HANDLERS, tierName, TIERS } from "./function-host.js";

const cache = mkdtempSync(join(tmpdir(), "lambda-run-builds-"));
const functions = new FunctionHost({ cache });
afterAll(async () => {
  await functions.close();
  rmSync(cache, { recursive: true, force: true });
});

function bundled(
  handlerFile: string,
  root = join(HANDLERS, "typescript"),
  config: Partial<FunctionConfig> = {},
): FunctionConfig {
  return functions.function("x", `${handlerFile}.handler`, {
    code: { kind: "bundle", root, handlerFile, build: { external: [] } },
    ...config,
  });
}

test("a TypeScript handler runs with the AWS SDK of the runtime", async () => {
  const body = bodyOf(await functions.invoke(bundled("index"))) as { client: string; told: string };
  expect(body).toMatchObject({ client: "function", told: "typed" });
});

test("a stack trace names the TypeScript line, and the answer keeps AWS's shape", async () => {
  const config = bundled("index");
  const result = await functions.invoke(config, { fail: true });
  const body = bodyOf(result) as { trace: string[] };
  expect(Object.keys(body)).toEqual(["errorType", "errorMessage", "trace"]);
  expect(body).toMatchObject({ errorType: "RangeError", errorMessage: "nothing to describe" });
  expect(body.trace[1]).toMatch(/^ {4}at describe \(.*test\/handlers\/typescript\/part\.ts:7:11\)$/);
  expect(result.logs).toContain("typescript/part.ts:7:11");
});

test("a top-level await keeps the bundle an ES module", async () => {
  expect(bodyOf(await functions.invoke(bundled("top-level")))).toBe("awaited");
});

test.each([
  ["package.json makes its sources modules of another kind", "package.json", '{ "type": "module" }'],
  ["a tsconfig.json comes", "src/tsconfig.json", '{ "compilerOptions": { "paths": { "part": ["./b"] } } }'],
  ["what tsconfig.json extends changes", "base.json", '{ "compilerOptions": { "paths": { "part": ["./src/b.ts"] } } }'],
])("a build is not taken from the cache when %s", async (_, file, text) => {
  const root = mkdtempSync(join(cache, "papers-"));
  writeFiles(root, {
    "package.json": "{}",
    "tsconfig.json": '{ "extends": "./base" }',
    "base.json": '{ "compilerOptions": { "paths": { "part": ["./src/a"] } } }',
    "src/a.ts": "export default 'a';",
    "src/b.ts": "export default 'b';",
    "src/index.ts": 'import part from "part"; export const handler = async () => [part, typeof import.meta.url];',
  });
  const config = bundled("index", join(root, "src"));
  const before = await buildCode(config, cache);
  expect(cachedBuild(config, cache)?.hash).toBe(before.hash);
  writeFiles(root, { [file]: text });
  expect(cachedBuild(config, cache)).toBeUndefined();
  expect((await buildCode(config, cache)).hash).not.toBe(before.hash);
});

test("packages that are not there are named all at once, each once", async () => {
  const root = join(cache, "missing");
  mkdirSync(root);
  writeFiles(root, {
    "index.js":
      'exports.handler = async () => [require("one"), require("one/part"), require("@two/of"), require("./three")];',
  });
  await expect(functions.invoke(bundled("index", root))).rejects.toMatchObject({
    code: "LR3003",
    fix: "Run `npm install one @two/of`, or name those that are optional in Metadata.BuildProperties.External.",
  });
});

test.each([
  [
    "broken",
    {
      code: "LR3001",
      where: expect.stringMatching(/broken\.ts:\d+:\d+$/),
      codeFrame: expect.stringContaining("return 1"),
    },
  ],
  [
    "missing",
    {
      code: "LR3003",
      message: expect.stringContaining('imports "not-installed-anywhere"'),
      fix: expect.stringContaining("npm install not-installed-anywhere"),
    },
  ],
  ["nowhere", { code: "LR3002" }],
  [
    "Index",
    { code: "LR3002", why: "there is index.ts, but letter case counts on Lambda", fix: "Write Handler with index." },
  ],
])("%s.ts is refused with place and remedy before anything runs", async (file, refusal) => {
  await expect(functions.invoke(bundled(file))).rejects.toMatchObject(refusal);
});

test("code that is reached through a link in /tmp runs on the portable tier, too", async () => {
  const folder = mkdtempSync(join(tmpdir(), "lambda-run-linked-"));
  mkdirSync(join(folder, "real"));
  symlinkSync("real", join(folder, "link"));
  const linked = new FunctionHost({ cache: join(folder, "link"), sandboxTier: "portable" });
  try {
    writeFiles(folder, { "code/index.js": "exports.handler = async () => 'linked';" });
    expect(bodyOf(await linked.invoke(bundled("index", join(folder, "code"))))).toBe("linked");
  } finally {
    await linked.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

test("a build is kept until one of its files changes", async () => {
  const root = mkdtempSync(join(tmpdir(), "lambda-run-sources-"));
  try {
    cpSync(join(HANDLERS, "typescript"), root, { recursive: true });
    const config = bundled("index", root);
    const first = await functions.host.prepare(config);
    functions.host.update(config);
    expect((await functions.host.prepare(config)).taskRoot).toBe(first.taskRoot);
    const part = join(root, "part.ts");
    writeFileSync(part, readFileSync(part, "utf8").replace("named.name", '"changed"'));
    functions.host.update(config);
    expect((await functions.host.prepare(config)).taskRoot).not.toBe(first.taskRoot);
    expect(bodyOf(await functions.invoke(config))).toMatchObject({ told: "changed" });
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});

function writeFiles(root: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
}

test.each(
  TIERS.flatMap((tier) => ["nodejs22.x", "nodejs24.x"].map((runtime) => [tierName(tier), runtime, tier] as const)),
)(
  "code that is shipped as it is goes by its own package.json, not by one above: on %s tier by the rules of %s",
  async (_, runtime, tier) => {
    const root = mkdtempSync(join(cache, "above-"));
    chmodSync(root, 0o755);
    writeFiles(root, {
      "package.json": '{ "type": "module" }',
      "built/index.js": 'exports.handler = async () => require("./part");',
      "built/part.js": "module.exports = typeof module;",
      "built/es/package.json": '{ "type": "module" }',
      "built/es/index.js": "export const handler = async () => typeof module;",
    });
    const host = new FunctionHost({ cache, ...(tier === undefined ? {} : { sandboxTier: tier }) });
    const ask = (handler: string): Promise<unknown> =>
      host
        .invoke(host.function("x", handler, { runtime, code: { kind: "folder", root: join(root, "built") } }))
        .then((result) => bodyOf(result));
    expect([await ask("index.handler"), await ask("es/index.handler")]).toEqual(["object", "undefined"]);
    await host.close();
  },
);

describe("a function with a layer", () => {
  const project = mkdtempSync(join(tmpdir(), "lambda-run-layered-"));
  const [root, layer] = [join(project, "code"), join(project, "layer")];
  const config = bundled("index", root, { layers: [layer] });
  afterAll(() => rmSync(project, { recursive: true, force: true }));
  beforeAll(() => {
    writeFiles(root, {
      "index.js": `
        exports.handler = async () => [
          require("only-there"), require("@team/only-there/part"), require("both"), require("/opt/nodejs/file")];`,
      "node_modules/both/index.js": "module.exports = 'both of the application';",
    });
    writeFiles(layer, {
      "nodejs/node_modules/only-there/index.js": "module.exports = 'package of the layer';",
      "nodejs/node22/node_modules/@team/only-there/part.js": "module.exports = 'part of the layer';",
      "nodejs/node_modules/both/index.js": "module.exports = 'both of the layer';",
      "nodejs/file.js": "module.exports = 'file of the layer';",
    });
  });

  test("imports what only the layer has, and files under /opt by their path", async () => {
    expect(bodyOf(await functions.invoke(config))).toEqual([
      "package of the layer",
      "part of the layer",
      "both of the application",
      "file of the layer",
    ]);
  });

  test("is packaged without what the layer has", async () => {
    const { files } = await deploymentBuild(config, project);
    const text = files.map(({ bytes }) => Buffer.from(bytes).toString()).join("\n");
    expect(text).toContain("both of the application");
    expect(text).not.toContain("of the layer");
  });

  test("takes a layer from a ZIP, anew when that is another", async () => {
    writeFiles(root, { "zipped.js": "exports.handler = async () => require('packed');" });
    const archive = join(project, "layer.zip");
    const zipped = { ...bundled("zipped", root, { layers: [archive] }), arn: `${config.arn}-zip` };
    for (const content of ["first", "second one"]) {
      writeFileSync(archive, zip({ "nodejs/node_modules/packed/index.js": `module.exports = '${content}';` }));
      functions.host.update(zipped);
      expect(bodyOf(await functions.invoke(zipped))).toBe(content);
    }
  });

  test.each(TIERS.map((tier) => [tierName(tier), tier] as const))(
    "finds what SAM would build under nodejs, also beside other layers, on %s tier",
    async (_name, tier) => {
      const sources = join(project, "sources");
      writeFiles(sources, { "node_modules/dependency/index.js": "module.exports = 'dependency';", "util.js": "" });
      writeFiles(root, { "built.js": "exports.handler = async () => [require('dependency'), require('only-there')];" });
      const here = new FunctionHost({ cache, ...(tier === undefined ? {} : { sandboxTier: tier }) });
      try {
        const built = bundled("built", root, { layers: [layer, sources], builtLayers: { [sources]: "nodejs" } });
        expect(bodyOf(await here.invoke(built))).toEqual(["dependency", "package of the layer"]);
        writeFiles(sources, { "node_modules/dependency/index.js": "module.exports = 'changed dependency';" });
        here.host.update(built);
        expect(bodyOf(await here.invoke(built))).toEqual(["changed dependency", "package of the layer"]);
      } finally {
        await here.close();
      }
    },
  );

  test("finds the sources of the layer where tsconfig.json maps /opt to them", async () => {
    const mapped = join(project, "mapped");
    writeFiles(mapped, {
      "tsconfig.json": '{ "compilerOptions": { "paths": { "/opt/nodejs/*": ["../layer/nodejs/*"] } } }',
      "index.ts": 'import told from "/opt/nodejs/file"; export const handler = async () => told;',
    });
    const built = await functions.host.prepare(bundled("index", mapped, { layers: [layer] }));
    expect(built.inputs).toContain(join(layer, "nodejs", "file.js"));
  });

  test("that is not declared is told what /opt lacks", async () => {
    await expect(functions.invoke(bundled("index", root))).rejects.toMatchObject({
      code: "LR3003",
      fix: expect.stringContaining("npm install only-there"),
    });
    writeFiles(root, { "path.js": 'exports.handler = async () => require("/opt/nodejs/file");' });
    await expect(functions.invoke(bundled("path", root))).rejects.toMatchObject({
      code: "LR3003",
      fix: expect.stringMatching(/^Name the layer that holds it under Layers of /),
    });
  });
});

describe("the files beside a bundle", () => {
  const project = mkdtempSync(join(tmpdir(), "lambda-run-besides-"));
  const root = join(project, "src");
  const config = functions.function("x", "app.handler", {
    code: { kind: "bundle", root, handlerFile: "app", build: { external: [] }, besides: "" },
  });
  beforeEach(() =>
    writeFiles(root, {
      "package.json": '{ "type": "module" }',
      "app.js": `
        import { readdirSync, readFileSync } from "node:fs";
        export const handler = async ({ plugin }) => ({
          page: readFileSync(new URL("./views/page.html", import.meta.url), "utf8"),
          data: readFileSync("data.json", "utf8"),
          plugin: (await import(plugin)).default,
          names: readdirSync(process.env.LAMBDA_TASK_ROOT).sort(),
        });`,
      "views/page.html": "<h1>",
      "data.json": "{}",
      "plugins/one.js": "export default 'first';",
      "plugins/one.js.map": "{}",
      "types.ts": "export type A = 1;",
      ".env": "SECRET=1",
      "node_modules/tool/index.js": "",
    }),
  );
  afterEach(() => rmSync(root, { recursive: true, force: true }));
  afterAll(() => rmSync(project, { recursive: true, force: true }));

  test.each(TIERS.map((tier) => [tierName(tier), tier] as const))(
    "are there for the handler on %s tier, without packages, tools and TypeScript",
    async (_name, tier) => {
      const here = new FunctionHost({
        cache: join(project, "cache"),
        ...(tier === undefined ? {} : { sandboxTier: tier }),
      });
      try {
        expect(bodyOf(await here.invoke(config, { plugin: "./plugins/one.js" }))).toEqual({
          page: "<h1>",
          data: "{}",
          plugin: "first",
          names: ["app.mjs", "app.mjs.map", "data.json", "package.json", "plugins", "views"],
        });
      } finally {
        await here.close();
      }
    },
  );

  test("count as its inputs: a change of one makes new code", async () => {
    const first = await functions.host.prepare(config);
    expect(first.inputs).toContain(join(root, "views/page.html"));
    // Another function's module, perhaps, or written by its compiler.
    expect(first.inputs).not.toContain(join(root, "plugins/one.js.map"));
    expect(first.inputs).not.toContain(join(root, "plugins/one.js"));
    functions.host.update(config);
    expect((await functions.host.prepare(config)).taskRoot).toBe(first.taskRoot);
    writeFileSync(join(root, "views/page.html"), "<h2>changed");
    functions.host.update(config);
    expect(bodyOf(await functions.invoke(config, { plugin: "./plugins/one.js" }))).toMatchObject({
      page: "<h2>changed",
    });
  });

  test("are followed through links, but not in a circle", async () => {
    writeFiles(project, { "shared/text.txt": "shared" });
    symlinkSync("../shared", join(root, "shared"));
    symlinkSync("..", join(root, "views", "up"));
    functions.host.update(config);
    const { taskRoot } = await functions.host.prepare(config);
    expect(readFileSync(join(taskRoot, "shared/text.txt"), "utf8")).toBe("shared");
    expect(existsSync(join(taskRoot, "views", "up"))).toBe(false);
  });

  test("are found by modules of other folders through their __dirname, whose traces name the right line", async () => {
    writeFiles(root, {
      "package.json": "{}",
      "folders.js": `
        const { page, own, where } = require("./lib/deep/reads");
        exports.handler = async () => ({ page: page(), own, where });`,
      "lib/deep/reads.ts": `"use strict";
        import { readFileSync } from "node:fs";
        export { own } from "./declares";
        export const page = () => readFileSync(__dirname + "/page.html", "utf8");
        export const where = [__filename.slice(-18), new Error("x").stack!.split("\\n")[1]];`,
      "lib/deep/declares.js": "const __dirname = 'its own'; exports.own = __dirname;",
      "lib/deep/page.html": "<p>",
    });
    const folders = functions.function("x", "folders.handler", {
      code: { kind: "bundle", root, handlerFile: "folders", build: { external: [] }, besides: "" },
    });
    expect(bodyOf(await functions.invoke(folders))).toEqual({
      page: "<p>",
      own: "its own",
      where: ["/lib/deep/reads.ts", expect.stringMatching(/src\/lib\/deep\/reads\.ts:5:/)],
    });
  });

  test("leave out package.json where it would make an ES module of a bundle in CommonJS", async () => {
    writeFiles(root, { "common.cjs": "exports.handler = async () => 'common';" });
    const common = { ...config, arn: `${config.arn}-c`, handler: "common.handler" };
    expect(
      bodyOf(
        await functions.invoke({ ...common, code: { ...config.code, handlerFile: "common" } as typeof config.code }),
      ),
    ).toBe("common");
  });

  test("that Lambda would not take for their size are refused", async () => {
    writeFileSync(join(root, "huge.bin"), "");
    truncateSync(join(root, "huge.bin"), 262_144_001);
    functions.host.update(config);
    await expect(functions.host.prepare(config)).rejects.toMatchObject({
      code: "LR4001",
      message: expect.stringContaining("Unzipped size must be smaller than 262144000 bytes"),
    });
  });
});
