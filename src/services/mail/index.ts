/**
 * # Mail
 *
 * An inbox for what a stack sends to people: messages of topics to e-mail addresses, and whatever functions send to its SMTP
 * port. Nothing leaves this machine; `lambda-run inbox` and `stack.mails()` show what came.
 *
 * Mimics: a mail server that takes every message (RFC 5321), and the mails of SNS.
 * https://docs.aws.amazon.com/sns/latest/dg/sns-email-notifications.html
 *
 * Gaps:
 * - SMTP has no TLS: a client that insists on it is not served; users and passwords are taken whatever they are
 * - Amazon SES has no API here; its SMTP door is this one
 * - mails of SNS in the form of AWS, in other words; of a mail with several parts the first text is shown
 *
 * By design:
 * - the SMTP port is open when the config names one (`ports.smtp`), in a running stack
 * - e-mail subscriptions of a template need no confirmation; for others the mail that asks for it is in the inbox, with its link
 * - the newest thousand mails are kept
 *
 * Client quirks:
 * - none known
 *
 * Unverified:
 * - subjects of SNS's mails without one, and the words at their foot
 */
import { randomUUID } from "node:crypto";
import type { Database } from "lmdb";
import type { StateStore } from "../kit/state-store.js";
import type { Clock } from "../../shared/clock.js";

export interface NewMail {
  /** Of the envelope, not of the header. */
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  /** Header and body as they came; of mails of SNS there are none. */
  readonly source?: string;
}

export interface Mail extends NewMail {
  readonly id: string;
  /** By the stack's clock. */
  readonly timeMs: number;
}

const MAX_KEPT = 1000;

export class Inbox {
  readonly #store: StateStore;
  readonly #rows: Database<Mail, number>;
  readonly #clock: Clock;
  #next: number;

  constructor({ store, clock }: { readonly store: StateStore; readonly clock: Clock }) {
    this.#store = store;
    this.#clock = clock;
    this.#rows = store.table<Mail, number>("mails");
    const [last] = this.#rows.getKeys({ reverse: true, limit: 1 });
    this.#next = (last ?? 0) + 1;
  }

  /** Kept when this resolves. */
  async put({ from, to, subject, text, source }: NewMail): Promise<Mail> {
    const mail: Mail = {
      id: randomUUID(),
      timeMs: this.#clock.now(),
      from,
      to,
      subject,
      text,
      ...(source === undefined ? {} : { source }),
    };
    await this.#store.write(() => {
      const key = this.#next++;
      this.#rows.putSync(key, mail);
      this.#rows.removeSync(key - MAX_KEPT);
    });
    return mail;
  }

  /** Oldest first. */
  list(): Mail[] {
    return Array.from(this.#rows.getRange({}), ({ value }) => value);
  }

  /** Resolves to how many there were. */
  async clear(): Promise<number> {
    const count = this.#rows.getCount();
    await this.#rows.clearAsync();
    return count;
  }
}
