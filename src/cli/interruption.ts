/** Ctrl-C and SIGTERM while a command works: it ends in order, and a second one leaves at once. */
import { EXIT } from "../shared/errors.js";

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

export class Interruption {
  /** Resolves at the first signal. */
  readonly promise: Promise<undefined>;
  readonly #onSignal: () => void;

  constructor() {
    let resolve: (nothing: undefined) => void = () => undefined;
    this.promise = new Promise((done) => (resolve = done));
    let signals = 0;
    this.#onSignal = () => {
      signals += 1;
      if (signals > 1) process.exit(EXIT.interrupted);
      resolve(undefined);
    };
    for (const signal of SIGNALS) process.on(signal, this.#onSignal);
  }

  stop(): void {
    for (const signal of SIGNALS) process.removeListener(signal, this.#onSignal);
  }
}
