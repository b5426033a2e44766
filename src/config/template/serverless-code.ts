/**
 * Where the code of a template of the Serverless Framework is. `serverless package` writes `.serverless`: a template whose functions
 * lie in a bucket that only its deployment makes, and the ZIPs that would go there. Handlers are paths inside the project, which is
 * where the code that is being worked on is; what is not found there comes from the ZIP.
 * https://www.serverless.com/framework/docs/providers/aws/guide/packaging
 */
import { existsSync } from "node:fs";
import { basename, dirname, join, posix } from "node:path";
import { findModule, isNodeRuntime, splitHandler } from "../code.js";
import { isJsonObject } from "../json.js";
import type { Json } from "../json.js";

const FOLDER = ".serverless";

/** The ZIP of a function or layer: the last part of its key in S3. */
export function serverlessZip(baseFolder: string, code: Json | undefined): string | undefined {
  const key = isJsonObject(code) ? code["S3Key"] : undefined;
  return basename(baseFolder) === FOLDER && typeof key === "string" ? join(baseFolder, posix.basename(key)) : undefined;
}

/** The folder of the project, if the module of the handler is in it. */
export function serverlessProject(baseFolder: string, runtime: string, handler: string): string | undefined {
  const module = splitHandler(handler)?.module;
  if (basename(baseFolder) !== FOLDER || module === undefined) return undefined;
  const project = dirname(baseFolder);
  const there = isNodeRuntime(runtime)
    ? findModule(project, module) !== undefined
    : runtime.startsWith("python") && existsSync(join(project, `${module.replaceAll(".", "/")}.py`));
  return there ? project : undefined;
}
