/** What may come next on a command line: commands, flags, functions, fixtures and ids. */
import { basename } from "node:path";
import { CONFIG_FLAGS } from "../../config/flags.js";
import { shownName } from "../../config/shown-name.js";
import { shortId } from "../../stack/history/records.js";
import { COMMANDS } from "../command-list.js";
import { fixtureFiles } from "../event-input.js";
import { historyOf } from "../history.js";
import { loadProject } from "../project.js";

const MAX_IDS = 50;
type Source = (options: Readonly<Record<string, unknown>>) => Promise<readonly string[]>;

const functions: Source = async (options) =>
  (await loadProject(options)).application.functions.flatMap((fn) => [shownName(fn), fn.logicalId]);
const fixtures: Source = async () => fixtureFiles(process.cwd()).map((file) => basename(file));
const queues: Source = async (options) => (await loadProject(options)).application.queues.map(({ name }) => name);
const buckets: Source = async (options) => (await loadProject(options)).application.buckets.map(({ name }) => name);
const streams: Source = async (options) => (await loadProject(options)).application.streams.map(({ name }) => name);
const topics: Source = async (options) => (await loadProject(options)).application.topics.map(({ name }) => name);
const machines: Source = async (options) =>
  (await loadProject(options)).application.stateMachines.flatMap(({ name, logicalId }) => [name, logicalId]);
const ids: Source = async (options) =>
  historyOf(await loadProject(options))
    .slice(-MAX_IDS)
    .reverse()
    .map(({ id }) => shortId(id));

const ARGUMENTS: Readonly<Record<string, Source>> = {
  "<function>": functions,
  "<machine>": machines,
  "[id]": ids,
  "<queue>": queues,
  "[queue]": queues,
  "[fixtures...]": fixtures,
  "<action>": () => Promise.resolve(["list", "add", "remove"]),
  "<shell>": () => Promise.resolve(["bash", "zsh", "fish"]),
};
const VALUES: Readonly<Record<string, Source>> = {
  "--event": fixtures,
  "-e": fixtures,
  "--fn": functions,
  "--to": functions,
  "--inspect": functions,
  "--inspect-brk": functions,
  "--bucket": buckets,
  "--queue": queues,
  "--topic": topics,
  "--stream": streams,
  "--reporter": () => Promise.resolve(["text", "junit", "github"]),
};

/** `words`: what stands on the line after `lambda-run`; the last one is being written. Never fails: no answer is an answer. */
export async function completions(words: readonly string[]): Promise<readonly string[]> {
  const [name = "", ...rest] = words;
  const current = words.at(-1) ?? "";
  const candidates = async (): Promise<readonly string[]> => {
    if (words.length <= 1) return COMMANDS.map(({ usage }) => usage.split(" ")[0] ?? "");
    const command = COMMANDS.find(({ usage }) => usage.split(" ")[0] === name);
    if (command === undefined) return [];
    const before = words.at(-2) ?? "";
    const value = VALUES[before];
    if (value !== undefined && !current.startsWith("-")) return value({});
    if (current.startsWith("-")) {
      const flags = [...command.flags.map(([flag]) => flag), ...CONFIG_FLAGS.map(({ flags: flag }) => flag)];
      return flags.map((flag) => /--[\w-]+/.exec(flag)?.[0] ?? "").filter((flag) => flag !== "");
    }
    const given = rest.slice(0, -1).filter((word) => !word.startsWith("-")).length;
    const [, ...declared] = command.usage.split(" ");
    const argument = declared[Math.min(given, declared.length - 1)];
    return argument === undefined ? [] : ((await ARGUMENTS[argument]?.({})) ?? []);
  };
  try {
    return [...new Set(await candidates())].filter((word) => word.startsWith(current));
  } catch {
    // A broken template is told by the command, not by the Tab key.
    return [];
  }
}
