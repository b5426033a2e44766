/** How paths and calls of intrinsic functions are written: as the interpreter reads them, and no more freely than AWS. */
import { INTRINSIC_FUNCTIONS } from "../interpreter/data/intrinsics/functions.js";
import type { Expression } from "../interpreter/data/intrinsics/parse.js";
import { isCall, parseCall } from "../interpreter/data/intrinsics/parse.js";
import { parsePath } from "../interpreter/data/path/parse.js";
import type { Path } from "../interpreter/data/path/path.js";

/** https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html */
const MOST_NESTED = 10;
/** In a literal only quotes, braces and the backslash itself may be escaped. */
const LITERAL = /^(?:[^\\]|\\['{}\\])*$/;

export const isPath = (text: string): boolean => pathIn(text) !== undefined;

function pathIn(text: string): Path | undefined {
  try {
    return parsePath(text);
  } catch {
    return undefined;
  }
}

/** Why the text is no reference path, which names one place, or `undefined`. */
export function whyNoReferencePath(text: string): string | undefined {
  if (!text.startsWith("$")) {
    return "Reference path didn't start with '$'";
  }
  const path = pathIn(text);
  if (path === undefined) {
    return "Reference path is not well formed";
  }
  const single = path.definite && path.steps.every((step) => step.kind !== "function");
  return single ? undefined : "Reference path must name a single node";
}

export function isFunctionCall(text: string): boolean {
  try {
    return isCall(text) && isSound(parseCall(text), 0);
  } catch {
    return false;
  }
}

function isSound(expression: Expression, depth: number): boolean {
  switch (expression.kind) {
    case "literal":
      return typeof expression.value !== "string" || LITERAL.test(expression.source);
    case "path":
      return isPath(expression.path);
    case "call":
      return (
        depth < MOST_NESTED &&
        Object.hasOwn(INTRINSIC_FUNCTIONS, expression.name) &&
        expression.args.every((arg) => isSound(arg, depth + 1))
      );
  }
}
