/**
 * The client side of the Runtime API, for our own bootstrap only: one keep-alive socket, raw HTTP/1.1, and the answer
 * to one event written together with the question for the next (findings: two to three times the throughput of
 * `node:http` here). The server is ours too and always sends Content-Length.
 */
import { connect, type Socket } from "node:net";

const MAX_JOINED_BYTES = 16 * 1024;

export interface Answer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export class RuntimeClient {
  readonly #socket: Socket;
  readonly #host: string;
  #received: Buffer[] = [];
  #receivedBytes = 0;
  #neededBytes = 0;
  #answerHead: { readonly statusCode: number; readonly headers: Record<string, string> } | undefined;
  readonly #waiting: ((answer: Answer) => void)[] = [];

  constructor(runtimeApi: string) {
    const colon = runtimeApi.lastIndexOf(":");
    this.#host = runtimeApi;
    this.#socket = connect({
      host: runtimeApi.slice(0, colon),
      port: Number(runtimeApi.slice(colon + 1)),
      noDelay: true,
    });
    this.#socket.on("data", (data) => this.#receive(data));
    // Without its supervisor the environment has no reason to live.
    this.#socket.on("error", () => process.exit(1));
    this.#socket.on("close", () => process.exit(1));
  }

  /** Lets the event loop drain although the connection is open: on Lambda it does not count as work. */
  unref(): void {
    this.#socket.unref();
  }

  ref(): void {
    this.#socket.ref();
  }

  /**
   * Tells the supervisor, from the process's `exit` event, with which code it leaves. Fire and forget: the write is
   * synchronous as far as the kernel's buffer goes, which is all a process that is leaving can do.
   */
  noteExit(code: number): void {
    this.#write("POST", `/lambda-run/exit/${code}`, {}, "");
  }

  request(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>> = {},
    body?: Buffer | string,
  ): Promise<Answer> {
    this.#write(method, path, headers, body);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Two requests in one write: the answer to this event and the question for the next. */
  respondAndNext(
    path: string,
    headers: Readonly<Record<string, string>>,
    body: Buffer | string,
    nextPath: string,
  ): Promise<[Answer, Answer]> {
    const answered = new Promise<Answer>((resolve) => this.#waiting.push(resolve));
    const next = new Promise<Answer>((resolve) => this.#waiting.push(resolve));
    this.#write("POST", path, headers, body, `${this.#head("GET", nextPath, {})}\r\n`);
    return Promise.all([answered, next]);
  }

  /** Opens a chunked request; the returned functions write to it. Resolves with the answer after `end`. */
  stream(
    path: string,
    headers: Readonly<Record<string, string>>,
  ): {
    write(chunk: Buffer): boolean;
    end(trailers: Readonly<Record<string, string>>): void;
    onDrain(listener: () => void): void;
    readonly answer: Promise<Answer>;
  } {
    let head = `POST ${path} HTTP/1.1\r\nHost: ${this.#host}\r\nTransfer-Encoding: chunked\r\n`;
    for (const name in headers) head += `${name}: ${headers[name] ?? ""}\r\n`;
    this.#socket.write(`${head}\r\n`, "latin1");
    const socket = this.#socket;
    return {
      write(chunk) {
        socket.cork();
        socket.write(`${chunk.length.toString(16)}\r\n`, "latin1");
        socket.write(chunk);
        const more = socket.write("\r\n", "latin1");
        socket.uncork();
        return more;
      },
      end(trailers) {
        let tail = "0\r\n";
        for (const name in trailers) tail += `${name}: ${trailers[name] ?? ""}\r\n`;
        socket.write(`${tail}\r\n`, "latin1");
      },
      onDrain: (listener) => socket.once("drain", listener),
      answer: new Promise((resolve) => this.#waiting.push(resolve)),
    };
  }

  #head(method: string, path: string, headers: Readonly<Record<string, string>>): string {
    let head = `${method} ${path} HTTP/1.1\r\nHost: ${this.#host}\r\n`;
    for (const name in headers) head += `${name}: ${headers[name] ?? ""}\r\n`;
    return head;
  }

  /** `follower` is the request behind this one. A small body goes out in one piece with its heads: three cost 20 us more. */
  #write(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body: Buffer | string = "",
    follower = "",
  ): void {
    const length = typeof body === "string" ? Buffer.byteLength(body) : body.length;
    const head = `${this.#head(method, path, headers)}${method === "GET" ? "" : `Content-Length: ${length}\r\n`}\r\n`;
    if (length > MAX_JOINED_BYTES) {
      this.#socket.cork();
      this.#socket.write(head, "latin1");
      this.#socket.write(body);
      if (follower !== "") this.#socket.write(follower, "latin1");
      this.#socket.uncork();
      return;
    }
    const joined = Buffer.allocUnsafe(head.length + length + follower.length);
    joined.write(head, 0, "latin1");
    if (typeof body === "string") joined.write(body, head.length, "utf8");
    else body.copy(joined, head.length);
    joined.write(follower, head.length + length, "latin1");
    this.#socket.write(joined);
  }

  #receive(data: Buffer): void {
    this.#received.push(data);
    this.#receivedBytes += data.length;
    // Joining only when enough has come keeps a 6 MB event linear.
    while (this.#receivedBytes > 0 && this.#receivedBytes >= this.#neededBytes && this.#takeAnswer());
  }

  #takeAnswer(): boolean {
    const all = this.#received.length === 1 ? (this.#received[0] ?? Buffer.alloc(0)) : Buffer.concat(this.#received);
    let offset = 0;
    if (this.#answerHead === undefined) {
      const end = all.indexOf("\r\n\r\n");
      if (end < 0) {
        this.#keep(all, 0, 0);
        return false;
      }
      this.#answerHead = parseHead(all.toString("latin1", 0, end));
      offset = end + 4;
    }
    const length = Number(this.#answerHead.headers["content-length"] ?? 0);
    if (all.length - offset < length) {
      this.#keep(all, offset, length);
      return false;
    }
    const { statusCode, headers } = this.#answerHead;
    const body = all.subarray(offset, offset + length);
    this.#answerHead = undefined;
    this.#keep(all, offset + length, 0);
    this.#waiting.shift()?.({ statusCode, headers, body });
    return true;
  }

  #keep(all: Buffer, offset: number, neededBytes: number): void {
    this.#received = offset < all.length ? [all.subarray(offset)] : [];
    this.#receivedBytes = all.length - offset;
    this.#neededBytes = neededBytes;
  }
}

function parseHead(text: string): { readonly statusCode: number; readonly headers: Record<string, string> } {
  const lines = text.split("\r\n");
  const headers: Record<string, string> = {};
  for (let i = 1; i < lines.length; i++) {
    const line = lines[i] ?? "";
    const colon = line.indexOf(":");
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  return { statusCode: Number((lines[0] ?? "").slice(9, 12)), headers };
}
