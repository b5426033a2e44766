/**
 * Templates as trees. The grammar is velocityjs's; it is loaded at the first template that has something to evaluate, and
 * what it would run itself is not used: its values are JavaScript's, prototypes and all.
 */
import { messageOf } from "../../../shared/errors.js";
import { MAX_TEMPLATE_BYTES, TemplateFault } from "./bounds.js";

export type Expression =
  | Reference
  | { readonly type: "string"; readonly value: string; readonly isEval?: boolean }
  | { readonly type: "integer" | "decimal"; readonly value: string | number }
  | { readonly type: "bool"; readonly value: "true" | "false" | "null" }
  | { readonly type: "array"; readonly value: readonly (Expression | string | number)[]; readonly isRange?: boolean }
  | { readonly type: "map"; readonly value?: Readonly<Record<string, Expression>> }
  | { readonly type: "math"; readonly operator: string; readonly expression: readonly Expression[] };

export type Part =
  | { readonly type: "method"; readonly id: string; readonly args: readonly Expression[] | false }
  | { readonly type: "property"; readonly id: string }
  | { readonly type: "index"; readonly id: Expression };

export interface Reference {
  readonly type: "references";
  readonly id: string;
  readonly path?: readonly Part[];
  readonly args?: readonly Expression[] | false;
}

export interface Condition {
  readonly type: "if" | "elseif";
  readonly condition: Expression;
}

export type Directive =
  | Condition
  | { readonly type: "set"; readonly equal: readonly [Reference, Expression] }
  | { readonly type: "break" | "comment" | "else" }
  | { readonly type: "raw"; readonly value: string }
  | { readonly type: "foreach"; readonly to: string; readonly from: Expression }
  | { readonly type: "define" | "macro"; readonly id: string; readonly args?: readonly Reference[] | false }
  | { readonly type: "noescape" }
  | { readonly type: "macro_call" | "macro_body"; readonly id: string; readonly args?: readonly Expression[] | false };

/** A block is its directive and what stands in it. */
export type Node = string | Reference | Directive | readonly [Directive, ...Node[]];
export type Tree = readonly Node[];

const CACHE_SIZE = 500;
const cache = new Map<string, Tree>();

let parser: ((text: string) => Tree) | undefined;

/** Has to be waited for once; from then on `parse` can be called. */
export async function loadParser(): Promise<void> {
  if (parser !== undefined) return;
  const { parse: read } = await import("velocityjs");
  parser = (text) => read(text) as unknown as Tree;
}

/** Throws TemplateFault. */
export function parse(text: string): Tree {
  const known = cache.get(text);
  if (known !== undefined) return known;
  if (parser === undefined) throw new Error("the parser of templates has not been loaded");
  if (Buffer.byteLength(text) > MAX_TEMPLATE_BYTES) throw new TemplateFault("the template is larger than 300 KB");
  if (cache.size >= CACHE_SIZE) cache.clear();
  const tree = treeOf(text, parser);
  cache.set(text, tree);
  return tree;
}

function treeOf(text: string, read: (text: string) => Tree): Tree {
  try {
    return read(text);
  } catch (error) {
    throw new TemplateFault(`the template cannot be read: ${messageOf(error).split("\n", 1)[0] ?? ""}`);
  }
}

/** Without one of these a template is its own text. */
export const hasVtl = (text: string): boolean => /[#$]/.test(text);
