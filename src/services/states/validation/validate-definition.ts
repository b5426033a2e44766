/**
 * What AWS checks of a definition before it takes it.
 * https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinition.html
 */
import type { Diagnostic } from "./diagnostic.js";

export type MachineType = "STANDARD" | "EXPRESS";

/** Errors refuse the definition; warnings do not. */
export function validateDefinition(_text: string, _type: MachineType): readonly Diagnostic[] {
  return [];
}
