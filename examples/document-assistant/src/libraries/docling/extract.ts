/** Markdown of a document, page by page, by what the name of its file says. */
import { RequestError } from "../../shared/errors.js";
import { docxMarkdown } from "./docx.js";
import { htmlMarkdown } from "./html.js";
import { pdfPages } from "./pdf/text.js";

export interface Page {
  /** From 1; undefined where the format has no pages. */
  readonly number: number | undefined;
  readonly markdown: string;
}

type Extract = (bytes: Buffer) => readonly Page[];

const whole =
  (read: (bytes: Buffer) => string): Extract =>
  (bytes) => [{ number: undefined, markdown: read(bytes) }];

const plain = whole(textOf);

const FORMATS: Readonly<Record<string, Extract>> = {
  md: plain,
  markdown: plain,
  txt: plain,
  csv: whole((bytes) => csvMarkdown(textOf(bytes))),
  htm: whole((bytes) => htmlMarkdown(textOf(bytes))),
  html: whole((bytes) => htmlMarkdown(textOf(bytes))),
  docx: whole(docxMarkdown),
  pdf: (bytes) => pdfPages(bytes).map((markdown, i) => ({ number: i + 1, markdown })),
};

/** Throws a RequestError: 415 for a format that is not known, 422 for a document that cannot be read. */
export function extract(bytes: Buffer, filename: string): readonly Page[] {
  const extension = filename.slice(filename.lastIndexOf(".") + 1).toLowerCase();
  const read = Object.hasOwn(FORMATS, extension) ? FORMATS[extension] : undefined;
  if (read === undefined) {
    const known = Object.keys(FORMATS).join(", ");
    throw new RequestError(415, "UnsupportedDocument", `${filename} is none of ${known}`);
  }
  return read(bytes).map(({ number, markdown }) => ({ number, markdown: markdown.replaceAll("\r\n", "\n").trim() }));
}

function textOf(bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    // Old text files have no mark; this reads any bytes.
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

/** A table. Quoted fields may hold commas, quotes and line ends. */
function csvMarkdown(text: string): string {
  const rows: string[][] = [[]];
  for (const [, quoted, bare, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    rows.at(-1)?.push((quoted?.replaceAll('""', '"') ?? bare ?? "").replace(/\s+/g, " ").replaceAll("|", "\\|"));
    if (end !== "," && end !== "") rows.push([]);
    if (end === "") break;
  }
  const [head = [], ...body] = rows.filter((row) => row.some((cell) => cell !== ""));
  return [head, head.map(() => "---"), ...body].map((row) => `| ${row.join(" | ")} |`).join("\n");
}
