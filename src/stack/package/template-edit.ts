/**
 * Writes new values into the text of a template and leaves every other character as it is: comments, short forms and
 * the look of numbers survive, in YAML as in JSON.
 */
import { isAlias, isMap, isScalar, parseDocument, type Node, type Pair, type YAMLMap } from "yaml";
import { AppError } from "../../shared/errors.js";

export interface Edit {
  /** Keys from the root: `Resources`, `Fn`, `Properties`, `CodeUri`. The last one may be missing, it is added then. */
  readonly path: readonly string[];
  readonly value: string | Readonly<Record<string, string>>;
}

interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Throws LR2004 where a place is reached through an alias: a change there would change its other users. */
export function editTemplate(text: string, edits: readonly Edit[]): string {
  const root = rootOf(text);
  const splices = edits.map((edit) => spliceFor(text, root, edit)).sort((a, b) => b.start - a.start);
  return splices.reduce(
    (edited, { start, end, text: added }) => edited.slice(0, start) + added + edited.slice(end),
    text,
  );
}

/** The plain text at a path; undefined when there is none, or when it is no plain text. */
export function textAt(text: string, paths: readonly (readonly string[])[]): (string | undefined)[] {
  const root = rootOf(text);
  return paths.map((path) => {
    let node: unknown = root;
    for (const key of path) node = isMap(node) ? pairOf(node, key)?.value : undefined;
    return isScalar(node) && typeof node.value === "string" && !isCall(node) ? node.value : undefined;
  });
}

/** Type by logical id, of the resources that are written out. */
export function resourceTypes(text: string): ReadonlyMap<string, string> {
  const resources = rootOf(text)?.get("Resources");
  const ids = isMap(resources) ? resources.items.flatMap(({ key }) => (isScalar(key) ? [String(key.value)] : [])) : [];
  const types = textAt(
    text,
    ids.map((id) => ["Resources", id, "Type"]),
  );
  return new Map(ids.flatMap((id, i) => (types[i] === undefined ? [] : [[id, types[i]]])));
}

function rootOf(text: string): YAMLMap | undefined {
  // Only places are taken from it: no scalar is read as anything but text.
  const { contents } = parseDocument(text, { schema: "failsafe", logLevel: "silent" });
  return isMap(contents) ? contents : undefined;
}

const isCall = (node: Node): boolean => node.tag?.startsWith("!") === true && node.tag !== "!";

function spliceFor(text: string, root: YAMLMap | undefined, { path, value }: Edit): Splice {
  const parent = path
    .slice(0, -1)
    .reduce<unknown>((node, key) => (isMap(node) ? pairOf(node, key)?.value : undefined), root);
  const key = path.at(-1) ?? "";
  if (!isMap(parent))
    throw new AppError("LR2004", {
      what: `${path.join(".")} cannot be written into the template`,
      where: path.slice(0, -1).join("."),
      why: isAlias(parent)
        ? "it is an alias (*name), and a change would change the other users too"
        : "it is not a map",
      fix: "Write the properties out for this resource.",
    });
  const found = pairOf(parent, key);
  return found === undefined ? insertion(text, parent, key, value) : replacement(text, found, value);
}

/** JSON is YAML, and reads the same in both. */
const written = (value: Edit["value"]): string => JSON.stringify(value);

function replacement(text: string, pair: Pair, value: Edit["value"]): Splice {
  const key = pair.key as Node;
  const node = pair.value as Node | null;
  const keyEnd = key.range?.[1] ?? 0;
  let end = node?.range?.[1] ?? text.indexOf(":", keyEnd) + 1;
  // The range of a block reaches to the next key.
  while (end > keyEnd && /\s/.test(text.charAt(end - 1))) end -= 1;
  const anchor = node !== null && !isAlias(node) && node.anchor !== undefined ? `&${node.anchor} ` : "";
  return { start: keyEnd, end, text: `: ${anchor}${written(value)}` };
}

function insertion(text: string, map: YAMLMap, key: string, value: Edit["value"]): Splice {
  const first = map.items[0]?.key as Node | undefined;
  const firstAt = first?.range?.[0];
  if (firstAt === undefined) {
    // `{}`, the only way to write a map without a key.
    const start = map.range?.[0] ?? 0;
    return { start, end: map.range?.[1] ?? start, text: `{ ${JSON.stringify(key)}: ${written(value)} }` };
  }
  const lineStart = text.lastIndexOf("\n", firstAt - 1) + 1;
  const indent = text.slice(lineStart, firstAt);
  const isOwnLine = indent.trim() === "";
  if (map.flow === true) {
    const gap = isOwnLine ? `\n${indent}` : " ";
    return { start: firstAt, end: firstAt, text: `${JSON.stringify(key)}: ${written(value)},${gap}` };
  }
  return { start: firstAt, end: firstAt, text: `${key}: ${written(value)}\n${" ".repeat(firstAt - lineStart)}` };
}

function pairOf(map: YAMLMap, key: string): Pair | undefined {
  return map.items.find((pair) => isScalar(pair.key) && pair.key.value === key);
}
