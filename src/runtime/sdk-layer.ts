/**
 * The AWS SDK as the runtime provides it, at /var/runtime: one vendor file with every SDK module that the function
 * imports, its V8 code cache, and stub packages through which `require`, `import` and child processes find them.
 * Made once per set of modules, SDK version and Node version; then a start only maps files.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { foldersUp } from "../shared/folders.js";
import { DIST_FOLDER, OWN_ROOT } from "../shared/own-package.js";
import type { SdkEntry } from "./bundle-options.js";

const run = promisify(execFile);

/** Changes when the layout of the layer changes. */
const LAYOUT_VERSION = 4;

export interface SdkLayer {
  /** Host folder, shown at /var/runtime. */
  readonly folder: string;
  /** False for a function without the SDK: there is nothing to preload. */
  readonly hasSdk: boolean;
}

/** Beside the packages, because these are shown twice: at /var/runtime/node_modules and at /var/node_modules. */
const VENDOR_FOLDER = "node_modules/.lambda-run";
/** The vendor file, relative to the layer. */
export const SDK_FILE = `${VENDOR_FOLDER}/sdk.js`;

/** The layer for these modules, from the cache or made now (about a second). */
export async function sdkLayer(
  entries: readonly SdkEntry[],
  cache: string,
  nodeBinary: string,
  nodeVersion: string,
): Promise<SdkLayer> {
  const hasSdk = entries.length > 0;
  const folder = join(cache, "sdk", layerKey(entries, nodeVersion));
  if (existsSync(folder)) return { folder, hasSdk };
  const draft = `${folder}.${process.pid}.${performance.now()}`;
  await mkdir(join(draft, VENDOR_FOLDER), { recursive: true });
  if (hasSdk) await makeVendor(entries, draft, nodeBinary);
  try {
    await rename(draft, folder);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    // Another process made the same layer first.
    if (!existsSync(folder)) throw error;
  }
  return { folder, hasSdk };
}

/** The SDK modules that this package carries: what code that is mounted as it is finds at /var/runtime. */
export function runtimeProvidedModules(): readonly SdkEntry[] {
  const { dependencies } = JSON.parse(readFileSync(join(OWN_ROOT, "package.json"), "utf8")) as {
    readonly dependencies: Record<string, string>;
  };
  return Object.keys(dependencies)
    .filter((name) => /^@aws-sdk\/(client|lib|s3)-/.test(name))
    .map((specifier) => ({ specifier, resolveFolder: OWN_ROOT }));
}

async function makeVendor(entries: readonly SdkEntry[], draft: string, nodeBinary: string): Promise<void> {
  const { build } = await import("esbuild");
  const specifiers = new Map(entries.map((entry) => [entry.specifier, entry]));
  const getters = [...specifiers.keys()].map(
    (name) => `  ${JSON.stringify(name)}: () => require(${JSON.stringify(name)}),`,
  );
  await build({
    stdin: { contents: `module.exports = {\n${getters.join("\n")}\n};\n`, resolveDir: draft, loader: "js" },
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    outfile: join(draft, SDK_FILE),
    logLevel: "silent",
    plugins: [
      {
        name: "from-their-own-place",
        setup(plugin) {
          plugin.onResolve({ filter: /.*/ }, (args) => {
            const entry = args.importer === "<stdin>" ? specifiers.get(args.path) : undefined;
            if (entry === undefined) return undefined;
            return plugin.resolve(args.path, { resolveDir: entry.resolveFolder, kind: "require-call" });
          });
        },
      },
    ],
  });
  await writeFile(join(draft, VENDOR_FOLDER, "loader.js"), LOADER);
  // Written by the Node that will read it: a code cache belongs to one V8. It also knows the names that each stub
  // has to list for `import { S3Client } from`.
  await run(nodeBinary, [join(DIST_FOLDER, "bootstrap", "sdk-cache.js"), draft], {
    env: { PATH: process.env["PATH"] },
  });
}

/** For processes that were not started by our bootstrap: the same modules, loaded at first use. */
const LOADER = `"use strict";
const registry = Symbol.for("lambda-run.sdk");
module.exports = globalThis[registry] ?? ((modules) => (name) => modules[name]())(require("./sdk.js"));
`;

function layerKey(entries: readonly SdkEntry[], nodeVersion: string): string {
  const hash = createHash("sha256").update(`${LAYOUT_VERSION} ${nodeVersion}\n`);
  for (const entry of entries) hash.update(`${entry.specifier} ${installedVersion(entry)}\n`);
  return entries.length === 0 ? "none" : hash.digest("hex").slice(0, 16);
}

/** Version and place of the package behind a specifier; an upgrade makes a new layer. */
function installedVersion({ specifier, resolveFolder }: SdkEntry): string {
  const name = specifier.split("/").slice(0, 2).join("/");
  for (const folder of foldersUp(resolveFolder)) {
    const file = join(folder, "node_modules", name, "package.json");
    if (existsSync(file))
      return `${(JSON.parse(readFileSync(file, "utf8")) as { readonly version?: string }).version ?? ""} ${folder}`;
  }
  return "";
}
