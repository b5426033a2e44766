/**
 * A strict HTTP/1.1 request parser for the Runtime API leg. `node:http` on this leg costs two to eight times the
 * round trip, and here both ends are known: requests are small, bodies are opaque bytes.
 *
 * Strict means: CRLF only, no folded headers, no space before the colon, one Content-Length of digits alone, never
 * Content-Length beside Transfer-Encoding, `chunked` as the only coding. Whatever is refused ends the connection.
 * RFC 9112; bench and tests hold its verdicts against node:http.
 */

export interface RequestHead {
  readonly method: string;
  /** Path and query as sent. */
  readonly target: string;
  /** Lower-case names; repeated headers are joined with ", ". */
  readonly headers: Readonly<Record<string, string>>;
  readonly keepAlive: boolean;
  readonly hasBody: boolean;
}

/** Receives the body of one request. */
export interface BodySink {
  chunk(data: Buffer): void;
  end(trailers: Readonly<Record<string, string>>): void;
  /** The connection ended, or turned to garbage, in the middle of the body; no `end` will come. */
  readonly cut?: (() => void) | undefined;
}

export interface ParserEvents {
  /** A complete head. The returned sink gets the body; `end` is called for bodyless requests too. */
  head(head: RequestHead): BodySink;
  /** The input is not HTTP/1.1 as we take it; nothing more will be parsed. */
  refuse(...refusal: Refusal): void;
}

type Refusal = readonly [statusCode: 400 | 413 | 431 | 501 | 505, reason: string];

/** AWS's clients put messages and stacks of errors into headers and trailers. A function's 1,024 sockets are 128 MB then. */
export const MAX_HEAD_BYTES = 128 * 1024;
const MAX_CHUNK_LINE_BYTES = 1024;

type State = "head" | "fixed" | "chunk-size" | "chunk-data" | "chunk-end" | "trailers" | "dead";

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
// Visible ASCII, space, tab and obs-text: what a field value may hold.
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
// The origin form only: nobody goes through a proxy here.
const TARGET = /^\/[\x21-\x7e]*$/;
// Size in hex, then extensions (RFC 9112 7.1.1, without the white space it puts up with), which nobody on this leg uses.
const CHUNK_LINE =
  /^([0-9a-fA-F]{1,13})(?:;[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:=(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+|"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t\x20-\x7e\x80-\xff])*"))?)*$/;
const EMPTY = Buffer.alloc(0);
const NO_TRAILERS: Readonly<Record<string, string>> = Object.freeze({});

export class RequestParser {
  readonly #events: ParserEvents;
  #state: State = "head";
  #buffer: Buffer = EMPTY;
  #sink: BodySink | undefined;
  /** Bytes still to come of the fixed body or of the current chunk. */
  #left = 0;
  /** False when the request under way is the last one of its connection: what follows it is never read. */
  #keepAlive = true;
  #paused = false;
  #running = false;
  /** The last head without a body. */
  #repeated: { readonly text: string; readonly read: ReadHead } | undefined;

  constructor(events: ParserEvents) {
    this.#events = events;
  }

  /** Something of the next request, or the rest of this one, has arrived. */
  get hasInput(): boolean {
    return this.#buffer.length > 0;
  }

  push(data: Buffer): void {
    if (this.#state === "dead") return;
    this.#buffer = this.#buffer.length === 0 ? data : Buffer.concat([this.#buffer, data]);
    this.#run();
  }

  /** Stops before the next request; input is kept. Used while an answer is pending, so that answers stay in order. */
  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#run();
  }

  /** The input has ended. A body under way is cut. */
  close(): void {
    this.#state = "dead";
    this.#buffer = EMPTY;
    const sink = this.#sink;
    this.#sink = undefined;
    sink?.cut?.();
  }

  #run(): void {
    // Sinks may call resume() from within; the outer loop goes on in that case.
    if (this.#running) return;
    this.#running = true;
    try {
      while (this.#step()) {
        // Each step consumes input or changes the state.
      }
    } finally {
      this.#running = false;
    }
  }

  /** One step; false when more input is needed. */
  #step(): boolean {
    switch (this.#state) {
      case "head":
        return !this.#paused && this.#head();
      case "fixed":
      case "chunk-data":
        return this.#data();
      case "chunk-size":
        return this.#chunkSize();
      case "chunk-end":
        return this.#chunkEnd();
      case "trailers":
        return this.#trailers();
      case "dead":
        return false;
    }
  }

  #head(): boolean {
    // A client may send an empty line before a request (RFC 9112 2.2).
    while (this.#buffer.length >= 2 && this.#buffer[0] === 0x0d && this.#buffer[1] === 0x0a)
      this.#buffer = this.#buffer.subarray(2);
    const end = this.#buffer.indexOf("\r\n\r\n");
    if (end > MAX_HEAD_BYTES || (end < 0 && this.#buffer.length > MAX_HEAD_BYTES))
      return this.#refuse(431, "the head is too large");
    if (end < 0) return false;
    const text = this.#buffer.toString("latin1", 0, end);
    this.#buffer = this.#buffer.subarray(end + 4);
    // A client asks for its next event in the same words each time.
    const read = text === this.#repeated?.text ? this.#repeated.read : readHead(text);
    if ("refusal" in read) return this.#refuse(...read.refusal);
    if (!read.head.hasBody) this.#repeated = { text, read };

    this.#keepAlive = read.head.keepAlive;
    this.#left = read.sizeBytes;
    this.#sink = this.#events.head(read.head);
    if (read.isChunked) this.#state = "chunk-size";
    else if (this.#left > 0) this.#state = "fixed";
    else this.#finish(NO_TRAILERS);
    return true;
  }

  #data(): boolean {
    if (this.#buffer.length === 0) return false;
    const part = this.#buffer.length <= this.#left ? this.#buffer : this.#buffer.subarray(0, this.#left);
    this.#buffer = part === this.#buffer ? EMPTY : this.#buffer.subarray(part.length);
    this.#left -= part.length;
    this.#sink?.chunk(part);
    if (this.#left === 0) {
      if (this.#state === "chunk-data") this.#state = "chunk-end";
      else this.#finish(NO_TRAILERS);
    }
    return true;
  }

  #chunkSize(): boolean {
    const end = this.#buffer.indexOf("\r\n");
    if (end > MAX_CHUNK_LINE_BYTES || (end < 0 && this.#buffer.length > MAX_CHUNK_LINE_BYTES))
      return this.#refuse(400, "chunk line too long");
    if (end < 0) return false;
    const line = this.#buffer.toString("latin1", 0, end);
    this.#buffer = this.#buffer.subarray(end + 2);
    const size = CHUNK_LINE.exec(line);
    if (size === null) return this.#refuse(400, "bad chunk size");
    this.#left = Number.parseInt(size[1] ?? "", 16);
    this.#state = this.#left === 0 ? "trailers" : "chunk-data";
    return true;
  }

  #chunkEnd(): boolean {
    if (this.#buffer.length < 2) return false;
    if (this.#buffer[0] !== 0x0d || this.#buffer[1] !== 0x0a)
      return this.#refuse(400, "chunk data is longer than its size");
    this.#buffer = this.#buffer.subarray(2);
    this.#state = "chunk-size";
    return true;
  }

  #trailers(): boolean {
    if (this.#buffer.length >= 2 && this.#buffer[0] === 0x0d && this.#buffer[1] === 0x0a) {
      this.#buffer = this.#buffer.subarray(2);
      this.#finish(NO_TRAILERS);
      return true;
    }
    const end = this.#buffer.indexOf("\r\n\r\n");
    if (end > MAX_HEAD_BYTES || (end < 0 && this.#buffer.length > MAX_HEAD_BYTES))
      return this.#refuse(431, "trailers too large");
    if (end < 0) return false;
    const trailers = parseFields(this.#buffer.toString("latin1", 0, end).split("\r\n"), 0);
    // Framing is over by now: a length that comes this late is meant for somebody else on the way.
    if (trailers === undefined || "content-length" in trailers || "transfer-encoding" in trailers)
      return this.#refuse(400, "bad trailer");
    this.#buffer = this.#buffer.subarray(end + 4);
    this.#finish(trailers);
    return true;
  }

  #finish(trailers: Readonly<Record<string, string>>): void {
    const sink = this.#sink;
    this.#sink = undefined;
    this.#state = this.#keepAlive ? "head" : "dead";
    if (!this.#keepAlive) this.#buffer = EMPTY;
    sink?.end(trailers);
  }

  #refuse(...[statusCode, reason]: Refusal): false {
    this.close();
    this.#events.refuse(statusCode, reason);
    return false;
  }
}

interface ReadHead {
  readonly head: RequestHead;
  readonly isChunked: boolean;
  /** Of a body whose length is known. */
  readonly sizeBytes: number;
}

/** A head without the empty line that ends it. */
function readHead(text: string): ReadHead | { readonly refusal: Refusal } {
  const lines = text.split("\r\n");
  const [method = "", target = "", version = "", extra] = (lines[0] ?? "").split(" ");
  if (extra !== undefined || !TOKEN.test(method) || !TARGET.test(target)) return { refusal: [400, "bad request line"] };
  if (version !== "HTTP/1.1" && version !== "HTTP/1.0")
    return { refusal: [/^HTTP\/\d\.\d$/.test(version) ? 505 : 400, "bad version"] };
  const headers = parseFields(lines, 1);
  if (headers === undefined) return { refusal: [400, "bad header"] };

  const coding = headers["transfer-encoding"];
  const length = headers["content-length"];
  if (coding !== undefined) {
    if (length !== undefined) return { refusal: [400, "both Content-Length and Transfer-Encoding"] };
    if (coding.toLowerCase() !== "chunked") return { refusal: [501, "unknown transfer coding"] };
    if (version === "HTTP/1.0") return { refusal: [400, "chunked needs HTTP/1.1"] };
  }
  if (length !== undefined && !/^\d{1,15}$/.test(length)) return { refusal: [400, "bad Content-Length"] };

  const keepAlive =
    version === "HTTP/1.1"
      ? !hasOption(headers["connection"], "close")
      : hasOption(headers["connection"], "keep-alive");
  const isChunked = coding !== undefined;
  const sizeBytes = length === undefined ? 0 : Number(length);
  return {
    head: { method, target, headers, keepAlive, hasBody: isChunked || sizeBytes > 0 },
    isChunked,
    sizeBytes,
  };
}

/** Whether a Connection header lists the option. */
function hasOption(list: string | undefined, option: string): boolean {
  if (list === undefined) return false;
  return list.split(",").some((item) => item.trim().toLowerCase() === option);
}

/** Header or trailer lines from `start` on; undefined when one of them is malformed. */
function parseFields(lines: readonly string[], start: number): Record<string, string> | undefined {
  const fields = Object.create(null) as Record<string, string>;
  for (let i = start; i < lines.length; i++) {
    const line = lines[i] ?? "";
    const colon = line.indexOf(":");
    if (colon <= 0) return undefined;
    const name = line.slice(0, colon);
    const value = withoutBlanks(line, colon + 1);
    if (!TOKEN.test(name) || !FIELD_VALUE.test(value)) return undefined;
    const key = name.toLowerCase();
    const earlier = fields[key];
    // Two lengths or two codings are how requests are smuggled.
    if (earlier !== undefined && (key === "content-length" || key === "transfer-encoding")) return undefined;
    fields[key] = earlier === undefined ? value : `${earlier}, ${value}`;
  }
  return fields;
}

/** The rest of the line from `start` on, without spaces and tabs around it. A regular expression takes three times as long. */
function withoutBlanks(line: string, start: number): string {
  let end = line.length;
  while (start < end && isBlank(line.charCodeAt(start))) start += 1;
  while (end > start && isBlank(line.charCodeAt(end - 1))) end -= 1;
  return line.slice(start, end);
}

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09;
