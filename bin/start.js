"use strict";

// Runs dist/cli.js with a V8 code cache, which saves a third of the start. Node 20 has no module compile cache, so it is
// done here: the cache lies in the user's cache folder, belongs to one Node and one build, and is only ever a help.
const { createHash } = require("node:crypto");
const fs = require("node:fs");
const { homedir } = require("node:os");
const { join, dirname } = require("node:path");
const { Module } = require("node:module");
const vm = require("node:vm");

const file = join(__dirname, "..", "dist", "cli.js");

function read(path) {
  try {
    return fs.readFileSync(path);
  } catch {
    return undefined;
  }
}

const source = read(file);
if (source === undefined) {
  process.stderr.write("lambda-run is not built: run `npm run build` in its folder\n");
  process.exit(6);
}
const { mtimeMs, size } = fs.statSync(file);
const key = createHash("sha1")
  .update(`${file} ${mtimeMs} ${size} ${process.version} ${process.arch}`)
  .digest("hex")
  .slice(0, 16);
const cacheFile = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "lambda-run", "cli", `${key}.cache`);
const cachedData = read(cacheFile);
const script = new vm.Script(Module.wrap(source.toString("utf8")), { filename: file, cachedData });
const loaded = new Module(file, module);
loaded.filename = file;
loaded.paths = Module._nodeModulePaths(dirname(file));
script.runInThisContext()(loaded.exports, Module.createRequire(file), loaded, file, dirname(file));

if (cachedData === undefined || script.cachedDataRejected) {
  // Written when the work is done, so that what this run compiled is in it.
  process.once("exit", () => {
    try {
      fs.mkdirSync(dirname(cacheFile), { recursive: true });
      for (const name of fs.readdirSync(dirname(cacheFile))) fs.rmSync(join(dirname(cacheFile), name), { force: true });
      const draft = `${cacheFile}.${process.pid}`;
      fs.writeFileSync(draft, script.createCachedData());
      fs.renameSync(draft, cacheFile);
    } catch {
      // A read-only home costs some milliseconds at each start, nothing else.
    }
  });
}
