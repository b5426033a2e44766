/** What the docling library makes of documents of each format, and what it refuses. */
import { deflateRawSync, deflateSync } from "node:zlib";
import { AssistantSystem, bodyOf } from "./system.js";

let system: AssistantSystem;
beforeAll(async () => (system = await AssistantSystem.start()));
afterAll(() => system.close());

interface Extracted {
  readonly content: { readonly text: string };
  readonly chunks: readonly { readonly text: string; readonly type: string; readonly page?: number }[];
}

async function docling(filename: string, document: string | Buffer): Promise<Record<string, unknown>> {
  const document_bytes = Buffer.from(document).toString("base64");
  const { payload } = await system.stack.invoke<{ statusCode: number }>("Docling", { document_bytes, filename });
  return { status: payload.statusCode, ...bodyOf(payload) };
}
const extract = async (filename: string, document: string | Buffer): Promise<Extracted> =>
  (await docling(filename, document)) as unknown as Extracted;

const stream = (dictionary: string, body: Buffer | string): Buffer =>
  Buffer.concat([
    Buffer.from(`<< ${dictionary} /Length ${body.length} >>\nstream\n`),
    Buffer.from(body),
    Buffer.from("\nendstream"),
  ]);

/** Objects by their numbers, without the table that points to them. */
const pdf = (objects: Readonly<Record<number, Buffer | string>>, trailer = "<< /Root 1 0 R >>"): Buffer =>
  Buffer.concat([
    Buffer.from("%PDF-1.7\n%\xe2\xe3\n", "latin1"),
    ...Object.entries(objects).flatMap(([id, body]) => [
      Buffer.from(`${id} 0 obj\n`),
      Buffer.from(body),
      Buffer.from("\nendobj\n"),
    ]),
    Buffer.from(`trailer ${trailer}\n%%EOF`),
  ]);

const PAGES = {
  1: "<< /Type /Catalog /Pages 2 0 R >>",
  2: "<< /Type /Pages /Kids [3 0 R 4 0 R] /Count 2 /Resources << /Font << /F1 5 0 R /F2 6 0 R >> >> >>",
  3: "<< /Type /Page /Parent 2 0 R /Contents [10 0 R 11 0 R] >>",
  4: "<< /Type /Page /Parent 2 0 R /Contents 12 0 R /Resources << /XObject << /X 13 0 R >> >> >>",
  5: "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding << /BaseEncoding /WinAnsiEncoding /Differences [1 /fi /germandbls] >> >>",
};
const CONTENT = {
  6: "<< /Type /Font /Subtype /Type0 /Encoding /Identity-H /ToUnicode 7 0 R >>",
  7: stream(
    "",
    "1 begincodespacerange <0000> <FFFF> endcodespacerange 1 beginbfchar <0001> <00660066> endbfchar 1 beginbfrange <0010> <0012> <0041> endbfrange",
  ),
  // One word goes from one stream into the next; kerning makes no spaces, gaps do.
  10: stream(
    "/Filter /FlateDecode",
    deflateSync("BT /F1 12 Tf 72 720 Td [(He) 20 (adi) -20 (ng) -400 (one)] TJ 0 -14 Td (caf\\351 \\(a\\))"),
  ),
  11: stream(
    "/Filter [/ASCIIHexDecode]",
    `${Buffer.from(" Tj 0 -40 Td (\x01nal gro\x02) Tj T* (line) Tj ET", "latin1").toString("hex")}>`,
  ),
  12: stream("", "BT /F1 12 Tf 1 0 0 1 72 700 Tm /X Do ET"),
  13: stream("/Subtype /Form /Resources << /Font << /F2 6 0 R >> >>", "BT /F2 10 Tf <00100011001200 01> Tj ET"),
};
const PDF_TEXT = "Heading one\ncafé (a)\n\nfinal groß\nline\n\nABCff";

it("takes the text of a PDF, page by page", async () => {
  const { content, chunks } = await extract("a.pdf", pdf({ ...PAGES, ...CONTENT }));
  expect(content.text).toBe(PDF_TEXT);
  expect(chunks.map(({ page, text }) => [page, text])).toEqual([
    [1, "Heading one\ncafé (a)\n\nfinal groß\nline"],
    [2, "ABCff"],
  ]);
});

it("opens the streams of objects of newer PDFs", async () => {
  const bodies = Object.values(PAGES);
  let at = 0;
  const index = Object.keys(PAGES).map((id, i) => {
    const entry = `${id} ${at}`;
    at += (bodies[i]?.length ?? 0) + 1;
    return entry;
  });
  const head = `${index.join(" ")} `;
  const packed = deflateSync(head + bodies.join(" "));
  const objects = stream(`/Type /ObjStm /N ${bodies.length} /First ${head.length} /Filter /FlateDecode`, packed);
  expect((await extract("a.pdf", pdf({ 20: objects, ...CONTENT }))).content.text).toBe(PDF_TEXT);
});

it.each([
  ["that is encrypted", pdf({ ...PAGES, ...CONTENT }, "<< /Root 1 0 R /Encrypt 9 0 R >>"), "it is encrypted"],
  ["without pages", pdf({ 1: "<< /Type /Catalog >>" }), "it has no pages"],
  [
    "with a filter that is not known",
    pdf({ ...PAGES, ...CONTENT, 12: stream("/Filter /LZWDecode", "x") }),
    "its text is packed with LZWDecode, which is not supported",
  ],
  [
    "with a stream that is broken",
    pdf({ ...PAGES, ...CONTENT, 12: stream("/Filter /FlateDecode", "no deflate") }),
    /a stream cannot be unpacked/,
  ],
  ["whose references go round", pdf({ ...PAGES, ...CONTENT, 12: "12 0 R" }), "its references go round in circles"],
])("refuses a PDF %s", async (_, document, why) => {
  const answer = await docling("a.pdf", document);
  expect(answer).toMatchObject({ status: 422, success: false, error_type: "UnreadableDocument" });
  expect(answer["error"]).toEqual(
    typeof why === "string" ? `the PDF cannot be read: ${why}` : expect.stringMatching(why),
  );
});

it("makes markdown of HTML", async () => {
  const html = `<html><head><title>no</title></head><body><h2>Engines &amp; more</h2><p>By <a href="https://a.example">Ada</a><br>1843</p>
<ul><li>one</li><li>two &#8364;</li></ul><script>var no = "<p>";</script></body></html>`;
  const { content } = await extract("a.html", html);
  expect(content.text).toBe("## Engines & more\n\nBy [Ada](https://a.example)\n1843\n\n- one\n- two €");
});

it("makes a table of CSV", async () => {
  const { content, chunks } = await extract("a.CSV", 'name,note\r\n"Ada, L.","said ""yes""|no"\r\nBob,\r\n');
  expect(content.text).toBe('| name | note |\n| --- | --- |\n| Ada, L. | said "yes"\\|no |\n| Bob |  |');
  expect(chunks).toEqual([expect.objectContaining({ type: "table" })]);
});

it("reads Word documents", async () => {
  const xml = `<w:document><w:body><w:p><w:pPr><w:pStyle w:val="Heading1"/></w:pPr><w:r><w:t>Costs</w:t></w:r></w:p>
<w:p><w:r><w:t xml:space="preserve">17,000 </w:t></w:r><w:r><w:t>&lt;pounds&gt;</w:t></w:r></w:p></w:body></w:document>`;
  expect((await extract("a.docx", zip("word/document.xml", xml))).content.text).toBe("# Costs\n\n17,000 <pounds>");
  expect(await docling("a.docx", zip("other.xml", xml))).toMatchObject({ status: 422, success: false });
  expect(await docling("a.docx", "no zip at all, but long enough")).toMatchObject({ status: 422 });
});

it("cuts what is long at the ends of sentences, and keeps the heading of each piece", async () => {
  const sentence = "Ada Lovelace wrote the first program. ";
  const { chunks } = await extract("a.md", `# Long\n\n${sentence.repeat(60)}\n\n# Short\n\n- a\n- b`);
  expect(chunks).toHaveLength(4);
  for (const { text } of chunks.slice(0, 3)) expect(text).toMatch(/^Ada Lovelace.*program\.$/s);
  expect(chunks.map((chunk) => (chunk as unknown as { metadata: object }).metadata)).toEqual([
    ...Array.from({ length: 3 }, () => ({ heading: "Long" })),
    { heading: "Short" },
  ]);
  expect(chunks.at(-1)).toMatchObject({ type: "list", text: "- a\n- b" });
});

it.each(["a.xls", "a", "a.constructor"])("refuses %s by its name", async (filename) => {
  expect(await docling(filename, "x")).toMatchObject({
    status: 415,
    success: false,
    error: `${filename} is none of md, markdown, txt, csv, htm, html, docx, pdf`,
    error_type: "UnsupportedDocument",
  });
});

/** A ZIP with one member. */
function zip(name: string, text: string): Buffer {
  const packed = deflateRawSync(text);
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(name.length, 26);
  const entry = Buffer.alloc(46);
  entry.writeUInt32LE(0x02014b50, 0);
  entry.writeUInt16LE(8, 10);
  entry.writeUInt32LE(packed.length, 20);
  entry.writeUInt32LE(text.length, 24);
  entry.writeUInt16LE(name.length, 28);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(local.length + name.length + packed.length, 16);
  return Buffer.concat([local, Buffer.from(name), packed, entry, Buffer.from(name), end]);
}
