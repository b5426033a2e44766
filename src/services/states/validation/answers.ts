/** What the API makes of what was found in a definition. */
import type { Diagnostic } from "./diagnostic.js";

/** The message of `InvalidDefinition`, or `undefined` when nothing refuses the definition. */
export function refusalOf(diagnostics: readonly Diagnostic[]): string | undefined {
  const errors = diagnostics.filter(({ severity }) => severity === "ERROR");
  if (errors.length === 0) {
    return undefined;
  }
  // AWS writes `at null` where there is no location.
  const sentences = errors.map(({ code, message, location }) => `${code}: ${message} at ${location ?? "null"}`);
  return `Invalid State Machine Definition: '${sentences.join(", ")}'`;
}

const MOST_DIAGNOSTICS = 100;

export interface ValidationAnswer {
  readonly result: "OK" | "FAIL";
  readonly diagnostics: readonly Diagnostic[];
  readonly truncated: boolean;
}

/** The answer of ValidateStateMachineDefinition: warnings only for who asks for them, and never a FAIL because of them. */
export function answerOf(
  diagnostics: readonly Diagnostic[],
  severity: "ERROR" | "WARNING" | undefined,
  maxResults: number | undefined,
): ValidationAnswer {
  const told = diagnostics.filter((diagnostic) => severity === "WARNING" || diagnostic.severity === "ERROR");
  const most = maxResults === undefined || maxResults === 0 ? MOST_DIAGNOSTICS : maxResults;
  return {
    result: diagnostics.some((diagnostic) => diagnostic.severity === "ERROR") ? "FAIL" : "OK",
    diagnostics: told.slice(0, most),
    truncated: told.length > most,
  };
}
