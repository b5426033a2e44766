/** `lambda-run watch <function>`: runs one event again on each save and shows what the save changed in the answer. */
import { resolve } from "node:path";
import { shownName } from "../../config/shown-name.js";
import { AppError, EXIT } from "../../shared/errors.js";
import { Debugging } from "../../stack/debugging.js";
import { Stack } from "../../stack/stack.js";
import type { StackOptions } from "../../stack/stack-options.js";
import { Watch } from "../../stack/watch/watch.js";
import type { Action } from "../action.js";
import { diagnostics } from "../diagnostics.js";
import { findEventFile, readEvent } from "../event-input.js";
import { inspectorOptions } from "../inspect-options.js";
import { loadProjectToRun } from "../project.js";
import { coloursFor } from "../render/colours.js";
import { difference } from "../render/difference.js";
import { errorJson } from "../render/errors.js";
import { resultJson } from "../render/result.js";
import { Quit } from "../terminal/quit.js";
import { Session } from "../terminal/session.js";
import { chooseFunction } from "./invoke.js";

export const watchCommand: Action = async ([name = ""], options) => {
  const project = await loadProjectToRun(options);
  const fn = chooseFunction(name, project);
  // A save of the event counts as well; standard input can be read but once.
  let payload = await readEvent(options, project.folder);
  const json = options["json"] === true;
  const colours = coloursFor(process.stderr);
  const debugging = new Debugging();
  const inspector = inspectorOptions(options);
  if (inspector !== undefined) debugging.open(fn, inspector);
  const quit = new Quit();
  const session = new Session({ project, json, colours, debugging });
  const stack = await startBeside({
    log: diagnostics(options),
    application: project.application,
    config: project.config,
    fixedPorts: project.fixedPorts,
    projectRoot: project.folder,
    kind: "stack",
    history: true,
    observers: [session.observer],
    onLog: session.logLine,
    onNotice: session.notice,
    inspect: debugging.inspect,
    paused: debugging.paused,
  });
  session.attach(stack);

  let previous: { readonly answer: unknown } | undefined;
  const eventFiles = eventFilesOf(options, project.folder);
  const besideCode = new Set([...eventFiles, ...project.files]);
  // Whatever is no save of code has the function run, and built if it is not yet: both meet a fault of the code. A person
  // reads it from the first of them; as JSON each is an event of its own.
  let told: string | undefined;
  const tell = (error: unknown, how: () => void): void => {
    const fault = JSON.stringify(errorJson(error));
    const isRepeated = !json && fault === told;
    told = isRepeated ? undefined : fault;
    if (!isRepeated) how();
  };
  let running: Promise<void> | undefined;
  let again = false;
  const run = async (): Promise<void> => {
    const current = stack.application.functions.find(({ arn }) => arn === fn.arn) ?? fn;
    const { payload: answer, error } = resultJson(await stack.invoke(current, { payload }));
    const shown = error ?? answer;
    if (json)
      process.stdout.write(
        `${JSON.stringify({ event: "answer", answer: shown, changed: previous !== undefined && difference(previous.answer, shown, colours) !== undefined })}\n`,
      );
    else if (previous === undefined) process.stdout.write(`${JSON.stringify(shown, null, 2)}\n`);
    else
      process.stdout.write(
        `${difference(previous.answer, shown, coloursFor(process.stdout)) ?? colours.dim("the same answer")}\n`,
      );
    previous = { answer: shown };
    told = undefined;
  };
  /** Saves that come while it runs cost one more run, not one each. */
  const invoke = (): void => {
    again = true;
    running ??= (async () => {
      while (again) {
        again = false;
        await run().catch((error: unknown) => tell(error, () => session.failed(error)));
      }
    })().finally(() => (running = undefined));
  };

  const watch = Watch.start(
    {
      stack,
      projectRoot: project.folder,
      loaded: project,
      load: () => loadProjectToRun(options),
      inspect: debugging.inspect,
      onEvent: (event) => {
        if (event.kind === "broken" && event.files.every((file) => besideCode.has(file)))
          tell(event.error, () => session.watched(event));
        else session.watched(event);
        if (event.kind === "built" || event.kind === "applied") invoke();
      },
      alsoFiles: eventFiles,
      onFile: () => {
        void readEvent(options, project.folder).then(
          (bytes) => {
            payload = bytes;
            invoke();
          },
          (error: unknown) => session.failed(error),
        );
      },
    },
    [fn],
  );
  invoke();
  await watch.ready.catch((error: unknown) => session.failed(error));
  await running;
  if (!json) session.say(colours.dim(`watching ${shownName(fn)}; Ctrl-C ends`));
  await quit.asked;
  await watch.close();
  debugging.close();
  await stack.close();
  if (!json) session.say(session.summary.toString());
  return EXIT.ok;
};

/** A stack of its own, or beside the one that is running: then that one's services are used. */
async function startBeside(options: StackOptions): Promise<Stack> {
  try {
    return await Stack.start(options);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "LR5003") throw error;
    return Stack.start({ ...options, kind: "command", standby: true });
  }
}

function eventFilesOf(options: Readonly<Record<string, unknown>>, folder: string): readonly string[] {
  const event = options["event"];
  return typeof event !== "string" || event === "-" ? [] : [resolve(findEventFile(event, folder))];
}
