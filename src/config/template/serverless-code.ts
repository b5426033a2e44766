/**
 * Where the code of a template of the Serverless Framework is. `serverless package` writes `.serverless`: a template whose functions
 * lie in a bucket that only its deployment makes, and the ZIPs that would go there. Handlers are paths inside the project, which is
 * where the code that is being worked on is; what is not found there comes from the ZIP.
 * https://www.serverless.com/framework/docs/providers/aws/guide/packaging
 */
import { existsSync } from "node:fs";
import { basename, dirname, join, posix } from "node:path";
import { isNodeRuntime, SOURCE_EXTENSIONS, splitHandler } from "../code.js";
import { isJsonObject } from "../json.js";
import type { Json } from "../json.js";

const FOLDER = ".serverless";

/** The ZIP of a function or layer: the last part of its key in S3. */
export function serverlessZip(baseFolder: string, code: Json | undefined): string | undefined {
  const key = isJsonObject(code) ? code["S3Key"] : undefined;
  return basename(baseFolder) === FOLDER && typeof key === "string" ? join(baseFolder, posix.basename(key)) : undefined;
}

/** Where the module of the handler may be in the project; nothing for other templates, and for runtimes that take no source files. */
export function serverlessModules(baseFolder: string, runtime: string, handler: string): readonly string[] {
  const module = splitHandler(handler)?.module;
  if (basename(baseFolder) !== FOLDER || module === undefined) return [];
  const project = dirname(baseFolder);
  if (isNodeRuntime(runtime)) return SOURCE_EXTENSIONS.map((extension) => join(project, module + extension));
  return runtime.startsWith("python") ? [join(project, `${module.replaceAll(".", "/")}.py`)] : [];
}

/** The folder of the project, if the module of the handler is in it. */
export const serverlessProject = (baseFolder: string, runtime: string, handler: string): string | undefined =>
  serverlessModules(baseFolder, runtime, handler).some((path) => existsSync(path)) ? dirname(baseFolder) : undefined;
