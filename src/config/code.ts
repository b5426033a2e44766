/**
 * Finds and prepares the code of a function, at the moment it is needed: a template may name code that is not there,
 * as long as nobody invokes it.
 */
import { randomUUID } from "node:crypto";
import { existsSync, readdirSync, statSync } from "node:fs";
import { mkdir, rename, rm, utimes, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { AppError } from "../shared/errors.js";
import type { FunctionConfig } from "./function-config.js";

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
export function namesIn(folder: string): readonly string[] {
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
function twinOf(path: string): string | undefined {
  const parent = existsSync(dirname(path)) ? dirname(path) : dirname(path) === path ? undefined : twinOf(dirname(path));
  if (parent === undefined) return undefined;
  const wanted = basename(path).toLowerCase();
  const twin = namesIn(parent).find((name) => name.toLowerCase() === wanted);
  return twin === undefined ? undefined : join(parent, twin);
}

/**
 * Makes sure that the folder of a function is there: writes inline code, unpacks a ZIP with the function given.
 * Throws LR3002 when there is nothing to make it from. Bundles and images are left alone.
 */
export async function prepareFolder(
  fn: FunctionConfig,
  unzip: (file: string, folder: string) => Promise<void>,
): Promise<void> {
  const { code } = fn;
  if (code.kind !== "folder") return;
  switch (code.origin?.kind) {
    case "inline":
      await writeInlineCode(code.root, code.origin.fileName, code.origin.text);
      return;
    case "zip":
      if (!existsSync(code.origin.file)) throw missing(fn, code.origin.file);
      await unpackOnce(code.origin.file, code.root, unzip);
      return;
    case "remote":
      throw new AppError("LR3002", {
        what: `The code of ${fn.logicalId} is at ${code.origin.uri}, not on this machine`,
        fix: "Point CodeUri at the source, or at a ZIP on this machine.",
      });
    case undefined:
      if (!existsSync(code.root)) throw missing(fn, code.root);
  }
}

function missing(fn: FunctionConfig, path: string): AppError {
  const twin = twinOf(path);
  return new AppError("LR3002", {
    what: `The code of ${fn.logicalId} is not there: looked for ${path}`,
    where: `CodeUri of ${fn.logicalId}`,
    ...(twin === undefined
      ? {}
      : { why: `${twin} exists, in other letter case`, fix: "Write CodeUri in the letter case of the folder." }),
  });
}

/**
 * Anew only when the archive has changed, which the time of the folder tells: environments of a running stack have it
 * mounted, and a second command must not take their files away. Commands that run at the same time take the first one's.
 */
async function unpackOnce(
  file: string,
  folder: string,
  unzip: (file: string, folder: string) => Promise<void>,
): Promise<void> {
  const { mtime } = statSync(file);
  if (isOf(mtime, folder)) return;
  const draft = `${folder}.${randomUUID()}`;
  await unzip(file, draft);
  await utimes(draft, mtime, mtime);
  while (!isOf(mtime, folder) && !(await movedTo(folder, draft))) await clear(folder, mtime);
  await rm(draft, { recursive: true, force: true });
}

const isOf = (mtime: Date, folder: string): boolean =>
  statSync(folder, { throwIfNoEntry: false })?.mtime.getTime() === mtime.getTime();

/** False where a folder is in the way. */
async function movedTo(folder: string, draft: string): Promise<boolean> {
  try {
    await rename(draft, folder);
    return true;
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (["ENOTEMPTY", "EEXIST"].includes(code) || existsSync(folder)) return false;
    throw error;
  }
}

/** Takes away what is of another time. */
async function clear(folder: string, mtime: Date): Promise<void> {
  const aside = `${folder}.${randomUUID()}`;
  try {
    await rename(folder, aside);
  } catch (error) {
    // Another process took it away, and may have put the right one there since.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  // Another process may have put the right one there since it was looked at.
  if (isOf(mtime, aside) && (await movedTo(folder, aside))) return;
  await rm(aside, { recursive: true, force: true });
}

/** Once: the folder's name holds a hash of the text. */
async function writeInlineCode(folder: string, fileName: string, text: string): Promise<void> {
  const file = join(folder, fileName);
  if (existsSync(file)) return;
  await mkdir(folder, { recursive: true });
  const temporary = `${file}.${randomUUID()}`;
  await writeFile(temporary, text);
  await rename(temporary, file);
}
