/** Markdown of a Word document: the paragraphs of `word/document.xml` in its ZIP, headings by their style. */
import { inflateRawSync } from "node:zlib";
import { RequestError } from "../../shared/errors.js";
import { unescape } from "./html.js";

const MAX_DOCUMENT_BYTES = 64 * 1024 * 1024;
const END_SIGNATURE = 0x06054b50;
const ENTRY_SIGNATURE = 0x02014b50;
const ENTRY_BYTES = 46;
const LOCAL_BYTES = 30;

export function docxMarkdown(bytes: Buffer): string {
  const xml = member(bytes, "word/document.xml").toString("utf8");
  const paragraphs = [...xml.matchAll(/<w:p[ >][^]*?<\/w:p>/g)].map(([paragraph]) => {
    const level = /<w:pStyle w:val="(?:Heading|heading)(\d)"/.exec(paragraph)?.[1];
    const text = [...paragraph.matchAll(/<w:t(?: [^>]*)?>([^<]*)<\/w:t>|<w:(tab|br)\b/g)]
      .map(([, shown, space]) => (space === undefined ? unescape(shown ?? "") : space === "tab" ? " " : "\n"))
      .join("");
    return level === undefined ? text : `${"#".repeat(Number(level))} ${text}`;
  });
  return paragraphs.filter((text) => text.trim() !== "").join("\n\n");
}

/** One file of a ZIP, by the directory at its end. */
function member(zip: Buffer, name: string): Buffer {
  let at = zip.length - 22;
  while (at >= 0 && zip.readUInt32LE(at) !== END_SIGNATURE) at -= 1;
  if (at < 0) throw unreadable("it is no ZIP");
  let entry = zip.readUInt32LE(at + 16);
  for (let left = zip.readUInt16LE(at + 10); left > 0 && entry + ENTRY_BYTES <= zip.length; left--) {
    if (zip.readUInt32LE(entry) !== ENTRY_SIGNATURE) break;
    const nameBytes = zip.readUInt16LE(entry + 28);
    if (zip.toString("utf8", entry + ENTRY_BYTES, entry + ENTRY_BYTES + nameBytes) === name) return unpack(zip, entry);
    entry += ENTRY_BYTES + nameBytes + zip.readUInt16LE(entry + 30) + zip.readUInt16LE(entry + 32);
  }
  throw unreadable(`it has no ${name}`);
}

function unpack(zip: Buffer, entry: number): Buffer {
  const method = zip.readUInt16LE(entry + 10);
  const packedBytes = zip.readUInt32LE(entry + 20);
  const local = zip.readUInt32LE(entry + 42);
  if (local + LOCAL_BYTES > zip.length) throw unreadable("it is cut off");
  const from = local + LOCAL_BYTES + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
  const packed = zip.subarray(from, from + packedBytes);
  try {
    if (method === 0) return packed;
    if (method === 8) return inflateRawSync(packed, { maxOutputLength: MAX_DOCUMENT_BYTES });
  } catch (error) {
    throw unreadable((error as Error).message);
  }
  throw unreadable(`it is packed with method ${method}`);
}

const unreadable = (why: string): RequestError =>
  new RequestError(422, "UnreadableDocument", `the Word document cannot be read: ${why}`);
