/**
 * Reads YAML or JSON text into template nodes. CloudFormation takes YAML 1.1 with its own short forms (`!Ref`).
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html
 */
import { basename } from "node:path";
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import type { Document, Node as YamlNode, ScalarTag, YAMLMap } from "yaml";
import { AppError } from "../../shared/errors.js";
import { codeFrame } from "../code-frame.js";
import { didYouMean } from "../nearest.js";
import { callNode } from "./node.js";
import type { Entry, Position, Scalar, TemplateNode } from "./node.js";

const FUNCTIONS =
  "And Base64 Cidr Equals FindInMap GetAtt GetAZs If ImportValue Join Length Not Or Select Split Sub ToJsonString Transform";

/** Short form to long form. */
const SHORT_FORMS: ReadonlyMap<string, string> = new Map([
  ["!Ref", "Ref"],
  ["!Condition", "Condition"],
  ...FUNCTIONS.split(" ").map((name): [string, string] => [`!${name}`, `Fn::${name}`]),
]);
export const INTRINSIC_NAMES: readonly string[] = [...SHORT_FORMS.values()];

/** Types of YAML 1.1 that CloudFormation has not: `2012-10-17` stays text, `12:30` does too. */
const FOREIGN_TAGS = new Set(["timestamp", "binary", "omap", "pairs", "set", "bool"]);
const isForeign = (tag: { readonly tag?: string; readonly format?: string }): boolean =>
  FOREIGN_TAGS.has((tag.tag ?? "").replace("tag:yaml.org,2002:", "")) || tag.format === "TIME";

/** As the parsers of AWS read it: `yes` and `on` are true, but `y` and `n` are texts (`AttributeType: N`). */
const booleanTag = (test: RegExp, value: boolean): ScalarTag => ({
  tag: "tag:yaml.org,2002:bool",
  default: true,
  test,
  resolve: () => value,
});
const BOOLEANS = [
  booleanTag(/^(?:yes|Yes|YES|true|True|TRUE|on|On|ON)$/, true),
  booleanTag(/^(?:no|No|NO|false|False|FALSE|off|Off|OFF)$/, false),
];

/** A template has at most 1 MB of text; aliases may make more of it, but not without bound. */
const MAX_NODES = 100_000;

export function parseTemplate(text: string, file: string): TemplateNode {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, {
    version: "1.1",
    merge: true,
    lineCounter,
    prettyErrors: false,
    logLevel: "silent",
    customTags: (tags) => [...BOOLEANS, ...tags.filter((tag) => typeof tag === "string" || !isForeign(tag))],
  });
  const positionAt = (offset: number): Position => {
    const { line, col } = lineCounter.linePos(offset);
    return { file, line, column: col };
  };
  const [error] = document.errors;
  if (error) throw yamlError(text, positionAt(error.pos[0]), error.message);
  return new Converter(text, document, positionAt).convert(document.contents);
}

function yamlError(text: string, at: Position, message: string): AppError {
  return new AppError("LR2002", {
    what: `${basename(at.file)} is not valid: ${message.replace(/\.$/, "")}`,
    where: `${at.file}:${at.line}:${at.column}`,
    codeFrame: codeFrame(text, at.line, at.column),
  });
}

class Converter {
  readonly #text: string;
  readonly #document: Document;
  readonly #positionAt: (offset: number) => Position;
  #nodes = 0;

  constructor(text: string, document: Document, positionAt: (offset: number) => Position) {
    this.#text = text;
    this.#document = document;
    this.#positionAt = positionAt;
  }

  convert(node: YamlNode | null, aliases: readonly YamlNode[] = []): TemplateNode {
    const at = this.#positionAt(node?.range?.[0] ?? 0);
    if (++this.#nodes > MAX_NODES) throw yamlError(this.#text, at, "the aliases (*name) make the template too large");
    if (node === null) return { kind: "scalar", value: null, at };
    if (isAlias(node)) {
      const target = node.resolve(this.#document);
      if (!target) throw yamlError(this.#text, at, `there is no anchor &${node.source}`);
      if (aliases.includes(target)) throw yamlError(this.#text, at, `the anchor &${node.source} contains itself`);
      return this.convert(target, [...aliases, target]);
    }
    const name = this.#callName(node, at);
    const body = this.#body(node, at, aliases);
    return name === undefined ? body : callNode(name, name === "Fn::GetAtt" ? splitAttribute(body) : body, at);
  }

  #callName(node: YamlNode, at: Position): string | undefined {
    const { tag } = node;
    if (tag === undefined || !tag.startsWith("!") || tag === "!") return undefined;
    const name = SHORT_FORMS.get(tag);
    if (name === undefined) {
      throw yamlError(this.#text, at, `${tag} is not an intrinsic function.${didYouMean(tag, SHORT_FORMS.keys())}`);
    }
    return name;
  }

  #body(node: YamlNode, at: Position, aliases: readonly YamlNode[]): TemplateNode {
    if (isScalar(node)) return { kind: "scalar", value: scalarValue(node.value, node.source), at };
    if (isSeq(node))
      return { kind: "list", items: node.items.map((item) => this.convert(item as YamlNode | null, aliases)), at };
    if (isMap(node)) return this.#map(node, at, aliases);
    return { kind: "scalar", value: null, at };
  }

  #map(node: YAMLMap, at: Position, aliases: readonly YamlNode[]): TemplateNode {
    const entries = new Map<string, Entry>();
    const merged = new Map<string, Entry>();
    for (const pair of node.items) {
      const key = pair.key as YamlNode | null;
      const keyAt = this.#positionAt(key?.range?.[0] ?? node.range?.[0] ?? 0);
      const value = this.convert(pair.value as YamlNode | null, aliases);
      if (!isScalar(key)) throw yamlError(this.#text, keyAt, "the key of a map has to be a text");
      if (typeof key.value === "symbol") mergeInto(merged, value);
      else entries.set(keyText(key.value, key.source), { keyAt, value });
    }
    for (const [key, entry] of merged) if (!entries.has(key)) entries.set(key, entry);
    return longForm(entries, at) ?? { kind: "map", entries, at };
  }
}

/** `<<`: a map, or a list of maps of which the first wins. */
function mergeInto(merged: Map<string, Entry>, value: TemplateNode): void {
  if (value.kind === "list") for (const item of value.items) mergeInto(merged, item);
  else if (value.kind === "map") for (const [key, entry] of value.entries) if (!merged.has(key)) merged.set(key, entry);
}

/** A key such as `012345678901` is text, whatever number it looks like. */
const keyText = (value: unknown, source: string | undefined): string =>
  typeof value === "string" ? value : (source ?? String(value));

function scalarValue(value: unknown, source: string | undefined): Scalar {
  // A lone dot (`DockerContext: .`) has the form of a number without digits for the library, for AWS it is text.
  if (Number.isNaN(value)) return source ?? "NaN";
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  return typeof value === "bigint" ? value.toString() : null;
}

/** `{"Fn::Sub": ...}`. A map with one key of that look is a call even when the name is unknown: the resolver says so. */
function longForm(entries: ReadonlyMap<string, Entry>, at: Position): TemplateNode | undefined {
  if (entries.size !== 1) return undefined;
  const [[name, entry] = [undefined, undefined]] = entries;
  if (name === undefined || !entry) return undefined;
  if (name !== "Ref" && !name.startsWith("Fn::")) return undefined;
  if (name.startsWith("Fn::ForEach")) return undefined;
  return callNode(name, name === "Fn::GetAtt" ? splitAttribute(entry.value) : entry.value, at);
}

/** `Fn.Arn` as `[Fn, Arn]`: the logical id ends at the first dot, the attribute may hold more (`Stack.Outputs.Url`). */
function splitAttribute(argument: TemplateNode): TemplateNode {
  if (argument.kind !== "scalar" || typeof argument.value !== "string") return argument;
  const dot = argument.value.indexOf(".");
  if (dot < 0) return argument;
  const part = (text: string): TemplateNode => ({ kind: "scalar", value: text, at: argument.at });
  return {
    kind: "list",
    items: [part(argument.value.slice(0, dot)), part(argument.value.slice(dot + 1))],
    at: argument.at,
  };
}
