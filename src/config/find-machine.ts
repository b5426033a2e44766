/** Finds the state machine that a person means: by logical id, name or ARN. */
import { AppError } from "../shared/errors.js";
import type { Application, StateMachineConfig } from "./application.js";
import { didYouMean } from "./nearest.js";
import { shownName } from "./shown-name.js";

/** Throws LR1004 when there is none. */
export function findMachine(
  { stateMachines, functions, sourceFile }: Pick<Application, "stateMachines" | "functions" | "sourceFile">,
  text: string,
): StateMachineConfig {
  const lower = text.toLowerCase();
  const found =
    stateMachines.find(({ logicalId, name, arn }) => [logicalId, name, arn].includes(text)) ??
    stateMachines.find(({ logicalId, name }) => [logicalId.toLowerCase(), name.toLowerCase()].includes(lower));
  if (found !== undefined) return found;
  const where = sourceFile === undefined ? {} : { where: sourceFile };
  const fn = functions.find(({ logicalId, name, arn }) => [logicalId, name, arn].includes(text));
  if (fn !== undefined)
    throw new AppError("LR1004", {
      what: `"${text}" is a function, not a state machine`,
      ...where,
      fix: `Run it with \`lambda-run invoke ${shownName(fn)}\`.`,
    });
  if (stateMachines.length === 0)
    throw new AppError("LR1004", {
      what: `There is no state machine "${text}": none is declared`,
      ...where,
      fix: "Declare one in template.yaml (AWS::Serverless::StateMachine).",
    });
  const names = stateMachines.flatMap(({ logicalId, name }) => [logicalId, name]);
  throw new AppError("LR1004", {
    what: `There is no state machine "${text}".${didYouMean(text, names)}`,
    ...where,
    fix: `Use one of: ${stateMachines.map(({ logicalId }) => logicalId).join(", ")}.`,
  });
}
