/**
 * Where a JSON text goes wrong. `JSON.parse` tells the position in some versions of Node and for some faults only, so
 * the grammar of RFC 8259 is walked once more, for texts that have already failed.
 */

export interface JsonFault {
  readonly message: string;
  /** Counted from 1. */
  readonly line: number;
  readonly column: number;
}

const SPACE = /[ \t\n\r]*/y;
const SCALAR =
  /(?:"(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)/y;

/** The first fault of `text`; undefined when it is valid. */
export function jsonFault(text: string): JsonFault | undefined {
  let offset = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = offset;
    const match = pattern.exec(text);
    if (match) offset = pattern.lastIndex;
    return match?.[0];
  };
  const peek = (): string => {
    take(SPACE);
    return text[offset] ?? "";
  };
  const closers: string[] = [];
  // "value": one has to come; "first": one may come, or the container ends; "key": a property has to come; "next": `,` or the end.
  let wanted: "value" | "first" | "key" | "next" = "value";
  for (;;) {
    const character = peek();
    const closer = closers.at(-1);
    if (wanted === "next") {
      if (closer === undefined) return character === "" ? undefined : faultAt(text, offset, "the end of the text");
      if (character !== "," && character !== closer) return faultAt(text, offset, `"," or "${closer}"`);
      offset++;
      if (character === ",") wanted = closer === "}" ? "key" : "value";
      else closers.pop();
      continue;
    }
    if (wanted === "first" && character === closer) {
      offset++;
      closers.pop();
      wanted = "next";
      continue;
    }
    if (wanted === "key" || (wanted === "first" && closer === "}")) {
      if (character !== '"' || take(SCALAR) === undefined)
        return faultAt(text, offset, "a property name in double quotes");
      if (peek() !== ":") return faultAt(text, offset, '":"');
      offset++;
      wanted = "value";
      continue;
    }
    if (character === "{" || character === "[") {
      offset++;
      closers.push(character === "{" ? "}" : "]");
      wanted = "first";
      continue;
    }
    if (take(SCALAR) === undefined) return faultAt(text, offset, "a value");
    wanted = "next";
  }
}

function faultAt(text: string, offset: number, expected: string): JsonFault {
  const before = text.slice(0, offset).split("\n");
  const found = offset >= text.length ? "the text ends" : `there is ${JSON.stringify(text[offset])}`;
  return {
    message: `${found} where ${expected} is expected`,
    line: before.length,
    column: (before.at(-1)?.length ?? 0) + 1,
  };
}
