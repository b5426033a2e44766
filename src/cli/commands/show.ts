/** `lambda-run show [id]`: one event of the history whole: event, log, answer. */
import { EXIT } from "../../shared/errors.js";
import type { Action } from "../action.js";
import { chooseRecord, historyOf, namesOf } from "../history.js";
import { loadProject } from "../project.js";
import { coloursFor } from "../render/colours.js";
import { recordPage } from "../render/history.js";

export const showCommand: Action = async ([id], options) => {
  const project = await loadProject(options);
  const record = chooseRecord(historyOf(project), id, options);
  process.stdout.write(
    options["json"] === true
      ? `${JSON.stringify(record)}\n`
      : recordPage(record, coloursFor(process.stdout), namesOf(project)),
  );
  return EXIT.ok;
};
