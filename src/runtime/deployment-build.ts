/** A bundle as it goes to AWS: the files of its ZIP, the same bytes on every machine. */
import { dirname, posix, relative, resolve, sep } from "node:path";
import type { FunctionConfig } from "../config/function-config.js";
import { shownName } from "../config/shown-name.js";
import { buildError } from "./bundle-errors.js";
import { bundleSource, findHandlerSource } from "./bundle.js";
import { esbuildOptions, type SdkEntry } from "./bundle-options.js";

export interface DeploymentBuild {
  readonly files: readonly { readonly name: string; readonly bytes: Uint8Array }[];
  /** SDK modules that are left to the copy of Lambda's runtime. */
  readonly runtimeProvided: readonly string[];
  /** Files that went into it, absolute. */
  readonly inputs: readonly string[];
  /** What is imported and stays outside, with the file that asks for it. */
  readonly outside: readonly { readonly specifier: string; readonly importer: string }[];
}

/** Throws LR3001 (does not compile), LR3002 (no file), LR3003 (module missing). Paths in maps start at `baseFolder`. */
export async function deploymentBuild(config: FunctionConfig, baseFolder: string): Promise<DeploymentBuild> {
  const source = bundleSource(config);
  const entry = findHandlerSource(source);
  const provided = new Map<string, SdkEntry>();
  const { build } = await import("esbuild");
  const result = await build(esbuildOptions(source, config.layers, entry, provided, "deploy")).catch(
    (error: unknown) => {
      throw buildError(error, shownName(config), source.root);
    },
  );
  const files = result.outputFiles.map(({ path, contents }) => {
    const name = toPosix(relative("/var/task", path));
    return { name, bytes: name.endsWith(".map") ? projectSources(contents, path, baseFolder) : contents };
  });
  const read = Object.entries(result.metafile.inputs).map(([path, { imports }]) => ({
    path: resolve(source.root, path),
    imports,
  }));
  const outside = read.flatMap(({ path: importer, imports }) =>
    imports.flatMap(({ path: specifier, external }) => (external === true ? [{ specifier, importer }] : [])),
  );
  return { files, runtimeProvided: [...provided.keys()].sort(), inputs: read.map(({ path }) => path), outside };
}

/** esbuild writes sources relative to its output folder, through the whole path of this machine. */
function projectSources(contents: Uint8Array, mapPath: string, baseFolder: string): Buffer {
  const map = JSON.parse(Buffer.from(contents).toString("utf8")) as { sources: string[] };
  map.sources = map.sources.map((source) => toPosix(relative(baseFolder, resolve(dirname(mapPath), source))));
  return Buffer.from(JSON.stringify(map));
}

const toPosix = (path: string): string => path.split(sep).join(posix.sep);
