/** A running session at a terminal, in a pipe, or as a stream of JSON: what is printed when, and what the keys do. */
import { spawn } from "node:child_process";
import { relative } from "node:path";
import { findFunction } from "../../config/find-function.js";
import type { FunctionConfig } from "../../config/function-config.js";
import { shownName, shownNameOf } from "../../config/shown-name.js";
import { messageOf } from "../../shared/errors.js";
import type { Debugging } from "../../stack/debugging.js";
import { described } from "../../stack/history/describe-event.js";
import { keptExecution, keptInvocation } from "../../stack/history/recorder.js";
import type { ExecutionRecord, InvocationRecord } from "../../stack/history/records.js";
import type { Stack } from "../../stack/stack.js";
import type { WatchEvent } from "../../stack/watch/events.js";
import type { InvocationObserver } from "../../runtime/types.js";
import type { LogRecord } from "../../runtime/log-capture.js";
import { fixtureFiles, readEvent } from "../event-input.js";
import { namesOf } from "../history.js";
import { DEFAULT_INSPECTOR_PORT } from "../inspect-options.js";
import type { Project } from "../project.js";
import type { Colours } from "../render/colours.js";
import { errorJson, renderError } from "../render/errors.js";
import { KEYS } from "./banner.js";
import { LiveLog } from "./live-log.js";
import { Prompt } from "./prompt.js";
import { Summary } from "./summary.js";

const CLEAR = "\u001b[2J\u001b[3J\u001b[H";

export interface SessionOptions {
  readonly project: Project;
  readonly json: boolean;
  readonly colours: Colours;
  readonly debugging: Debugging;
}

export class Session {
  readonly summary = new Summary();
  readonly observer: InvocationObserver;
  readonly #options: SessionOptions;
  readonly #log: LiveLog;
  readonly #prompt = new Prompt(process.stdin, process.stderr);
  #stack: Stack | undefined;
  #last: InvocationRecord | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#log = new LiveLog((text) => this.#prompt.write(text), options.colours);
    this.observer = {
      started: () => undefined,
      ended: (fn, id, { payload }, outcome) => this.#ended(fn, described(keptInvocation(fn, id, payload, outcome))),
    };
  }

  /** The stack that the keys act upon. */
  attach(stack: Stack): void {
    this.#stack = stack;
    stack.bus.on("ExecutionEnded", (event) => this.#executed(keptExecution(event), stack));
  }

  readonly logLine = (fn: FunctionConfig, record: LogRecord, logStream: string): void => {
    if (!this.#options.json) this.#log.line(fn, record, logStream);
    else if (record.text !== "" && record.source !== "platform")
      this.#emit({ event: "log", function: fn.name, text: record.text.replaceAll("\r", "\n") });
  };

  readonly notice = (text: string): void => {
    if (this.#options.json) this.#emit({ event: "notice", text });
    else this.say(`${this.#options.colours.yellow("note")} ${text}`);
  };

  say(text: string): void {
    this.#prompt.write(`${text}\n`);
  }

  watched(event: WatchEvent): void {
    const { colours, json, project } = this.#options;
    if (json) {
      const { kind, ...rest } = event;
      return this.#emit({ event: kind, ...rest, ...("error" in event ? { error: errorJson(event.error) } : {}) });
    }
    switch (event.kind) {
      case "built": {
        const files = event.files.map((file) => relative(project.folder, file)).join(", ");
        return this.say(
          `${colours.green("built")} ${this.#shown(event.functionName)} in ${Math.round(event.durationMs)} ms ${colours.dim(files)}`,
        );
      }
      case "broken":
        this.#prompt.write(renderError(event.error, colours));
        if (event.servesOld) this.say(`${this.#shown(event.functionName)} goes on with the code that built last`);
        return;
      case "unreadable":
        this.#prompt.write(renderError(event.error, colours));
        return this.say("the stack goes on as it was");
      case "applied":
        if (event.changes.length > 0) this.say(`${colours.green("applied")} ${event.changes.join("; ")}`);
        if (event.needsRestart.length > 0)
          this.say(`${colours.yellow("restart")} lambda-run to apply: ${event.needsRestart.join("; ")}`);
        if (event.kept.length > 0)
          this.say(`${colours.yellow("kept")} as it is, until \`lambda-run reset\`: ${event.kept.join("; ")}`);
    }
  }

  /** What a key does. `q` and unknown keys are the caller's. */
  async key(key: string): Promise<void> {
    switch (key) {
      case "h":
        return this.say(KEYS.map(([name, does]) => `  ${this.#options.colours.bold(name)}  ${does}`).join("\n"));
      case "i":
        return this.#invoke();
      case "r":
        return this.#replay();
      case "f":
        this.#log.failedOnly = !this.#log.failedOnly;
        return this.say(this.#log.failedOnly ? "showing failed invocations only" : "showing every invocation");
      case "d":
        return this.#debug();
      case "o":
        return this.#open();
      case "c":
        process.stderr.write(CLEAR);
    }
  }

  get #functions(): readonly FunctionConfig[] {
    return (this.#stack?.application ?? this.#options.project.application).functions;
  }

  #shown(functionName: string): string {
    return shownNameOf(functionName, this.#functions);
  }

  #ended(fn: FunctionConfig, record: InvocationRecord): void {
    this.#last = record;
    this.summary.add(record);
    if (!this.#options.json) return this.#log.ended(record, fn);
    const { kind: _, logs: __, event: request, ...facts } = record;
    this.#emit({ event: "invocation", ...facts, request });
  }

  #executed(record: ExecutionRecord, { application }: Stack): void {
    this.summary.addExecution(record);
    if (!this.#options.json) return this.#log.execution(record, namesOf({ application }));
    const { kind, ...facts } = record;
    this.#emit({ event: kind, ...facts });
  }

  #emit(event: Readonly<Record<string, unknown>>): void {
    process.stdout.write(`${JSON.stringify(event)}\n`);
  }

  async #invoke(): Promise<void> {
    const { project } = this.#options;
    const functions = this.#functions.map(shownName);
    const fixtures = fixtureFiles(project.folder).map((file) => file.slice(file.lastIndexOf("/") + 1));
    const last = this.#last === undefined ? undefined : this.#shown(this.#last.functionName);
    const likely = last ?? (functions.length === 1 ? functions[0] : undefined);
    const initial = likely === undefined ? "" : `${likely} `;
    const line = await this.#prompt.ask("invoke (function, and event or JSON): ", [...functions, ...fixtures], initial);
    if (line === undefined) return;
    const [name = "", rest = ""] = line.split(/\s+(.*)/s);
    await this.#guard(async () => {
      const fn = findFunction(this.#stack?.application ?? project.application, name);
      const choice = rest === "" ? {} : /^[[{"\d]/.test(rest) ? { data: rest } : { event: rest };
      await this.#stack?.invoke(fn, { payload: await readEvent(choice, project.folder) });
    });
  }

  async #replay(): Promise<void> {
    const last = this.#last;
    if (last === undefined) return this.say("nothing to replay yet; i invokes a function");
    await this.#guard(async () => {
      const fn = findFunction(this.#stack?.application ?? this.#options.project.application, last.functionName);
      await this.#stack?.invoke(fn, { payload: Buffer.from(last.event) });
    });
  }

  /** Opens the inspector in the function that ran last, or closes it. */
  #debug(): void {
    const { debugging } = this.#options;
    const stack = this.#stack;
    if (stack === undefined) return;
    const open = debugging.functionName;
    const fn =
      stack.application.functions.find(({ name }) => name === (open ?? this.#last?.functionName)) ??
      stack.application.functions[0];
    if (fn === undefined) return this.say("there is no function to debug");
    if (open === undefined) debugging.open(fn, { port: DEFAULT_INSPECTOR_PORT, breakAtStart: false });
    else debugging.close();
    stack.host.updateSource(fn);
    if (open !== undefined) return this.say(`the debugger of ${shownName(fn)} is closed`);
    void stack.host.prepare(fn).catch((error: unknown) => this.notice(messageOf(error)));
    this.say(
      `${shownName(fn)} listens for a debugger on 127.0.0.1:${DEFAULT_INSPECTOR_PORT}; its timeout stands still while it is stopped`,
    );
  }

  #open(): void {
    const door = this.#stack?.doors.find(({ kind }) => kind !== "websocket");
    if (door === undefined)
      return this.say(
        `there is no API and no function URL to open; AWS clients find the services at ${this.#stack?.endpoint ?? ""}`,
      );
    const { url } = door;
    const opener = process.platform === "darwin" ? "open" : process.platform === "win32" ? "explorer" : "xdg-open";
    this.say(url);
    // A machine without a browser still has the address.
    spawn(opener, [url], { stdio: "ignore", detached: true })
      .on("error", () => undefined)
      .unref();
  }

  /** Something that does not end the session. */
  failed(error: unknown): void {
    if (this.#options.json) this.#emit({ event: "failed", error: errorJson(error) });
    else this.#prompt.write(renderError(error, this.#options.colours));
  }

  async #guard(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.failed(error);
    }
  }
}
