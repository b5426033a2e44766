// `node scripts/containers/node-image.mjs TAG`: an image with this machine's Node and its libraries, and nothing else: no
// shell, no user table. Tests and benchmarks build functions on it, since there may be no registry.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const [tag] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "lambda-run-node-image-"));
const libraries = execFileSync("ldd", [process.execPath], { encoding: "utf8" }).match(/\/\S+/g);
const files = [["/usr/bin/node", process.execPath], ...libraries.map((path) => [path, realpathSync(path)])];
for (const [inside, here] of files) {
  mkdirSync(join(folder, "root", dirname(inside)), { recursive: true });
  copyFileSync(here, join(folder, "root", inside));
}
writeFileSync(join(folder, "Dockerfile"), "FROM scratch\nCOPY root /\n");
execFileSync("docker", ["build", "-q", "-t", tag, folder], { stdio: ["ignore", "ignore", "pipe"] });
rmSync(folder, { recursive: true });
