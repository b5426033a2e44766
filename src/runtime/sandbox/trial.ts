/** Tries a tier for real: builds a room, runs a program in it, tears it down. */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LAMBDA } from "../../shared/aws-limits.js";
import { messageOf } from "../../shared/errors.js";
import type { Sandbox, SandboxSpec } from "./sandbox.js";

/** A machine that needs longer would make every cold start unbearable. */
const TRIAL_MS = 5000;

/** The reason why it does not work, or undefined when it does. */
export async function runTrial(create: (spec: SandboxSpec) => Sandbox): Promise<string | undefined> {
  const taskRoot = mkdtempSync(join(tmpdir(), "lambda-run-trial-"));
  let sandbox: Sandbox | undefined;
  try {
    chmodSync(taskRoot, 0o755); // as code usually is: the function then runs as Lambda's user
    sandbox = create({
      id: `trial-${process.hrtime.bigint()}`,
      memoryMb: LAMBDA.memoryMb.default,
      ephemeralStorageMb: LAMBDA.ephemeralStorageMb.default,
      taskRoot,
      layers: [],
      mounts: [],
      faithfulCpu: false,
    });
    return await outcomeOf(sandbox);
  } catch (error) {
    return messageOf(error);
  } finally {
    await sandbox?.destroy();
    rmSync(taskRoot, { recursive: true, force: true });
  }
}

async function outcomeOf(sandbox: Sandbox): Promise<string | undefined> {
  let complaint = "";
  sandbox.output.stdout.resume();
  sandbox.output.stderr.on("data", (chunk: Buffer) => (complaint += chunk.toString("utf8")));
  // Writable /tmp, read-only root: what every function relies on.
  const check = "echo x > /tmp/x && ! (echo x > /x) 2>/dev/null && test -r /proc/self/stat && test -r /var/task";
  const attempt = sandbox.spawn({ name: "trial", command: ["/bin/sh", "-c", check], env: { PATH: "/usr/bin:/bin" } });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(() => resolve("late"), TRIAL_MS);
  });
  try {
    // The reason of a refusal is in `ready`; the exit tells only that it ended.
    const refusal = await Promise.race([sandbox.ready, late]).catch((error: unknown) =>
      error instanceof Error && "why" in error ? String(error.why) : messageOf(error),
    );
    if (typeof refusal === "string") return refusal === "late" ? `not ready after ${TRIAL_MS} ms` : refusal;
    const exit = await Promise.race([attempt.exited, late]);
    if (exit === "late") return `no answer after ${TRIAL_MS} ms`;
    await sandbox.flushOutput();
    return exit.kind === "exit" && exit.code === 0
      ? undefined
      : complaint.trim() || `the trial ended with ${JSON.stringify(exit)}`;
  } finally {
    clearTimeout(timer);
  }
}
