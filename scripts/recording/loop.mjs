/**
 * Records the developer's loop at a real terminal: init -> start -> save -> replay -> test, in an empty folder.
 * `node scripts/recording/loop.mjs` prints the transcript and needs tmux; scripts/transcripts.mjs puts it into the README.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const BIN = fileURLToPath(new URL("../../bin/lambda-run.js", import.meta.url));
const PROMPT = "$ ";
const PATIENCE_MS = 20_000;
const LOOK_MS = 50;

/** Undefined where there is no tmux. */
export async function recordLoop() {
  if (spawnSync("tmux", ["-V"]).status !== 0) return undefined;
  const folder = mkdtempSync(join(tmpdir(), "lambda-run-recording-"));
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, "bin"));
  mkdirSync(join(folder, "orders"));
  writeFileSync(join(folder, "bin/npx"), `#!/bin/sh\nshift\nexec "${process.execPath}" "${BIN}" "$@"\n`, {
    mode: 0o755,
  });
  const socket = `lambda-run-${process.pid}`;
  const tmux = (...args) => execFileSync("tmux", ["-L", socket, ...args], { encoding: "utf8" });
  const path = `${join(folder, "bin")}:${process.env.PATH}`;
  tmux(
    "-f",
    "/dev/null",
    "new-session",
    "-d",
    "-x",
    "140",
    "-y",
    "400",
    "-s",
    "loop",
    "-c",
    join(folder, "orders"),
    "env",
    `PATH=${path}`,
    `PS1=${PROMPT}`,
    "NO_COLOR=1",
    "bash",
    "--norc",
    "--noprofile",
  );
  const screen = () => tmux("capture-pane", "-p", "-J", "-t", "loop").trimEnd();
  let seen = 0;
  const sees = async (pattern) => {
    for (const deadline = Date.now() + PATIENCE_MS; ; await sleep(LOOK_MS)) {
      const match = pattern.exec(screen().slice(seen));
      if (match) {
        seen += match.index + match[0].length;
        return;
      }
      if (Date.now() > deadline) throw new Error(`${pattern} is not on the screen:\n${screen()}`);
    }
  };
  const type = (text, ...keys) =>
    tmux("send-keys", "-t", "loop", "-l", "--", text) +
    keys.map((key) => tmux("send-keys", "-t", "loop", key)).join("");
  try {
    await sees(/\$/);
    type("npx lambda-run init", "Enter");
    await sees(/next: .*\n\$$/);
    type("npx lambda-run start --port 0 --http-port 0", "Enter");
    await sees(/keys .*quit/);
    type("i");
    await sees(/invoke \(.*JSON\): \S+/);
    type("hello.json", "Enter");
    await sees(/ok .*ms.*/);
    const handler = join(folder, "orders/src/hello/handler.ts");
    writeFileSync(handler, readFileSync(handler, "utf8").replace("hello:", "goodbye:"));
    await sees(/built .*/);
    type("r");
    await sees(/ok .*ms.*/);
    type("q");
    await sees(/\d+ invocations.*\n\$$/);
    type("npx lambda-run replay --last", "Enter");
    await sees(/"goodbye":.*\n\$$/);
    type("npx lambda-run test hello.json --fn hello --update", "Enter");
    await sees(/1 passed.*\n\$$/);
    type("npx lambda-run test", "Enter");
    await sees(/1 passed.*/);
    return `${screen()
      .replaceAll(folder, "~")
      .replace(/\n\$\s*$/, "")}\n`;
  } finally {
    tmux("kill-server");
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const transcript = await recordLoop();
  if (transcript === undefined) {
    console.error("tmux is not on this machine: nothing is recorded");
    process.exit(1);
  }
  process.stdout.write(transcript);
}
