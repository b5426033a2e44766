/** `lambda-run invoke`: one event through one function. stdout is the payload alone; logs and REPORT go to stderr. */
import type { Placeholder } from "../../config/application.js";
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
  for (const { notice } of placeholdersIn(fn, project)) process.stderr.write(`note ${notice}\n`);
  const payload = await readEvent(options, project.folder);
  const clientContext = readClientContext(options["clientContext"]);
  const request = { payload, ...(clientContext === undefined ? {} : { clientContext }) };
  return runOnce(project, fn, request, { json: options["json"] === true, inspector: inspectorOptions(options) });
};

/** A path runs any file; everything else is a name of the template. */
export function chooseFunction(name: string, { application, folder }: Project): FunctionConfig {
  return looksLikeFile(name) ? functionFromFile(name, folder, application.realm) : findFunction(application, name);
}

/** Those that the function sees, in whole or as part of a text: it may fail for nothing else. */
function placeholdersIn({ environment }: FunctionConfig, { application }: Project): readonly Placeholder[] {
  const texts = Object.values(environment);
  return application.placeholders.filter(({ value }) => texts.some((text) => text.includes(value)));
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
