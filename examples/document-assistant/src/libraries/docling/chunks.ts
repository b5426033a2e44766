/** Cuts markdown into pieces that fit an embedding: paragraphs, put together while they are short, never across pages or headings. */
import type { Page } from "./extract.js";

export interface Chunk {
  readonly text: string;
  readonly type: "text" | "table" | "list";
  readonly page?: number;
  readonly metadata: { readonly heading?: string };
}

const MAX_LETTERS = 1000;

export function chunksOf(pages: readonly Page[]): Chunk[] {
  const chunks: Chunk[] = [];
  let heading: string | undefined;
  for (const { number, markdown } of pages) {
    let gathered: string[] = [];
    const flush = (): void => {
      const text = gathered.join("\n\n");
      gathered = [];
      if (text === "") return;
      chunks.push({
        text,
        type: typeOf(text),
        ...(number === undefined ? {} : { page: number }),
        metadata: heading === undefined ? {} : { heading },
      });
    };
    for (const paragraph of markdown.split(/\n{2,}/).flatMap(pieces)) {
      const title = /^#{1,6} (.+)$/.exec(paragraph)?.[1];
      if (title !== undefined) {
        flush();
        heading = title;
        continue;
      }
      if (gathered.join("\n\n").length + paragraph.length > MAX_LETTERS) flush();
      gathered.push(paragraph);
    }
    flush();
  }
  return chunks;
}

/** A paragraph that is too long, cut at ends of sentences or lines, else anywhere; a heading is a piece of its own. */
function pieces(paragraph: string): string[] {
  const [first = "", ...rest] = paragraph.trim().split("\n");
  if (/^#{1,6} /.test(first)) return [first, ...(rest.length === 0 ? [] : pieces(rest.join("\n")))];
  const out: string[] = [];
  let left = paragraph.trim();
  while (left.length > MAX_LETTERS) {
    const head = left.slice(0, MAX_LETTERS);
    const cut =
      Math.max(head.lastIndexOf("\n"), head.lastIndexOf(". ") + 1, 0) ||
      Math.max(head.lastIndexOf(" "), 0) ||
      MAX_LETTERS;
    out.push(left.slice(0, cut).trim());
    left = left.slice(cut).trim();
  }
  return [...out, left].filter((piece) => piece !== "");
}

function typeOf(text: string): Chunk["type"] {
  if (text.startsWith("| ")) return "table";
  return /^[-*] /.test(text) ? "list" : "text";
}
