/** `lambda-run reset`: deletes the local state. */
import { resolve } from "node:path";
import { EXIT } from "../../shared/errors.js";
import { deleteState } from "../../stack/state-folder.js";
import type { Action } from "../action.js";
import { loadProject } from "../project.js";

export const resetCommand: Action = async (_args, options) => {
  const { config, folder } = await loadProject(options);
  const state = resolve(folder, config.state);
  process.stdout.write(deleteState(state) ? `the state in ${state} is deleted\n` : `there is no state in ${state}\n`);
  return EXIT.ok;
};
