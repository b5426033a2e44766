/** Finds the system tools that build a sandbox. Some live in sbin, which an ordinary user's PATH may lack. */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

const SYSTEM_FOLDERS = ["/usr/bin", "/bin", "/usr/sbin", "/sbin", "/usr/local/bin"];

/** Absolute path of an executable, or undefined. */
export function findTool(name: string): string | undefined {
  const fromPath = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder.startsWith("/"));
  for (const folder of [...SYSTEM_FOLDERS, ...fromPath]) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // not here: look on
    }
  }
  return undefined;
}

/** All of the named tools, or the names of those that are missing. */
export function findTools<Name extends string>(
  names: readonly Name[],
): { readonly paths: Readonly<Record<Name, string>> } | { readonly missing: readonly Name[] } {
  const found = names.map((name) => [name, findTool(name)] as const);
  const missing = found.filter(([, path]) => path === undefined).map(([name]) => name);
  if (missing.length > 0) return { missing };
  return { paths: Object.fromEntries(found) as Readonly<Record<Name, string>> };
}
