/**
 * Which package.json says of what kind the function's modules are: one that is shipped, never one above. At /var/task there is none
 * above; on the portable tier code lies where the project has it, and Node would take the project's for the function's.
 */
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join, sep } from "node:path";

const GUEST_TASK_ROOT = "/var/task";

/** Whether the nearest package.json upward says `"type": "module"`; the walk stops at node_modules, the task root and the root. */
export function isModulePackage(base: string, taskRoot: string): boolean {
  const file = nearestPackage(dirname(base), taskRoot);
  if (file === undefined) return false;
  try {
    return (JSON.parse(readFileSync(file, "utf8")) as { readonly type?: unknown }).type === "module";
  } catch (error) {
    console.warn(`${file} cannot be read, it will be ignored for ES module detection purposes.`, error);
    return false;
  }
}

/** Whether a file of the function has no package.json of its own where Node may find another's. */
export const isExposed = (file: string, taskRoot: string): boolean =>
  taskRoot !== GUEST_TASK_ROOT &&
  file.startsWith(taskRoot + sep) &&
  nearestPackage(dirname(file), taskRoot) === undefined;

/** Has `require` compile such files as CommonJS, without a look at what lies above. */
export function ignorePackagesAbove(taskRoot: string, require: NodeJS.Require): void {
  if (taskRoot === GUEST_TASK_ROOT) return;
  const { extensions } = require;
  const compile = extensions[".js"];
  extensions[".js"] = (module, file) => {
    if (!isExposed(file, taskRoot)) return compile?.(module, file) as unknown;
    (module as NodeJS.Module & { _compile(text: string, file: string): void })._compile(
      readFileSync(file, "utf8"),
      file,
    );
    return undefined;
  };
}

function nearestPackage(from: string, last: string): string | undefined {
  for (let folder = from; basename(folder) !== "node_modules"; folder = dirname(folder)) {
    const file = join(folder, "package.json");
    if (existsSync(file)) return file;
    if (folder === last || folder === dirname(folder)) return undefined;
  }
  return undefined;
}
