/** A handler with all that it imports from the project, packages left outside: what checks read that must not run it. */
import { build, type Metafile } from "esbuild";

export interface BundledHandler {
  /** One ES module. */
  readonly source: string;
  readonly metafile: Metafile;
}

/** Throws when the code cannot be bundled; the build says why. */
export async function bundledHandler(file: string): Promise<BundledHandler> {
  const { outputFiles, metafile } = await build({
    entryPoints: [file],
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
