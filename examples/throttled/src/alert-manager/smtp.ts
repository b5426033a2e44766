/**
 * Sends one mail over SMTP (RFC 5321): TLS from the start for `smtps:` (port 465; Amazon SES has it), AUTH PLAIN where the
 * address has a user, and then never in the clear. Replies in the four hundreds may be better another time; in the five hundreds not.
 */
import { connect as connectPlain, type Socket } from "node:net";
import { createInterface, type Interface } from "node:readline";
import { connect as connectTls } from "node:tls";

export interface Envelope {
  readonly from: string;
  readonly to: readonly string[];
  /** Headers and text, line ends as they come. */
  readonly message: string;
}

/** The server refuses for good. */
export class MailRefused extends Error {
  override readonly name = "MailRefused";
}

const TIMEOUT_MS = 15_000;

/** `url`: `smtp://user:password@host:port` or `smtps://...`. */
export async function sendMail(url: string, { from, to, message }: Envelope): Promise<void> {
  const { protocol, hostname, port, username, password } = new URL(url);
  const isTls = protocol === "smtps:";
  if (username !== "" && !isTls) throw new MailRefused("a password is not sent in the clear: use smtps://");
  const dialogue = new Dialogue(
    isTls
      ? connectTls({ host: hostname, port: Number(port || 465), servername: hostname })
      : connectPlain({ host: hostname, port: Number(port || 25) }),
  );
  try {
    await dialogue.expect(220);
    await dialogue.say("EHLO alert-manager", 250);
    if (username !== "") {
      const identity = `\0${decodeURIComponent(username)}\0${decodeURIComponent(password)}`;
      await dialogue.say(`AUTH PLAIN ${Buffer.from(identity).toString("base64")}`, 235);
    }
    await dialogue.say(`MAIL FROM:<${from}>`, 250);
    for (const address of to) await dialogue.say(`RCPT TO:<${address}>`, 250);
    await dialogue.say("DATA", 354);
    await dialogue.say(`${dotStuffed(message)}\r\n.`, 250);
  } finally {
    dialogue.end();
  }
}

/** "If the first character of the line is a period, one additional period is inserted." (RFC 5321, 4.5.2) */
const dotStuffed = (message: string): string => message.replace(/\r?\n/g, "\r\n").replace(/^\./gm, "..");

class Dialogue {
  readonly #socket: Socket;
  readonly #lines: Interface;
  readonly #reader: AsyncIterator<string>;
  #failure: Error | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error("the mail server does not answer")));
    // Whoever reads is told of it; without a listener here it would end the process.
    socket.on("error", (error) => (this.#failure = error));
    this.#lines = createInterface({ input: socket, crlfDelay: Number.POSITIVE_INFINITY });
    this.#reader = this.#lines[Symbol.asyncIterator]();
  }

  async say(command: string, wanted: number): Promise<void> {
    this.#socket.write(`${command}\r\n`);
    await this.expect(wanted, command.split(/[ :\r]/, 1)[0]);
  }

  /** Waits for the last line of a reply. */
  async expect(wanted: number, command = "the greeting"): Promise<void> {
    for (;;) {
      const { done, value: line } = (await this.#reader.next()) as { readonly done?: boolean; readonly value: string };
      if (done === true) throw this.#failure ?? new Error("the mail server has closed the connection");
      const code = Number(line.slice(0, 3));
      if (line[3] === "-") continue;
      if (code === wanted) return;
      const told = `the mail server answers ${command} with ${line}`;
      throw code >= 500 ? new MailRefused(told) : new Error(told);
    }
  }

  /** Without waiting for the reply: the mail is the server's by now, and thrown it would be sent again. */
  end(): void {
    this.#lines.close();
    this.#socket.end("QUIT\r\n");
  }
}
