/** The text of a PDF's pages: what their content streams show, line by line. ISO 32000-1, chapters 7.7.3 and 9.4. */
import { decoderOf, type Decode } from "./fonts.js";
import { isStream, nameIn, PdfFile, unreadable, type Stream } from "./file.js";
import { Name, Operator, ValueReader, type Dictionary, type Value } from "./values.js";

/** In thousandths of the font's size: a gap that is wider than the kerning of letters is a space. */
const SPACE_GAP = 200;
/** A step down that is larger than this many lines begins a paragraph. */
const PARAGRAPH_LINES = 1.6;
const MAX_FORM_DEPTH = 8;
const MAX_PAGES = 5000;

/** One text for each page, in their order. Throws a RequestError (422). */
export function pdfPages(bytes: Buffer): string[] {
  const file = new PdfFile(bytes);
  const catalog = file.ofType("Catalog");
  if (catalog === undefined) throw unreadable("it has no catalog of pages");
  const pages: string[] = [];
  collect(file, catalog.get("Pages"), undefined, new Set(), pages);
  if (pages.length === 0) throw unreadable("it has no pages");
  return pages;
}

function collect(
  file: PdfFile,
  node: Value | undefined,
  inherited: Value | undefined,
  seen: Set<Dictionary>,
  pages: string[],
): void {
  const dictionary = file.dictionary(node);
  if (seen.has(dictionary) || pages.length === MAX_PAGES) return;
  seen.add(dictionary);
  const resources = dictionary.get("Resources") ?? inherited;
  if (nameIn(dictionary, "Type") === "Page") {
    const contents = file.resolve(dictionary.get("Contents"));
    const streams = isStream(contents)
      ? [contents]
      : file
          .array(dictionary.get("Contents"))
          .map((one) => file.resolve(one))
          .filter(isStream);
    // Streams of one page are one: a break may stand between any two words.
    const content = Buffer.concat(streams.flatMap((stream) => [file.content(stream), Buffer.from("\n")]));
    const page = new PageText();
    show(file, content, file.dictionary(resources), page, 0);
    pages.push(page.text);
    return;
  }
  for (const kid of file.array(dictionary.get("Kids"))) collect(file, kid, resources, seen, pages);
}

/** Puts strings into lines by the moves between them. */
class PageText {
  #out = "";
  #size = 12;
  #leading = 0;
  #y = 0;
  #lineY: number | undefined;
  #spaceDue = false;

  font(size: number): void {
    this.#size = Math.abs(size) || 12;
  }

  set leading(value: number) {
    this.#leading = value;
  }

  begin(): void {
    this.#y = 0;
  }

  place(y: number): void {
    this.#y = y;
    this.#spaceDue = true;
  }

  move(dx: number, dy: number): void {
    this.#y += dy;
    if (dy === 0 && dx > 0) this.#spaceDue = true;
  }

  nextLine(): void {
    this.move(0, -(this.#leading || this.#size * 1.2));
  }

  gap(thousandths: number): void {
    if (-thousandths > SPACE_GAP) this.#spaceDue = true;
  }

  add(text: string): void {
    if (text === "") return;
    if (this.#lineY !== undefined && this.#lineY !== this.#y) {
      const lines = Math.abs(this.#lineY - this.#y) / this.#size;
      // Raised and lowered figures stay in their line.
      if (lines > PARAGRAPH_LINES) this.#out += "\n\n";
      else if (lines > 0.5) this.#out += "\n";
    } else if (this.#spaceDue && !/\s$/.test(this.#out)) this.#out += " ";
    this.#out += text;
    this.#lineY = this.#y;
    this.#spaceDue = false;
  }

  get text(): string {
    return this.#out
      .replaceAll("\0", "")
      .replace(/[ \t]+/g, " ")
      .replace(/ ?\n ?/g, "\n")
      .trim();
  }
}

function show(file: PdfFile, content: Buffer, resources: Dictionary, page: PageText, depth: number): void {
  const fonts = file.dictionary(resources.get("Font"));
  const forms = file.dictionary(resources.get("XObject"));
  const decoders = new Map<string, Decode>();
  let decode: Decode = (bytes) => bytes.toString("latin1");
  let operands: Value[] = [];
  const number = (i: number): number => (typeof operands[i] === "number" ? operands[i] : 0);
  const add = (value: Value | undefined): void => {
    if (value instanceof Buffer) page.add(decode(value));
  };
  const reader = new ValueReader(content);
  for (let value = reader.next(); value !== undefined; value = reader.next()) {
    if (!(value instanceof Operator)) {
      operands.push(value);
      continue;
    }
    switch (value.text) {
      case "BT":
        page.begin();
        break;
      case "Tf": {
        const [font] = operands;
        const name = font instanceof Name ? font.text : "";
        decode = decoders.get(name) ?? decoderOf(file.dictionary(fonts.get(name)), file);
        decoders.set(name, decode);
        page.font(number(1));
        break;
      }
      case "TL":
        page.leading = number(0);
        break;
      case "TD":
        page.leading = -number(1);
        page.move(number(0), number(1));
        break;
      case "Td":
        page.move(number(0), number(1));
        break;
      case "Tm":
        page.place(number(5));
        break;
      case "T*":
        page.nextLine();
        break;
      case "Tj":
        add(operands[0]);
        break;
      case "'":
      case '"':
        page.nextLine();
        add(operands.at(-1));
        break;
      case "TJ":
        for (const one of file.array(operands[0])) {
          if (typeof one === "number") page.gap(one);
          else add(one);
        }
        break;
      case "BI":
        skipImage(reader);
        break;
      case "Do":
        if (operands[0] instanceof Name && depth < MAX_FORM_DEPTH) {
          const form = file.resolve(forms.get(operands[0].text));
          if (isForm(form)) {
            const own = form.dictionary.get("Resources");
            show(file, file.content(form), own === undefined ? resources : file.dictionary(own), page, depth + 1);
          }
        }
        break;
      default:
    }
    operands = [];
  }
}

const isForm = (value: ReturnType<PdfFile["resolve"]>): value is Stream =>
  isStream(value) && nameIn(value.dictionary, "Subtype") === "Form";

/** An image inside the content: its bytes are no words. */
function skipImage(reader: ValueReader): void {
  reader.skipPast(/[\s]EI(?=[\s]|$)/g);
}
