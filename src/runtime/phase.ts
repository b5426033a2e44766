/** The wait for the end of INIT or INVOKE: whatever ends it first counts, everything later is ignored. */
import { armTimeout, type Disarm } from "./limits/timeout.js";

export interface PhaseLimit<End> {
  readonly timeoutMs: number;
  /** How the phase ends when its time is up. */
  readonly atTimeout: End;
  /** A debugger stands at a breakpoint. */
  readonly paused: (() => boolean) | undefined;
}

interface Settle<End> {
  resolve(end: End): void;
  reject(error: Error): void;
}

export class Phase<End> {
  /** Rejects only by `fail`: the environment itself is broken. */
  readonly ended: Promise<End>;
  readonly #disarm: Disarm;
  #settle: Settle<End> | undefined;

  constructor({ timeoutMs, atTimeout, paused }: PhaseLimit<End>) {
    this.ended = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
    this.#disarm = armTimeout(timeoutMs, () => this.end(atTimeout), paused);
  }

  end(end: End): void {
    this.#take()?.resolve(end);
  }

  fail(error: Error): void {
    this.#take()?.reject(error);
  }

  #take(): Settle<End> | undefined {
    const settle = this.#settle;
    this.#settle = undefined;
    this.#disarm();
    return settle;
  }
}
