/** An error as a person reads it: what, where, why, the source lines, and last the one thing to do. */
import { AppError, EXIT, messageOf, type ExitCode } from "../../shared/errors.js";
import type { Colours } from "./colours.js";

export function renderError(error: unknown, colours: Colours): string {
  if (!(error instanceof AppError)) {
    const stack = error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
    return `${colours.red("error LR9001")} internal error\n${stack}\n${colours.bold("fix")}   This is a fault of lambda-run: please report it with the stack above.\n`;
  }
  const lines = [`${colours.red(`error ${error.code}`)} ${error.message}`];
  if (error.where !== undefined) lines.push(`${colours.dim("where")} ${error.where}`);
  if (error.why !== undefined) lines.push(`${colours.dim("why")}   ${error.why}`);
  if (error.codeFrame !== undefined) lines.push("", error.codeFrame, "");
  lines.push(`${colours.bold("fix")}   ${error.fix}`);
  return `${lines.join("\n")}\n`;
}

/** The same for machines. */
export function errorJson(error: unknown): Record<string, unknown> {
  if (!(error instanceof AppError)) return { code: "LR9001", message: messageOf(error) };
  const { code, message, where, why, fix, codeFrame } = error;
  return { code, message, where, why, fix, codeFrame };
}

export function exitCodeOf(error: unknown): ExitCode {
  return error instanceof AppError ? error.exitCode : EXIT.functionError;
}
