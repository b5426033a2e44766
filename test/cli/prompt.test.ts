/** The question of a session, while the session goes on talking. */
import { PassThrough } from "node:stream";
import { Prompt } from "../../src/cli/terminal/prompt.js";
import { itUnless } from "../unless.js";

const DUMB = process.env["TERM"] === "dumb" ? "with TERM=dumb Node edits no lines" : undefined;

/** A terminal that knows what the prompt makes use of: going to a column, and clearing a row or the rest of it. */
function terminal(): { readonly input: PassThrough; readonly output: PassThrough; readonly screen: () => string[] } {
  const [input, output] = [new PassThrough(), Object.assign(new PassThrough(), { isTTY: true, columns: 80 })];
  const rows = [""];
  let column = 0;
  const put = (text: string): void => {
    for (const character of text) {
      const row = rows.pop() ?? "";
      rows.push(character === "\r" || character === "\n" ? row : row.slice(0, column) + character);
      column = character === "\r" || character === "\n" ? 0 : column + 1;
      if (character === "\n") rows.push("");
    }
  };
  output.setEncoding("utf8").on("data", (piece: string) => {
    const [plain = "", ...sequences] = piece.split("\u001b[");
    put(plain);
    for (const sequence of sequences) {
      const [, count = "", action, text = ""] = /^(\d*)(.)(.*)$/s.exec(sequence) ?? [];
      if (action === "G") column = Number(count) - 1;
      else if (action === "K") rows.push((rows.pop() ?? "").slice(0, count === "2" ? 0 : column));
      else if (action === "J") rows.push((rows.pop() ?? "").slice(0, column));
      put(text);
    }
  });
  return { input, output, screen: () => rows };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

itUnless(DUMB)("what is said while a question is open stands above it, and what was typed stays", async () => {
  const { input, output, screen } = terminal();
  const prompt = new Prompt(input, output);
  prompt.write("ready\n");
  const answer = prompt.ask("invoke: ", ["hello", "other"], "hel");
  input.write("lo x");
  await settled();
  prompt.write("note of the runtime\nand more\n");
  expect(screen()).toEqual(["ready", "note of the runtime", "and more", "invoke: hello x"]);
  input.write("y\r");
  expect(await answer).toBe("hello xy");
  prompt.write("done\n");
  expect(screen().slice(-2)).toEqual(["done", ""]);
});

test.each([
  ["an empty line", "\r"],
  ["Ctrl-C", "\u0003"],
  ["Ctrl-D", "\u0004"],
])("%s is no answer", async (_what, typed) => {
  const { input, output } = terminal();
  const answer = new Prompt(input, output).ask("invoke: ", []);
  input.write(typed);
  expect(await answer).toBeUndefined();
});

itUnless(DUMB)("a word is completed to the choice that begins with it", async () => {
  const { input, output } = terminal();
  const answer = new Prompt(input, output).ask("invoke: ", ["hello", "put.json"], "hello ");
  input.write("pu\t");
  await settled();
  input.write("\r");
  expect(await answer).toBe("hello put.json");
});
