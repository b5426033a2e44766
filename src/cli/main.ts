/**
 * START HERE for the command line: builds the program, runs the command, and turns whatever is thrown into a message
 * and an exit code. Commands are loaded only when they run.
 */
import { Command, CommanderError, Option } from "commander";
import { CONFIG_FLAGS } from "../config/flags.js";
import { closeAhead } from "../runtime/ahead/handover.js";
import { EXIT, type ExitCode } from "../shared/errors.js";
import { COMMANDS } from "./command-list.js";
import { COMPLETE_COMMAND } from "./completion/scripts.js";
import { coloursFor } from "./render/colours.js";
import { errorJson, exitCodeOf, renderError } from "./render/errors.js";
import { usageError } from "./usage-error.js";
import { VERSION } from "./version.js";

const DOCS = "docs/cli.md";

export async function main(argv: readonly string[]): Promise<ExitCode> {
  // The SDK warns at every start on Node 20; it is about us, and the user can do nothing with it.
  process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] ??= "true";
  if (argv[0] === COMPLETE_COMMAND) {
    const { completions } = await import("./completion/words.js");
    for (const word of await completions(argv.slice(2))) process.stdout.write(`${word}\n`);
    return EXIT.ok;
  }
  let exitCode: ExitCode = EXIT.ok;
  const program = new Command("lambda-run")
    .description("Runs AWS Lambda functions on your machine the way AWS runs them.")
    .version(VERSION, "-V, --version")
    .exitOverride()
    .showSuggestionAfterError(true)
    // Its errors are told below, with ours.
    .configureOutput({ outputError: () => undefined })
    .configureHelp({ sortSubcommands: false })
    .addHelpText(
      "before",
      `Examples:\n  lambda-run invoke manifest --event s3.json\n  lambda-run seed --count 1000\n  lambda-run start\n`,
    )
    .addHelpText(
      "after",
      `\nExit codes: 0 ok, 1 function error, 2 usage or config, 3 build, 4 timeout, 5 limit, 6 dependency, 130 interrupted.\nMore: ${DOCS}`,
    );

  // Two dozen commands with their flags take 4 ms: where some are named, only those are made whole.
  const spoken = COMMANDS.filter(({ usage }) => argv.includes(usage.split(" ", 1)[0] ?? ""));
  for (const spec of COMMANDS) {
    const command = program
      .command(spec.usage)
      .description(spec.description)
      .exitOverride()
      .showSuggestionAfterError(true);
    if (spoken.length > 0 && !spoken.includes(spec)) continue;
    command.addHelpText(
      "before",
      `Examples:\n${spec.examples.map((example) => `  lambda-run ${example}`).join("\n")}\n`,
    );
    for (const [flags, description] of spec.flags) command.addOption(new Option(flags, description));
    command.addOption(
      new Option("-c, --config <file>", "config file (default: lambda-run.config.*)").helpGroup("Project:"),
    );
    for (const { flags, description } of CONFIG_FLAGS)
      command.addOption(new Option(flags, description).helpGroup("Project:"));
    command.action(async (...received: unknown[]) => {
      const self = received.at(-1) as Command;
      const action = await spec.load();
      exitCode = await action(self.args, self.opts());
    });
  }

  try {
    await program.parseAsync(argv, { from: "user" });
    return exitCode;
  } catch (thrown) {
    const error = thrown instanceof CommanderError ? usageError(thrown, argv) : thrown;
    // Help and version have been printed by now.
    if (error === undefined) return (thrown as CommanderError).exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (argv.includes("--json"))
      process.stdout.write(`${JSON.stringify({ status: "failed", error: errorJson(error) })}\n`);
    process.stderr.write(renderError(error, coloursFor(process.stderr)));
    return exitCodeOf(error);
  }
}

/** `lambda-run events | head`: whoever read has left, so the command ends as by Ctrl-C. Without a reader of the log it goes on. */
function endWithReader(): void {
  process.stderr.on("error", () => {});
  process.stdout.once("error", () => {
    process.stdout.on("error", () => {});
    process.kill(process.pid, "SIGINT");
  });
}

/** Leaves when what was written has gone out: a pipe may still hold it. */
function leave(exitCode: ExitCode): void {
  process.exitCode = exitCode;
  process.stdout.write("", () => process.stderr.write("", () => process.exit(exitCode)));
}

if (require.main === undefined || require.main?.filename.endsWith("lambda-run.js")) {
  endWithReader();
  void main(process.argv.slice(2)).then(async (exitCode) => {
    await closeAhead();
    leave(exitCode);
  });
}
