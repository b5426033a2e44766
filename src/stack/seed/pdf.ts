/**
 * A one-page PDF of an exact size, the same bytes for the same input, that any reader opens.
 * Layout: ISO 32000-1, 7.5 (header, body, cross-reference table, trailer). All text is Latin-1, the encoding of the font.
 */

const HEADER = "%PDF-1.4\n%\u00e2\u00e3\u00cf\u00d3\n";
/** Catalog, page tree, page, font, page content, padding. */
const OBJECT_COUNT = 6;
/** An entry of the cross-reference table is 20 bytes, its line end of two bytes included. */
const xrefEntry = (offset: number): string => `${String(offset).padStart(10, "0")} 00000 n \n`;
const FILLER = "This stream only brings the file to its size. ";

/** At least this many bytes come out: what the page itself takes. Smaller sizes give the smallest file. */
export function makePdf(lines: readonly string[], sizeBytes: number): Buffer {
  const content = pageContent(lines);
  const objects = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 4 0 R >> >> /Contents 5 0 R >>",
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    stream(content, String(content.length)),
  ];
  let body = HEADER;
  const offsets: number[] = [];
  for (const [index, object] of objects.entries()) {
    offsets.push(body.length);
    body += `${index + 1} 0 obj\n${object}\nendobj\n`;
  }
  offsets.push(body.length);

  const table = `xref\n0 ${OBJECT_COUNT + 1}\n0000000000 65535 f \n${offsets.map(xrefEntry).join("")}`;
  const trailer = `trailer\n<< /Size ${OBJECT_COUNT + 1} /Root 1 0 R >>\nstartxref\n`;
  const end = "\n%%EOF\n";

  // Two numbers depend on the size and are part of it: where the table starts, and the length of the padding.
  const fixed = table.length + trailer.length + end.length;
  const start = fitNumber(Math.max(sizeBytes, 0) - fixed);
  const emptyPadding = padding("", "").length;
  const length = fitNumber(start.value - body.length - emptyPadding);
  const padded =
    body + padding(FILLER.repeat(Math.ceil(length.value / FILLER.length)).slice(0, length.value), length.text);
  // Only when the size asked for is smaller than the page does the table start elsewhere than planned.
  const startText = start.value === padded.length ? start.text : String(padded.length);
  return Buffer.from(padded + table + trailer + startText + end, "latin1");
}

const stream = (content: string, length: string): string => `<< /Length ${length} >>\nstream\n${content}\nendstream`;

const padding = (content: string, length: string): string =>
  `${OBJECT_COUNT} 0 obj\n${stream(content, length)}\nendobj\n`;

/**
 * Splits `room` into a number and its own digits: `value + text.length === room`. Behind each power of ten lies one
 * room that no plain number fills (1002 = 999 + 3 and 1004 = 1000 + 4, but 1003 = 999 + 4): there a zero goes in front.
 */
function fitNumber(room: number): { readonly value: number; readonly text: string } {
  for (let digits = 1; digits <= 15; digits++) {
    const value = room - digits;
    if (value < 0) break;
    if (String(value).length <= digits) return { value, text: String(value).padStart(digits, "0") };
  }
  return { value: 0, text: "0" };
}

/** One line of text below another, the first one larger. */
function pageContent(lines: readonly string[]): string {
  const shown = lines.map((line, index) => `/F1 ${index === 0 ? 20 : 11} Tf (${escapeText(line)}) Tj T*`);
  return `BT 28 TL 56 760 Td ${shown.join("\n")} ET`;
}

const escapeText = (text: string): string => text.replace(/[\\()]/g, "\\$&");
