/** A function made of one file, for `invoke path/to/handler.ts` without a template. AWS's defaults everywhere. */
import { existsSync, statSync } from "node:fs";
import { basename, dirname, extname, relative, resolve } from "node:path";
import { arnOf, DEFAULT_ACCOUNT_ID, DEFAULT_REGION } from "../shared/arn.js";
import type { Realm } from "../shared/arn.js";
import { LAMBDA } from "../shared/aws-limits.js";
import { AppError } from "../shared/errors.js";
import { SOURCE_EXTENSIONS } from "./code.js";
import type { FunctionConfig } from "./function-config.js";

/** File names that say nothing: the folder names the function then. */
const PLAIN_NAMES = new Set(["handler", "index", "app", "main", "lambda", "lambda_function"]);

const NODE_RUNTIMES = [24, 22, 20] as const;
const PYTHON_RUNTIME = "python3.13";

/** `nodejs22.x` on Node 22 and 23; the nearest older one that Lambda has. */
export function hostRuntime(nodeVersion: string = process.versions.node): string {
  const major = Number(nodeVersion.split(".")[0]);
  return `nodejs${NODE_RUNTIMES.find((known) => known <= major) ?? 20}.x`;
}

/**
 * What a template is to name that is written on this machine: the Node that runs it here, unless AWS is done with that
 * one (nodejs20.x: no longer supported since 30 April 2026). Not the newest of all: what has run here is what is deployed.
 * https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
 */
export function templateRuntime(nodeVersion: string = process.versions.node): string {
  const runtime = hostRuntime(nodeVersion);
  return runtime === "nodejs20.x" ? "nodejs22.x" : runtime;
}

/** Whether a text on the command line means a file and not a function's name, which has no dots. */
export function looksLikeFile(text: string): boolean {
  return isSource(splitExport(text).file);
}

const isSource = (file: string): boolean => [...SOURCE_EXTENSIONS, ".py"].includes(extname(file));

/** `src/app.ts:run` is the export `run` of src/app.ts. The colon of `C:\` is none. */
function splitExport(text: string): { readonly file: string; readonly exportName: string | undefined } {
  const match = /^(.+\.\w+):([A-Za-z_$][\w$.]*)$/.exec(text);
  const [, file = text, exportName] = match ?? [];
  return { file, exportName };
}

/** Throws LR3002 when the file is not there. */
export function functionFromFile(
  text: string,
  folder: string = process.cwd(),
  realm: Realm = { region: DEFAULT_REGION, accountId: DEFAULT_ACCOUNT_ID },
): FunctionConfig {
  const { file, exportName } = splitExport(text);
  const path = resolve(folder, file);
  if (!existsSync(path) || !statSync(path).isFile()) {
    throw new AppError("LR3002", {
      what: `The handler file ${relative(folder, path) || path} is not there`,
      fix: "Check the path; letter case counts.",
    });
  }
  if (!isSource(path)) {
    const fix = `Pass a file that ends in ${[...SOURCE_EXTENSIONS, ".py"].join(", ")}.`;
    throw new AppError("LR3002", { what: `${relative(folder, path)} is not source that can be run`, fix });
  }
  const isPython = extname(path) === ".py";
  const stem = basename(path, extname(path));
  if (stem.includes(".")) {
    const why = "Lambda cuts a handler at the first dot of the file name";
    throw new AppError("LR3002", {
      what: `${basename(path)} cannot be named by a handler`,
      why,
      fix: "Rename the file, or export the handler from another one.",
    });
  }
  const name = nameOf(PLAIN_NAMES.has(stem.toLowerCase()) ? basename(dirname(path)) : stem);
  const arn = arnOf.function(realm, name);
  return {
    logicalId: name,
    name,
    arn,
    runtime: isPython ? PYTHON_RUNTIME : hostRuntime(),
    handler: `${stem}.${exportName ?? (isPython ? defaultPythonExport(stem) : "handler")}`,
    code: isPython
      ? { kind: "folder", root: dirname(path) }
      : { kind: "bundle", root: dirname(path), handlerFile: stem, build: { external: [] } },
    architecture: process.arch === "arm64" ? "arm64" : "x86_64",
    memoryMb: LAMBDA.memoryMb.default,
    timeoutSeconds: LAMBDA.timeoutSeconds.default,
    ephemeralStorageMb: LAMBDA.ephemeralStorageMb.default,
    environment: {},
    layers: [],
    reservedConcurrency: undefined,
    logging: { format: "Text", applicationLogLevel: "INFO", systemLogLevel: "INFO", logGroup: `/aws/lambda/${name}` },
    description: "",
    role: arnOf.role(realm, `${name}-role`),
    version: "$LATEST",
  };
}

/** Lambda's console names the Python handler lambda_handler. */
const defaultPythonExport = (stem: string): string => (stem === "lambda_function" ? "lambda_handler" : "handler");

function nameOf(text: string): string {
  const name = text.replace(/[^\w-]+/g, "-").slice(0, LAMBDA.functionNameLength);
  return /\w/.test(name) ? name : "function";
}
