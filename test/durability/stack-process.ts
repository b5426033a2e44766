/** `lambda-run start` on a state folder as a process of its own, which can be killed in the middle of anything. */
import { spawn } from "node:child_process";

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
  const line = await new Promise<string>((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`the stack did not start: ${errors}`)), START_MS);
    const settle = (work: () => void) => (): void => {
      clearTimeout(late);
      work();
    };
    child.stdout.once("data", (data) => settle(() => resolve(String(data)))());
    void exited.then(settle(() => reject(new Error(`the stack ended at its start: ${errors}`))));
  });
  const end = (signal: "SIGKILL" | "SIGTERM") => async (): Promise<void> => {
    child.kill(signal);
    await exited;
  };
  return {
    endpoint: (JSON.parse(line) as { readonly endpoint: string }).endpoint,
    kill: end("SIGKILL"),
    stop: end("SIGTERM"),
  };
}
