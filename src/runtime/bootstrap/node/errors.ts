/**
 * How the Node runtimes name and print errors. Shapes: aws-lambda-ric 3.3 (Node 22 and older) and 4.0 (Node 24 on).
 */
import { types } from "node:util";
import { declaredModern } from "./declared-runtime.js";

/** An error that the runtime itself raises; `name` is what the platform reports. */
export class RuntimeError extends Error {
  constructor(name: string, message: string) {
    super(message);
    // The newer client's errors have it as a member of their own, which is logged beside errorType.
    Object.defineProperty(this, "name", { value: name, enumerable: declaredModern });
    // The stack was written under the name of the class.
    if (this.stack !== undefined) this.stack = this.stack.replace(/^[^:\n]*/, name);
  }
}

export interface ErrorBody {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
}

interface ErrorLike {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
}

/** DEL would break the headers in which parts of this travel. */
const printable = (text: string): string => text.replaceAll("\x7f", "%7F");

/** The older client takes what V8 made as an error, and anything with the three members; the newer goes by the prototype. */
function isErrorLike(value: unknown, modern: boolean): value is ErrorLike {
  if (modern) return value instanceof Error;
  if (types.isNativeError(value)) return true;
  if (typeof value !== "object" || value === null) return false;
  const { name, message, stack } = value as Partial<Record<keyof ErrorLike, unknown>>;
  return [name, message, stack].every((member) => typeof member === "string" && member !== "");
}

export function errorBody(error: unknown, modern: boolean): ErrorBody {
  try {
    if (!isErrorLike(error, modern)) {
      // The older client asks the value itself, which null cannot answer.
      const errorMessage = modern ? String(error) : (error as { toString(): string }).toString();
      return { errorType: typeof error, errorMessage, trace: [] };
    }
    // An error may have lost its stack; the older client stumbles over that.
    const stack = modern ? (error.stack ?? "") : (error.stack as string);
    return {
      errorType: printable(error.name),
      errorMessage: printable(error.message),
      trace: modern && stack === "" ? [] : printable(stack).split("\n"),
    };
  } catch {
    return {
      errorType: "handled",
      errorMessage:
        "callback called with Error argument, but there was a problem while retrieving one or more of its message, name, and stack",
      ...(modern ? { trace: [] } : {}),
    };
  }
}

/** The JSON that follows `Invoke Error` and its kin in the log, with a leading tab. */
export function formattedError(error: unknown, modern: boolean): string {
  try {
    return `\t${JSON.stringify(error, (_key, value: unknown) => withStack(value))}`;
  } catch {
    return `\t${JSON.stringify(errorBody(error, modern))}`;
  }
}

function withStack(value: unknown): unknown {
  if (!(value instanceof Error)) return value;
  const own = { ...(value as object) };
  return {
    errorType: value.name,
    errorMessage: value.message,
    code: (value as { readonly code?: unknown }).code,
    ...own,
    ...(typeof value.stack === "string" ? { stack: value.stack.split("\n") } : {}),
  };
}
