import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { BIN } from "./cli/cli.js";
import { NOT_LINUX } from "./unless.js";

/** Why a test that needs a sandbox in namespaces cannot run here. */
export const NO_ROOMS = NOT_LINUX ?? reason();

function reason(): string | undefined {
  const { stdout } = spawnSync(process.execPath, [BIN, "doctor", "--json"], { cwd: tmpdir(), encoding: "utf8" });
  const { limits } = JSON.parse(stdout) as { limits: { root: { tier: string } } };
  return limits.root.tier === "portable" ? "this machine has the portable tier alone" : undefined;
}
