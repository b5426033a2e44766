/**
 * Packages that the code imports and that would not be there on Lambda: neither in the ZIP, nor in a layer, nor part of
 * the runtime. SDK v2 (`aws-sdk`) is the usual one: it left the runtime with Node 18.
 */
import { existsSync } from "node:fs";
import { isBuiltin } from "node:module";
import { join } from "node:path";
import { packageOf } from "../../runtime/bundle-errors.js";
import { isInLayer } from "../../runtime/bundle-options.js";
import { bundledHandler } from "./bundled-handler.js";

/** Names of packages. `root` is what lies at /var/task, `layers` what is laid over /opt (folders). */
export async function unshippedPackages(
  file: string,
  root: string,
  layers: readonly string[],
): Promise<readonly string[]> {
  const { metafile } = await bundledHandler(file);
  const imported = Object.values(metafile.inputs).flatMap(({ imports }) =>
    imports.filter((one) => one.external === true && !isBuiltin(one.path)).map((one) => packageOf(one.path)),
  );
  return [...new Set(imported)].filter((name) => !isProvided(name) && !isShipped(name, root, layers)).sort();
}

/** Whether a package is at /var/task or in a layer. */
export function isShipped(name: string, root: string, layers: readonly string[]): boolean {
  return existsSync(join(root, "node_modules", name)) || isInLayer(name, layers);
}

const isProvided = (name: string): boolean => /^@(aws-sdk|smithy)\//.test(name);
