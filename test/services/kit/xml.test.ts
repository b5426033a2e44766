import { buildXml, child, childText, childrenNamed, parseXml, XmlSyntaxError } from "../../../src/services/kit/xml.js";

test("arrays repeat their element, undefined is left out, attributes start with @", () => {
  expect(buildXml("R", { A: ["1", 2, true], B: undefined, C: { "@x": "y", D: "" } }, "urn:n")).toBe(
    '<?xml version="1.0" encoding="UTF-8"?>\n<R xmlns="urn:n"><A>1</A><A>2</A><A>true</A><C x="y"><D/></C></R>',
  );
});

test.each(["a&b<c>\"d'", "line\r\nfeed\ttab", " spaces ", "ünïcødé 🙂", "]]>"])(
  "text survives being written and read: %j",
  (text) => {
    expect(childText(parseXml(Buffer.from(buildXml("R", { K: text }))), "K")).toBe(text);
  },
);

test("control characters are written as numeric references", () => {
  expect(buildXml("K", "\u0000\u0001")).toContain("&#x0;&#x1;");
});

test("prefixes are dropped, CDATA is text, order of children is kept", () => {
  const root = parseXml(
    Buffer.from('<?xml version="1.0"?><s:A xmlns:s="u"><s:B>1</s:B><C><![CDATA[<x>]]></C><s:B>2</s:B></s:A>'),
  );
  expect(root.name).toBe("A");
  expect(childrenNamed(root, "B").map((b) => b.text)).toEqual(["1", "2"]);
  expect(child(root, "C")?.text).toBe("<x>");
});

test.each([
  ["an entity bomb", '<!DOCTYPE a [<!ENTITY x "yyyyyyyy"><!ENTITY z "&x;&x;&x;">]><a>&z;</a>'],
  ["an external entity", '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'],
  ["deep nesting", "<a>".repeat(1000) + "</a>".repeat(1000)],
  ["an open element", "<a><b></a>"],
  ["two roots", "<a/><b/>"],
  ["no element", "hello"],
  ["nothing", ""],
  ["a prototype's name", "<a><__proto__>x</__proto__></a>"],
])("%s is refused", (_name, text) => {
  expect(() => parseXml(Buffer.from(text))).toThrow(XmlSyntaxError);
});

test("bytes that are not UTF-8 are refused", () => {
  expect(() => parseXml(Buffer.from([0x3c, 0x61, 0x3e, 0xff, 0x3c, 0x2f, 0x61, 0x3e]))).toThrow(XmlSyntaxError);
});
