/** A `start` of its own for a recording, on free ports and without state. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const BIN = fileURLToPath(new URL("../../bin/lambda-run.js", import.meta.url));

export function hasCurl() {
  try {
    execFileSync("curl", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** Runs `record` with what `start` says when it is ready, and with its notices up to then. */
export async function withStack(folder, record) {
  const stack = spawn(process.execPath, [BIN, "start", "--ephemeral", "--port", "0", "--json"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ended = once(stack, "exit");
  try {
    return await record(await ready(stack));
  } finally {
    stack.kill("SIGTERM");
    await ended;
  }
}

async function ready(stack) {
  const notices = [];
  for await (const line of createInterface({ input: stack.stdout })) {
    const { event, text, ...more } = JSON.parse(line);
    if (event === "notice") notices.push(text);
    if (event === "ready") return { ...more, notices };
  }
  throw new Error("the stack did not start");
}
