/** `--inspect [port]` and `--inspect-brk [port]`. */
import type { DebuggerOptions } from "../runtime/launch-plans.js";
import { AppError } from "../shared/errors.js";

export const DEFAULT_INSPECTOR_PORT = 9229;

/** Ready to be spread into the options of a stack. Throws LR1005 for what is no port. */
export function inspectOptions(options: Readonly<Record<string, unknown>>): { inspect?: () => DebuggerOptions } {
  const given = options["inspectBrk"] ?? options["inspect"];
  if (given !== true && typeof given !== "string") return {};
  const port = given === true ? DEFAULT_INSPECTOR_PORT : Number(given);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new AppError("LR1005", { what: `"${given}" is no port`, fix: "Use a number from 1 to 65535." });
  const inspector = { port, breakAtStart: options["inspectBrk"] !== undefined };
  return { inspect: () => inspector };
}
