/**
 * Keeps the processors from sleeping while `work` runs: one loop on each, which gives way to everything else
 * (SCHED_IDLE, see sched(7)). A virtual processor that sleeps has to be woken by the host, which costs more than
 * all that the woken process has to do. Undefined, and nothing is run, where there is no chrt(1).
 */
import { spawn, spawnSync } from "node:child_process";
import { cpus } from "node:os";

export async function keptAwake(work) {
  if (spawnSync("chrt", ["--version"]).status !== 0) return undefined;
  const loops = cpus().map(() =>
    spawn("chrt", ["--idle", "0", process.execPath, "-e", "for (;;);"], { stdio: "ignore" }),
  );
  try {
    return { result: await work() };
  } finally {
    for (const loop of loops) loop.kill("SIGKILL");
  }
}
