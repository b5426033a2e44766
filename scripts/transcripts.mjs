// Fills the transcripts of README.md with real output: node scripts/transcripts.mjs. Run it when output has changed.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync, chmodSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { recordAssistant } from "./recording/assistant.mjs";
import { recordDoors } from "./recording/doors.mjs";
import { recordLoop } from "./recording/loop.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const bin = join(root, "bin/lambda-run.js");

function run(cwd, ...args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], {
    cwd,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
  });
  return `$ npx lambda-run ${args.join(" ")}\n${stderr}${stdout}$ echo $?\n${status}\n`;
}

/** Long lines are cut where they become noise, and name no folder of the machine that they were made on. */
const shorten = (text) =>
  text
    .replaceAll(root, "/home/me/lambda-run/")
    .split("\n")
    .map((line) => (line.length > 320 ? `${line.slice(0, 317)}...` : line))
    .join("\n");

const scratch = mkdtempSync(join(tmpdir(), "lambda-run-transcript-"));
chmodSync(scratch, 0o755);
writeFileSync(join(scratch, "loop.ts"), "export const handler = async () => {\n  for (;;) {}\n};\n");
const transcripts = {
  manifest: run(root, "invoke", "manifest", "--event", "s3.json", "--ephemeral").replace(" --ephemeral", ""),
  timeout: run(scratch, "invoke", "loop.ts"),
  machine: run(join(root, "examples/checkout"), "execute", "Checkout", "--event", "order.json", "--ephemeral").replace(
    " --ephemeral",
    "",
  ),
};
rmSync(scratch, { recursive: true, force: true });
// A machine without tmux or curl keeps the recording that is there.
for (const [name, record] of [
  ["loop", recordLoop],
  ["doors", recordDoors],
  ["assistant", recordAssistant],
]) {
  const text = await record();
  if (text !== undefined) transcripts[name] = text;
}

let readme = readFileSync(join(root, "README.md"), "utf8");
for (const [name, text] of Object.entries(transcripts)) {
  const pattern = new RegExp(`(<!-- transcript:${name} -->\n)[\\s\\S]*?(<!-- /transcript -->)`);
  readme = readme.replace(pattern, (_, start, end) => `${start}\`\`\`console\n${shorten(text)}\`\`\`\n${end}`);
}
writeFileSync(join(root, "README.md"), readme);
