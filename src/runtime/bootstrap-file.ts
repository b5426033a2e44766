/**
 * The `bootstrap` of a custom runtime: in the code, else in a layer (the latest hides the others). It may be a link
 * that only leads somewhere inside the execution environment, such as from the code to `/opt/bin/runtime` of a layer.
 */
import { join } from "node:path";
import { guestFile, type GuestFile, type GuestRoots } from "./guest-files.js";

export interface BootstrapFile extends GuestFile {
  /** As the function names it: a link by its own name. */
  readonly name: "/var/task/bootstrap" | "/opt/bootstrap";
  readonly hostPath: string;
}

/** Undefined when there is none, or only links into nothing. */
export function bootstrapFile(roots: GuestRoots): BootstrapFile | undefined {
  for (const name of ["/var/task/bootstrap", "/opt/bootstrap"] as const) {
    const file = guestFile(name, roots);
    const [hostPath] = file?.hostPaths ?? [];
    if (file !== undefined && hostPath !== undefined) return { name, hostPath, ...file };
  }
  return undefined;
}

/** Where a path inside is found in a sandbox that shows code and layers in other places. */
export function placeOf(guestPath: string, { task, opt }: { readonly task: string; readonly opt: string }): string {
  for (const [root, place] of [
    ["/var/task/", task],
    ["/opt/", opt],
  ] as const)
    if (guestPath.startsWith(root)) return join(place, guestPath.slice(root.length));
  return guestPath;
}
