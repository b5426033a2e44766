/**
 * How paths and intrinsic functions are written. What a path may select is decided when it is read; here only its form is.
 * https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html
 * https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html
 */
const FUNCTIONS = new Set([
  "Array",
  "ArrayContains",
  "ArrayGetItem",
  "ArrayLength",
  "ArrayPartition",
  "ArrayRange",
  "ArrayUnique",
  "Base64Decode",
  "Base64Encode",
  "Format",
  "Hash",
  "JsonMerge",
  "JsonToString",
  "MathAdd",
  "MathRandom",
  "StringSplit",
  "StringToJson",
  "UUID",
]);
const MOST_NESTED = 10;

/** `$`, `$$` or `$variable`, and then members, subscripts, slices, wildcards and filters. */
export function isPath(text: string): boolean {
  return text.startsWith("$") && endOfPath(text, 0) === text.length;
}

/** Why the text is no reference path, which names one place, or `undefined`. */
export function whyNoReferencePath(text: string): string | undefined {
  if (!text.startsWith("$")) {
    return "Reference path didn't start with '$'";
  }
  if (/\.\.|\[\?|\[\*|\.\*|\[[^\]']*[,:]/.test(text.replaceAll(/'(?:[^'\\]|\\.)*'/g, "''"))) {
    return "Reference path must name a single node";
  }
  if (/\[(?!['"\d-])/.test(text)) {
    return "'[' must be followed by ' or a digit";
  }
  return isPath(text) ? undefined : "Reference path is not well formed";
}

export function isFunctionCall(text: string): boolean {
  return endOfFunction(text, 0, 1) === text.length;
}

/** Where the path that begins at `start` ends: at a comma or a closing bracket of what is around it. -1: it does not. */
function endOfPath(text: string, start: number): number {
  let open = "";
  let at = start;
  for (; at < text.length; at++) {
    const char = text[at] ?? "";
    if (char === "'" || (char === '"' && open !== "")) {
      at = endOfQuoted(text, at, char) - 1;
      if (at < 0) {
        return -1;
      }
    } else if (char === "[" || char === "(") {
      open += char;
    } else if (char === "]" || (char === ")" && open !== "")) {
      if (open.at(-1) !== (char === "]" ? "[" : "(")) {
        return -1;
      }
      open = open.slice(0, -1);
    } else if (open === "" && (char === "," || char === ")")) {
      break;
    }
  }
  const path = text.slice(start, at).trimEnd();
  return open === "" && !path.endsWith(".") && !/\.[[\s]/.test(path) ? at : -1;
}

function endOfQuoted(text: string, start: number, quote: string): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === "\\") {
      at++;
    } else if (text[at] === quote) {
      return at + 1;
    }
  }
  return -1;
}

const NAME = /^States\.([A-Za-z0-9]+)\s*\(/;

/** The position after the call that begins at `start`, or -1. */
function endOfFunction(text: string, start: number, depth: number): number {
  const name = NAME.exec(text.slice(start));
  if (name === null || !FUNCTIONS.has(name[1] ?? "") || depth > MOST_NESTED) {
    return -1;
  }
  let at = skipSpace(text, start + name[0].length);
  if (text[at] === ")") {
    return at + 1;
  }
  while (at < text.length) {
    at = skipSpace(text, endOfArgument(text, at, depth));
    if (at <= 0 || (text[at] !== "," && text[at] !== ")")) {
      return -1;
    }
    if (text[at] === ")") {
      return at + 1;
    }
    at = skipSpace(text, at + 1);
  }
  return -1;
}

function endOfArgument(text: string, start: number, depth: number): number {
  if (text[start] === "'") {
    return endOfLiteral(text, start);
  }
  if (text[start] === "$") {
    return endOfPath(text, start);
  }
  if (text.startsWith("States.", start)) {
    return endOfFunction(text, start, depth + 1);
  }
  const constant = /^(true|false|null|-?\d+(\.\d+)?([eE][+-]?\d+)?)/.exec(text.slice(start));
  return constant === null ? -1 : start + constant[0].length;
}

/** In a literal only quotes, braces and the backslash itself may be escaped. */
function endOfLiteral(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const char = text[at];
    if (char === "\\") {
      at++;
      if (!"'{}\\".includes(text[at] ?? " ")) {
        return -1;
      }
    } else if (char === "'") {
      return at + 1;
    }
  }
  return -1;
}

function skipSpace(text: string, start: number): number {
  let at = start;
  while (at >= 0 && text[at] === " ") {
    at++;
  }
  return at;
}
