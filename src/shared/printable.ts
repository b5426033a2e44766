/** Somebody else's words, for one line of a terminal: what would move its cursor is shown by its code. */
export const printable = (words: string): string =>
  // oxlint-disable-next-line no-control-regex -- exactly those have to go
  words.replace(/[\u0000-\u001f\u007f-\u009f]/g, (control) => encodeURIComponent(control));

/** The same of a text with lines and tabs. */
export const printableLines = (text: string): string =>
  text.replaceAll("\t", "    ").split(/\r?\n/).map(printable).join("\n");
