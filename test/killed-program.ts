/** Programs that tests run in a process of their own, in order to kill it. */
import { fork, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSync } from "esbuild";

export interface KillableProgram {
  /** Gone at the end, with everything in it. */
  readonly folder: string;
  start(args: readonly string[]): { readonly child: ChildProcess; readonly exited: Promise<unknown> };
  remove(): void;
}

/** `source` is TypeScript that imports what it needs by absolute paths. */
export function killableProgram(name: string, source: string): KillableProgram {
  const folder = mkdtempSync(join(tmpdir(), `lambda-run-${name}-`));
  // The program lies beside node_modules, so that it finds what is not bundled.
  const program = join(process.cwd(), "node_modules", ".cache", `${name}-${process.pid}.cjs`);
  writeFileSync(join(folder, "program.ts"), source);
  buildSync({
    entryPoints: [join(folder, "program.ts")],
    bundle: true,
    platform: "node",
    packages: "external",
    outfile: program,
  });
  return {
    folder,
    start(args) {
      const child = fork(program, [...args], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
      return { child, exited: new Promise((resolve) => child.once("exit", resolve)) };
    },
    remove() {
      rmSync(folder, { recursive: true, force: true });
      rmSync(program, { force: true });
    },
  };
}
