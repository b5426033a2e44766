/** `lambda-run replay [id]`: an event of the history once more, on the code as it is now. */
import { existsSync } from "node:fs";
import { SOURCE_EXTENSIONS } from "../../config/code.js";
import { findFunction } from "../../config/find-function.js";
import type { FunctionConfig } from "../../config/function-config.js";
import { functionFromFile } from "../../config/function-file.js";
import type { InvocationRecord } from "../../stack/history/records.js";
import type { Action } from "../action.js";
import { chooseInvocation, historyOf } from "../history.js";
import { inspectorOptions } from "../inspect-options.js";
import { loadProjectToRun, type Project } from "../project.js";
import { coloursFor } from "../render/colours.js";
import { recordLine } from "../render/history.js";
import { runOnce } from "../run-once.js";
import { chooseFunction } from "./invoke.js";

export const replayCommand: Action = async ([id], options) => {
  const project = await loadProjectToRun(options);
  const record = chooseInvocation(historyOf(project), id, options);
  const to = options["to"];
  const fn = typeof to === "string" ? chooseFunction(to, project) : functionOf(record, project);
  process.stderr.write(`replaying ${recordLine(record, coloursFor(process.stderr), project.application.functions)}\n`);
  return runOnce(
    project,
    fn,
    { payload: Buffer.from(record.event) },
    { json: options["json"] === true, inspector: inspectorOptions(options) },
  );
};

/** The function of the template; else the file that ran. */
function functionOf({ functionName, handler = "" }: InvocationRecord, project: Project): FunctionConfig {
  const declared = project.application.functions.find(({ name }) => name === functionName);
  const [path = "", exportName = ""] = handler.split(/:(?=[^:/\\]*$)/);
  const file = SOURCE_EXTENSIONS.map((extension) => path + extension).find((candidate) => existsSync(candidate));
  if (declared === undefined && path !== "" && file !== undefined)
    return functionFromFile(`${file}:${exportName}`, project.folder, project.application.realm);
  return declared ?? findFunction(project.application, functionName);
}
