/** What commander says of a wrong command line, in our own form. */
import type { CommanderError } from "commander";
import { AppError } from "../shared/errors.js";
import { COMMANDS } from "./command-list.js";

/** Undefined for what is no error: help and version. `argv` as commander had it. */
export function usageError(error: CommanderError, argv: readonly string[]): AppError | undefined {
  // Without any command commander shows the help and leaves with a status of its own.
  if (error.exitCode === 0 || error.code === "commander.help") return undefined;
  // `error: unknown option '--evnt'` and on a line of its own `(Did you mean --event?)`.
  const [first = "", ...suggestions] = error.message.split("\n");
  const what = first.replace(/^error: /, "").replace(/\.$/, "");
  const suggestion = suggestions.map((line) => line.replace(/^\(|\)$/g, "")).join(" ");
  const command = COMMANDS.find(({ usage }) => usage.split(" ")[0] === argv[0]);
  return new AppError("LR1004", {
    what: suggestion === "" ? what : `${what}. ${suggestion}`,
    ...(command === undefined ? {} : { where: `lambda-run ${command.usage}` }),
    fix:
      command === undefined
        ? "Run `lambda-run --help` to see the commands."
        : `Run \`lambda-run ${argv[0]} --help\` to see its arguments and options.`,
  });
}
