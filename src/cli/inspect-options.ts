/** `--inspect` and `--inspect-brk`: a port where one function runs, a function where many do. */
import type { DebuggerOptions } from "../runtime/launch-plans.js";
import { AppError } from "../shared/errors.js";

export const DEFAULT_INSPECTOR_PORT = 9229;

export interface InspectorOptions extends DebuggerOptions {
  /** What was named beside the flag, if it is no port. */
  readonly target: string | undefined;
}

/** Undefined without the flags. Throws LR1005 for a number that is no port. */
export function inspectorOptions(options: Readonly<Record<string, unknown>>): InspectorOptions | undefined {
  const given = options["inspectBrk"] ?? options["inspect"];
  if (given !== true && typeof given !== "string") return undefined;
  const breakAtStart = options["inspectBrk"] !== undefined;
  const named = typeof given === "string" && !/^-?\d/.test(given) ? given : undefined;
  const port = given === true || named !== undefined ? DEFAULT_INSPECTOR_PORT : Number(given);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new AppError("LR1005", { what: `"${String(given)}" is no port`, fix: "Use a number from 1 to 65535." });
  return { port, breakAtStart, target: named };
}
