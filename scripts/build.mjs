// Builds dist/: the CLI, the library and the bootstraps, each one CommonJS file. Own code is bundled, dependencies
// stay in node_modules, except the small ones that every start needs: resolving them costs more than parsing them.
import { build } from "esbuild";
import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { fileURLToPath } from "node:url";
import { testcontainersAt, testcontainersBundle } from "./testcontainers-bundle.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const { dependencies, version } = JSON.parse(readFileSync(`${root}/package.json`, "utf8"));
const INLINED = new Set(["commander", "yaml", "zod"]);
const external = Object.keys(dependencies).filter((name) => !INLINED.has(name));

const withTypes = process.argv.includes("--types");

// npx in this folder makes npm install the package into its cache, which runs `prepare` again: 20 s for nothing.
if (process.argv.includes("--if-stale") && isFresh()) process.exit(0);

function isFresh() {
  const made = ["dist/cli.js", "dist/ahead.js", "dist/index.js", "dist/testcontainers.js", "dist/types/index.d.ts"].map(
    (name) => statSync(`${root}/${name}`, { throwIfNoEntry: false })?.mtimeMs ?? 0,
  );
  const sources = readdirSync(`${root}/src`, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const newest = Math.max(
    ...sources.map((entry) => statSync(`${entry.parentPath ?? entry.path}/${entry.name}`).mtimeMs),
    statSync(`${root}/package.json`).mtimeMs,
  );
  return Math.min(...made) > newest;
}

mkdirSync(`${root}/dist`, { recursive: true });
// Declarations take seconds: they are made with --types (at install and in the gate) and otherwise left as they are.
// Files are replaced one by one: whoever runs from dist meanwhile must not find it empty.
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
  // bin/start.js reads it as Latin-1.
  charset: "ascii",
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
  build({
    ...common,
    external,
    plugins: [testcontainersAt("./testcontainers.js")],
    entryPoints: { cli: "src/cli/main.ts", ahead: "src/runtime/ahead/begin.ts", index: "src/index.ts" },
    outdir: "dist",
  }),
  build(testcontainersBundle(common)),
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
  // With its map: functions have theirs.
  build({ ...common, entryPoints: { "bootstrap/warm": "src/runtime/bootstrap/node/warm.ts" }, outdir: "dist" }),
]);
cpSync(`${root}/src/runtime/bootstrap/python`, `${root}/dist/bootstrap/python`, { recursive: true });

// A package's own bin is not linked by npm; with the link scripts of this package and `npm exec` find it too.
const bins = `${root}/node_modules/.bin`;
if (existsSync(bins)) {
  rmSync(`${bins}/lambda-run`, { force: true });
  symlinkSync("../../bin/lambda-run.js", `${bins}/lambda-run`);
  writeFileSync(`${bins}/lambda-run.cmd`, '@node "%~dp0\\..\\..\\bin\\lambda-run.js" %*\r\n');
}
