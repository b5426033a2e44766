/**
 * The log of a running session: every line of a function with its name and the id of its invocation, and one line of
 * outcome for each invocation. With `failedOnly` the lines of an invocation wait until it is known how it ends.
 */
import { join } from "node:path";
import type { FunctionConfig } from "../../config/function-config.js";
import { shownName, type HasName } from "../../config/shown-name.js";
import type { LogRecord } from "../../runtime/log-capture.js";
import { DIST_FOLDER } from "../../shared/own-package.js";
import { failed, shortId, type ExecutionRecord, type InvocationRecord } from "../../stack/history/records.js";
import type { Colours } from "../render/colours.js";
import { failureText } from "../render/execution.js";
import { recordLine } from "../render/history.js";

/** Frames of a stack trace that are not the user's; our client of the Runtime API lies elsewhere in the portable tier. */
const FOREIGN_FRAME = /(\(|at |at async )(node:|\/var\/(lang|runtime)\/)|<anonymous>\)|node_modules/;
const isForeign = (line: string): boolean => FOREIGN_FRAME.test(line) || line.includes(join(DIST_FOLDER, "bootstrap"));
const MAX_FRAMES = 4;

export class LiveLog {
  failedOnly = false;
  readonly #write: (text: string) => void;
  readonly #colours: Colours;
  /** Invocation under way in each log stream. */
  readonly #current = new Map<string, string>();
  readonly #held = new Map<string, string[]>();

  constructor(write: (text: string) => void, colours: Colours) {
    this.#write = write;
    this.#colours = colours;
  }

  readonly line = (fn: FunctionConfig, { source, text, event }: LogRecord, logStream: string): void => {
    if (event?.type === "platform.start") this.#current.set(logStream, event.record.requestId);
    // The outcome line says what START, END and REPORT say.
    if (source === "platform" || text === "") return;
    const id = this.#current.get(logStream);
    const shown = text.startsWith('{"_aws":') ? metricsIn(text) : text.replaceAll("\r", "\n");
    const { dim, cyan } = this.#colours;
    const line = `${cyan(id === undefined ? "init    " : shortId(id))} ${dim(shownName(fn))} ${shown}\n`;
    if (!this.failedOnly) this.#write(line);
    else if (id !== undefined) this.#held.set(id, [...(this.#held.get(id) ?? []), line]);
  };

  ended(record: InvocationRecord, fn: FunctionConfig): void {
    const held = this.#held.get(record.id) ?? [];
    this.#held.delete(record.id);
    if (this.failedOnly && !failed(record)) return;
    this.#write(`${held.join("")}${recordLine(record, this.#colours, [fn])}\n`);
    if (!failed(record)) return;
    const { red, dim } = this.#colours;
    if (record.errorMessage !== undefined) this.#write(`  ${red(record.errorMessage)}\n`);
    for (const frame of framesOf(record.result)) this.#write(`  ${dim(frame)}\n`);
  }

  execution(record: ExecutionRecord, named: readonly HasName[]): void {
    if (this.failedOnly && !failed(record)) return;
    const cause = failureText(undefined, record.cause);
    this.#write(`${recordLine(record, this.#colours, named)}\n`);
    if (failed(record) && cause !== "") this.#write(`  ${this.#colours.red(cause)}\n`);
  }
}

/** Metrics in a log line are for CloudWatch; a person reads their names and values. */
function metricsIn(text: string): string {
  try {
    const { _aws, ...members } = JSON.parse(text) as {
      readonly _aws: {
        readonly CloudWatchMetrics: readonly { readonly Metrics: readonly { readonly Name: string }[] }[];
      };
    } & Readonly<Record<string, unknown>>;
    const names = _aws.CloudWatchMetrics.flatMap(({ Metrics }) => Metrics.map(({ Name }) => Name));
    return `metrics ${names.map((name) => `${name}=${JSON.stringify(members[name])}`).join(" ")}`;
  } catch {
    return text;
  }
}

/** Where in the user's code it happened. */
function framesOf(result: string): readonly string[] {
  try {
    const { trace = [] } = JSON.parse(result) as { readonly trace?: readonly string[] };
    return trace
      .map((line) => line.trim())
      .filter((line) => line.startsWith("at ") && !isForeign(line))
      .slice(0, MAX_FRAMES);
  } catch {
    return [];
  }
}
