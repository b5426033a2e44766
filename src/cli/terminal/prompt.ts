/** One line of input with completion, for the moment that a session needs a word from its user. */
import { createInterface } from "node:readline";

/** Undefined when the user has thought better of it (Ctrl-C, Ctrl-D, an empty line). */
export function ask(question: string, choices: readonly string[], initial = ""): Promise<string | undefined> {
  const line = createInterface({
    input: process.stdin,
    output: process.stderr,
    completer: (text: string): [string[], string] => {
      const word = text.slice(text.lastIndexOf(" ") + 1);
      return [choices.filter((choice) => choice.startsWith(word)), word];
    },
  });
  return new Promise((resolve) => {
    const done = (answer: string | undefined): void => {
      resolve(answer === undefined || answer.trim() === "" ? undefined : answer.trim());
      line.close();
    };
    line.once("SIGINT", () => done(undefined));
    line.once("close", () => done(undefined));
    line.question(question, done);
    if (initial !== "") line.write(initial);
  });
}
