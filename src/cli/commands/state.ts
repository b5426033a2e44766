/** `lambda-run state`: the local state as one file, out and in. */
import {
  createReadStream,
  createWriteStream,
  existsSync,
  renameSync,
  rmSync,
  statSync,
  type WriteStream,
} from "node:fs";
import { resolve } from "node:path";
import { AppError, EXIT } from "../../shared/errors.js";
import { exportState, importState } from "../../stack/state-archive.js";
import type { Action } from "../action.js";
import { loadProject } from "../project.js";
import { VERSION } from "../version.js";

const STANDARD_STREAM = "-";

export const stateCommand: Action = async ([action = "", file = ""], options) => {
  if (action !== "export" && action !== "import")
    throw new AppError("LR1004", { what: `"${action}" is no action of state`, fix: "Use export or import." });
  const { config, folder } = await loadProject(options);
  const state = resolve(folder, config.state);
  const force = options["force"] === true;
  const told =
    action === "export"
      ? `${await exportTo(state, resolve(folder, file), file, force)} files of ${state} are in ${file}: keep it to yourself, secrets are in it`
      : `${await importFrom(state, resolve(folder, file), file, force)} files of ${file} are the state in ${state} now`;
  process.stderr.write(`${told}\n`);
  return EXIT.ok;
};

/** Beside its place and renamed into it: an export that was there stays until the new one is whole. */
async function exportTo(state: string, path: string, file: string, force: boolean): Promise<number> {
  if (file === STANDARD_STREAM) return exportState(state, () => process.stdout, VERSION);
  const open = (draft: string) => (): WriteStream => {
    if (!force && existsSync(path))
      throw new AppError("LR1004", {
        what: `${file} is there already`,
        why: "it may be the only copy of a state",
        fix: "Name another file, or pass --force to write over it.",
      });
    return createWriteStream(draft, { mode: 0o600 });
  };
  const draft = `${path}.${process.pid}`;
  try {
    const files = await exportState(state, open(draft), VERSION);
    renameSync(draft, path);
    return files;
  } finally {
    rmSync(draft, { force: true });
  }
}

function importFrom(state: string, path: string, file: string, force: boolean): Promise<number> {
  if (file === STANDARD_STREAM) return importState(state, process.stdin, force);
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true)
    throw new AppError("LR6004", {
      what: `There is no file ${file}`,
      fix: "Name an archive of `lambda-run state export`.",
    });
  return importState(state, createReadStream(path), force);
}
