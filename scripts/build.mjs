// Builds dist/: the CLI, the library and the bootstraps, each one CommonJS file. Own code is bundled, dependencies
// stay in node_modules, except the small ones that every start needs: resolving them costs more than parsing them.
import { build } from "esbuild";
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const { dependencies, version } = JSON.parse(readFileSync(`${root}/package.json`, "utf8"));
const INLINED = new Set(["commander", "yaml", "zod"]);
const external = Object.keys(dependencies).filter((name) => !INLINED.has(name));

const withTypes = process.argv.includes("--types");

mkdirSync(`${root}/dist`, { recursive: true });
// Declarations take seconds: they are made with --types (at install and in the gate) and otherwise left as they are.
// Without them files are replaced one by one: whoever runs from dist meanwhile must not find it empty.
if (withTypes) for (const name of readdirSync(`${root}/dist`)) rmSync(`${root}/dist/${name}`, { recursive: true, force: true });
if (withTypes)
  execFileSync(process.execPath, [`${root}/node_modules/typescript/bin/tsc`, "-p", "tsconfig.types.json"], {
    cwd: root,
    stdio: "inherit",
  });

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: "node",
  target: "node20",
  format: "cjs",
  sourcemap: "linked",
  // Less to read at each start; names stay, so that a stack trace can be read without the map.
  minifyWhitespace: true,
  minifySyntax: true,
  logLevel: "warning",
  // `import()` of what stays outside becomes require: a script run from a code cache has no import() of its own.
  supported: { "dynamic-import": false },
  define: { __LAMBDA_RUN_VERSION__: JSON.stringify(version) },
};

await Promise.all([
  build({ ...common, external, entryPoints: { cli: "src/cli/main.ts", index: "src/index.ts" }, outdir: "dist" }),
  build({
    ...common,
    // The bootstrap runs inside the execution environment, where a source map would only cost a file.
    sourcemap: false,
    entryPoints: {
      "bootstrap/node": "src/runtime/bootstrap/node/main.ts",
      "bootstrap/sdk-cache": "src/runtime/bootstrap/sdk-cache.ts",
      "bootstrap/portable-tmp": "src/runtime/bootstrap/portable-tmp.ts",
    },
    outdir: "dist",
  }),
]);
cpSync(`${root}/src/runtime/bootstrap/python`, `${root}/dist/bootstrap/python`, { recursive: true });

// `npx lambda-run` in this very folder: npm links the bins of dependencies, not a package's own, and its fallback
// fails on a machine whose npx cache is empty (npm 11.19: ENOENT in ~/.npm/_npx).
const bins = `${root}/node_modules/.bin`;
if (existsSync(bins)) {
  rmSync(`${bins}/lambda-run`, { force: true });
  symlinkSync("../../bin/lambda-run.js", `${bins}/lambda-run`);
  writeFileSync(`${bins}/lambda-run.cmd`, '@node "%~dp0\\..\\..\\bin\\lambda-run.js" %*\r\n');
}
