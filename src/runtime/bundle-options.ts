/** How esbuild is told to bundle a handler, for a run here and for a ZIP that goes to AWS. */
import { existsSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, join } from "node:path";
import type { BuildOptions as EsbuildOptions, Plugin } from "esbuild";
import type { CodeSource } from "../config/function-config.js";
import { foldersUp } from "../shared/folders.js";
import { OWN_ROOT } from "../shared/own-package.js";
import { packageOf } from "./bundle-errors.js";
import { moduleFolders } from "./module-folders.js";
import { papersInGlobs } from "./papers-in-globs.js";

export type BundleSource = Extract<CodeSource, { kind: "bundle" }>;

export interface SdkEntry {
  readonly specifier: string;
  readonly resolveFolder: string;
}

/** Of a layer: each has a node_modules that is on the runtime's NODE_PATH. */
const MODULE_FOLDERS = ["nodejs", "nodejs/node20", "nodejs/node22", "nodejs/node24"] as const;

/** Lets CommonJS dependencies inside an ES module bundle call require for Node's own modules. */
const ESM_REQUIRE_BANNER =
  "import { createRequire as __lambdaRunRequire } from 'node:module'; const require = __lambdaRunRequire(import.meta.url);";

/**
 * `run` leaves the SDK outside, for the layer. `deploy` builds as `sam build` does: what the application has installed
 * goes in unless External names it, so that the SDK that was tested is the SDK that is shipped.
 */
export function esbuildOptions(
  source: BundleSource,
  layers: readonly string[],
  entry: string,
  sdk: Map<string, SdkEntry>,
  purpose: "run" | "deploy" = "run",
): EsbuildOptions & { write: false; metafile: true } {
  const { build } = source;
  const esm = (build.format ?? formatOf(entry)) === "esm";
  return {
    absWorkingDir: source.root,
    entryPoints: [{ in: entry, out: source.handlerFile }],
    bundle: true,
    write: false,
    metafile: true,
    platform: "node",
    target: build.target ?? "es2022",
    format: esm ? "esm" : "cjs",
    outExtension: esm ? { ".js": ".mjs" } : {},
    outdir: "/var/task",
    sourcemap: purpose === "deploy" && build.sourcemap === false ? false : "linked",
    sourcesContent: false,
    minify: build.minify ?? false,
    keepNames: build.keepNames ?? false,
    // For a run the SDK is ours to place: named external, it would count as found wherever it is looked for.
    external: purpose === "deploy" ? [...build.external] : [...externalsOf(source)],
    loader: { ".node": "copy", ...(build.loader as EsbuildOptions["loader"]) },
    banner: { ...build.banner, ...(esm ? { js: `${ESM_REQUIRE_BANNER}${build.banner?.["js"] ?? ""}` } : {}) },
    ...(build.define === undefined ? {} : { define: { ...build.define } }),
    ...(build.mainFields === undefined ? {} : { mainFields: [...build.mainFields] }),
    logLevel: "silent",
    plugins: [
      runtimeProvidedSdk(sdk, purpose),
      ...(layers.length === 0 ? [] : [modulesOfLayers(layers)]),
      ...(source.samBundles === true ? [] : [papersInGlobs(source.root, Object.keys(build.loader ?? {}))]),
      ...(esm || source.besides === undefined ? [] : [moduleFolders(source.root, entry)]),
    ],
  };
}

/** Leaves the SDK outside the bundle and notes where each module resolves: the application's own copy, else ours, as Lambda ships one. */
function runtimeProvidedSdk(found: Map<string, SdkEntry>, purpose: "run" | "deploy"): Plugin {
  return {
    name: "runtime-provided-sdk",
    setup(build) {
      build.onResolve({ filter: /^@(aws-sdk|smithy)\// }, async (args) => {
        if (args.pluginData === "own-lookup") return undefined;
        for (const resolveFolder of [args.resolveDir, OWN_ROOT]) {
          const result = await build.resolve(args.path, {
            resolveDir: resolveFolder,
            kind: args.kind,
            pluginData: "own-lookup",
          });
          if (result.errors.length > 0) continue;
          if (purpose === "deploy" && resolveFolder !== OWN_ROOT) return result;
          if (!found.has(args.path)) found.set(args.path, { specifier: args.path, resolveFolder });
          return { path: args.path, external: true };
        }
        return undefined;
      });
    },
  };
}

/**
 * Leaves to the layers what only they have: the runtime finds it under /opt. What the application has installed goes into
 * the bundle all the same, as /var/task comes first on Lambda.
 */
function modulesOfLayers(layers: readonly string[]): Plugin {
  return {
    name: "modules-of-layers",
    setup(build) {
      build.onResolve({ filter: /^(\/opt\/|[^./])/ }, async (args) => {
        if (args.pluginData === "own-lookup" || isBuiltin(args.path)) return undefined;
        const isPath = args.path.startsWith("/");
        if (!isPath && !isInLayer(packageOf(args.path), layers)) return undefined;
        const { path, errors } = await build.resolve(args.path, {
          resolveDir: args.resolveDir,
          kind: args.kind,
          pluginData: "own-lookup",
        });
        // `paths` of a tsconfig.json may send /opt/... to the sources of the layer. What lies there on this machine is not meant.
        return errors.length > 0 || (isPath && path.startsWith(args.path))
          ? { path: args.path, external: true }
          : undefined;
      });
    },
  };
}

/** Whether a layer (a folder that is laid over /opt) has a package in one of the places where the Node runtime looks. */
export function isInLayer(name: string, layers: readonly string[]): boolean {
  return layers.some((layer) => MODULE_FOLDERS.some((folder) => existsSync(join(layer, folder, "node_modules", name))));
}

/** ES modules stay ES modules: a top-level await cannot be CommonJS. */
function formatOf(entry: string): "cjs" | "esm" {
  if (/\.m[tj]s$/.test(entry)) return "esm";
  if (/\.c[tj]s$/.test(entry)) return "cjs";
  const file = foldersUp(dirname(entry))
    .map((folder) => join(folder, "package.json"))
    .find((candidate) => existsSync(candidate));
  if (file === undefined) return "cjs";
  return (JSON.parse(readFileSync(file, "utf8")) as { readonly type?: unknown }).type === "module" ? "esm" : "cjs";
}

/** Packages that the function ships beside its bundle. The SDK is none: the runtime has it. */
export function externalsOf(source: BundleSource): readonly string[] {
  return source.build.external.filter((name) => !/^@(aws-sdk|smithy)\//.test(name));
}
