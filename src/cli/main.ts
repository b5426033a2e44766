/**
 * START HERE for the command line: builds the program, runs the command, and turns whatever is thrown into a message
 * and an exit code. Commands are loaded only when they run.
 */
import { Command, CommanderError, Option } from "commander";
import { CONFIG_FLAGS } from "../config/flags.js";
import { EXIT, type ExitCode } from "../shared/errors.js";
import type { Action } from "./action.js";
import { coloursFor } from "./render/colours.js";
import { errorJson, exitCodeOf, renderError } from "./render/errors.js";
import { VERSION } from "./version.js";

interface CommandSpec {
  readonly usage: string;
  readonly description: string;
  readonly flags: readonly (readonly [flags: string, description: string])[];
  readonly examples: readonly string[];
  readonly load: () => Promise<Action>;
}

const JSON_FLAG = ["--json", "print one JSON object on stdout"] as const;

const COMMANDS: readonly CommandSpec[] = [
  {
    usage: "invoke <function>",
    description: "run a function once and print its answer",
    flags: [
      ["-e, --event <file>", "event: a JSON file, the name of a fixture, or - for standard input"],
      ["-d, --data <json>", "event as text"],
      ["--client-context <json>", "client context of the call"],
      ["--inspect [port]", "open Node's inspector; the timeout stops while a debugger is paused"],
      ["--inspect-brk [port]", "the same, and stop before the first line"],
      JSON_FLAG,
    ],
    examples: [
      "invoke manifest --event s3.json",
      "invoke src/handler.ts --data '{\"id\": 7}'",
      "invoke manifest --event s3.json --json",
    ],
    load: async () => (await import("./commands/invoke.js")).invokeCommand,
  },
  {
    usage: "start",
    description: "run the services of the template until stopped",
    flags: [JSON_FLAG],
    examples: ["start", "start --port 4570 --ephemeral"],
    load: async () => (await import("./commands/start.js")).startCommand,
  },
  {
    usage: "seed",
    description: "put sample PDFs into a bucket",
    flags: [
      ["--bucket <name>", "bucket (default: that of the first seed in the config)"],
      ["--prefix <prefix>", "folder of the PDFs (default: 2026/04/)"],
      ["--count <number>", "how many (default: 24)"],
      ["--size <size>", "size of each, such as 2k or 1m (default: 2k)"],
      JSON_FLAG,
    ],
    examples: ["seed", "seed --count 100000 --size 2k", "seed --bucket my-company-reports-bucket --prefix 2026/05/"],
    load: async () => (await import("./commands/seed.js")).seedCommand,
  },
  {
    usage: "list",
    description: "list the functions and resources of the template",
    flags: [JSON_FLAG],
    examples: ["list", "list --json"],
    load: async () => (await import("./commands/list.js")).listCommand,
  },
  {
    usage: "doctor",
    description: "say how each limit is held on this machine",
    flags: [JSON_FLAG],
    examples: ["doctor", "doctor --sandbox portable"],
    load: async () => (await import("./commands/doctor.js")).doctorCommand,
  },
  {
    usage: "runtimes <action> [runtime]",
    description: "list, add or remove real Node versions (add nodejs24.x)",
    flags: [JSON_FLAG],
    examples: ["runtimes list", "runtimes add nodejs24.x", "runtimes remove nodejs24.x"],
    load: async () => (await import("./commands/runtimes.js")).runtimesCommand,
  },
  {
    usage: "reset",
    description: "delete the local state",
    flags: [],
    examples: ["reset"],
    load: async () => (await import("./commands/reset.js")).resetCommand,
  },
];

const DOCS = "docs/cli.md";

export async function main(argv: readonly string[]): Promise<ExitCode> {
  // The SDK warns at every start on Node 20; it is about us, and the user can do nothing with it.
  process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] ??= "true";
  let exitCode: ExitCode = EXIT.ok;
  const program = new Command("lambda-run")
    .description("Runs AWS Lambda functions on your machine the way AWS runs them.")
    .version(VERSION, "-V, --version")
    .exitOverride()
    .showSuggestionAfterError(true)
    .configureHelp({ sortSubcommands: false })
    .addHelpText(
      "before",
      `Examples:\n  lambda-run invoke manifest --event s3.json\n  lambda-run seed --count 1000\n  lambda-run start\n`,
    )
    .addHelpText(
      "after",
      `\nExit codes: 0 ok, 1 function error, 2 usage or config, 3 build, 4 timeout, 5 limit, 6 dependency, 130 interrupted.\nMore: ${DOCS}`,
    );

  for (const spec of COMMANDS) {
    const command = program
      .command(spec.usage)
      .description(spec.description)
      .exitOverride()
      .showSuggestionAfterError(true);
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
  } catch (error) {
    // commander has printed its own message by now.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (argv.includes("--json"))
      process.stdout.write(`${JSON.stringify({ status: "failed", error: errorJson(error) })}\n`);
    process.stderr.write(renderError(error, coloursFor(process.stderr)));
    return exitCodeOf(error);
  }
}

/** Leaves when what was written has gone out: a pipe may still hold it. */
function leave(exitCode: ExitCode): void {
  process.exitCode = exitCode;
  process.stdout.write("", () => process.stderr.write("", () => process.exit(exitCode)));
}

if (require.main === undefined || require.main?.filename.endsWith("lambda-run.js"))
  void main(process.argv.slice(2)).then(leave);
