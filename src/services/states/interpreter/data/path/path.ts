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
  | { readonly kind: "function"; readonly name: string };

export interface Path {
  readonly root: PathRoot;
  readonly steps: readonly Step[];
  /** Selects one value or none; any other path selects a list. */
  readonly definite: boolean;
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
