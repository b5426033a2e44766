/**
 * The inbox of a stack: what topics send to e-mail addresses, and what comes to the SMTP port where the config names one. Loaded
 * when the first mail comes or somebody looks.
 */
import type { ResolvedConfig } from "../config/schema.js";
import type { Gateway } from "../services/gateway.js";
import type { StateStore } from "../services/kit/state-store.js";
import type { Inbox, Mail, NewMail } from "../services/mail/index.js";
import type { Clock } from "../shared/clock.js";
import { listen } from "../shared/listen.js";
import { askInspector, serveInspector } from "./inspector-door.js";

export interface StackInboxOptions {
  readonly store: () => StateStore;
  readonly clock: Clock;
}

const NAME = "inbox";

export class StackInbox {
  readonly #options: StackInboxOptions;
  #inbox: Promise<Inbox> | undefined;

  constructor(options: StackInboxOptions) {
    this.#options = options;
  }

  /** Kept when this resolves. */
  readonly put = async (mail: NewMail): Promise<void> => void (await (await this.#open()).put(mail));

  async list(): Promise<readonly Mail[]> {
    return (await this.#open()).list();
  }

  async clear(): Promise<number> {
    return (await this.#open()).clear();
  }

  /** For other processes. */
  serve(gateway: Gateway, stateFolder: string): void {
    serveInspector(gateway, stateFolder, {
      name: NAME,
      answer: async ({ method }) => [200, method === "DELETE" ? await this.clear() : await this.list()],
      reset: async () => void (await this.clear()),
    });
  }

  /** Opens the SMTP port; resolves to the number that it became. */
  async listen(
    { host, ports: { smtp = 0 } }: ResolvedConfig,
    freePort: boolean,
    closers: (() => Promise<void> | void)[],
  ): Promise<number> {
    const { smtpServer } = await import("../services/mail/smtp-server.js");
    const { server, close } = smtpServer(this.put);
    const port = await listen(server, {
      name: "the inbox",
      flag: "--smtp-port",
      host,
      port: freePort ? 0 : smtp,
      fallbackPorts: 0,
    });
    closers.push(close);
    return port;
  }

  #open(): Promise<Inbox> {
    this.#inbox ??= import("../services/mail/index.js").then(
      ({ Inbox }) => new Inbox({ store: this.#options.store(), clock: this.#options.clock }),
    );
    return this.#inbox;
  }
}

/** What of it a command needs. */
export type InboxReader = Pick<StackInbox, "list" | "clear">;

export interface Inspected {
  /** Undefined when another process owns the state. */
  readonly inbox: StackInbox | undefined;
  readonly endpoint: string;
  readonly stateFolder: string;
}

/** The inbox of this process, or of the running stack. */
export const inboxOf = ({ inbox, endpoint, stateFolder }: Inspected): InboxReader =>
  inbox ?? {
    list: () => askInspector({ endpoint, stateFolder }, NAME),
    clear: () => askInspector({ endpoint, stateFolder }, NAME, "", "DELETE"),
  };
