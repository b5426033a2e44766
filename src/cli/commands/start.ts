/** `lambda-run start`: the services of the template, until Ctrl-C. */
import { EXIT } from "../../shared/errors.js";
import { Stack } from "../../stack/stack.js";
import type { Action } from "../action.js";
import { loadProject } from "../project.js";
import { coloursFor } from "../render/colours.js";
import { logPrinter } from "../render/logs.js";

export const startCommand: Action = async (_args, options) => {
  const startedAt = performance.now();
  const project = await loadProject(options);
  const colours = coloursFor(process.stderr);
  const notice = (line: string): void => void process.stderr.write(`${colours.yellow("note")} ${line}\n`);
  for (const line of project.application.notices) notice(line);
  const stack = await Stack.start({
    application: project.application,
    config: project.config,
    projectRoot: project.folder,
    kind: "stack",
    onLog: logPrinter(process.stderr),
    onNotice: notice,
  });
  const readyMs = Math.round(performance.now() - startedAt);
  if (options["json"] === true)
    process.stdout.write(
      `${JSON.stringify({ event: "ready", endpoint: stack.endpoint, readyMs, pid: process.pid })}\n`,
    );
  else
    process.stderr.write(
      `${colours.green("ready")} in ${readyMs} ms: AWS services on ${stack.endpoint}, state in ${stack.config.ephemeral ? "memory of this run" : stack.stateFolder}\n`,
    );
  await interrupted();
  process.stderr.write("stopping\n");
  await stack.close();
  return EXIT.ok;
};

/** Resolves at the first Ctrl-C or SIGTERM; a second one leaves at once. */
function interrupted(): Promise<void> {
  // Nothing else may hold the event loop: the gateway does while it listens.
  return new Promise((resolve) => {
    const stop = (): void => {
      process.once("SIGINT", () => process.exit(EXIT.interrupted));
      process.once("SIGTERM", () => process.exit(EXIT.interrupted));
      resolve();
    };
    process.once("SIGINT", stop);
    process.once("SIGTERM", stop);
  });
}
