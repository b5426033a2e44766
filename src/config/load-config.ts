/** Finds and reads lambda-run.config.*, and lays flags over it and it over the defaults. Faults are LR2005. */
import { readFileSync } from "node:fs";
import { Module } from "node:module";
import { basename, dirname, extname, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { AppError, errnoOf, messageOf } from "../shared/errors.js";
import { codeFrame } from "./code-frame.js";
import { flagName } from "./flag-values.js";
import { CONFIG_FLAGS } from "./flags.js";
import { jsonFault } from "./json-fault.js";
import { isJsonObject } from "./json.js";
import type { Json, JsonObject } from "./json.js";
import { didYouMean } from "./nearest.js";
import { keysAt } from "./option-list.js";
import { configSchema } from "./schema.js";
import type { ResolvedConfig } from "./schema.js";

export const CONFIG_FILES = ["ts", "mts", "cts", "js", "mjs", "cjs", "json"].map(
  (extension) => `lambda-run.config.${extension}`,
);

export interface ConfigFile {
  readonly path: string;
  readonly value: JsonObject;
  /** The file and what it imports. */
  readonly files: readonly string[];
  /** False when the file may give something else next time: it looks at its surroundings. */
  readonly stable: boolean;
}

/** What makes a config a program whose result depends on more than its text. */
const UNSTABLE = /\b(process|require|import\.meta|Date|Math\.random|fetch)\b/;

export async function readConfigFile(path: string): Promise<ConfigFile> {
  const text = readText(path);
  if (extname(path) === ".json")
    return { path, value: asObject(parseJson(text, path), path), files: [path], stable: true };
  const { code, files } = await compile(path);
  let exported: unknown;
  try {
    exported = evaluate(code, path);
    if (typeof exported === "function") exported = await (exported as () => unknown)();
  } catch (error) {
    throw new AppError("LR2005", { what: `${basename(path)} throws: ${messageOf(error)}`, where: path, cause: error });
  }
  // Through JSON, so that a cached configuration and a fresh one are the same.
  const value = exported === undefined ? undefined : (JSON.parse(JSON.stringify(exported)) as Json);
  return { path, value: asObject(value, path), files, stable: !UNSTABLE.test(withoutModuleFrame(code)) };
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new AppError("LR2005", {
      what: `The configuration ${path} cannot be read (${errnoOf(error) ?? messageOf(error)})`,
      fix: "Check the path.",
      cause: error,
    });
  }
}

function parseJson(text: string, path: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    const { message, line, column } = jsonFault(text) ?? { message: messageOf(error), line: 1, column: 1 };
    throw new AppError("LR2005", {
      what: `${basename(path)} is not valid JSON: ${message}`,
      where: `${path}:${line}:${column}`,
      codeFrame: codeFrame(text, line, column),
      cause: error,
    });
  }
}

function asObject(value: Json | undefined, path: string): JsonObject {
  if (isJsonObject(value)) return value;
  throw new AppError("LR2005", {
    what: `${basename(path)} does not give an object`,
    where: path,
    fix: "Write `export default { ... }`.",
  });
}

/** One CommonJS text of the file and its relative imports; packages stay outside. */
async function compile(path: string): Promise<{ readonly code: string; readonly files: readonly string[] }> {
  const { build } = await import("esbuild");
  try {
    const folder = dirname(path);
    const options = {
      bundle: true,
      packages: "external",
      format: "cjs",
      platform: "node",
      target: "node20",
      write: false,
      metafile: true,
      // CommonJS has no import.meta: the file's own place stands in for it.
      define: {
        "import.meta.dirname": JSON.stringify(folder),
        "import.meta.filename": JSON.stringify(path),
        "import.meta.url": JSON.stringify(pathToFileURL(path).href),
      },
    } as const;
    const result = await build({ entryPoints: [path], absWorkingDir: folder, logLevel: "silent", ...options });
    const files = Object.keys(result.metafile.inputs).map((input) => resolve(folder, input));
    return { code: result.outputFiles[0]?.text ?? "", files };
  } catch (error) {
    const [first] =
      (
        error as {
          readonly errors?: readonly {
            readonly text: string;
            readonly location: { readonly line: number; readonly column: number } | null;
          }[];
        }
      ).errors ?? [];
    if (!first) throw error;
    const at = first.location;
    throw new AppError("LR2005", {
      what: `${basename(path)} does not compile: ${first.text}`,
      where: at === null ? path : `${path}:${at.line}:${at.column + 1}`,
      ...(at === null ? {} : { codeFrame: codeFrame(readText(path), at.line, at.column + 1) }),
      cause: error,
    });
  }
}

/** The lines that esbuild puts around every module name things that the file itself does not. */
const withoutModuleFrame = (code: string): string => code.slice(code.indexOf("\n// ") + 1);

function evaluate(code: string, path: string): unknown {
  // The file's own place, so that `require` finds the packages beside it. `_compile` is how Node loads every CommonJS file.
  const module = new Module(path) as Module & { _compile(code: string, path: string): void };
  module.filename = path;
  module.paths = (Module as unknown as { _nodeModulePaths(folder: string): string[] })._nodeModulePaths(dirname(path));
  module._compile(code, path);
  const exported = module.exports as { readonly default?: unknown } | undefined;
  return exported?.default ?? exported;
}

/** Objects are merged, everything else is replaced. */
function mergeConfig(base: JsonObject, over: JsonObject): JsonObject {
  const merged: Record<string, Json> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key];
    merged[key] = isJsonObject(below) && isJsonObject(value) ? mergeConfig(below, value) : value;
  }
  return merged;
}

/** Checks flags and file together and fills in the defaults. */
export function resolveConfig(
  file: ConfigFile | undefined,
  flags: JsonObject,
  folder: string,
  flagNames?: readonly string[],
): ResolvedConfig {
  if (file?.value["createResources"] !== undefined)
    throw new AppError("LR2005", {
      what: 'The option "createResources" is for the command line only',
      where: relative(folder, file.path) || file.path,
      why: "it makes things that cost money, and whoever runs the command is to have wanted it",
      fix: "Pass --create-resources.",
    });
  const result = configSchema.safeParse(mergeConfig(file?.value ?? {}, flags), { reportInput: true });
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  if (!issue) throw result.error;
  const unknown = issue.code === "unrecognized_keys" ? issue.keys[0] : undefined;
  const path = unknown === undefined ? issue.path : [...issue.path, unknown];
  const shown = path
    .map((step, i) => (typeof step === "number" ? `[${step}]` : `${i === 0 ? "" : "."}${String(step)}`))
    .join("");
  const flag = isInside(flags, path) || !file ? flagOf(shown, flagNames) : undefined;
  const where =
    flag === undefined
      ? `${shown} in ${file ? relative(folder, file.path) || join(file.path) : "the command line"}`
      : `${flag} on the command line`;
  if (unknown !== undefined) {
    const keys = keysAt(issue.path);
    throw new AppError("LR2005", {
      what: `There is no option "${shown}".${didYouMean(unknown, keys)}`,
      where,
      fix: `Use one of: ${keys.join(", ")}.`,
    });
  }
  const given = issue.input === undefined ? "is missing" : `cannot be ${JSON.stringify(issue.input)}`;
  const close =
    issue.code === "invalid_value" && typeof issue.input === "string"
      ? didYouMean(issue.input, issue.values.map(String))
      : "";
  throw new AppError("LR2005", {
    what: flag === undefined ? `The option "${shown}" ${given}` : `${flag}${pairOf(flag, shown)} ${given}`,
    where,
    why: issue.message.replace(/^./, (letter) => letter.toLowerCase()) + close,
  });
}

/** The flag that sets an option or what holds it: `ports.gateway` is `--port`. Of several the one that was `given`. */
function flagOf(option: string, given?: readonly string[]): string | undefined {
  const flags = CONFIG_FLAGS.filter((flag) => given === undefined || given.includes(flagName(flag.flags)));
  const declared = flags.find(({ path }) => option === path) ?? flags.find(({ path }) => option.startsWith(`${path}.`));
  return declared?.flags.split(" ")[0];
}

/** ` s3` of `--endpoint s3=...`: the flag sets a map, and one entry of it is meant. */
function pairOf(flag: string, option: string): string {
  const { path = option } = CONFIG_FLAGS.find(({ flags }) => flags.split(" ")[0] === flag) ?? {};
  return option === path ? "" : ` ${option.slice(path.length + 1)}`;
}

function isInside(value: Json | undefined, path: readonly PropertyKey[]): boolean {
  const [step, ...rest] = path;
  if (step === undefined) return value !== undefined;
  return isJsonObject(value) && isInside(value[String(step)], rest);
}
