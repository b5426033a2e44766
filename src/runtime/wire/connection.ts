/**
 * One client connection of the Runtime API: requests in order, answers in order, one at a time. While an answer is
 * pending (a `next` that waits for an event) nothing further is parsed, so a client that floods us fills its own
 * socket and not our memory.
 */
import type { Socket } from "node:net";
import { RequestParser, type BodySink, type RequestHead } from "./request-parser.js";

const REASONS: Readonly<Record<number, string>> = {
  200: "OK",
  202: "Accepted",
  400: "Bad Request",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  413: "Payload Too Large",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  501: "Not Implemented",
  505: "HTTP Version Not Supported",
};

/** Bodies up to this size are copied behind their head. */
const MAX_JOINED_BYTES = 16 * 1024;
/**
 * So long may an answer wait for the next one, when that was asked for already. Longer than environments that take
 * turns are idle: an answer on its own is a write more, and wakes a process that has nothing to do before its freeze.
 */
const MAX_HOLD_MS = 50;

type Send = (statusCode: number, body: Buffer | string, headers: Readonly<Record<string, string>>) => void;

/** The way to answer one request; call it once. Further calls are ignored. */
export class Reply {
  #send: Send | undefined;

  constructor(send: Send) {
    this.#send = send;
  }

  send(statusCode: number, body: Buffer | string, headers: Readonly<Record<string, string>> = {}): void {
    const send = this.#send;
    this.#send = undefined;
    send?.(statusCode, body, headers);
  }

  /** JSON with AWS's content type. */
  json(statusCode: number, body: unknown, headers: Readonly<Record<string, string>> = {}): void {
    this.send(statusCode, JSON.stringify(body), { "Content-Type": "application/json", ...headers });
  }
}

/** Decides what to do with a request; the returned sink gets its body. */
export type RequestHandler = (head: RequestHead, reply: Reply, connection: Connection) => BodySink;

export class Connection {
  readonly #socket: Socket;
  readonly #parser: RequestParser;
  #closed = false;
  /** True between the end of a request's body and its answer. */
  #waiting = false;
  /** True while input is being parsed. */
  #reading = false;
  /** An answer that goes out together with the next one: the client has asked for both already. */
  #held: Buffer | undefined;
  #late: NodeJS.Timeout | undefined;

  constructor(socket: Socket, handler: RequestHandler) {
    this.#socket = socket;
    socket.setNoDelay(true);
    this.#parser = new RequestParser({
      head: (head) => {
        this.#parser.pause();
        if (head.headers["expect"]?.toLowerCase() === "100-continue") socket.write("HTTP/1.1 100 Continue\r\n\r\n");
        const reply = new Reply((...answer) => this.#answer(...answer, head.keepAlive));
        return handler(head, reply, this);
      },
      refuse: (statusCode, reason) => {
        this.#write(statusCode, JSON.stringify({ errorMessage: reason, errorType: "InvalidRequest" }), {}, false);
      },
    });
    socket.on("data", (data) => {
      this.#reading = true;
      this.#parser.push(data);
      this.#reading = false;
      if (this.#waiting) socket.pause();
      else this.#flush();
    });
    // A reset by the peer is normal here: the runtime was killed.
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      this.#closed = true;
      clearTimeout(this.#late);
      this.#parser.close();
    });
  }

  get closed(): boolean {
    return this.#closed;
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Takes nothing more in until `taken` settles: whoever the body goes to sets the pace. */
  slowDown(taken: Promise<void>): void {
    this.#socket.pause();
    void taken.catch(() => undefined).finally(() => this.#socket.resume());
  }

  /** Called by the route when the whole request has been read and the answer is still to come. */
  holdUntilReply(): void {
    this.#waiting = true;
  }

  #answer(
    statusCode: number,
    body: Buffer | string,
    headers: Readonly<Record<string, string>>,
    keepAlive: boolean,
  ): void {
    this.#write(statusCode, body, headers, keepAlive);
    this.#waiting = false;
    this.#socket.resume();
    this.#parser.resume();
    if (!this.#reading && !this.#waiting) this.#flush();
  }

  #hold(bytes: Buffer): void {
    this.#held = this.#held === undefined ? bytes : Buffer.concat([this.#held, bytes]);
    this.#late ??= setTimeout(() => this.#flush(), MAX_HOLD_MS);
  }

  #flush(last?: Buffer): void {
    clearTimeout(this.#late);
    this.#late = undefined;
    const held = this.#held;
    this.#held = undefined;
    if (this.#closed) return;
    if (held !== undefined && last !== undefined) this.#socket.write(Buffer.concat([held, last]));
    else if (held !== undefined) this.#socket.write(held);
    else if (last !== undefined) this.#socket.write(last);
  }

  #write(
    statusCode: number,
    body: Buffer | string,
    headers: Readonly<Record<string, string>>,
    keepAlive: boolean,
  ): void {
    if (this.#closed) return;
    const length = typeof body === "string" ? Buffer.byteLength(body) : body.length;
    let head = `HTTP/1.1 ${statusCode} ${REASONS[statusCode] ?? "Unknown"}\r\nContent-Length: ${length}\r\n`;
    for (const name in headers) head += `${name}: ${headers[name] ?? ""}\r\n`;
    if (!keepAlive) head += "Connection: close\r\n";
    head += "\r\n";
    if (length <= MAX_JOINED_BYTES) {
      // One piece is a plain write; two cost some 10 us more than copying a small body.
      const joined = Buffer.allocUnsafe(head.length + length);
      joined.write(head, 0, "latin1");
      if (typeof body === "string") joined.write(body, head.length, "utf8");
      else body.copy(joined, head.length);
      // Our Node client asks for the next event behind its answer: a write less for each invocation.
      if (keepAlive && this.#parser.hasInput) this.#hold(joined);
      else this.#flush(joined);
    } else {
      this.#flush();
      this.#socket.cork();
      this.#socket.write(head, "latin1");
      this.#socket.write(body);
      this.#socket.uncork();
    }
    if (keepAlive) return;
    this.#closed = true;
    this.#socket.end();
  }
}
