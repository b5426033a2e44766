import { makePdf } from "../../../src/stack/seed/pdf.js";

/** What a reader does first: from the end to the cross-reference table, from there to every object. */
function objectsOf(pdf: Buffer): string[] {
  const text = pdf.toString("latin1");
  const start = Number(/startxref\n(\d+)\n%%EOF\n$/.exec(text)?.[1]);
  const table = /^xref\n0 (\d+)\n((?:\d{10} \d{5} [nf] \n)+)trailer\n<< \/Size (\d+) \/Root 1 0 R >>/.exec(
    text.slice(start),
  );
  const entries = table?.[2]?.split("\n").slice(0, -1) ?? [];
  expect(entries).toHaveLength(Number(table?.[1]));
  expect(table?.[3]).toBe(table?.[1]);
  return entries.slice(1).map((entry, index) => {
    const object = text.slice(Number(entry.slice(0, 10)));
    expect(object.startsWith(`${index + 1} 0 obj\n`)).toBe(true);
    return object.slice(0, object.indexOf("endobj"));
  });
}

test("every offset of the cross-reference table points at its object, and every stream is as long as it says", () => {
  for (const size of [0, 1500, 10_007, 100_010]) {
    const objects = objectsOf(makePdf(["Grüße (an alle) \\ und jeden", "zweite Zeile"], size));
    expect(objects[0]).toContain("/Type /Catalog /Pages 2 0 R");
    for (const stream of objects.filter((object) => object.includes("stream\n"))) {
      const [, length, content] = /\/Length (\d+) >>\nstream\n([^]*)\nendstream/.exec(stream) ?? [];
      expect(content).toHaveLength(Number(length));
    }
  }
});

test("the file has exactly the size asked for", () => {
  const smallest = makePdf(["Report"], 0).length;
  for (let size = smallest + 10; size < smallest + 2500; size++) expect(makePdf(["Report"], size)).toHaveLength(size);
  for (const size of [9_999, 10_000, 10_001, 99_999, 100_003, 1024 * 1024]) {
    expect(makePdf(["Report"], size)).toHaveLength(size);
  }
});

test("a size too small for a page gives the smallest page, never less than was asked for", () => {
  const smallest = makePdf(["Report"], 0).length;
  for (let size = 0; size < smallest + 10; size++)
    expect(makePdf(["Report"], size).length).toBeGreaterThanOrEqual(size);
});

test("the same input gives the same bytes", () => {
  expect(makePdf(["Report"], 2048).equals(makePdf(["Report"], 2048))).toBe(true);
});

test("text with parentheses and backslashes is escaped", () => {
  expect(makePdf(["a (b) \\ c"], 0).toString("latin1")).toContain("(a \\(b\\) \\\\ c) Tj");
});
