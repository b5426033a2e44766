/**
 * In a bundle `__dirname` is the folder of the bundle. Where the files of CodeUri lie beside it, a module of another
 * folder reads its own from there: it is told the place that it would have in /var/task.
 */
import { readFile } from "node:fs/promises";
import { dirname, relative, sep } from "node:path";
import type { Plugin } from "esbuild";

/** Written by the module itself, mostly from import.meta.url: it stays with that. */
const DECLARED = /\b(const|let|var)\s+(__dirname|__filename)\b/;
const STRICT = /^\s*["']use strict["'];?/;

/** For bundles in CommonJS. `root` is what lies at /var/task. */
export function moduleFolders(root: string, entry: string): Plugin {
  return {
    name: "module-folders",
    setup(build) {
      build.onLoad({ filter: /\.c?[jt]sx?$/, namespace: "file" }, async ({ path }) => {
        const name = relative(root, path);
        if (dirname(path) === dirname(entry) || name.startsWith("..") || name.split(sep).includes("node_modules"))
          return undefined;
        const text = await readFile(path, "utf8");
        if (!/\b__(dir|file)name\b/.test(text) || DECLARED.test(text)) return undefined;
        // On the first line, so that stack traces name the right one.
        const strict = STRICT.test(text) ? '"use strict";' : "";
        return { contents: `${strict}${declarations(name)}${text}`, loader: "default" };
      });
    },
  };
}

function declarations(name: string): string {
  const inside = JSON.stringify(name.split(sep).join("/"));
  return `var __filename = require("node:path").join(process.env.LAMBDA_TASK_ROOT, ${inside}), __dirname = require("node:path").dirname(__filename);`;
}
