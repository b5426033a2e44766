/** A handler with all that it imports from the project, packages left outside: what checks read that must not run it. */
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { build, type Metafile } from "esbuild";

export interface BundledHandler {
  /** One ES module. */
  readonly source: string;
  readonly metafile: Metafile;
}

/**
 * Throws when the code cannot be bundled; the build says why. What is shipped as it is comes with its `root`: seen from a
 * place of its own, as no package.json above /var/task makes ES modules of it.
 */
export async function bundledHandler(file: string, root?: string): Promise<BundledHandler> {
  if (root === undefined) return bundled(file, false);
  const folder = mkdtempSync(join(tmpdir(), "lambda-run-check-"));
  try {
    const task = join(folder, "task");
    symlinkSync(root, task, "junction");
    return await bundled(join(task, relative(root, file)), true);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function bundled(file: string, preserveSymlinks: boolean): Promise<BundledHandler> {
  const { outputFiles, metafile } = await build({
    entryPoints: [file],
    preserveSymlinks,
    bundle: true,
    packages: "external",
    write: false,
    metafile: true,
    platform: "node",
    format: "esm",
    // As far as the parser of the checks goes.
    target: "es2022",
    outdir: "/",
    loader: { ".node": "empty" },
    logLevel: "silent",
  });
  return { source: outputFiles[0]?.text ?? "", metafile };
}
