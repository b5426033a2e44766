/** `lambda-run start`: everything that the template declares in one process, watched, until Ctrl-C. */
import { findFunction } from "../../config/find-function.js";
import { shownName } from "../../config/shown-name.js";
import { AppError, EXIT } from "../../shared/errors.js";
import { Debugging } from "../../stack/debugging.js";
import { Stack } from "../../stack/stack.js";
import { Watch } from "../../stack/watch/watch.js";
import type { Action } from "../action.js";
import { diagnostics } from "../diagnostics.js";
import { growHeapSlowly } from "../heap-growth.js";
import { collectWhenIdle } from "../idle-memory.js";
import { inspectorOptions } from "../inspect-options.js";
import { loadProjectToRun, missingTemplate, type Project } from "../project.js";
import { coloursFor, type Colours } from "../render/colours.js";
import { doorLines, keyLine, limitLine, resourceLines } from "../terminal/banner.js";
import { readKeys } from "../terminal/keys.js";
import { Quit } from "../terminal/quit.js";
import { Session } from "../terminal/session.js";

export const startCommand: Action = async (_args, options) => {
  const project = await loadProjectToRun(options);
  const json = options["json"] === true;
  const colours = coloursFor(process.stderr);
  const debugging = new Debugging();
  openDebugger(debugging, project, options);
  const session = new Session({ project, json, colours, debugging });
  const interactive = !json && process.stdin.isTTY && process.stderr.isTTY;
  // From the first moment on: a Ctrl-C while things come up takes them down in order, too.
  const quit = new Quit();
  const missing = missingTemplate(project);
  for (const line of [...project.application.notices, ...(missing === undefined ? [] : [missing])])
    session.notice(line);
  const stack = await Stack.start({
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
  // Before the keys are shown: one that comes while the terminal still gathers lines would wait for the next.
  if (interactive) listenToKeys(session, quit);
  // Since the process began: that is what a person waits for.
  const readyMs = Math.round(performance.now());
  if (json)
    process.stdout.write(
      `${JSON.stringify({ event: "ready", endpoint: stack.endpoint, urls: stack.doors, smtpPort: stack.smtpPort, readyMs, pid: process.pid, skipped: project.application.skipped })}\n`,
    );
  else await banner(session, stack, readyMs, colours, interactive);
  const debugged = stack.application.functions.find(({ name }) => name === debugging.functionName);
  // A debugger may attach before the first event comes.
  if (debugged !== undefined) void stack.host.prepare(debugged).catch(() => undefined);

  const watch =
    options["watch"] === false
      ? undefined
      : Watch.start({
          stack,
          projectRoot: project.folder,
          loaded: project,
          load: () => loadProjectToRun(options),
          inspect: debugging.inspect,
          onEvent: (event) => session.watched(event),
        });
  growHeapSlowly();
  collectWhenIdle();
  await quit.asked;
  if (!json) session.say(`stopping: ${stack.activity.running} in flight`);
  await watch?.close();
  debugging.close();
  await stack.close();
  if (json) process.stdout.write(`${JSON.stringify({ event: "stopped", ...session.summary.figures })}\n`);
  else session.say(session.summary.toString());
  return EXIT.ok;
};

async function banner(
  session: Session,
  stack: Stack,
  readyMs: number,
  colours: Colours,
  interactive: boolean,
): Promise<void> {
  const state = stack.config.ephemeral ? "nothing is kept at the end" : `state in ${stack.stateFolder}`;
  session.say(`${colours.green("ready")} in ${readyMs} ms: AWS services on ${stack.endpoint}, ${state}`);
  for (const line of resourceLines(stack.embedded, stack.elsewhere, colours)) session.say(line);
  for (const line of doorLines(stack.doors, colours)) session.say(line);
  if (stack.smtpPort !== undefined)
    session.say(
      `${colours.dim("inbox")}          smtp://127.0.0.1:${stack.smtpPort}; \`lambda-run inbox\` shows what came`,
    );
  const limits = limitLine(await stack.tiers(), colours);
  if (limits !== undefined) session.say(limits);
  if (interactive) session.say(keyLine(colours));
}

/** `--inspect[-brk] [function]`, with the port in `--inspect-port`. */
function openDebugger(
  debugging: Debugging,
  { application }: Project,
  options: Readonly<Record<string, unknown>>,
): void {
  const wanted = inspectorOptions(options);
  if (wanted === undefined) return;
  const { target, ...inspector } = wanted;
  const [only] = application.functions;
  if (target === undefined && (only === undefined || application.functions.length > 1))
    throw new AppError("LR1004", {
      what: "Which function is to be debugged?",
      fix: `Name it: ${application.functions.map((one) => `--inspect ${shownName(one)}`).join(", ") || "there is none in the template"}.`,
    });
  const fn = target === undefined ? only : findFunction(application, target);
  if (fn !== undefined) debugging.open(fn, inspector);
}

function listenToKeys(session: Session, quit: Quit): void {
  const pressed = async (key: string): Promise<void> => {
    if (key === "q") quit.ask();
    else if (key === "i") await reader.suspend(() => session.key(key));
    else await session.key(key);
  };
  const reader = readKeys(process.stdin, (key) => void pressed(key), quit.ask);
  process.once("exit", () => reader.stop());
}
