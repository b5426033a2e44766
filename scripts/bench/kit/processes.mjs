/** Child processes timed whole, and processes looked for by a mark in their command line. */
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** Runs a command to its end; ms. Throws when it does not end with `exitCode`. */
export function timeProcess(command, args, { cwd, env, exitCode = 0 } = {}) {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ["ignore", "ignore", "pipe"] });
    let errors = "";
    child.stderr.on("data", (text) => (errors += text));
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === exitCode) resolve(performance.now() - start);
      else reject(new Error(`${command} ${args.join(" ")} ended with ${code}:\n${errors}`));
    });
  });
}

/** Measures several things in turns, so that a load on the machine falls on all alike. */
export async function inTurns(rounds, works) {
  const series = Object.fromEntries(Object.keys(works).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, work] of Object.entries(works)) series[name].push(await work(round));
  }
  return series;
}

/** Living processes whose command line holds `mark`; those that only wait for their parent are dead. */
export function countLive(mark) {
  return readdirSync("/proc").filter((name) => {
    try {
      if (!readFileSync(`/proc/${name}/cmdline`, "latin1").includes(mark)) return false;
      return !readFileSync(`/proc/${name}/stat`, "latin1").includes(") Z");
    } catch {
      return false;
    }
  }).length;
}
