/** The lines around a place in a text, with a marker under it. */
const CONTEXT_LINES = 2;
const MAX_LINE_LENGTH = 160;

/** `line` and `column` count from 1. */
export function codeFrame(text: string, line: number, column: number): string {
  const lines = text.split(/\r?\n/);
  const first = Math.max(1, line - CONTEXT_LINES);
  const last = Math.min(lines.length, line + CONTEXT_LINES);
  const width = String(last).length;
  const frame: string[] = [];
  for (let number = first; number <= last; number++) {
    // A tab is one column for the parser and several on the screen: show it as one space, so that the marker fits.
    const content = (lines[number - 1] ?? "").replaceAll("\t", " ").slice(0, MAX_LINE_LENGTH);
    frame.push(`${number === line ? ">" : " "} ${String(number).padStart(width)} | ${content}`.trimEnd());
    if (number === line && column <= MAX_LINE_LENGTH) frame.push(`  ${" ".repeat(width)} | ${" ".repeat(column - 1)}^`);
  }
  return frame.join("\n");
}
