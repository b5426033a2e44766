/**
 * Decides how the code of a function gets to /var/task: bundled from source, as a folder, or as an image.
 * https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-using-build-typescript.html
 */
import { createHash } from "node:crypto";
import { dirname, extname, isAbsolute, join, normalize, posix, resolve as resolvePath, sep } from "node:path";
import { findModule, isNodeRuntime, splitHandler } from "../code.js";
import type { BuildOptions, CodeSource } from "../function-config.js";
import { isJsonObject, jsonText } from "../json.js";
import type { Json, JsonObject } from "../json.js";
import { serverlessProject, serverlessZip } from "./serverless-code.js";

export interface CodeInput {
  readonly logicalId: string;
  readonly runtime: string;
  readonly handler: string;
  /** CodeUri, or `Code` of a plain Lambda function. */
  readonly code: Json | undefined;
  readonly inlineCode: string | undefined;
  readonly metadata: JsonObject;
  /** Folder of the template: relative paths start there. */
  readonly baseFolder: string;
  /** Where inline code and unpacked ZIPs go. */
  readonly generatedFolder: string;
}

const ARCHIVES = new Set([".zip", ".jar", ".war"]);

export function codeOf(input: CodeInput): CodeSource {
  const { baseFolder, handler, inlineCode, logicalId, metadata, runtime } = input;
  const generated = (seed: string): string =>
    join(input.generatedFolder, `${logicalId}-${createHash("sha256").update(seed).digest("hex").slice(0, 12)}`);
  if (inlineCode !== undefined) {
    const fileName = runtime.startsWith("python") ? "index.py" : "index.js";
    return {
      kind: "folder",
      root: generated(`${fileName}\n${inlineCode}`),
      origin: { kind: "inline", fileName, text: inlineCode },
    };
  }
  const asset = metadata["aws:asset:path"];
  const zip = serverlessZip(baseFolder, input.code);
  const project = zip === undefined ? undefined : serverlessProject(baseFolder, runtime, handler);
  const location = typeof asset === "string" ? asset : (project ?? zip ?? locationOf(input.code));
  if (location.startsWith("s3://"))
    return { kind: "folder", root: generated(location), origin: { kind: "remote", uri: location } };
  const root = resolvePath(baseFolder, location);
  if (ARCHIVES.has(extname(root)))
    return { kind: "folder", root: generated(root), origin: { kind: "zip", file: root } };
  const skipBuild = metadata["SkipBuild"] === true || metadata["SkipBuild"] === "true";
  const parts = splitHandler(handler);
  if (skipBuild || typeof asset === "string" || !isNodeRuntime(runtime) || isAbsolute(handler) || parts === undefined)
    return { kind: "folder", root };
  const properties = metadata["BuildProperties"];
  const build = isJsonObject(properties) ? properties : {};
  const entryPoints = entryPointsOf(build);
  return {
    kind: "bundle",
    ...handlerPlaceOf(root, parts.module, entryPoints),
    build: buildOptions(build),
    ...(metadata["BuildMethod"] === "esbuild"
      ? { samBundles: true, ...otherModuleOf(parts.module, entryPoints) }
      : besidesOf(root, baseFolder, parts.module)),
  };
}

/**
 * Without esbuild as its BuildMethod SAM ships all of CodeUri. Where that holds the template, it is the whole project, and only the folder that the
 * handler names is taken: the rest is tests, documents and what tools leave behind.
 */
function besidesOf(root: string, baseFolder: string, module: string): { readonly besides?: string } {
  if (!`${resolvePath(baseFolder)}${sep}`.startsWith(`${root}${sep}`)) return { besides: "" };
  const [folder = "", ...rest] = posix.normalize(module).split("/");
  return rest.length === 0 || folder === ".." ? {} : { besides: folder };
}

/** Text, `{Bucket, Key}` or `{S3Bucket, S3Key}`. */
function locationOf(code: Json | undefined): string {
  if (typeof code === "string") return code;
  if (!isJsonObject(code)) return ".";
  const bucket = code["S3Bucket"] ?? code["Bucket"];
  const key = code["S3Key"] ?? code["Key"];
  return `s3://${jsonText(bucket)}/${jsonText(key)}`;
}

/**
 * Where the module that Handler names lies. esbuild writes an entry point relative to the folder that all of them
 * share, so `EntryPoints: [src/app.ts]` with `Handler: app.handler` means app in src.
 */
function handlerPlaceOf(
  root: string,
  module: string,
  entryPoints: readonly string[],
): { readonly root: string; readonly handlerFile: string; readonly otherEntryPoints?: readonly string[] } {
  const handlerFile = normalize(module);
  if (findModule(root, handlerFile) !== undefined) return { root, handlerFile };
  const shared = sharedFolder(entryPoints);
  if (entryPoints.some((entry) => posix.relative(shared, withoutExtension(entry)) === handlerFile))
    return { root: join(root, shared), handlerFile };
  return { root, handlerFile, ...(entryPoints.length === 0 ? {} : { otherEntryPoints: entryPoints }) };
}

/**
 * Handler names the entry point by its own path, and esbuild writes it elsewhere.
 * https://github.com/aws/aws-sam-cli/issues/4082
 */
function otherModuleOf(module: string, entryPoints: readonly string[]): { readonly samModule?: string } {
  const handlerFile = normalize(module);
  const written = posix.relative(sharedFolder(entryPoints), handlerFile);
  const isNamed = entryPoints.some((entry) => withoutExtension(entry) === handlerFile);
  return isNamed && written !== handlerFile ? { samModule: written } : {};
}

const withoutExtension = (path: string): string => path.slice(0, path.length - posix.extname(path).length);

const entryPointsOf = (build: JsonObject): readonly string[] =>
  textList(build["EntryPoints"]).map((entry) => posix.normalize(entry.replaceAll("\\", "/")));

function sharedFolder(entryPoints: readonly string[]): string {
  const folders = entryPoints.map((entry) => posix.dirname(entry));
  const [first = "."] = folders;
  let shared = first;
  while (shared !== "." && !folders.every((folder) => folder === shared || folder.startsWith(`${shared}/`)))
    shared = dirname(shared);
  return shared;
}

/** A list, or the comma-separated text that SAM accepts too. */
function textList(value: Json | undefined): readonly string[] {
  if (typeof value === "string") return value.split(",").map((item) => item.trim());
  return Array.isArray(value) ? (value as readonly Json[]).map(jsonText) : [];
}

/** A map, or `key=value` texts. */
function pairs(value: Json | undefined): Readonly<Record<string, string>> | undefined {
  if (value === undefined) return undefined;
  if (isJsonObject(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, jsonText(item)]));
  const items = typeof value === "string" ? [value] : textList(value);
  return Object.fromEntries(items.map((item) => [item.slice(0, item.indexOf("=")), item.slice(item.indexOf("=") + 1)]));
}

const isTrue = (value: Json | undefined): boolean | undefined =>
  value === undefined ? undefined : value === true || value === "true";

function buildOptions(build: JsonObject): BuildOptions {
  const given = build["Format"];
  const format: BuildOptions["format"] | undefined = given === "esm" || given === "cjs" ? given : undefined;
  const target = build["Target"];
  const mainFields = build["MainFields"];
  const options = {
    format,
    minify: isTrue(build["Minify"]),
    target: target === undefined ? undefined : textList(target).join(","),
    banner: pairs(build["Banner"]),
    mainFields: mainFields === undefined ? undefined : textList(mainFields),
    loader: pairs(build["Loader"]),
    define: pairs(build["Define"]),
    keepNames: isTrue(build["KeepNames"]),
    sourcemap: isTrue(build["Sourcemap"]),
  };
  return { external: textList(build["External"]), ...definedOf(options) };
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Leaves out what is undefined, so that the result survives JSON unchanged. */
export function definedOf<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as Defined<T>;
}
