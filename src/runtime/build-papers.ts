/**
 * The package.json and tsconfig.json that decide how sources are read: kind of module, decorators, paths, JSX. esbuild reads them
 * and does not name them among its inputs. Places where one would count if it came are named too.
 * https://esbuild.github.io/content-types/#tsconfig-json
 */
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join, resolve, sep } from "node:path";
import { foldersUp } from "../shared/folders.js";

const PAPERS: ReadonlySet<string> = new Set(["package.json", "tsconfig.json"]);
const PACKAGES = `${sep}node_modules${sep}`;
/** JSON with comments: not worth a parser for one line. A name without a dot is a package's, which `npm install` changes. */
const EXTENDS = /^[^/\n]*"extends"\s*:\s*(\[[^\]]*\]|"[^"]*")/m;

export function papersOf(sources: readonly string[]): readonly string[] {
  const folders = new Set(sources.filter((path) => !path.includes(PACKAGES)).map((path) => dirname(path)));
  const papers = new Set<string>();
  for (const folder of folders)
    for (const name of PAPERS)
      for (const above of foldersUp(folder)) {
        const paper = join(above, name);
        papers.add(paper);
        if (!existsSync(paper)) continue;
        if (name === "tsconfig.json") addExtended(paper, papers);
        break;
      }
  return [...papers];
}

export const isPaper = (path: string): boolean =>
  PAPERS.has(basename(path)) || /\btsconfig\b.*\.json$/.test(basename(path));

function addExtended(tsconfig: string, papers: Set<string>): void {
  for (const [, name = ""] of EXTENDS.exec(readFileSync(tsconfig, "utf8"))?.[1]?.matchAll(/"(\.[^"]*)"/g) ?? []) {
    const path = resolve(dirname(tsconfig), name.endsWith(".json") ? name : `${name}.json`);
    if (papers.has(path)) continue;
    papers.add(path);
    if (existsSync(path)) addExtended(path, papers);
  }
}
