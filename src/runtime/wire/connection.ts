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

/** The way to answer one request; call it once. Further calls are ignored. */
export interface Reply {
  send(statusCode: number, body: Buffer | string, headers?: Readonly<Record<string, string>>): void;
  /** JSON with AWS's content type. */
  json(statusCode: number, body: unknown, headers?: Readonly<Record<string, string>>): void;
  readonly done: boolean;
}

/** Decides what to do with a request; the returned sink gets its body. */
export type RequestHandler = (head: RequestHead, reply: Reply, connection: Connection) => BodySink;

export class Connection {
  readonly #socket: Socket;
  readonly #parser: RequestParser;
  #closed = false;
  /** True between the end of a request's body and its answer. */
  #waiting = false;

  constructor(socket: Socket, handler: RequestHandler) {
    this.#socket = socket;
    socket.setNoDelay(true);
    this.#parser = new RequestParser({
      head: (head) => {
        this.#parser.pause();
        if (head.headers["expect"]?.toLowerCase() === "100-continue") socket.write("HTTP/1.1 100 Continue\r\n\r\n");
        return handler(head, this.#reply(head), this);
      },
      refuse: (statusCode, reason) => {
        this.#write(statusCode, JSON.stringify({ errorMessage: reason, errorType: "InvalidRequest" }), {}, false);
      },
    });
    socket.on("data", (data) => {
      this.#parser.push(data);
      if (this.#waiting) socket.pause();
    });
    // A reset by the peer is normal here: the runtime was killed.
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      this.#closed = true;
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

  #reply(head: RequestHead): Reply {
    let done = false;
    const send: Reply["send"] = (statusCode, body, headers = {}) => {
      if (done) return;
      done = true;
      this.#write(statusCode, body, headers, head.keepAlive);
      this.#waiting = false;
      this.#socket.resume();
      this.#parser.resume();
    };
    return {
      send,
      json: (statusCode, body, headers) => send(statusCode, JSON.stringify(body), { "Content-Type": "application/json", ...headers }),
      get done() {
        return done;
      },
    };
  }

  #write(statusCode: number, body: Buffer | string, headers: Readonly<Record<string, string>>, keepAlive: boolean): void {
    if (this.#closed) return;
    const bytes = typeof body === "string" ? Buffer.from(body) : body;
    let head = `HTTP/1.1 ${statusCode} ${REASONS[statusCode] ?? "Unknown"}\r\nContent-Length: ${bytes.length}\r\n`;
    for (const name in headers) head += `${name}: ${headers[name] ?? ""}\r\n`;
    if (!keepAlive) head += "Connection: close\r\n";
    this.#socket.cork();
    this.#socket.write(`${head}\r\n`, "latin1");
    if (bytes.length > 0) this.#socket.write(bytes);
    this.#socket.uncork();
    if (keepAlive) return;
    this.#closed = true;
    this.#socket.end();
  }
}
