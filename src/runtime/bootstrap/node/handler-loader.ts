/**
 * Finds and loads the handler by Lambda's rules, which differ between Node 22 and older (aws-lambda-ric 3.3) and
 * Node 24 and newer (4.0).
 */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { RuntimeError } from "./errors.js";
import { installSdkFallback } from "./sdk-fallback.js";
import { ignorePackagesAbove, isExposed, isModulePackage } from "./shipped-scope.js";

export type Handler = (event: unknown, context: unknown, callback?: unknown) => unknown;

/** Marks what `awslambda.streamifyResponse` returned. */
export const STREAMING = Symbol.for("aws.lambda.runtime.handler.streaming");
export const STREAM_RESPONSE = "response";

const CALLBACK_REFUSED =
  "ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to modify this function to use a supported handler signature to use Node.js 24 or later. For more information see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.";

/** esbuild and TypeScript would rewrite `import()`; this one has to stay, it loads ES modules. */
// eslint-disable-next-line typescript/no-implied-eval -- the only way to keep a real import() in a CommonJS bundle
const realImport = new Function("specifier", "return import(specifier)") as (
  specifier: string,
) => Promise<Record<string, unknown>>;

function importModule(specifier: string): Promise<Record<string, unknown>> {
  installSdkFallback();
  return realImport(specifier);
}

interface HandlerName {
  readonly folder: string;
  readonly module: string;
  readonly path: readonly string[];
}

export async function loadHandler(taskRoot: string, text: string, modern: boolean): Promise<Handler> {
  const name = parseHandlerName(text);
  const module = await loadModule(taskRoot, name, modern);
  const handler = findExport(module, name.path, modern);
  if (!handler) throw new RuntimeError("Runtime.HandlerNotFound", `${text} is undefined or not exported`);
  if (typeof handler !== "function") throw new RuntimeError("Runtime.HandlerNotFound", `${text} is not a function`);
  checkStreaming(handler);
  if (modern && handler.length >= 3 && !(STREAMING in handler))
    throw new RuntimeError("Runtime.CallbackHandlerDeprecated", CALLBACK_REFUSED);
  return handler as Handler;
}

/** Set by hand it may say what no runtime offers. */
function checkStreaming(handler: object): void {
  const mode = (handler as { readonly [STREAMING]?: unknown })[STREAMING];
  if (Boolean(mode) && mode !== STREAM_RESPONSE)
    throw new RuntimeError("Runtime.MalformedStreamingHandler", "Only response streaming is supported.");
}

function parseHandlerName(text: string): HandlerName {
  if (text.includes("..")) {
    throw new RuntimeError(
      "Runtime.MalformedHandlerName",
      `'${text}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`,
    );
  }
  const file = basename(text);
  // The first dot ends the module name: `a.b.c` is export `b.c` of module `a`.
  const match = /^([^.]*)\.(.*)$/.exec(file);
  if (match === null) throw new RuntimeError("Runtime.MalformedHandlerName", "Bad handler");
  return {
    folder: text.slice(0, text.length - file.length),
    module: match[1] ?? "",
    path: (match[2] ?? "").split("."),
  };
}

async function loadModule(taskRoot: string, name: HandlerName, modern: boolean): Promise<unknown> {
  const base = resolve(taskRoot, name.folder, name.module);
  ignorePackagesAbove(taskRoot, requireOfRuntime());
  try {
    return modern ? await importFirst(base, taskRoot, name) : await requireFirst(base, taskRoot, name);
  } catch (error) {
    if (error instanceof SyntaxError) {
      const mapped = new RuntimeError("Runtime.UserCodeSyntaxError", String(error));
      if (modern && error.stack !== undefined) mapped.stack = error.stack;
      throw mapped;
    }
    // Node 22's client reads the code of whatever was thrown, and fails on `throw null` with that TypeError.
    const known = !modern || error instanceof Error;
    if (known && (error as NodeJS.ErrnoException).code === "MODULE_NOT_FOUND") {
      throw new RuntimeError("Runtime.ImportModuleError", String(error));
    }
    throw error;
  }
}

/** Node 22 and older: require by preference, import where the file says it is an ES module. */
async function requireFirst(base: string, taskRoot: string, name: HandlerName): Promise<unknown> {
  const load = requireOfRuntime();
  if (existsSync(base)) return load(base);
  if (existsSync(`${base}.js`))
    return isModulePackage(base, taskRoot) ? importModule(pathToFileURL(`${base}.js`).href) : load(`${base}.js`);
  if (existsSync(`${base}.mjs`)) return importModule(pathToFileURL(`${base}.mjs`).href);
  if (existsSync(`${base}.cjs`)) return load(`${base}.cjs`);
  return load(load.resolve(name.module, { paths: [taskRoot, join(taskRoot, name.folder)] }));
}

/** Node 24 and newer: import() of each candidate in turn. */
async function importFirst(base: string, taskRoot: string, name: HandlerName): Promise<unknown> {
  const load = requireOfRuntime();
  for (const extension of ["", ".js", ".mjs", ".cjs"]) {
    const file = base + extension;
    if (!existsSync(file)) continue;
    // import() would go by the package.json above.
    return extension === ".js" && isExposed(file, taskRoot) ? load(file) : importModule(pathToFileURL(file).href);
  }
  return load(load.resolve(name.module, { paths: [taskRoot, join(taskRoot, name.folder)] }));
}

/** `require` as Lambda's own file would call it: that file ends the require stack of a module that is missing. */
function requireOfRuntime(): NodeJS.Require {
  return createRequire(join(process.env["LAMBDA_RUNTIME_DIR"] ?? "/var/runtime", "index.mjs"));
}

function findExport(module: unknown, path: readonly string[], modern: boolean): unknown {
  // Node 24's client looks into objects only, not at what hangs on a function.
  const leadsOn = (at: unknown): at is Record<string, unknown> => (modern ? typeof at === "object" && !!at : !!at);
  const walk = (from: unknown): unknown => path.reduce<unknown>((at, key) => (leadsOn(at) ? at[key] : undefined), from);
  const direct = walk(module);
  if (direct || !modern) return direct;
  return walk((module as { readonly default?: unknown } | undefined)?.default);
}
