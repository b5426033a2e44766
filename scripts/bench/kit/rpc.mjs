/** A child process of the bench that answers calls over the IPC channel. Each end of a measurement has a process of its own. */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { resourceUsageOf } from "./memory.mjs";

const STOP_WAIT_MS = 5_000;
/** A folder here makes every child leave a CPU profile in it: where a missed bound loses its time. */
const PROFILES = process.env.LAMBDA_RUN_BENCH_PROFILES;

/** In the child: operations by name. The parent's end is ours. */
export function serveCalls(operations) {
  process.on("disconnect", () => process.exit());
  process.on("message", async ({ id, operation, parameters }) => {
    try {
      process.send({ id, value: await operations[operation](parameters) });
    } catch (error) {
      process.send({ id, fault: error instanceof Error ? error.stack : String(error) });
    }
  });
  process.send({ ready: true });
}

/**
 * In the parent. `call(operation, parameters)` gives what the operation gave; `stop()` lets it close in order,
 * `kill()` does not.
 */
export async function startChild(file, { args = [], execArgv = [], env = {} } = {}) {
  const path = fileURLToPath(new URL(`../children/${file}`, import.meta.url));
  const child = fork(path, args, {
    execArgv: PROFILES === undefined ? execArgv : [...execArgv, "--cpu-prof", `--cpu-prof-dir=${PROFILES}/${file}`],
    env: { ...process.env, ...env },
    serialization: "advanced",
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const pending = new Map();
  let serial = 0;
  const exited = new Promise((resolve) => child.once("exit", resolve));
  const failAll = () => {
    for (const { reject } of pending.values()) reject(new Error(`${file} has ended`));
    pending.clear();
  };
  void exited.then(failAll);
  await new Promise((resolve, reject) => {
    child.once("message", resolve);
    void exited.then((code) => reject(new Error(`${file} ended at its start with ${code}`)));
  });
  child.on("message", ({ id, value, fault }) => {
    const call = pending.get(id);
    pending.delete(id);
    if (fault === undefined) call?.resolve(value);
    else call?.reject(new Error(fault));
  });
  const call = (operation, parameters) =>
    new Promise((resolve, reject) => {
      const id = serial++;
      pending.set(id, { resolve, reject });
      child.send({ id, operation, parameters });
    });
  return {
    pid: child.pid,
    call,
    usage: () => resourceUsageOf(child.pid),
    async stop() {
      const late = setTimeout(() => child.kill("SIGKILL"), STOP_WAIT_MS);
      await call("close").catch(() => undefined);
      if (child.connected) child.disconnect();
      await exited;
      clearTimeout(late);
    },
    async kill() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}
