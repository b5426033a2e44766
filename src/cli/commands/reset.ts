/** `lambda-run reset`: deletes the local state. */
import { rmSync } from "node:fs";
import { resolve } from "node:path";
import { AppError, EXIT } from "../../shared/errors.js";
import { StateLock } from "../../stack/state-lock.js";
import type { Action } from "../action.js";
import { loadProject } from "../project.js";

export const resetCommand: Action = async (_args, options) => {
  const { config, folder } = await loadProject(options);
  const state = resolve(folder, config.state);
  const lock = StateLock.take(state, "command");
  if (!(lock instanceof StateLock)) {
    throw new AppError("LR5003", {
      what: `The state is in use by process ${lock.pid}`,
      where: state,
      fix: "Stop that stack first.",
    });
  }
  rmSync(state, { recursive: true, force: true });
  process.stdout.write(`${state} deleted\n`);
  return EXIT.ok;
};
