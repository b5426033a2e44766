/**
 * Takes mails over SMTP (RFC 5321): every sender, every receiver, every password. A mail is answered with 250 when it is kept.
 * Bound to this machine; a page in a browser cannot speak to it, since a line that is HTTP ends the dialogue.
 */
import { createServer, type Server, type Socket } from "node:net";
import { MEBIBYTE } from "../../shared/aws-limits.js";
import { mailContent } from "./message.js";
import type { NewMail } from "./index.js";

/** What `SIZE` announces. */
const MAX_MAIL_BYTES = 10 * MEBIBYTE;
const MAX_LINE_BYTES = 64 * 1024;
const MAX_RECEIVERS = 100;
/** Nobody writes mail that slowly. */
const IDLE_MS = 60_000;

export interface SmtpServer {
  readonly server: Server;
  readonly close: () => Promise<void>;
}

export function smtpServer(put: (mail: NewMail) => Promise<unknown>): SmtpServer {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    // A client that has gone away has nothing more to say.
    socket.on("error", () => socket.destroy());
    socket.setTimeout(IDLE_MS, () => socket.destroy());
    const session = new Session(socket, put);
    session.begin();
  });
  return {
    server,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

class Session {
  readonly #socket: Socket;
  readonly #put: (mail: NewMail) => Promise<unknown>;
  #pending = "";
  #from: string | undefined;
  #to: string[] = [];
  /** Lines of the mail under way; undefined between mails. */
  #lines: string[] | undefined;
  #mailBytes = 0;
  /** A line of AUTH LOGIN that the client still owes. */
  #owed = 0;
  /** Commands are answered one after the other. */
  #work: Promise<void> = Promise.resolve();

  constructor(socket: Socket, put: (mail: NewMail) => Promise<unknown>) {
    this.#socket = socket;
    this.#put = put;
  }

  begin(): void {
    const socket = this.#socket;
    this.#say("220 lambda-run takes mail for nobody but you");
    socket.setEncoding("latin1").on("data", (text: string) => {
      this.#pending += text;
      const lines = this.#pending.split("\r\n");
      this.#pending = lines.pop() ?? "";
      if (this.#pending.length > MAX_LINE_BYTES) socket.destroy();
      for (const line of lines) this.#work = this.#work.then(() => this.#take(line));
    });
  }

  async #take(line: string): Promise<void> {
    if (this.#socket.destroyed) return;
    if (this.#lines !== undefined) return this.#takeText(line, this.#lines);
    if (this.#owed > 0) {
      this.#owed -= 1;
      this.#say(this.#owed > 0 ? "334 UGFzc3dvcmQ6" : "235 2.7.0 welcome");
      return;
    }
    const verb = (/^[a-z]+/i.exec(line)?.[0] ?? "").toUpperCase();
    switch (verb) {
      case "EHLO":
        this.#say("250-lambda-run", `250-SIZE ${MAX_MAIL_BYTES}`, "250-8BITMIME", "250 AUTH PLAIN LOGIN");
        return;
      case "AUTH":
        return this.#authenticate(line);
      case "MAIL":
        this.#reset();
        this.#from = addressIn(line);
        this.#say("250 2.1.0 ok");
        return;
      case "RCPT":
        return this.#addReceiver(line);
      case "DATA":
        if (this.#from === undefined || this.#to.length === 0) this.#say("503 5.5.1 MAIL and RCPT come first");
        else {
          this.#lines = [];
          this.#say("354 end with a line that is a dot");
        }
        return;
      case "RSET":
        this.#reset();
        this.#say("250 2.0.0 ok");
        return;
      case "HELO":
      case "NOOP":
        this.#say("250 ok");
        return;
      case "QUIT":
        this.#socket.end("221 2.0.0 bye\r\n");
        return;
      case "GET":
      case "POST":
        this.#socket.destroy();
        return;
      default:
        this.#say(`502 5.5.1 ${verb || "this"} is not done here`);
    }
  }

  #authenticate(line: string): void {
    const [, kind = "", initial] = line.split(" ");
    const isLogin = kind.toUpperCase() === "LOGIN";
    if (!isLogin && initial !== undefined) return this.#say("235 2.7.0 welcome");
    this.#owed = isLogin && initial === undefined ? 2 : 1;
    this.#say(isLogin && initial === undefined ? "334 VXNlcm5hbWU6" : isLogin ? "334 UGFzc3dvcmQ6" : "334 ");
  }

  #addReceiver(line: string): void {
    if (this.#from === undefined) return this.#say("503 5.5.1 MAIL comes first");
    if (this.#to.length >= MAX_RECEIVERS) return this.#say("452 4.5.3 too many receivers");
    this.#to.push(addressIn(line));
    this.#say("250 2.1.5 ok");
  }

  async #takeText(line: string, lines: string[]): Promise<void> {
    if (line !== ".") {
      this.#mailBytes += line.length + 2;
      // What is too long is read to its end and then refused, or the client would not hear the answer.
      if (this.#mailBytes <= MAX_MAIL_BYTES) lines.push(line.startsWith("..") ? line.slice(1) : line);
      return;
    }
    const isTooLong = this.#mailBytes > MAX_MAIL_BYTES;
    const from = this.#from ?? "";
    const to = this.#to;
    this.#reset();
    if (isTooLong) return this.#say(`552 5.3.4 a mail has at most ${MAX_MAIL_BYTES} bytes`);
    const source = lines.join("\r\n");
    try {
      await this.#put({ from, to, ...mailContent(source), source });
      this.#say("250 2.0.0 kept");
    } catch {
      // The state could not be written; whoever sends may try again.
      this.#say("451 4.3.0 the mail could not be kept");
    }
  }

  #reset(): void {
    this.#from = undefined;
    this.#to = [];
    this.#lines = undefined;
    this.#mailBytes = 0;
  }

  #say(...lines: readonly string[]): void {
    this.#socket.write(lines.map((line) => `${line}\r\n`).join(""));
  }
}

/** `MAIL FROM:<a@b> SIZE=1`: what is in the brackets. */
const addressIn = (line: string): string => /<([^>]*)>/.exec(line)?.[1] ?? line.slice(line.indexOf(":") + 1).trim();
