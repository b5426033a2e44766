/** Where builds, SDK layers and fetched runtimes are kept: outside the project's sources, never under /tmp. */
import { existsSync, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

/** `node_modules/.cache/lambda-run` of the project where it has one, else the user's cache folder. */
export function cacheFolder(projectRoot: string): string {
  const modules = join(projectRoot, "node_modules");
  const folder = existsSync(modules) ? join(modules, ".cache", "lambda-run") : userCacheFolder();
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** `$XDG_CACHE_HOME/lambda-run`: shared by all projects of a user. */
export function userCacheFolder(): string {
  const named = process.env["XDG_CACHE_HOME"];
  // Empty counts as unset and a relative path is no path (XDG Base Directory Specification).
  return join(named !== undefined && isAbsolute(named) ? named : join(homedir(), ".cache"), "lambda-run");
}
