/** `lambda-run start` on a state folder as a process of its own, which can be killed in the middle of anything. */
import { spawn } from "node:child_process";
import { readyOf } from "../ready-line.js";

const START_MS = 20_000;

export interface StackProcess {
  readonly endpoint: string;
  /** SIGKILL: nothing of ours runs any more. */
  kill(): Promise<void>;
  /** SIGTERM: everything is closed in order. */
  stop(): Promise<void>;
}

/** `folder` is the project; its state lies in `.lambda-run`. */
export async function startStack(cli: string, folder: string): Promise<StackProcess> {
  const child = spawn(process.execPath, [cli, "start", "--port", "0", "--json"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let errors = "";
  child.stderr.on("data", (text) => (errors += String(text)));
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const late = setTimeout(() => child.kill("SIGKILL"), START_MS);
  const { endpoint } = await readyOf(child.stdout).catch((error: unknown) => {
    throw new Error(`the stack did not start within ${START_MS} ms: ${errors}`, { cause: error });
  });
  clearTimeout(late);
  const end = (signal: "SIGKILL" | "SIGTERM") => async (): Promise<void> => {
    child.kill(signal);
    await exited;
  };
  return {
    endpoint,
    kill: end("SIGKILL"),
    stop: end("SIGTERM"),
  };
}
