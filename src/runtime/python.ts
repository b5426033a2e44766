/** The system's python3: where it really lies (behind shims and links) and which version it is. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { AppError } from "../shared/errors.js";

const run = promisify(execFile);

export interface PythonBinary {
  readonly binary: string;
  /** Folder that holds the binary and its library; shown inside as a whole. */
  readonly prefix: string;
  readonly version: string;
}

let found: Promise<PythonBinary> | undefined;

/** Throws LR5004 when there is none. */
export async function findPython(runtime: string): Promise<PythonBinary> {
  found ??= ask();
  try {
    return await found;
  } catch (error) {
    throw new AppError("LR5004", {
      what: `${runtime} needs python3 on this machine`,
      fix: "Install Python 3.",
      cause: error,
    });
  }
}

/** Said when the function runs on another Python than it declares. */
export async function pythonNotice(runtime: string): Promise<string | undefined> {
  const { version } = await findPython(runtime);
  const declared = runtime.slice("python".length);
  return version.startsWith(`${declared}.`)
    ? undefined
    : `${runtime} runs on this machine's Python ${version}; boto3 is there only if that Python has it`;
}

async function ask(): Promise<PythonBinary> {
  const script =
    "import json,os,platform,sys; print(json.dumps([os.path.realpath(sys.executable), sys.base_prefix, platform.python_version()]))";
  const { stdout } = await run("python3", ["-I", "-c", script]);
  const [binary, prefix, version] = JSON.parse(stdout) as [string, string, string];
  return { binary, prefix, version };
}
