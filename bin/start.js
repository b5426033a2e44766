"use strict";

// Runs dist/cli.js with a V8 code cache, which saves a third of the start. Node 20 has no module compile cache, so it is
// done here: the cache lies in the user's cache folder, belongs to one Node and one build, and is only ever a help.
const { createHash } = require("node:crypto");
const fs = require("node:fs");
const { homedir } = require("node:os");
const { join, dirname } = require("node:path");
const { Module } = require("node:module");
const { setFlagsFromString } = require("node:v8");
const vm = require("node:vm");

/** A cache that no longer belongs to anybody goes after this time; whoever still wants it makes it anew. */
const KEPT_MS = 30 * 24 * 3_600_000;
/** As the CLI leaves when it was called in a wrong way. */
const USAGE = 2;
const dist = join(__dirname, "..", "dist");
/** To V8's own values, of what src/cli/idle-memory.ts and src/cli/heap-growth.ts set. */
const FLAGS_BACK = ["--no-expose-gc", "--heap-growing-percent=0"];

function read(path) {
  try {
    return fs.readFileSync(path);
  } catch {
    return undefined;
  }
}

function isOld(path) {
  return Date.now() - fs.statSync(path).mtimeMs > KEPT_MS;
}

const nameOf = (text) => createHash("sha1").update(text).digest("hex").slice(0, 16);
const folder = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "lambda-run", "cli");

/** Runs a file of the build and gives what it exports. `part` names what of it this process uses. */
function run(file, part) {
  const source = read(file);
  if (source === undefined) {
    process.stderr.write("lambda-run is not built: run `npm run build` in its folder\n");
    process.exit(6);
  }
  const { mtimeMs, size } = fs.statSync(file);
  // Two projects with a copy each do not throw each other's caches away.
  const place = nameOf(file);
  const build = `${place}.${nameOf(`${mtimeMs} ${size} ${process.version} ${process.arch}`)}`;
  const cacheFile = join(folder, `${build}.${part}.cache`);
  const cachedData = read(cacheFile);
  // The build writes ASCII alone; as Latin-1 it is taken as it is.
  const script = new vm.Script(Module.wrap(source.toString("latin1")), { filename: file, cachedData });
  const loaded = new Module(file, module);
  loaded.filename = file;
  loaded.paths = Module._nodeModulePaths(dirname(file));
  script.runInThisContext()(loaded.exports, Module.createRequire(file), loaded, file, dirname(file));
  // Written when the work is done, so that what this run compiled is in it.
  if (cachedData === undefined || script.cachedDataRejected)
    process.once("exit", (exitCode) => keep(script, cacheFile, { build, place, exitCode }));
  return loaded.exports;
}

function keep(script, cacheFile, { build, place, exitCode }) {
  // A word that is no command shall leave nothing behind.
  if (exitCode === USAGE) return;
  try {
    fs.mkdirSync(folder, { recursive: true });
    for (const name of fs.readdirSync(folder))
      if (!name.startsWith(build) && (name.startsWith(place) || isOld(join(folder, name))))
        fs.rmSync(join(folder, name), { force: true });
    // V8 takes a cache back under the flags alone under which it was made: those that `start` has set go back first.
    for (const flag of FLAGS_BACK) setFlagsFromString(flag);
    const draft = `${cacheFile}.${process.pid}`;
    fs.writeFileSync(draft, script.createCachedData());
    fs.renameSync(draft, cacheFile);
  } catch {
    // A read-only home costs some milliseconds at each start, nothing else.
  }
}

// Each command has a cache of its own: what one compiles, another would read for nothing.
const command = /^[a-z-]+$/.exec(process.argv[2] ?? "")?.[0] ?? "";
// What other processes can do meanwhile is begun before the command line is loaded.
if (command === "invoke" && process.platform === "linux")
  run(join(dist, "ahead.js"), command).beginAhead(process.cwd(), process.argv.slice(2));
run(join(dist, "cli.js"), command);
