/**
 * The files that lie beside a bundle at /var/task: what of CodeUri is no package, so that a handler reads its templates
 * and data, and loads modules by computed names, as on Lambda.
 * https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-using-build.html
 */
import { createHash } from "node:crypto";
import { constants, copyFileSync, existsSync, mkdirSync, readdirSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, posix } from "node:path";
import { LAMBDA } from "../shared/aws-limits.js";
import { AppError } from "../shared/errors.js";
import { HASH_DIGITS, moveInto } from "./build-folder.js";
import type { BundleSource } from "./bundle-options.js";
import { linkTree } from "./code-slot.js";

export interface BesideFile {
  /** Where it lies below /var/task, with `/`. */
  readonly name: string;
  readonly path: string;
  readonly sizeBytes: number;
  readonly mtimeMs: number;
  readonly executable: boolean;
}

/** TypeScript is no use to the runtime: what of it is needed is in the bundle. */
const TYPESCRIPT = /\.[cm]?tsx?$/;

/** In the order of their names. Packages are in the bundle, and what begins with a dot belongs to tools. */
export function besideFiles({ root, handlerFile, besides }: BundleSource): readonly BesideFile[] {
  if (besides === undefined) return [];
  const hidden = hiddenByBundle(root, handlerFile);
  const files: BesideFile[] = [];
  let totalBytes = 0;
  const collect = (folder: string, above: readonly string[]): void => {
    for (const entry of readdirSync(join(root, folder)).sort()) {
      if (entry.startsWith(".") || entry === "node_modules" || TYPESCRIPT.test(entry)) continue;
      const name = folder === "" ? entry : `${folder}/${entry}`;
      const path = join(root, name);
      const stats = statSync(path, { throwIfNoEntry: false });
      if (stats?.isDirectory() === true) {
        // Links are followed, as `sam build` does; not those that lead round in a circle.
        const real = realpathSync(path);
        if (!above.includes(real)) collect(name, [...above, real]);
      } else if (stats?.isFile() === true && !hidden.has(name)) {
        totalBytes += stats.size;
        if (totalBytes > LAMBDA.unzippedPackageBytes) throw tooLarge(join(root, besides));
        const { size: sizeBytes, mtimeMs, mode } = stats;
        files.push({ name, path, sizeBytes, mtimeMs, executable: (mode & 0o111) !== 0 });
      }
    }
  };
  const start = join(root, besides);
  if (existsSync(start)) collect(besides, [realpathSync(start)]);
  return files;
}

function tooLarge(folder: string): AppError {
  return new AppError("LR4001", {
    what: `Unzipped size must be smaller than ${LAMBDA.unzippedPackageBytes} bytes`,
    where: folder,
    why: "without `BuildMethod: esbuild` all of CodeUri is shipped",
    fix: "Move what is no code to another folder, or set Metadata.BuildMethod of the function to esbuild.",
  });
}

/** The handler's source, which the runtime would take for the bundle, and what would make an ES module of a bundle in CommonJS. */
function hiddenByBundle(root: string, handlerFile: string): ReadonlySet<string> {
  const names = [".js", ".mjs", ".cjs", ".jsx"].map((extension) => handlerFile + extension);
  const isCommon = [".cjs", ".cts"].some((extension) => existsSync(join(root, handlerFile + extension)));
  return new Set(isCommon ? [...names, "package.json", posix.join(posix.dirname(handlerFile), "package.json")] : names);
}

/** Worth a new build by itself. Modules are not: functions that share a folder would all start anew for one's own module. */
export const isData = ({ name }: BesideFile): boolean => !/\.([cm]?jsx?|map)$/.test(name);

/**
 * The folder for /var/task: the build itself, or beside it a folder of the same files and those of CodeUri. These are
 * copies (clones where the file system can): where nothing is mounted a function could write into its sources.
 */
export function taskFolder(build: string, files: readonly BesideFile[]): string {
  const added = files.filter(({ name }) => !existsSync(join(build, name)));
  if (added.length === 0) return build;
  const stamps = added.map(({ name, sizeBytes, mtimeMs }) => [name, sizeBytes, mtimeMs]);
  const hash = createHash("sha256")
    .update(JSON.stringify([basename(build), stamps]))
    .digest("hex");
  const folder = join(dirname(build), hash.slice(0, HASH_DIGITS));
  if (existsSync(folder)) return folder;
  const draft = `${folder}.${process.pid}.${performance.now()}`;
  linkTree(build, draft);
  for (const { name, path } of added) {
    mkdirSync(dirname(join(draft, name)), { recursive: true });
    copyFileSync(path, join(draft, name), constants.COPYFILE_FICLONE);
  }
  moveInto(draft, folder);
  return folder;
}
