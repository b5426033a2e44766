/** Words for a POSIX shell. Everything that reaches the keeper's command line passes through here. */

/** One word, whatever it holds: newlines, quotes and dollars are taken literally. */
export function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

export function quoteAll(words: readonly string[]): string {
  return words.map(quote).join(" ");
}
