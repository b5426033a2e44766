/**
 * Bodies that come too slowly: whoever sends a byte now and then would keep a connection, and what waits for the body,
 * for ever. Node bounds the whole request, which would end large uploads too; here a body has to get on.
 */
import type { IncomingMessage } from "node:http";
import { realClock, type Cancel } from "../shared/clock.js";

/** A body gets this long to bring so much; one that ends before has nothing to fear. */
const WINDOW_MS = 20_000;
const MIN_WINDOW_BYTES = 32 * 1024;

interface Watched {
  readonly message: IncomingMessage;
  readonly tooSlow: () => void;
  /** Bytes on the connection when it was last looked at; undefined before the first full window. */
  bytesBefore: number | undefined;
}

export class BodyWatch {
  readonly #windowMs: number;
  readonly #watched = new Set<Watched>();
  #cancel: Cancel | undefined;

  constructor(windowMs = WINDOW_MS) {
    this.#windowMs = windowMs;
  }

  /** Calls `tooSlow` once, unless the body ends, or its connection does. */
  add(message: IncomingMessage, tooSlow: () => void): void {
    const watched: Watched = { message, tooSlow, bytesBefore: undefined };
    const done = (): void => void this.#watched.delete(watched);
    message.once("end", done);
    message.once("close", done);
    this.#watched.add(watched);
    // One timer for all: it guards real connections, so it runs in real time.
    this.#cancel ??= realClock.after(this.#windowMs, () => this.#look());
  }

  close(): void {
    this.#cancel?.();
    this.#watched.clear();
  }

  #look(): void {
    for (const watched of this.#watched) {
      const { message, tooSlow, bytesBefore } = watched;
      const { bytesRead } = message.socket;
      // What stands unread on our side is not the client's fault.
      const isOurs = message.readableLength > 0;
      if (bytesBefore !== undefined && bytesRead - bytesBefore < MIN_WINDOW_BYTES && !isOurs) {
        this.#watched.delete(watched);
        tooSlow();
      } else watched.bytesBefore = bytesRead;
    }
    this.#cancel = this.#watched.size === 0 ? undefined : realClock.after(this.#windowMs, () => this.#look());
  }
}
