/**
 * XML in and out, for S3 and whoever else still speaks it. Reading refuses what can blow up: document types (and with
 * them entity bombs), deep nesting, bodies over a bound. Writing is ours: a listing has thousands of elements, and
 * no builder at hand keeps carriage returns and control characters of object keys alive.
 */
import { XMLParser, XMLValidator } from "fast-xml-parser";

/** An element's content. Arrays repeat the element; `undefined` leaves it out; `@name` members are attributes. */
export type XmlContent =
  | string
  | number
  | boolean
  | undefined
  | XmlFragment
  | readonly XmlContent[]
  | { readonly [name: string]: XmlContent };

/** Elements written already, names and all; for the few places where building them one by one is felt. */
export class XmlFragment {
  readonly xml: string;

  constructor(xml: string) {
    this.xml = xml;
  }
}

export const XML_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

/** A whole document: `buildXml("ListBucketResult", {...}, "http://...")`. */
export function buildXml(root: string, content: XmlContent, namespace?: string): string {
  const attributes = namespace === undefined ? "" : ` xmlns="${escapeXml(namespace)}"`;
  return XML_DECLARATION + element(root, content, attributes);
}

/** One element as text, for a fragment. */
export function buildElement(name: string, content: XmlContent): string {
  return element(name, content);
}

function element(name: string, content: XmlContent, attributes = ""): string {
  if (content === undefined) return "";
  if (typeof content === "string") {
    return content === "" ? `<${name}${attributes}/>` : `<${name}${attributes}>${escapeXml(content)}</${name}>`;
  }
  if (typeof content === "number" || typeof content === "boolean") return `<${name}${attributes}>${content}</${name}>`;
  if (content instanceof XmlFragment) return content.xml;
  let inner = "";
  if (isList(content)) {
    for (const item of content) inner += element(name, item, attributes);
    return inner;
  }
  let own = attributes;
  for (const member of Object.keys(content)) {
    const value = content[member];
    if (member.startsWith("@")) own += ` ${member.slice(1)}="${typeof value === "string" ? escapeXml(value) : ""}"`;
    else inner += element(member, value);
  }
  return inner === "" ? `<${name}${own}/>` : `<${name}${own}>${inner}</${name}>`;
}

function isList(content: XmlContent): content is readonly XmlContent[] {
  return Array.isArray(content);
}

// oxlint-disable-next-line no-control-regex -- control characters in keys are the reason
const SPECIAL = /[&<>"\u0000-\u0008\u000b-\u001f\u007f\ufffe\uffff]/g;
const NAMED: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** As S3 does it: control characters become numeric references, even those that XML 1.0 readers then refuse. */
export function escapeXml(text: string): string {
  // Most texts need nothing, and a search is cheaper than a replacement that finds nothing.
  if (text.search(SPECIAL) === -1) return text;
  return text.replace(SPECIAL, (char) => NAMED[char] ?? `&#x${char.charCodeAt(0).toString(16)};`);
}

/** One element that was read. Names have lost their prefix. */
export interface XmlElement {
  readonly name: string;
  readonly text: string;
  readonly children: readonly XmlElement[];
}

/** Thrown for a document that is not well-formed or not wanted; each service turns it into its own error. */
export class XmlSyntaxError extends Error {
  override readonly name = "XmlSyntaxError";
}

interface RawNode {
  readonly [name: string]: unknown;
}

const TEXT = "#text";
const MAX_DEPTH = 32;
const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: true,
  ignoreDeclaration: true,
  ignorePiTags: true,
  parseTagValue: false,
  trimValues: false,
  removeNSPrefix: true,
  // The five of XML and numeric references; a document type never gets this far.
  processEntities: true,
  htmlEntities: true,
  maxNestedTags: MAX_DEPTH,
});

/** Reads a document and gives its root element. Throws `XmlSyntaxError`. */
export function parseXml(bytes: Buffer): XmlElement {
  const text = decodeUtf8(bytes).replace(/^\uFEFF/, "");
  if (/<!DOCTYPE|<!ENTITY/i.test(text)) throw new XmlSyntaxError("document types are not accepted");
  const valid = XMLValidator.validate(text);
  if (valid !== true) throw new XmlSyntaxError(valid.err.msg);
  let nodes: RawNode[];
  try {
    nodes = parser.parse(text) as RawNode[];
  } catch (error) {
    throw new XmlSyntaxError(error instanceof Error ? error.message : String(error), { cause: error });
  }
  const roots = nodes.filter((node) => !(TEXT in node));
  const [root] = roots;
  if (root === undefined || roots.length > 1) throw new XmlSyntaxError("a document has one root element");
  return toElement(root);
}

function decodeUtf8(bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new XmlSyntaxError("the document is not UTF-8", { cause: error });
  }
}

function toElement(node: RawNode): XmlElement {
  const name = Object.keys(node)[0] ?? "";
  let text = "";
  const children: XmlElement[] = [];
  for (const child of node[name] as RawNode[]) {
    if (TEXT in child) text += String(child[TEXT]);
    else children.push(toElement(child));
  }
  return { name, text, children };
}

/** The first child of that name. */
export function child(parent: XmlElement, name: string): XmlElement | undefined {
  return parent.children.find((element) => element.name === name);
}

export function childrenNamed(parent: XmlElement, name: string): XmlElement[] {
  return parent.children.filter((element) => element.name === name);
}

/** Text of the first child of that name. */
export function childText(parent: XmlElement, name: string): string | undefined {
  return child(parent, name)?.text;
}
