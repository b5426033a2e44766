/** Where this package lies: its bootstraps and its copy of the AWS SDK are found from here, built or not. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

function findRoot(): string {
  for (let folder = __dirname; ; folder = dirname(folder)) {
    if (existsSync(join(folder, "package.json"))) return folder;
    if (folder === dirname(folder)) throw new Error(`no package.json above ${__dirname}`);
  }
}

export const OWN_ROOT = findRoot();
/** Built files: the bootstraps run from here, also in tests. */
export const DIST_FOLDER = join(OWN_ROOT, "dist");
