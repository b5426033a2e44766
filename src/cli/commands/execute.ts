/**
 * `lambda-run execute`: one input through one state machine. stdout is the output alone; the states as they are entered and
 * left, the logs of functions and the error go to stderr.
 */
import { findMachine } from "../../config/find-machine.js";
import type { StateMachineConfig } from "../../config/application.js";
import { AppError, EXIT } from "../../shared/errors.js";
import { placeOf } from "../../stack/backends/endpoints.js";
import { definitionFault } from "../../stack/definition-faults.js";
import type { MachineOutcome } from "../../stack/run-machine.js";
import { Stack } from "../../stack/stack.js";
import type { Action } from "../action.js";
import { commandStack } from "../command-stack.js";
import { readEvent } from "../event-input.js";
import { Interruption } from "../interruption.js";
import { loadProjectToRun } from "../project.js";
import { coloursFor } from "../render/colours.js";
import { endLine, executionJson, ExecutionStory, exitCodeOfExecution } from "../render/execution.js";

const ADVICE =
  "queues, streams and buckets fire nothing in this command: what calls back from there needs `lambda-run start` beside it";

export const executeCommand: Action = async ([name = ""], options) => {
  const project = await loadProjectToRun(options);
  const machine = findMachine(project.application, name);
  const fault = definitionFault(machine);
  if (fault !== undefined) throw fault;
  const input = (await readEvent(options, project.folder)).toString("utf8");
  const json = options["json"] === true;
  const colours = coloursFor(process.stderr);
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const interruption = new Interruption();
  const stop = new AbortController();
  void interruption.promise.then(() => stop.abort());
  let stack: Stack | undefined;
  try {
    stack = await Stack.start(commandStack(project, json));
    // A stack that runs beside this one has queues, streams and buckets fire functions; this one does not.
    const story = new ExecutionStory(say, colours, stack.gateway === undefined ? undefined : ADVICE);
    if (machine.type === "EXPRESS") say(colours.dim("an Express machine keeps no history: its states are not shown"));
    const outcome = await run(stack, machine, input, story, stop.signal);
    if (outcome === undefined) return EXIT.interrupted;
    say(endLine(outcome, colours));
    if (json) process.stdout.write(`${JSON.stringify(executionJson(outcome, story.states))}\n`);
    else if (outcome.output !== undefined) process.stdout.write(`${outcome.output}\n`);
    return stop.signal.aborted ? EXIT.interrupted : exitCodeOfExecution(outcome);
  } finally {
    interruption.stop();
    await stack?.close();
  }
};

/** Undefined when it was interrupted before there was anything to stop. */
async function run(
  stack: Stack,
  machine: StateMachineConfig,
  input: string,
  story: ExecutionStory,
  signal: AbortSignal,
): Promise<MachineOutcome | undefined> {
  const { runMachine } = await import("../../stack/run-machine.js");
  const address = stack.addressOf("states");
  try {
    return await runMachine({ address, machine, input, signal, onEvent: (event) => story.take(event) });
  } catch (error) {
    if (signal.aborted) return undefined;
    if (!(error instanceof Error) || !("$metadata" in error)) throw error;
    throw new AppError("LR1004", {
      what: `Step Functions refuses this: ${error.name}`,
      where: placeOf(address),
      why: error.message,
      fix:
        error.name === "StateMachineDoesNotExist"
          ? "The stack that runs there does not have it: save the template while it runs, or start it anew."
          : "Mend the input or the machine.",
      cause: error,
    });
  }
}
