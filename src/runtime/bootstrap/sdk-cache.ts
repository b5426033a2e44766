/**
 * Run once when an SDK layer is made: `node sdk-cache.js FOLDER`. Runs every module of the vendor file, writes the V8
 * code cache (after the run, so that lazily compiled functions are in it) and the stub packages.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { Script } from "node:vm";
import { warmClients } from "./node/sdk.js";

const folder = process.argv[2] ?? "";
const vendor = join(folder, "node_modules", ".lambda-run");
const file = join(vendor, "sdk.js");
process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] = "true";
process.env["AWS_REGION"] = "us-east-1";

const script = new Script(
  `(function (exports, require, module, __filename, __dirname) {${readFileSync(file, "utf8")}\n})`,
  { filename: file },
);
const module_ = { exports: {} as Record<string, () => Record<string, unknown>> };
(script.runInThisContext() as (...args: unknown[]) => void)(
  module_.exports,
  createRequire(file),
  module_,
  file,
  vendor,
);

for (const [specifier, load] of Object.entries(module_.exports)) {
  const loaded = load();
  const names = Object.keys(loaded).filter((name) => /^[A-Za-z_$][\w$]*$/.test(name) && name !== "default");
  warmClients(loaded);
  const isPackage = specifier.split("/").length === 2;
  const stub = join(
    folder,
    "node_modules",
    isPackage ? `${specifier}/index.js` : `${specifier.replace(/\.js$/, "")}.js`,
  );
  mkdirSync(dirname(stub), { recursive: true });
  const loader = relative(dirname(stub), join(vendor, "loader.js"));
  // The second statement never runs: it is how Node's ES module loader learns the names (cjs-module-lexer).
  writeFileSync(
    stub,
    `"use strict";\nmodule.exports = require(${JSON.stringify(loader)})(${JSON.stringify(specifier)});\n0 && (module.exports = { ${names.join(", ")} });\n`,
  );
}
writeFileSync(`${file}.cache`, script.createCachedData());
