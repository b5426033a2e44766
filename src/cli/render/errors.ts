/** An error as a person reads it: what, where, why, the source lines, and last the one thing to do. */
import { AppError, EXIT, messageOf, wholeText, type ExitCode } from "../../shared/errors.js";
import type { Colours } from "./colours.js";

export function renderError(error: unknown, colours: Colours): string {
  if (!(error instanceof AppError)) {
    const stack = error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
    return `${colours.red("error LR9001")} internal error\n${stack}\n${colours.bold("fix")}   This is a fault of lambda-run: please report it with the stack above.\n`;
  }
  const { red, dim, bold } = colours;
  return `${red("error")} ${wholeText(error.code, error, { head: red, label: dim, fix: bold })}\n`;
}

/** The same for machines. */
export function errorJson(error: unknown): Record<string, unknown> {
  if (!(error instanceof AppError)) return { code: "LR9001", message: messageOf(error) };
  const { code, what: message, where, why, fix, codeFrame } = error;
  return { code, message, where, why, fix, codeFrame };
}

export function exitCodeOf(error: unknown): ExitCode {
  return error instanceof AppError ? error.exitCode : EXIT.functionError;
}
