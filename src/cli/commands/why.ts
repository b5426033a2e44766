/** `lambda-run why [id]`: which rule, filter or mapping matched an event, and which did not. */
import { EXIT } from "../../shared/errors.js";
import { explain } from "../../stack/history/explain.js";
import type { Action } from "../action.js";
import { chooseRecord, historyOf } from "../history.js";
import { loadProject } from "../project.js";
import { coloursFor } from "../render/colours.js";
import { explanationPage } from "../render/history.js";

export const whyCommand: Action = async ([id], options) => {
  const project = await loadProject(options);
  const records = historyOf(project);
  const explanation = explain(chooseRecord(records, id, options), project.application, records);
  process.stdout.write(
    options["json"] === true
      ? `${JSON.stringify(explanation)}\n`
      : explanationPage(explanation, coloursFor(process.stdout)),
  );
  return EXIT.ok;
};
