import { EXIT } from "../../shared/errors.js";

/** The wish to leave: Ctrl-C, SIGTERM or `q`. Whoever wishes twice leaves at once. */
export class Quit {
  readonly asked: Promise<void>;
  #tell: () => void = () => undefined;
  #asked = false;

  constructor() {
    this.asked = new Promise((resolve) => (this.#tell = resolve));
    process.on("SIGINT", this.ask);
    process.on("SIGTERM", this.ask);
  }

  readonly ask = (): void => {
    if (this.#asked) process.exit(EXIT.interrupted);
    this.#asked = true;
    this.#tell();
  };
}
