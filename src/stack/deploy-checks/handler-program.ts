/** The code of a handler as one ES module, with packages left outside, for checks that must not run it. */
import { parse, type Program } from "acorn";
import { build } from "esbuild";

export interface HandlerProgram {
  readonly program: Program;
  /** Of the module as a whole: `default` alone where the code is CommonJS. */
  readonly exports: readonly string[];
}

export async function handlerProgram(file: string): Promise<HandlerProgram> {
  const { outputFiles, metafile } = await build({
    entryPoints: [file],
    bundle: true,
    packages: "external",
    write: false,
    metafile: true,
    platform: "node",
    format: "esm",
    target: "es2022",
    outdir: "/",
    loader: { ".node": "empty" },
    logLevel: "silent",
  });
  const [output] = outputFiles;
  const program = parse(output?.text ?? "", { ecmaVersion: "latest", sourceType: "module" });
  return { program, exports: Object.values(metafile.outputs).flatMap((one) => one.exports) };
}
