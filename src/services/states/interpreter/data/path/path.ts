/** A path, taken apart. */
import type { Json } from "../../../../../config/json.js";

export type PathRoot =
  | { readonly kind: "input" }
  | { readonly kind: "context" }
  | { readonly kind: "variable"; readonly name: string };

export type Step =
  | { readonly kind: "members"; readonly names: readonly string[] }
  | { readonly kind: "indexes"; readonly indexes: readonly number[] }
  | { readonly kind: "slice"; readonly from: number | undefined; readonly to: number | undefined }
  | { readonly kind: "wildcard" }
  | { readonly kind: "filter"; readonly filter: Filter }
  /** `..`: the following step is applied to every value below. */
  | { readonly kind: "descent" }
  /** Comes last: it makes one value of what the steps before it select. */
  | { readonly kind: "function"; readonly name: string };

export interface Path {
  readonly root: PathRoot;
  readonly steps: readonly Step[];
  readonly definite: boolean;
}

/** Whether the steps select one value or none; any others select a list. */
export function isDefinite(steps: readonly Step[]): boolean {
  return steps.every((step, index) => {
    if (step.kind === "members") return step.names.length === 1 || index === steps.length - 1;
    return step.kind === "indexes" && step.indexes.length === 1;
  });
}

export type Operand =
  | { readonly kind: "literal"; readonly value: Json }
  | { readonly kind: "pattern"; readonly pattern: RegExp }
  | { readonly kind: "path"; readonly fromRoot: boolean; readonly steps: readonly Step[] };

export type Filter =
  | { readonly kind: "all"; readonly filters: readonly Filter[] }
  | { readonly kind: "any"; readonly filters: readonly Filter[] }
  | { readonly kind: "not"; readonly filter: Filter }
  | { readonly kind: "exists"; readonly operand: Operand }
  | { readonly kind: "compare"; readonly left: Operand; readonly operator: string; readonly right: Operand };

export class PathSyntaxError extends Error {}
