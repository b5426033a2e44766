/** Runs calls of intrinsic functions. */
import type { Json } from "../../../../../config/json.js";
import type { Scope } from "../../scope.js";
import { StatesError } from "../../states-error.js";
import { messageOf, readOrThrow } from "../json-path.js";
import { NotAList, NothingFound } from "../path/select.js";
import { Arguments, IntrinsicRefusal } from "./arguments.js";
import { format, INTRINSIC_FUNCTIONS } from "./functions.js";
import { CallSyntaxError, parseCall, type Expression } from "./parse.js";

/**
 * The value of a call. Every failure names the whole call. AWS's page promises `States.IntrinsicFailure`; what AWS was seen
 * to answer, for arguments that are missing and for those that are refused, is `States.Runtime`.
 */
export function callIntrinsic(text: string, scope: Scope): Json {
  try {
    return valueOf(parseCall(text), scope);
  } catch (error) {
    throw new StatesError("States.Runtime", `The function '${text}' had the following error: ${messageOf(error)}`);
  }
}

function valueOf(expression: Expression, scope: Scope): Json {
  if (expression.kind === "literal") return expression.value;
  if (expression.kind === "path") return argumentAt(expression.path, scope);
  const known = Object.hasOwn(INTRINSIC_FUNCTIONS, expression.name) ? INTRINSIC_FUNCTIONS[expression.name] : undefined;
  if (known === undefined) throw new CallSyntaxError(`Unsupported function ${expression.name}`);
  const args = new Arguments(
    expression.name,
    expression.args.map((each) => valueOf(each, scope)),
  );
  if (args.count < known.least || args.count > known.most) args.refuse();
  const [first] = expression.args;
  // The template as it was written: what is escaped in it cannot be seen in its value.
  if (expression.name === "States.Format" && first?.kind === "literal" && typeof first.value === "string")
    return format(first.source, args);
  return known.call(args);
}

/** The cause shows the state's input, and a path into the context object without its first `$`. */
function argumentAt(path: string, scope: Scope): Json {
  try {
    return readOrThrow(path, scope);
  } catch (error) {
    if (!(error instanceof NothingFound) || error instanceof NotAList) throw error;
    const shown = path.startsWith("$$") ? path.slice(1) : path;
    throw new IntrinsicRefusal(
      `The JsonPath argument for the field '${shown}' could not be found in the input '${JSON.stringify(scope.input)}'`,
    );
  }
}
