/**
 * Types that decorators ask for and nobody writes down: `emitDecoratorMetadata` is the TypeScript compiler's work, and esbuild,
 * here as in `sam build`, does not do it. What NestJS, TypeORM and their kin inject by type is undefined then.
 * https://esbuild.github.io/content-types/#no-type-system
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { foldersUp } from "../../shared/folders.js";

const PACKAGES = `${sep}node_modules${sep}`;
const READS_TYPES = `${PACKAGES}reflect-metadata${sep}`;
const IS_TYPESCRIPT = /\.[cm]?tsx?$/;
const HAS_DECORATOR = /^\s*@[A-Za-z]/m;
/** JSON with comments: not worth a parser for one line. */
const WANTS_METADATA = /^[^/\n]*"emitDecoratorMetadata"\s*:\s*true/m;

/** The tsconfig.json (from `baseFolder`) whose wish is not met in a bundle of these files. */
export function unmetDecoratorMetadata(inputs: readonly string[], baseFolder: string): string | undefined {
  if (!inputs.some((path) => path.includes(READS_TYPES))) return undefined;
  const file = inputs
    .filter((path) => IS_TYPESCRIPT.test(path) && !path.includes(PACKAGES))
    .filter((path) => HAS_DECORATOR.test(readFileSync(path, "utf8")))
    .map((path) => nearestTsconfig(path))
    .find((tsconfig) => tsconfig !== undefined && WANTS_METADATA.test(readFileSync(tsconfig, "utf8")));
  return file === undefined ? undefined : relative(baseFolder, file);
}

const nearestTsconfig = (path: string): string | undefined =>
  foldersUp(dirname(path))
    .map((folder) => join(folder, "tsconfig.json"))
    .find((file) => existsSync(file));
