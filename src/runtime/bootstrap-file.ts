/**
 * The `bootstrap` of a custom runtime: in the code, else in a layer (the latest hides the others). It may be a link
 * that only leads somewhere inside the execution environment, such as from the code to `/opt/bin/runtime` of a layer.
 */
import { lstatSync, readlinkSync } from "node:fs";
import { join, posix } from "node:path";

export interface BootstrapFile {
  /** As the function names it: a link by its own name. */
  readonly name: "/var/task/bootstrap" | "/opt/bootstrap";
  /** Where it lies inside, links followed. */
  readonly guestPath: string;
  readonly hostPath: string;
}

/** As many as Linux follows. */
const MAX_LINKS = 40;
const ROOTS = { task: "/var/task/", opt: "/opt/" } as const;

/** Undefined when there is none, or only links into nothing. */
export function bootstrapFile(taskRoot: string, layers: readonly string[]): BootstrapFile | undefined {
  for (const name of ["/var/task/bootstrap", "/opt/bootstrap"] as const) {
    const found = follow(name, taskRoot, layers);
    if (found !== undefined) return { name, ...found };
  }
  return undefined;
}

function follow(
  start: string,
  taskRoot: string,
  layers: readonly string[],
): Pick<BootstrapFile, "guestPath" | "hostPath"> | undefined {
  let guestPath = start;
  for (let links = 0; links < MAX_LINKS; links++) {
    const hostPath = hostPathOf(guestPath, taskRoot, layers);
    const found = hostPath === undefined ? undefined : lstatSync(hostPath, { throwIfNoEntry: false });
    if (hostPath === undefined || found === undefined) return undefined;
    if (!found.isSymbolicLink()) return { guestPath, hostPath };
    guestPath = posix.resolve(posix.dirname(guestPath), readlinkSync(hostPath));
  }
  return undefined;
}

/** Programs of the system are those of this machine. */
function hostPathOf(guestPath: string, taskRoot: string, layers: readonly string[]): string | undefined {
  if (guestPath.startsWith(ROOTS.task)) return join(taskRoot, guestPath.slice(ROOTS.task.length));
  if (!guestPath.startsWith(ROOTS.opt)) return guestPath;
  const paths = layers.map((layer) => join(layer, guestPath.slice(ROOTS.opt.length)));
  return paths.findLast((path) => lstatSync(path, { throwIfNoEntry: false }) !== undefined);
}

/** Where a path inside is found in a sandbox that shows code and layers in other places. */
export function placeOf(guestPath: string, { task, opt }: { readonly task: string; readonly opt: string }): string {
  if (guestPath.startsWith(ROOTS.task)) return join(task, guestPath.slice(ROOTS.task.length));
  return guestPath.startsWith(ROOTS.opt) ? join(opt, guestPath.slice(ROOTS.opt.length)) : guestPath;
}
