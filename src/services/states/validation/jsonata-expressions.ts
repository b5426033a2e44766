/**
 * JSONata expressions as AWS reads them when a definition is created: those that do not parse are refused with the parser's
 * own sentence, and so are those that read what is not there. Nothing is the context of an expression, so that a bare name,
 * `$` or `$$` at its top selects from nothing; the error of a state stands only in its catchers.
 * https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
 */
import jsonata from "jsonata";
import type { Json } from "../../../config/json.js";
import { isJsonObject, listOf } from "../../../config/json.js";
import { expressionIn } from "../interpreter/data/jsonata.js";
import type { Place } from "./place.js";

const INVALID = "INVALID_JSONATA_EXPRESSION";
const UNSUPPORTED = "UNSUPPORTED_JSONATA_EXPRESSION";

/** Whose expression it is decides what `$states` has. */
type Holder = "state" | "catcher";

/** All expressions anywhere inside a value: `Output`, `Arguments`, `Assign`. */
export function checkExpressions(value: Json, place: Place, holder: Holder): void {
  if (typeof value === "string") {
    checkExpression(value, place, holder);
  } else if (Array.isArray(value)) {
    for (const [index, item] of listOf(value).entries()) {
      checkExpressions(item, place.item(index), holder);
    }
  } else if (isJsonObject(value)) {
    for (const [name, member] of Object.entries(value)) {
      checkExpressions(member, place.member(name), holder);
    }
  }
}

function checkExpression(value: string, place: Place, holder: Holder): void {
  const expression = expressionIn(value);
  if (expression === undefined) {
    return;
  }
  let ast: jsonata.ExprNode;
  try {
    ast = jsonata(expression).ast();
  } catch (error) {
    place.refuse(error instanceof Error ? error.message : textOfFailure(error), INVALID);
    return;
  }
  const names = new Set<string>();
  readNode(ast, holder, names);
  for (const message of names) {
    place.refuse(message, UNSUPPORTED);
  }
}

// The parser throws objects with a message, which are no errors.
function textOfFailure(failure: unknown): string {
  const message = (failure as { message?: unknown } | null)?.message;
  return typeof message === "string" ? message : "The expression cannot be read";
}

interface Node {
  readonly type?: string;
  readonly value?: unknown;
  readonly steps?: readonly Node[];
  readonly [member: string]: unknown;
}

/** What is read without a context item, anywhere below `node`. Steps after a path's first have one, and so have predicates. */
function readNode(node: unknown, holder: Holder, found: Set<string>): void {
  if (Array.isArray(node)) {
    for (const item of node as unknown[]) {
      readNode(item, holder, found);
    }
    return;
  }
  if (typeof node !== "object" || node === null) {
    return;
  }
  const { type, value, steps, ...rest } = node as Node;
  if (type === "path" && steps !== undefined) {
    readSteps(steps, holder, found);
  } else if (type === "name") {
    found.add(`Reference to '${String(value)}' at the top level is not supported.`);
  } else if (type === "variable" && (value === "" || value === "$")) {
    found.add(`Reference to '$${value}' at the top level is not supported.`);
  } else {
    for (const [member, child] of Object.entries(rest)) {
      if (!CONTEXTUAL.has(member)) {
        readNode(child, holder, found);
      }
    }
  }
}

/** Members of a node that are evaluated for the items of what stands before them. */
const CONTEXTUAL = new Set(["predicate", "stages", "group", "pattern", "update", "delete", "terms"]);
const FIELDS: Readonly<Record<Holder, ReadonlySet<string>>> = {
  state: new Set(["input", "result", "context"]),
  catcher: new Set(["input", "result", "context", "errorOutput"]),
};

function readSteps(steps: readonly Node[], holder: Holder, found: Set<string>): void {
  const [first, second] = steps;
  readNode(first, holder, found);
  if (first?.type === "variable" && first.value === "states" && second?.type === "name") {
    const field = String(second.value);
    if (!FIELDS[holder].has(field)) {
      found.add(`Field '$states.${field}' does not exist.`);
    }
  }
}
