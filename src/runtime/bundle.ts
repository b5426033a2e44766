/**
 * Bundles a handler with esbuild: one file with a source map whose sources are absolute paths, so that stack traces
 * name the `.ts` line. `@aws-sdk/*` and `@smithy/*` stay outside, as on Lambda, where the runtime provides them.
 * A build whose inputs, package.json and tsconfig.json among them, have not changed is taken from the cache by looking at
 * their times and sizes alone.
 */
import { createHash } from "node:crypto";
// Written synchronously: a build is a few small files, and each hop to the thread pool costs more than its write.
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, isAbsolute, join, relative, resolve } from "node:path";
import type { BuildResult } from "esbuild";
import type { FunctionConfig } from "../config/function-config.js";
import { shownName } from "../config/shown-name.js";
import { AppError } from "../shared/errors.js";
import { foldersUp } from "../shared/folders.js";
import { OWN_ROOT } from "../shared/own-package.js";
import { besideFiles, isData, taskFolder } from "./besides.js";
import { dropOldBuilds, HASH_DIGITS, moveInto } from "./build-folder.js";
import { papersOf } from "./build-papers.js";
import { buildError, handlerNotFound } from "./bundle-errors.js";
import { esbuildOptions, externalsOf, type BundleSource, type SdkEntry } from "./bundle-options.js";

/** Code as it will lie in /var/task. */
export interface BuiltCode {
  readonly folder: string;
  /** Changes with the content. */
  readonly hash: string;
  /** SDK modules that the code imports, each with the folder from which it resolves. */
  readonly sdk: readonly SdkEntry[];
  /** Files that the build read, for watch mode. */
  readonly inputs: readonly string[];
  /** Packages that stay outside (Metadata.BuildProperties.External): their node_modules folder is shown inside. */
  readonly externalModules: string | undefined;
}

interface InputStamp {
  readonly path: string;
  /** -1 where there is no such file: one that comes makes another build. */
  readonly mtimeMs: number;
  readonly sizeBytes: number;
}

interface BuildRecord {
  readonly key: string;
  readonly hash: string;
  readonly sdk: readonly SdkEntry[];
  readonly inputs: readonly InputStamp[];
}

/** Raised when the same sources make another build. */
const BUILD_FORMAT = 3;
const EXTENSIONS = [".ts", ".mts", ".cts", ".tsx", ".js", ".mjs", ".cjs", ".jsx"] as const;

/** The source file behind a handler string; throws LR3002 with the near miss. */
export function findHandlerSource(source: BundleSource): string {
  const base = resolve(source.root, source.handlerFile);
  const found = EXTENSIONS.map((extension) => base + extension).find((file) => existsSync(file));
  if (found === undefined) throw handlerNotFound(base, EXTENSIONS, source.otherEntryPoints);
  return found;
}

/** The cached build if every input still looks the same. */
export function cachedBuild(config: FunctionConfig, cache: string): BuiltCode | undefined {
  if (config.code.kind !== "bundle") return undefined;
  const key = buildKey(config, config.code);
  try {
    const record = JSON.parse(readFileSync(recordFile(cache, key), "utf8")) as BuildRecord;
    const folder = buildFolder(cache, key, record.hash);
    if (!existsSync(folder) || !record.inputs.every(looksSame)) return undefined;
    return toBuiltCode(record, folder, config.code);
  } catch {
    // No record, or one that another version wrote: build.
    return undefined;
  }
}

/** Builds the function's code. Throws LR3001 (does not compile), LR3002 (no file), LR3003 (module missing). */
export async function buildCode(config: FunctionConfig, cache: string): Promise<BuiltCode> {
  const source = bundleSource(config);
  const sdk = new Map<string, SdkEntry>();
  const entry = findHandlerSource(source);
  const { build } = await import("esbuild");
  try {
    return finishBuild(config, cache, await build(esbuildOptions(source, config.layers, entry, sdk)), sdk);
  } catch (error) {
    throw error instanceof AppError ? error : buildError(error, shownName(config), source.root);
  }
}

/** A builder for watch mode: rebuilds only what changed. */
export interface IncrementalBuilder {
  build(): Promise<BuiltCode>;
  dispose(): Promise<void>;
}

export async function incrementalBuilder(config: FunctionConfig, cache: string): Promise<IncrementalBuilder> {
  const source = bundleSource(config);
  const sdk = new Map<string, SdkEntry>();
  const { context } = await import("esbuild");
  const watching = await context(esbuildOptions(source, config.layers, findHandlerSource(source), sdk));
  return {
    async build() {
      sdk.clear();
      try {
        return finishBuild(config, cache, await watching.rebuild(), sdk);
      } catch (error) {
        throw error instanceof AppError ? error : buildError(error, shownName(config), source.root);
      }
    },
    dispose: () => watching.dispose(),
  };
}

export function bundleSource(config: FunctionConfig): BundleSource {
  if (config.code.kind !== "bundle") throw new Error(`function ${config.name} is not bundled`);
  return config.code;
}

function finishBuild(
  config: FunctionConfig,
  cache: string,
  result: BuildResult<{ write: false; metafile: true }>,
  sdk: ReadonlyMap<string, SdkEntry>,
): BuiltCode {
  const source = bundleSource(config);
  const hash = createHash("sha256");
  const files = result.outputFiles.map(({ path, contents }) => {
    const name = relative("/var/task", path);
    const bytes = name.endsWith(".map") ? absoluteSources(contents, source.root) : contents;
    hash.update(name).update(bytes);
    return { name, bytes };
  });
  const key = buildKey(config, source);
  const read = Object.keys(result.metafile.inputs)
    .map((path) => (isAbsolute(path) ? path : resolve(source.root, path)))
    .filter((path) => existsSync(path));
  const record: BuildRecord = {
    key,
    hash: hash.digest("hex").slice(0, HASH_DIGITS),
    sdk: [...sdk.values()].sort((a, b) => (a.specifier < b.specifier ? -1 : 1)),
    inputs: [...read, ...papersOf(read)].map(stamp),
  };
  const folder = buildFolder(cache, key, record.hash);
  if (!existsSync(folder)) writeFolder(folder, files, externalsOf(source).length > 0);
  writeAtomically(recordFile(cache, key), JSON.stringify(record));
  dropOldBuilds(join(cache, "builds", key), record.hash);
  return toBuiltCode(record, folder, source);
}

/** Written beside its place and renamed into it: nobody sees half a build. */
function writeFolder(
  folder: string,
  files: readonly { readonly name: string; readonly bytes: Uint8Array }[],
  modules: boolean,
): void {
  const draft = `${folder}.${process.pid}.${performance.now()}`;
  // The place where the application's node_modules are shown.
  mkdirSync(modules ? join(draft, "node_modules") : draft, { recursive: true });
  for (const { name, bytes } of files) {
    const path = join(draft, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
  }
  moveInto(draft, folder);
}

function writeAtomically(path: string, text: string): void {
  const draft = `${path}.${process.pid}`;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(draft, text);
  renameSync(draft, path);
}

/** esbuild writes sources relative to /var/task; a person wants the file in the editor. */
function absoluteSources(contents: Uint8Array, root: string): Buffer {
  const map = JSON.parse(Buffer.from(contents).toString("utf8")) as { sources: string[] };
  map.sources = map.sources
    .map((source) => resolve("/var/task", source))
    .map((path) => (existsSync(path) ? path : resolve(root, path)));
  return Buffer.from(JSON.stringify(map));
}

function buildKey(config: FunctionConfig, source: BundleSource): string {
  return createHash("sha256")
    .update(JSON.stringify([BUILD_FORMAT, source, config.layers, config.handler, process.versions.node, OWN_ROOT]))
    .digest("hex")
    .slice(0, 16);
}

const buildFolder = (cache: string, key: string, hash: string): string => join(cache, "builds", key, hash);
const recordFile = (cache: string, key: string): string => join(cache, "builds", key, "build.json");

function stamp(path: string): InputStamp {
  const { mtimeMs, size } = statSync(path, { throwIfNoEntry: false }) ?? { mtimeMs: -1, size: -1 };
  return { path, mtimeMs, sizeBytes: size };
}

function looksSame({ path, mtimeMs, sizeBytes }: InputStamp): boolean {
  const now = stamp(path);
  return now.mtimeMs === mtimeMs && now.sizeBytes === sizeBytes;
}

function toBuiltCode(record: BuildRecord, folder: string, source: BundleSource): BuiltCode {
  const modules = externalsOf(source).length === 0 ? undefined : nearestModules(source.root);
  const besides = besideFiles(source);
  const task = taskFolder(folder, besides);
  return {
    folder: task,
    hash: basename(task),
    sdk: record.sdk,
    inputs: [
      ...new Set(
        [...record.inputs.filter(({ mtimeMs }) => mtimeMs >= 0), ...besides.filter(isData)].map(({ path }) => path),
      ),
    ],
    externalModules: modules,
  };
}

const nearestModules = (root: string): string | undefined =>
  foldersUp(root)
    .map((folder) => join(folder, "node_modules"))
    .find((modules) => existsSync(modules));
