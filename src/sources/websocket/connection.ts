/** One connection: what was agreed at its handshake, its socket, and how long it may last. */
import { isUtf8 } from "node:buffer";
import type { WebSocket } from "ws";
import type { Cancel, Clock } from "../../shared/clock.js";
import type { WebSocketApi } from "./api-model.js";
import { CUT_OFF, NO_STATUS, type ConnectionFacts, type Disconnection } from "./event.js";

/** "Idle Connection Timeout: 10 minutes", "Connection duration for WebSocket API: 2 hours". */
const IDLE_MS = 10 * 60_000;
const LIFETIME_MS = 2 * 3_600_000;
/** What a client that does not read may leave unread. */
const MAX_UNREAD_BYTES = 1024 * 1024;

export const GOING_AWAY: Disconnection = { statusCode: 1001, reason: "Going away" };

export class Connection {
  readonly facts: ConnectionFacts;
  readonly apiKey: string | undefined;
  readonly #apiNow: () => WebSocketApi | undefined;
  readonly #socket: WebSocket;
  readonly #clock: Clock;
  readonly #onEnd: (end: Disconnection) => void;
  #cancelIdle: Cancel = () => undefined;
  #cancelLifetime: Cancel;
  #lastActiveAtMs: number;
  #hasEnded = false;

  constructor(options: {
    readonly facts: ConnectionFacts;
    readonly apiKey: string | undefined;
    /** As the template has it now. */
    readonly api: () => WebSocketApi | undefined;
    readonly socket: WebSocket;
    readonly clock: Clock;
    /** Called once, when nobody can reach it any more. */
    readonly onEnd: (end: Disconnection) => void;
  }) {
    const { clock, socket } = options;
    this.facts = options.facts;
    this.apiKey = options.apiKey;
    this.#apiNow = options.api;
    this.#socket = socket;
    this.#clock = clock;
    this.#onEnd = options.onEnd;
    this.#lastActiveAtMs = clock.now();
    this.#cancelLifetime = clock.after(LIFETIME_MS, () => this.close(GOING_AWAY));
    this.#watchIdle(IDLE_MS);
    socket.on("close", (code: number, reason: Buffer) => this.#end(closeOf(code, reason.toString("utf8"))));
    for (const sign of ["ping", "pong"] as const) socket.on(sign, () => this.touch());
    // Told by its close as well.
    socket.on("error", () => undefined);
  }

  /** Undefined when the template has it no more. */
  get api(): WebSocketApi | undefined {
    return this.#apiNow();
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Not any more once the client has said that it closes, though it may take its time to hang up. */
  get isReachable(): boolean {
    return !this.#hasEnded && this.#socket.readyState === this.#socket.OPEN;
  }

  get lastActiveAtMs(): number {
    return this.#lastActiveAtMs;
  }

  touch(): void {
    this.#lastActiveAtMs = this.#clock.now();
  }

  /** "full" when the client has not read what was sent before; "gone" when it cannot be reached. */
  send(data: Buffer | string): "sent" | "full" | "gone" {
    if (!this.isReachable) return "gone";
    if (this.#socket.bufferedAmount > MAX_UNREAD_BYTES) return "full";
    this.touch();
    // Messages are texts; what cannot be one goes out as it is.
    this.#socket.send(data, { binary: typeof data !== "string" && !isUtf8(data) });
    return "sent";
  }

  close(end: Disconnection): void {
    if (this.#hasEnded) return;
    this.#socket.close(end.statusCode, end.reason);
    this.#end(end);
  }

  /** Without waiting for the client's word. */
  cut(): void {
    this.#socket.terminate();
  }

  #end(end: Disconnection): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#cancelIdle();
    this.#cancelLifetime();
    this.#onEnd(end);
  }

  #watchIdle(delayMs: number): void {
    this.#cancelIdle = this.#clock.after(delayMs, () => {
      const leftMs = this.#lastActiveAtMs + IDLE_MS - this.#clock.now();
      if (leftMs <= 0) this.close(GOING_AWAY);
      else this.#watchIdle(leftMs);
    });
  }
}

/** As API Gateway words what has no word of the client's own. */
const closeOf = (statusCode: number, reason: string): Disconnection =>
  [NO_STATUS, CUT_OFF].find((own) => own.statusCode === statusCode) ?? { statusCode, reason };
