/** What AWS would refuse of the state machines of a template, told with the place before anything runs. */
import type { StateMachineConfig } from "../config/application.js";
import { validateDefinition } from "../services/states/validation/validate-definition.js";
import { AppError } from "../shared/errors.js";

/** Undefined for a definition that CreateStateMachine takes. */
export function definitionFault({ logicalId, definition, definedAt, type }: StateMachineConfig): AppError | undefined {
  const errors = validateDefinition(definition, type).filter(({ severity }) => severity === "ERROR");
  const [first, ...others] = errors.map(({ code, message, location }) => ({
    code,
    message,
    location: location ?? "/",
  }));
  if (first === undefined) return undefined;
  const more = others.map(({ code, message, location }) => `${code}: ${message} at ${location}`);
  return new AppError("LR2004", {
    what: `The definition of ${logicalId} is not valid: ${first.message}`,
    where: `${definedAt}: ${first.location}`,
    why: [`AWS refuses it with ${first.code}`, ...more].join("; "),
    fix: "Mend the state named.",
  });
}
