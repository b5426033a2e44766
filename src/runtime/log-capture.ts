/**
 * The log of one execution environment: splits what its processes print into lines, adds the platform's own, keeps
 * those of the invocation under way (bounded), and passes every line on.
 */
import type { Readable } from "node:stream";
import type { LoggingConfig } from "../config/function-config.js";
import type { Sandbox } from "./sandbox/sandbox.js";
import { linesOf, type PlatformEvent } from "./platform-events.js";

export interface LogRecord {
  readonly timeMs: number;
  readonly source: "platform" | "function" | "extension";
  /** One line, without its line end. */
  readonly text: string;
  /** Present on platform records. */
  readonly event?: PlatformEvent;
}

export type LogListener = (record: LogRecord) => void;

/** CloudWatch's limit for one log event; longer lines are cut into several. */
const MAX_LINE_BYTES = 256 * 1024;
/** What an InvokeResult carries at most; the listeners get everything. */
const MAX_KEPT_BYTES = 1024 * 1024;

export class LogCapture {
  readonly #listener: LogListener;
  readonly #logging: LoggingConfig;
  #kept: string[] | undefined;
  #keptBytes = 0;
  #droppedLines = 0;
  readonly #splitters: LineSplitter[] = [];

  constructor(listener: LogListener, logging: LoggingConfig) {
    this.#listener = listener;
    this.#logging = logging;
  }

  /** Takes over the output of an environment. */
  attach({ stdout, stderr, extensions }: Sandbox["output"]): void {
    this.#read(stdout, "function");
    this.#read(stderr, "function");
    if (extensions !== undefined) this.#read(extensions, "extension");
  }

  #read(stream: Readable, source: "function" | "extension"): void {
    const splitter = new LineSplitter((text) => this.#record({ timeMs: Date.now(), source, text }));
    this.#splitters.push(splitter);
    stream.on("data", (data: Buffer) => splitter.push(data));
    // The other end was killed; what it had written has been read.
    stream.on("error", () => splitter.flush());
    stream.on("end", () => splitter.flush());
  }

  platform(event: PlatformEvent): void {
    const timeMs = Date.now();
    const lines = linesOf(event, timeMs, this.#logging);
    for (const text of lines) this.#record({ timeMs, source: "platform", text, event });
    // Subscribers want every event, also those that print nothing.
    if (lines.length === 0) this.#listener({ timeMs, source: "platform", text: "", event });
  }

  /** A text line that is no telemetry event; in the JSON format the status of the report says it. */
  noteTimeout(requestId: string, timeoutSeconds: number): void {
    if (this.#logging.format === "JSON") return;
    const timeMs = Date.now();
    const text = `${new Date(timeMs).toISOString()} ${requestId} Task timed out after ${timeoutSeconds.toFixed(2)} seconds\n`;
    this.#record({ timeMs, source: "platform", text });
  }

  /** Starts keeping lines for an invocation. */
  begin(): void {
    this.#kept = [];
    this.#keptBytes = 0;
    this.#droppedLines = 0;
  }

  /**
   * Lets everything in that the environment wrote before its answer. The bytes are in the pipe by then (writes to
   * pipes are synchronous on Linux), so one pass of the event loop's poll phase reads them.
   */
  async drain(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    for (const splitter of this.#splitters) splitter.flush();
  }

  /** Ends keeping; the lines of the invocation, each with its line end. */
  end(): string {
    const lines = this.#kept ?? [];
    this.#kept = undefined;
    const dropped = this.#droppedLines === 0 ? "" : `[lambda-run: ${this.#droppedLines} lines left out here]\n`;
    return `${dropped}${lines.join("\n")}${lines.length > 0 ? "\n" : ""}`;
  }

  #record(record: LogRecord): void {
    if (this.#kept !== undefined) {
      this.#kept.push(record.text);
      this.#keptBytes += record.text.length + 1;
      while (this.#keptBytes > MAX_KEPT_BYTES && this.#kept.length > 1) {
        this.#keptBytes -= (this.#kept.shift() ?? "").length + 1;
        this.#droppedLines += 1;
      }
    }
    this.#listener(record);
  }
}

/** Bytes to lines. A line beyond the bound is cut into several, between characters. */
class LineSplitter {
  readonly #emit: (line: string) => void;
  #parts: Buffer[] = [];
  #sizeBytes = 0;

  constructor(emit: (line: string) => void) {
    this.#emit = emit;
  }

  push(data: Buffer): void {
    let start = 0;
    for (let end = data.indexOf(0x0a); end >= 0; end = data.indexOf(0x0a, start)) {
      this.#add(data.subarray(start, end));
      this.flush(true);
      start = end + 1;
    }
    if (start < data.length) this.#add(data.subarray(start));
  }

  flush(evenEmpty = false): void {
    if (this.#sizeBytes === 0 && !evenEmpty) return;
    const line = Buffer.concat(this.#parts).toString("utf8");
    this.#parts = [];
    this.#sizeBytes = 0;
    this.#emit(line);
  }

  #add(part: Buffer): void {
    let rest = part;
    while (this.#sizeBytes + rest.length > MAX_LINE_BYTES) {
      const room = wholeCharacters(rest, MAX_LINE_BYTES - this.#sizeBytes);
      this.#parts.push(rest.subarray(0, room));
      this.#sizeBytes += room;
      rest = rest.subarray(room);
      this.flush();
    }
    if (rest.length === 0) return;
    this.#parts.push(rest);
    this.#sizeBytes += rest.length;
  }
}

/** The cut at or before `at` that falls between two UTF-8 characters (continuation bytes are 10xxxxxx). */
function wholeCharacters(bytes: Buffer, at: number): number {
  let cut = at;
  while (cut > 0 && at - cut < 3 && isContinuation(bytes, cut)) cut -= 1;
  return isContinuation(bytes, cut) ? at : cut;
}

const isContinuation = (bytes: Buffer, index: number): boolean => ((bytes[index] ?? 0) & 0xc0) === 0x80;
