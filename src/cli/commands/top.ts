/** `lambda-run top`: queues, state machines and functions of the running stack, drawn anew every second. */
import { resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { AppError, EXIT } from "../../shared/errors.js";
import { askCounters } from "../../stack/counters.js";
import { queueInspector } from "../../stack/queue-inspector.js";
import { runningStack } from "../../stack/state-folder.js";
import type { Action } from "../action.js";
import { loadProject, type Project } from "../project.js";
import { countOf } from "../queue-command.js";
import { coloursFor, type Colours } from "../render/colours.js";
import { topText, type TopView } from "../render/top.js";
import { readKeys } from "../terminal/keys.js";
import { Quit } from "../terminal/quit.js";

const HOME = "\u001b[H";
const CLEAR_BELOW = "\u001b[J";
const CLEAR_LINE_END = "\u001b[K";
/** A screen of its own, without a cursor: what was there before comes back. */
const ENTER = "\u001b[?1049h\u001b[?25l";
const LEAVE = "\u001b[?25h\u001b[?1049l";
const MAX_SECONDS = 3600;

export const topCommand: Action = async (_args, options) => {
  const project = await loadProject(options);
  const seconds = countOf(options["interval"], "--interval", 1, MAX_SECONDS);
  const look = lookInto(project);
  const first = await look();
  const { stdin, stdout } = process;
  if (options["json"] === true) stdout.write(`${JSON.stringify(first)}\n`);
  else if (!stdout.isTTY || !stdin.isTTY) stdout.write(topText(first, project.application, coloursFor(stdout)));
  else await follow(first, look, seconds, project);
  return EXIT.ok;
};

type Look = () => Promise<TopView>;

/** Throws LR1004 when no stack runs. */
function lookInto({ application, config, folder }: Project): Look {
  const running = runningStack({ config, projectRoot: folder });
  if (running === undefined)
    throw new AppError("LR1004", { what: "No stack is running here", fix: "Start one: lambda-run start" });
  const { endpoint } = running;
  const stateFolder = resolve(folder, config.state);
  const hasQueues = application.queues.length > 0;
  return async () => {
    const inspector = await queueInspector({ gateway: undefined, foreignQueues: undefined, endpoint, stateFolder });
    const [counts, queues] = await Promise.all([
      askCounters({ endpoint, stateFolder }),
      // Where there are none SQS is not loaded for them.
      hasQueues ? inspector.list() : Promise.resolve([]),
    ]);
    return { counts, queues };
  };
}

/** Until `q`, Ctrl-C, or the end of the stack. */
async function follow(first: TopView, look: Look, seconds: number, { application }: Project): Promise<void> {
  const { stdin, stdout } = process;
  const colours = coloursFor(stdout);
  const quit = new Quit();
  const ended = new AbortController();
  void quit.asked.then(() => ended.abort());
  const keys = readKeys(stdin, (key) => key === "q" && quit.ask(), quit.ask);
  stdout.write(ENTER);
  const draw = (view: TopView): void => {
    // Some terminals do not know how large they are.
    const { rows, columns } = { rows: stdout.rows || 24, columns: stdout.columns || 80 };
    stdout.write(screen(topText(view, application, colours), rows, columns, colours));
  };
  let isGone = false;
  try {
    let view = first;
    draw(view);
    while (!ended.signal.aborted) {
      const atMs = performance.now();
      await pause(seconds * 1000, undefined, ended).catch(() => undefined);
      if (ended.signal.aborted) break;
      const { counts } = view;
      view = { ...(await look()), before: { counts, seconds: (performance.now() - atMs) / 1000 } };
      draw(view);
    }
  } catch (error) {
    if (error instanceof AppError) throw error;
    // Nobody answers any more: there is nothing more to see, and that is no fault.
    isGone = true;
  } finally {
    keys.stop();
    stdout.write(LEAVE);
  }
  if (isGone) process.stderr.write("the stack has ended\n");
}

/** As many lines and columns as there are; each line wipes what was there before. */
function screen(text: string, rows: number, columns: number, { dim }: Colours): string {
  const lines = text
    .trimEnd()
    .split("\n")
    .slice(0, Math.max(1, rows - 2));
  const shown = lines.map((line) =>
    stripVTControlCharacters(line).length > columns ? stripVTControlCharacters(line).slice(0, columns) : line,
  );
  return `${HOME}${[...shown, dim("q quit")].map((line) => `${line}${CLEAR_LINE_END}`).join("\n")}${CLEAR_BELOW}`;
}
