/**
 * The objects of a PDF file. Found by looking through the file instead of by its table, which is right for files whose table is
 * broken as well; streams of objects (PDF 1.5) are opened. ISO 32000-1, chapters 7.4 and 7.5.
 */
import { constants, inflateSync } from "node:zlib";
import { RequestError } from "../../../shared/errors.js";
import { Name, Operator, Reference, ValueReader, type Dictionary, type Value } from "./values.js";

export interface Stream {
  readonly dictionary: Dictionary;
  /** As they are in the file. */
  readonly raw: Buffer;
}

/** Of one stream, unpacked. */
const MAX_STREAM_BYTES = 64 * 1024 * 1024;
const MAX_REFERENCES = 32;
const NONE: Dictionary = new Map();

export class PdfFile {
  readonly #objects = new Map<number, Value | Stream>();

  constructor(bytes: Buffer) {
    if (!bytes.toString("latin1", 0, 1024).includes("%PDF-")) throw unreadable("it does not begin as a PDF does");
    this.#findObjects(bytes);
    const dictionaries = [...this.#objects.values()].filter(isStream).map(({ dictionary }) => dictionary);
    const isEncrypted = /\btrailer\b[^]*?\/Encrypt\b/.test(bytes.toString("latin1", Math.max(0, bytes.length - 4096)));
    if (isEncrypted || dictionaries.some((one) => one.has("Encrypt"))) throw unreadable("it is encrypted");
    for (const object of this.#objects.values()) {
      if (isStream(object) && nameIn(object.dictionary, "Type") === "ObjStm") this.#openObjects(object);
    }
  }

  /** The object itself, references followed. */
  resolve(value: Value | undefined): Value | Stream | undefined {
    let found: Value | Stream | undefined = value;
    for (let i = 0; found instanceof Reference; i++) {
      if (i === MAX_REFERENCES) throw unreadable("its references go round in circles");
      found = this.#objects.get(found.id);
    }
    return found;
  }

  dictionary(value: Value | undefined): Dictionary {
    const found = this.resolve(value);
    if (found instanceof Map) return found;
    return isStream(found) ? found.dictionary : NONE;
  }

  array(value: Value | undefined): readonly Value[] {
    const found = this.resolve(value);
    return Array.isArray(found) ? (found as readonly Value[]) : [];
  }

  /** The first dictionary of a `/Type`. */
  ofType(type: string): Dictionary | undefined {
    for (const object of this.#objects.values()) {
      if (object instanceof Map && nameIn(object, "Type") === type) return object;
    }
    return undefined;
  }

  /** The content of a stream, its filters undone. */
  content({ dictionary, raw }: Stream): Buffer {
    const filter = this.resolve(dictionary.get("Filter"));
    const filters = filter instanceof Name ? [filter] : this.array(dictionary.get("Filter"));
    let bytes = raw;
    for (const one of filters) {
      const name = one instanceof Name ? one.text : "?";
      if (name === "FlateDecode" || name === "Fl") bytes = inflated(bytes);
      else if (name === "ASCIIHexDecode" || name === "AHx")
        bytes = new ValueReader(Buffer.concat([Buffer.from("<"), bytes])).next() as Buffer;
      else if (name === "ASCII85Decode" || name === "A85") bytes = ascii85(bytes);
      else throw unreadable(`its text is packed with ${name}, which is not supported`);
    }
    return bytes;
  }

  #findObjects(bytes: Buffer): void {
    const text = bytes.toString("latin1");
    const start = /(?<![0-9])(\d{1,10})[\0\t\n\f\r ]+\d{1,5}[\0\t\n\f\r ]+obj\b/g;
    for (let match = start.exec(text); match !== null; match = start.exec(text)) {
      const reader = new ValueReader(bytes, start.lastIndex);
      const value = reader.next();
      if (value === undefined || value instanceof Operator) continue;
      start.lastIndex = reader.at;
      const streamStart = /^[\0\t\n\f\r ]*stream(?:\r\n|\n|\r)/.exec(text.slice(reader.at, reader.at + 32));
      if (streamStart === null || !(value instanceof Map)) {
        this.#objects.set(Number(match[1]), value);
        continue;
      }
      const from = reader.at + streamStart[0].length;
      const end = endOf(text, from, (value as Dictionary).get("Length"));
      this.#objects.set(Number(match[1]), { dictionary: value as Dictionary, raw: bytes.subarray(from, end) });
      start.lastIndex = end;
    }
  }

  #openObjects(stream: Stream): void {
    const bytes = this.content(stream);
    const first = Number(this.resolve(stream.dictionary.get("First")) ?? 0);
    const total = Number(this.resolve(stream.dictionary.get("N")) ?? 0);
    const index = new ValueReader(bytes);
    for (let i = 0; i < total; i++) {
      const [id, offset] = [index.next(), index.next()];
      if (typeof id !== "number" || typeof offset !== "number") return;
      const value = new ValueReader(bytes, first + offset).next();
      if (value !== undefined && !this.#objects.has(id)) this.#objects.set(id, value);
    }
  }
}

export const isStream = (value: Value | Stream | undefined): value is Stream =>
  typeof value === "object" && value !== null && "raw" in value;

export function nameIn(dictionary: Dictionary, key: string): string | undefined {
  const value = dictionary.get(key);
  return value instanceof Name ? value.text : undefined;
}

export const unreadable = (why: string): RequestError =>
  new RequestError(422, "UnreadableDocument", `the PDF cannot be read: ${why}`);

/** Where its length is written elsewhere, or is wrong, the stream goes to the word that ends it. */
function endOf(text: string, from: number, length: Value | undefined): number {
  if (typeof length === "number" && /^\s*endstream/.test(text.slice(from + length, from + length + 16)))
    return from + length;
  const end = text.indexOf("endstream", from);
  if (end === -1) return text.length;
  return text.slice(end - 2, end) === "\r\n" ? end - 2 : /[\r\n]/.test(text[end - 1] ?? "") ? end - 1 : end;
}

function inflated(bytes: Buffer): Buffer {
  try {
    // Streams that were cut off give what is there.
    return inflateSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: MAX_STREAM_BYTES });
  } catch (error) {
    throw unreadable(`a stream cannot be unpacked (${(error as Error).message})`);
  }
}

function ascii85(bytes: Buffer): Buffer {
  const [text = ""] = bytes
    .toString("latin1")
    .replace(/\s|^<~/g, "")
    .split("~>");
  const out: number[] = [];
  for (let at = 0; at < text.length;) {
    if (text[at] === "z") {
      out.push(0, 0, 0, 0);
      at += 1;
      continue;
    }
    const group = text.slice(at, at + 5);
    at += group.length;
    const number = Buffer.from(group.padEnd(5, "u")).reduce((sum, letter) => sum * 85 + letter - 33, 0);
    const four = Buffer.alloc(4);
    four.writeUInt32BE(number >>> 0);
    out.push(...four.subarray(0, group.length - 1));
  }
  return Buffer.from(out);
}
