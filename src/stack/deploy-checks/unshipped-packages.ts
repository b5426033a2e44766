/**
 * Packages that the code imports and that would not be there on Lambda: neither in the ZIP, nor in a layer, nor part of
 * the runtime. SDK v2 (`aws-sdk`) is the usual one: it left the runtime with Node 18.
 */
import { existsSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, join, sep } from "node:path";
import { packageOf } from "../../runtime/bundle-errors.js";
import { isInLayer } from "../../runtime/bundle-options.js";
import { foldersUp } from "../../shared/folders.js";
import { bundledHandler } from "./bundled-handler.js";

/** Names of packages. `root` is what lies at /var/task, `layers` what is laid over /opt (folders). */
export async function unshippedPackages(
  file: string,
  root: string,
  layers: readonly string[],
): Promise<readonly string[]> {
  const { metafile } = await bundledHandler(file, root);
  const imported = Object.values(metafile.inputs).flatMap(({ imports }) =>
    imports.filter((one) => one.external === true && !isBuiltin(one.path)).map((one) => packageOf(one.path)),
  );
  return [...new Set(imported)].filter((name) => !isProvided(name) && !isShipped(name, root, layers)).sort();
}

/** Whether a package is at /var/task or in a layer. */
export function isShipped(name: string, root: string, layers: readonly string[]): boolean {
  return existsSync(join(root, "node_modules", name)) || isInLayer(name, layers);
}

/** A package that other packages alone ask for, and that nobody installed for them: they do without it (NestJS does so). */
export function isLeftOut(
  name: string,
  outside: readonly { readonly specifier: string; readonly importer: string }[],
): boolean {
  const importers = outside.filter(({ specifier }) => packageOf(specifier) === name).map(({ importer }) => importer);
  return importers.every(
    (importer) => importer.includes(`${sep}node_modules${sep}`) && !isInstalledFor(dirname(importer), name),
  );
}

const isInstalledFor = (folder: string, name: string): boolean =>
  foldersUp(folder).some((above) => existsSync(join(above, "node_modules", name)));

const isProvided = (name: string): boolean => /^@(aws-sdk|smithy)\//.test(name);
