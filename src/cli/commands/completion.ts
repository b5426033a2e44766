/** `lambda-run completion <shell>`: the script that makes Tab know functions, fixtures and ids. */
import { AppError, EXIT } from "../../shared/errors.js";
import type { Action } from "../action.js";
import { completionScript, SHELLS } from "../completion/scripts.js";

export const completionCommand: Action = ([name = ""]) => {
  const shell = SHELLS.find((one) => one === name);
  if (shell === undefined)
    throw new AppError("LR1004", {
      what: `"${name}" is no shell that is known here`,
      fix: `Use one of: ${SHELLS.join(", ")}.`,
    });
  process.stdout.write(completionScript(shell));
  return Promise.resolve(EXIT.ok);
};
