/**
 * What the bytes of a shown string mean in a font: by its ToUnicode map, else by its encoding.
 * ISO 32000-1, chapters 9.6.6 and 9.10.
 */
import { isStream, type PdfFile } from "./file.js";
import { Name, Operator, ValueReader, type Dictionary, type Value } from "./values.js";

export type Decode = (bytes: Buffer) => string;

/** Glyph names of `/Differences` beyond single letters. */
const GLYPHS: Readonly<Record<string, string>> = {
  space: " ",
  exclam: "!",
  quotedbl: '"',
  numbersign: "#",
  dollar: "$",
  percent: "%",
  ampersand: "&",
  quotesingle: "'",
  parenleft: "(",
  parenright: ")",
  asterisk: "*",
  plus: "+",
  comma: ",",
  hyphen: "-",
  period: ".",
  slash: "/",
  zero: "0",
  one: "1",
  two: "2",
  three: "3",
  four: "4",
  five: "5",
  six: "6",
  seven: "7",
  eight: "8",
  nine: "9",
  colon: ":",
  semicolon: ";",
  less: "<",
  equal: "=",
  greater: ">",
  question: "?",
  at: "@",
  quoteleft: "‘",
  quoteright: "’",
  quotedblleft: "“",
  quotedblright: "”",
  endash: "–",
  emdash: "—",
  bullet: "•",
  ellipsis: "…",
  fi: "fi",
  fl: "fl",
  ff: "ff",
  ffi: "ffi",
  ffl: "ffl",
  Euro: "€",
  germandbls: "ß",
  adieresis: "ä",
  odieresis: "ö",
  udieresis: "ü",
  Adieresis: "Ä",
  Odieresis: "Ö",
  Udieresis: "Ü",
  eacute: "é",
  egrave: "è",
  agrave: "à",
  ccedilla: "ç",
  underscore: "_",
};

export function decoderOf(font: Dictionary, file: PdfFile): Decode {
  const toUnicode = file.resolve(font.get("ToUnicode"));
  if (isStream(toUnicode)) return mapped(readMap(file.content(toUnicode)));
  // Glyph numbers of a font whose map is missing: nobody knows what they mean.
  if (font.get("Subtype") instanceof Name && (font.get("Subtype") as Name).text === "Type0") return () => "";
  return simple(font, file);
}

function simple(font: Dictionary, file: PdfFile): Decode {
  const encoding = file.resolve(font.get("Encoding"));
  const base =
    encoding instanceof Name ? encoding.text : nameOf(file.dictionary(font.get("Encoding")).get("BaseEncoding"));
  const decoder = new TextDecoder(base === "MacRomanEncoding" ? "macintosh" : "windows-1252");
  const differences = new Map<number, string>();
  let code = 0;
  for (const value of file.array(file.dictionary(font.get("Encoding")).get("Differences"))) {
    if (typeof value === "number") code = value;
    else if (value instanceof Name) differences.set(code++, glyph(value.text));
  }
  return (bytes) => [...bytes].map((byte) => differences.get(byte) ?? decoder.decode(Uint8Array.of(byte))).join("");
}

const nameOf = (value: Value | undefined): string => (value instanceof Name ? value.text : "");

function glyph(name: string): string {
  const unicode = /^uni([0-9A-F]{4})/.exec(name) ?? /^u([0-9A-F]{4,6})$/.exec(name);
  if (unicode !== null) return String.fromCodePoint(parseInt(unicode[1] ?? "", 16));
  return GLYPHS[name] ?? (name.length === 1 ? name : "");
}

interface CodeMap {
  readonly codeBytes: number;
  readonly texts: ReadonlyMap<number, string>;
}

function mapped({ codeBytes, texts }: CodeMap): Decode {
  return (bytes) => {
    let out = "";
    for (let at = 0; at + codeBytes <= bytes.length; at += codeBytes)
      out += texts.get(bytes.readUIntBE(at, codeBytes)) ?? "";
    return out;
  };
}

/** `beginbfchar <01> <0041> endbfchar`, `beginbfrange <01> <05> <0041> ...`. */
function readMap(bytes: Buffer): CodeMap {
  const texts = new Map<number, string>();
  let codeBytes = 1;
  let operands: Value[] = [];
  const reader = new ValueReader(bytes);
  for (let value = reader.next(); value !== undefined; value = reader.next()) {
    if (!(value instanceof Operator)) {
      operands.push(value);
      continue;
    }
    if (value.text === "endcodespacerange" && operands[0] instanceof Buffer)
      codeBytes = Math.min(4, operands[0].length);
    if (value.text === "endbfchar") {
      for (let i = 0; i + 1 < operands.length; i += 2) texts.set(codeOf(operands[i]), textOf(operands[i + 1]));
    }
    if (value.text === "endbfrange") {
      for (let i = 0; i + 2 < operands.length; i += 3) addRange(texts, operands[i], operands[i + 1], operands[i + 2]);
    }
    operands = [];
  }
  return { codeBytes, texts };
}

function addRange(
  texts: Map<number, string>,
  from: Value | undefined,
  to: Value | undefined,
  target: Value | undefined,
): void {
  const first = codeOf(from);
  const last = Math.min(codeOf(to), first + 0xffff);
  for (let code = first; code <= last; code++) {
    if (Array.isArray(target)) texts.set(code, textOf((target as readonly Value[])[code - first]));
    else {
      const text = textOf(target);
      const lastUnit = text.charCodeAt(text.length - 1) + code - first;
      texts.set(code, text.slice(0, -1) + String.fromCharCode(lastUnit));
    }
  }
}

const codeOf = (value: Value | undefined): number =>
  value instanceof Buffer && value.length > 0 ? value.readUIntBE(0, Math.min(4, value.length)) : 0;

/** UTF-16, big end first. */
const textOf = (value: Value | undefined): string =>
  value instanceof Buffer && value.length % 2 === 0 ? Buffer.from(value).swap16().toString("utf16le") : "";
