/** One line of input with completion, for the moment that a session needs a word from its user. */
import { createInterface, type Interface } from "node:readline";

/** Back to the first column, and nothing in the line. */
const CLEAR_LINE = "\r\u001b[2K";

export class Prompt {
  readonly #input: NodeJS.ReadableStream;
  readonly #output: NodeJS.WritableStream;
  #open: Interface | undefined;

  constructor(input: NodeJS.ReadableStream, output: NodeJS.WritableStream) {
    this.#input = input;
    this.#output = output;
  }

  /** Whole lines. A question that is open is asked again below them, with what was answered so far. */
  write(text: string): void {
    this.#output.write(this.#open === undefined ? text : `${CLEAR_LINE}${text}`);
    this.#open?.prompt(true);
  }

  /** Undefined when the user has thought better of it (Ctrl-C, Ctrl-D, an empty line). */
  ask(question: string, choices: readonly string[], initial = ""): Promise<string | undefined> {
    const line = createInterface({
      input: this.#input,
      output: this.#output,
      completer: (text: string): [string[], string] => {
        const word = text.slice(text.lastIndexOf(" ") + 1);
        return [choices.filter((choice) => choice.startsWith(word)), word];
      },
    });
    this.#open = line;
    return new Promise((resolve) => {
      const done = (answer: string | undefined): void => {
        this.#open = undefined;
        resolve(answer === undefined || answer.trim() === "" ? undefined : answer.trim());
        line.close();
      };
      line.once("SIGINT", () => done(undefined));
      line.once("close", () => done(undefined));
      line.question(question, done);
      if (initial !== "") line.write(initial);
    });
  }
}
