/**
 * The forms in which callers name a function: name, name:qualifier, account:function:name, and the ARN with or without
 * a qualifier. Lambda API reference, "Invoke", FunctionName.
 */
import { invalidParameter } from "./errors.js";

export interface FunctionReference {
  readonly name: string;
  readonly qualifier: string | undefined;
}

const FULL = /^arn:aws[a-zA-Z-]*:lambda:[a-z0-9-]+:\d{12}:function:([a-zA-Z0-9-_]+)(?::(\$LATEST|[a-zA-Z0-9-_]+))?$/;
const PARTIAL = /^(?:\d{12}:function:)([a-zA-Z0-9-_]+)(?::(\$LATEST|[a-zA-Z0-9-_]+))?$/;
const NAME = /^([a-zA-Z0-9-_]{1,140})(?::(\$LATEST|[a-zA-Z0-9-_]+))?$/;

/** Throws InvalidParameterValueException for anything else, and when two qualifiers disagree. */
export function parseFunctionName(text: string, queryQualifier: string | undefined): FunctionReference {
  const match = FULL.exec(text) ?? PARTIAL.exec(text) ?? NAME.exec(text);
  if (match === null) {
    throw invalidParameter(
      `1 validation error detected: Value '${text}' at 'functionName' failed to satisfy constraint: Member must satisfy regular expression pattern: (arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}(-gov)?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?([a-zA-Z0-9-_\\.]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?`,
    );
  }
  const [, name = "", own] = match;
  if (own !== undefined && queryQualifier !== undefined && own !== queryQualifier) {
    throw invalidParameter("The derived qualifier from the function name does not match the specified qualifier.");
  }
  return { name, qualifier: own ?? queryQualifier };
}
