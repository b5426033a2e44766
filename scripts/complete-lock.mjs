// Adds to package-lock.json the optional packages of other platforms that the registry at hand could not answer for.
// Without them `npm ci` refuses the file ("Missing: ... from lock file"), although this machine never installs them.
// Run it after `npm install` whenever `npm ci` complains of binding packages. The entries carry no integrity: it is
// filled in by npm on a machine that does install them.
import { readFileSync, writeFileSync } from "node:fs";

const PLATFORMS = /(android|darwin|freebsd|linux|openharmony|win32|aix|sunos|netbsd|openbsd)/;
const CPUS = /(arm64|x64|ia32|arm|ppc64|riscv64|s390x|loong64|mips64el|wasm32)/;

const file = new URL("../package-lock.json", import.meta.url);
const lock = JSON.parse(readFileSync(file, "utf8"));
const added = {};
for (const entry of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const path = `node_modules/${name}`;
    const os = PLATFORMS.exec(name)?.[1];
    const cpu = CPUS.exec(name)?.[1];
    if (lock.packages[path] !== undefined || os === undefined || cpu === undefined) continue;
    added[path] = {
      version: version.replace(/^[\^~]/, ""),
      cpu: [cpu],
      ...(entry.dev === true ? { dev: true } : {}),
      ...(/musl/.test(name) ? { libc: ["musl"] } : /-gnu/.test(name) && os === "linux" ? { libc: ["glibc"] } : {}),
      license: entry.license,
      optional: true,
      os: [os],
    };
  }
}
lock.packages = Object.fromEntries(Object.entries({ ...lock.packages, ...added }).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
process.stdout.write(`${Object.keys(added).length} entries added\n`);
