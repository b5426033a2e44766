/** What kind of project a folder is, and where its handlers are. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

export type ProjectKind = "template" | "serverless" | "cdk" | "terraform" | "plain";

export interface Detected {
  readonly kind: ProjectKind;
  /** The file that told. */
  readonly evidence: string | undefined;
  /** Source files that export a handler, relative to the folder; in plain projects only. */
  readonly handlers: readonly string[];
}

const TEMPLATES = ["template.yaml", "template.yml", "template.json"];
const SIGNS: readonly (readonly [ProjectKind, readonly string[]])[] = [
  ["template", TEMPLATES],
  ["cdk", ["cdk.json"]],
  ["serverless", ["serverless.yml", "serverless.yaml", "serverless.ts", "serverless.js", "serverless.json"]],
];
const IGNORED = new Set([
  "node_modules",
  ".git",
  ".lambda-run",
  "dist",
  "build",
  "coverage",
  "test",
  "tests",
  "__tests__",
]);
const SOURCE = /\.[cm]?[jt]s$/;
const HANDLER =
  /export\s+(const|let|async\s+function|function)\s+handler\b|exports\.handler\s*=|export\s*\{[^}]*\bhandler\b/;
const MAX_DEPTH = 4;
const MAX_HANDLERS = 20;

export function detectProject(folder: string): Detected {
  for (const [kind, files] of SIGNS) {
    const evidence = files.find((file) => existsSync(join(folder, file)));
    if (evidence !== undefined) return { kind, evidence, handlers: [] };
  }
  const terraform = readdirSync(folder).find((name) => name.endsWith(".tf"));
  if (terraform !== undefined) return { kind: "terraform", evidence: terraform, handlers: [] };
  return { kind: "plain", evidence: undefined, handlers: findHandlers(folder) };
}

function findHandlers(root: string): string[] {
  const found: string[] = [];
  const walk = (folder: string, depth: number): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(folder, entry.name);
      if (found.length >= MAX_HANDLERS) return;
      if (entry.isDirectory() && !IGNORED.has(entry.name) && !entry.name.startsWith(".") && depth < MAX_DEPTH)
        walk(path, depth + 1);
      else if (
        entry.isFile() &&
        SOURCE.test(entry.name) &&
        !/\.(test|spec|d)\./.test(entry.name) &&
        HANDLER.test(readFileSync(path, "utf8"))
      )
        found.push(relative(root, path).replaceAll("\\", "/"));
    }
  };
  walk(root, 0);
  return found;
}
