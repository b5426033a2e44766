/** The code of a handler as one ES module, with packages left outside, for checks that must not run it. */
import { parse, type Program } from "acorn";
import { bundledHandler } from "./bundled-handler.js";

export interface HandlerProgram {
  readonly program: Program;
  /** Of the module as a whole: `default` alone where the code is CommonJS. */
  readonly exports: readonly string[];
}

/** `root`: of code that is shipped as it is. */
export async function handlerProgram(file: string, root?: string): Promise<HandlerProgram> {
  const { source, metafile } = await bundledHandler(file, root);
  const program = parse(source, { ecmaVersion: "latest", sourceType: "module" });
  return { program, exports: Object.values(metafile.outputs).flatMap((one) => one.exports) };
}
