/** `lambda-run invoke`: one event through one function. stdout is the payload alone; logs and REPORT go to stderr. */
import { findFunction } from "../../config/find-function.js";
import { functionFromFile, looksLikeFile } from "../../config/function-file.js";
import type { FunctionConfig } from "../../config/function-config.js";
import { LAMBDA } from "../../shared/aws-limits.js";
import { AppError } from "../../shared/errors.js";
import { readEvent } from "../event-input.js";
import type { Action } from "../action.js";
import { loadProjectToRun, type Project } from "../project.js";
import { inspectorOptions } from "../inspect-options.js";
import { runOnce } from "../run-once.js";

export const invokeCommand: Action = async ([name = ""], options) => {
  const project = await loadProjectToRun(options);
  const fn = chooseFunction(name, project);
  for (const line of placeholdersIn(fn, project)) process.stderr.write(`note ${line}\n`);
  const payload = await readEvent(options, project.folder);
  const clientContext = readClientContext(options["clientContext"]);
  const request = { payload, ...(clientContext === undefined ? {} : { clientContext }) };
  return runOnce(project, fn, request, { json: options["json"] === true, inspector: inspectorOptions(options) });
};

/** A path runs any file; everything else is a name of the template. */
export function chooseFunction(name: string, { application, folder }: Project): FunctionConfig {
  return looksLikeFile(name) ? functionFromFile(name, folder, application.realm) : findFunction(application, name);
}

/** Values that stand in for parameters without one, where the function sees them: it may fail for nothing else. */
function placeholdersIn({ environment }: FunctionConfig, { application }: Project): readonly string[] {
  const values = Object.values(environment).join("\n");
  return application.notices.filter((notice) => {
    const [, placeholder] = /"([^"]+)" stands in for it/.exec(notice) ?? [];
    return placeholder !== undefined && values.includes(placeholder);
  });
}

function readClientContext(text: unknown): string | undefined {
  if (typeof text !== "string") return undefined;
  try {
    JSON.parse(text);
  } catch (error) {
    throw new AppError("LR1004", {
      what: "--client-context is not valid JSON",
      why: String(error),
      fix: `Pass an object such as '{"custom": {}}'.`,
      cause: error,
    });
  }
  const base64 = Buffer.from(text).toString("base64");
  if (base64.length > LAMBDA.clientContextBytes) {
    throw new AppError("LR1005", {
      what: `--client-context is ${base64.length} bytes in base64; Lambda takes ${LAMBDA.clientContextBytes}`,
    });
  }
  return base64;
}
