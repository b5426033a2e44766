/**
 * Finds and prepares the code of a function, at the moment it is needed: a template may name code that is not there,
 * as long as nobody invokes it.
 */
import { randomUUID } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { AppError } from "../shared/errors.js";
import type { CodeSource, FunctionConfig } from "./function-config.js";

/** What a handler may be written in, in the order of search. */
export const SOURCE_EXTENSIONS = [".ts", ".tsx", ".mts", ".cts", ".js", ".mjs", ".cjs", ".jsx"] as const;

/** Runtimes whose code is Node's. */
export const isNodeRuntime = (runtime: string): boolean => /^nodejs\d/.test(runtime);

/**
 * Module and export of a handler text, cut as Lambda does: at the first dot of the last path segment.
 * `src/app.api.get` is module `src/app`, export `api.get`.
 */
export function splitHandler(handler: string): { readonly module: string; readonly exportPath: string } | undefined {
  const slash = handler.lastIndexOf("/") + 1;
  const match = /^([^.]+)\.(.+)$/.exec(handler.slice(slash));
  const [, name = "", exportPath = ""] = match ?? [];
  return match ? { module: handler.slice(0, slash) + name, exportPath } : undefined;
}

/** The names in a folder; none when it cannot be read. */
function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Finds `module` (without extension) under `root` by exact letter case, which macOS and Windows do not mind but Lambda does. */
export function findModule(root: string, module: string): string | undefined {
  const path = join(root, module);
  const names = new Set(namesIn(dirname(path)));
  const extension = SOURCE_EXTENSIONS.find((candidate) => names.has(basename(path) + candidate));
  return extension === undefined ? undefined : path + extension;
}

/** The same path in other letter case, if that exists: the usual reason why code built on macOS is not found on AWS. */
function twinOf(path: string, acceptsExtension: boolean): string | undefined {
  const wanted = basename(path).toLowerCase();
  const parent = existsSync(dirname(path))
    ? dirname(path)
    : dirname(path) === path
      ? undefined
      : twinOf(dirname(path), false);
  if (parent === undefined) return undefined;
  const twin = namesIn(parent).find((name) => {
    const lower = name.toLowerCase();
    return (
      lower === wanted || (acceptsExtension && SOURCE_EXTENSIONS.some((extension) => lower === wanted + extension))
    );
  });
  return twin === undefined ? undefined : join(parent, twin);
}

/** The source file that holds the handler. Throws LR3002. */
export function locateHandler(fn: FunctionConfig): string {
  const { code, logicalId } = fn;
  if (code.kind !== "bundle") throw new Error(`${logicalId} is not bundled from source`);
  const found = findModule(code.root, code.handlerFile);
  if (found !== undefined) return found;
  if (!existsSync(code.root)) throw missingFolder(fn, code.root);
  const path = join(code.root, code.handlerFile);
  const twin = twinOf(path, true);
  const shown = relative(process.cwd(), path) || path;
  throw new AppError("LR3002", {
    what: `The handler of ${logicalId} is not there: looked for ${shown} with ${SOURCE_EXTENSIONS.join(" ")}`,
    where: `Handler ${fn.handler} in ${code.root}`,
    ...(twin === undefined
      ? {}
      : {
          why: `${relative(process.cwd(), twin)} exists, in other letter case`,
          fix: `Write the name as the file has it: ${basename(twin)}.`,
        }),
  });
}

/** Throws LR3002 when the code of a function is not on this machine. */
export function checkCode(fn: FunctionConfig): void {
  const { code } = fn;
  switch (code.kind) {
    case "bundle":
      locateHandler(fn);
      return;
    case "folder":
      if (code.origin?.kind === "remote") {
        const fix = "Point CodeUri at the source, or at a ZIP on this machine.";
        throw new AppError("LR3002", {
          what: `The code of ${fn.logicalId} is at ${code.origin.uri}, not on this machine`,
          fix,
        });
      }
      if (code.origin?.kind === "zip" && !existsSync(code.origin.file)) throw missingFolder(fn, code.origin.file);
      if (code.origin === undefined && !existsSync(code.root)) throw missingFolder(fn, code.root);
      return;
    case "image":
      return;
  }
}

function missingFolder(fn: FunctionConfig, path: string): AppError {
  const twin = twinOf(path, false);
  return new AppError("LR3002", {
    what: `The code of ${fn.logicalId} is not there: looked for ${path}`,
    where: `CodeUri of ${fn.logicalId}`,
    ...(twin === undefined
      ? {}
      : { why: `${twin} exists, in other letter case`, fix: "Write CodeUri in the letter case of the folder." }),
  });
}

/** Writes inline code to its folder, once; the folder's name holds a hash of the text. Other code is left alone. */
export async function prepareInlineCode(code: CodeSource): Promise<void> {
  if (code.kind !== "folder" || code.origin?.kind !== "inline") return;
  const file = join(code.root, code.origin.fileName);
  if (existsSync(file)) return;
  await mkdir(code.root, { recursive: true });
  const temporary = `${file}.${randomUUID()}`;
  await writeFile(temporary, code.origin.text);
  await rename(temporary, file);
}
