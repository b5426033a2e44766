/** Where this package lies: its bootstraps and its copy of the AWS SDK are found from here, built or not. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { foldersUp } from "./folders.js";

function findRoot(): string {
  const root = foldersUp(__dirname).find((folder) => existsSync(join(folder, "package.json")));
  if (root === undefined) throw new Error(`no package.json above ${__dirname}`);
  return root;
}

export const OWN_ROOT = findRoot();
/** Built files: the bootstraps run from here, also in tests. */
export const DIST_FOLDER = join(OWN_ROOT, "dist");
