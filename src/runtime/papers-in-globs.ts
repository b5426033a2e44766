/**
 * `require("./plugins/" + name)` has esbuild bundle every file of that folder, a README and source maps with them, and fail
 * for what it has no loader for. Node reads a file only when it is asked for: so such a file is in the bundle as one that
 * cannot be run. A file that is imported by its own name goes on to fail the build.
 * https://esbuild.github.io/api/#glob
 */
import { relative } from "node:path";
import type { Plugin } from "esbuild";

/** What esbuild has a loader for by itself. */
const LOADED = ["js", "mjs", "cjs", "jsx", "ts", "mts", "cts", "tsx", "json", "css", "txt", "node"];
const UNLOADED = new RegExp(String.raw`\.${noneOf(LOADED)}$`);
const OWN_LOOKUP = "papers-in-globs";

/** An expression for every text but these; esbuild takes those of Go, which cannot look ahead. */
function noneOf(words: readonly string[]): string {
  const heads = [...new Set(words.map((word) => word.charAt(0)))].filter((head) => head !== "");
  const tailsOf = (head: string): readonly string[] =>
    words.filter((word) => word.startsWith(head)).map((word) => word.slice(1));
  const ways = [
    ...(words.includes("") ? [] : [""]),
    String.raw`[^${heads.join("")}./\\][^./\\]*`,
    ...heads.map((head) => head + noneOf(tailsOf(head))),
  ];
  return `(?:${ways.join("|")})`;
}

/** For bundles that stand for code which `sam build` does not bundle. `loaders`: the extensions that the user says what to do with. */
export function papersInGlobs(root: string, loaders: readonly string[]): Plugin {
  return {
    name: OWN_LOOKUP,
    setup(build) {
      const named = new Set<string>();
      build.onStart(() => named.clear());
      // Only what is imported by name is looked up; what a pattern matches is not.
      build.onResolve({ filter: UNLOADED }, async ({ path: wanted, kind, resolveDir, pluginData }) => {
        if (pluginData !== undefined) return undefined;
        const { path } = await build.resolve(wanted, { kind, resolveDir, pluginData: OWN_LOOKUP });
        named.add(path);
        return undefined;
      });
      build.onLoad({ filter: UNLOADED, namespace: "file" }, ({ path }) => {
        if (named.has(path) || loaders.some((extension) => path.endsWith(extension))) return undefined;
        const message = JSON.stringify(`${relative(root, path)} is no code`);
        return { contents: `throw new SyntaxError(${message});`, loader: "js" };
      });
    },
  };
}
