/** `lambda-run events`: what has happened, newest last. */
import { EXIT, AppError } from "../../shared/errors.js";
import { failed } from "../../stack/history/records.js";
import { findFunction } from "../../config/find-function.js";
import type { Action } from "../action.js";
import { historyOf, namesOf } from "../history.js";
import { loadProject } from "../project.js";
import { coloursFor } from "../render/colours.js";
import { recordLine } from "../render/history.js";

const DEFAULT_COUNT = 20;

export const eventsCommand: Action = async (_args, options) => {
  const project = await loadProject(options);
  const count = Number(options["count"] ?? DEFAULT_COUNT);
  if (!Number.isInteger(count) || count < 1)
    throw new AppError("LR1005", { what: `--count is "${String(options["count"])}"` });
  const wanted = options["fn"];
  const name = typeof wanted === "string" ? findFunction(project.application, wanted).name : undefined;
  const records = historyOf(project)
    .filter((record) => options["failed"] !== true || failed(record))
    .filter((record) => name === undefined || ("functionName" in record && record.functionName === name))
    .slice(-count);
  const colours = coloursFor(process.stdout);
  for (const record of records)
    process.stdout.write(
      options["json"] === true ? `${JSON.stringify(record)}\n` : `${recordLine(record, colours, namesOf(project))}\n`,
    );
  if (records.length === 0) process.stderr.write("nothing has happened yet\n");
  return EXIT.ok;
};
