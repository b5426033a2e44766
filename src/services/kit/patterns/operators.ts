/** The operators of a match expression, each a check of its operand and a test of a value. */
import { BlockList, isIP } from "node:net";
import { PatternError } from "./pattern-error.js";
import { readWildcard } from "./wildcard.js";

/** `value` is a leaf of the event. */
export type ValueTest = (value: string | number | boolean | null) => boolean;

export function readOperator(name: string, operand: unknown): ValueTest {
  switch (name) {
    case "exactly":
      return text((value) => value === textOf(name, operand));
    case "prefix":
    case "suffix":
      return readAffix(name, operand);
    case "equals-ignore-case": {
      const wanted = textOf(name, operand).toLowerCase();
      return text((value) => value.toLowerCase() === wanted);
    }
    case "wildcard":
      return text(readWildcard(textOf(name, operand)));
    case "anything-but":
      return readAnythingBut(operand);
    case "numeric":
      return readNumeric(operand);
    case "cidr":
      return readCidr(operand);
    default:
      throw new PatternError(`Unrecognized match type ${name}`);
  }
}

const text =
  (test: (value: string) => boolean): ValueTest =>
  (value) =>
    typeof value === "string" && test(value);

function textOf(name: string, operand: unknown): string {
  if (typeof operand !== "string") throw new PatternError(`${name} match pattern must be a string`);
  return operand;
}

function readAffix(name: "prefix" | "suffix", operand: unknown): ValueTest {
  const hasAffix =
    name === "prefix"
      ? (value: string, affix: string) => value.startsWith(affix)
      : (value: string, affix: string) => value.endsWith(affix);
  if (typeof operand === "object" && operand !== null && !Array.isArray(operand)) {
    const [entry, ...others] = Object.entries(operand) as [string, unknown][];
    if (entry?.[0] !== "equals-ignore-case" || others.length > 0)
      throw new PatternError(`Unsupported anything-but pattern: ${entry?.[0] ?? ""}`);
    if (typeof entry[1] !== "string") throw new PatternError("equals-ignore-case match pattern must be a string");
    const lower = entry[1].toLowerCase();
    return text((value) => hasAffix(value.toLowerCase(), lower));
  }
  const affix = textOf(name, operand);
  return text((value) => hasAffix(value, affix));
}

const SINGLE = "Value of anything-but must be an array or single string/number value.";

function readAnythingBut(operand: unknown): ValueTest {
  if (typeof operand === "string" || typeof operand === "number") return (value) => value !== operand;
  if (Array.isArray(operand)) return readAnythingButList(operand as readonly unknown[]);
  if (typeof operand !== "object" || operand === null) throw new PatternError(SINGLE);
  const [entry, ...others] = Object.entries(operand) as [string, unknown][];
  if (entry === undefined) throw new PatternError("Empty objects are not allowed");
  if (others.length > 0) throw new PatternError("Only one key allowed in match expression");
  const [name, inner] = entry;
  const excluded = readExcluded(name, inner);
  return (value) => !excluded.some((test) => test(value));
}

function readAnythingButList(list: readonly unknown[]): ValueTest {
  if (list.length === 0) throw new PatternError("Empty arrays are not allowed");
  if (list.some((item) => typeof item !== "string" && typeof item !== "number")) {
    throw new PatternError("Inside anything but list, start|null|boolean is not supported.");
  }
  if (new Set(list.map((item) => typeof item)).size > 1) {
    throw new PatternError(
      "Inside anything but list, either all values are number or string, mixed type is not supported",
    );
  }
  const excluded = new Set(list);
  return (value) => !excluded.has(value);
}

/** What stands inside anything-but: a text or a list of them. */
function readExcluded(name: string, operand: unknown): ValueTest[] {
  const list: readonly unknown[] = Array.isArray(operand) ? operand : [operand];
  if (list.length === 0) throw new PatternError("Empty arrays are not allowed");
  switch (name) {
    case "prefix":
    case "suffix":
      if (typeof operand === "object" && operand !== null && !Array.isArray(operand)) throw new PatternError(SINGLE);
      return list.map((item) => {
        if (typeof item !== "string") throw new PatternError("prefix/suffix match pattern must be a string");
        if (item === "") throw new PatternError("Null prefix/suffix not allowed");
        return readAffix(name, item);
      });
    case "equals-ignore-case":
      return list.map((item) => {
        if (typeof item !== "string")
          throw new PatternError(
            "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.",
          );
        return readOperator(name, item);
      });
    case "wildcard":
      return list.map((item) => {
        if (typeof item !== "string") throw new PatternError("wildcard match pattern must be a string");
        return readOperator(name, item);
      });
    default:
      throw new PatternError(`Unsupported anything-but pattern: ${name}`);
  }
}

const COMPARISONS: Readonly<Record<string, (value: number, bound: number) => boolean>> = {
  "=": (value, bound) => value === bound,
  "<": (value, bound) => value < bound,
  "<=": (value, bound) => value <= bound,
  ">": (value, bound) => value > bound,
  ">=": (value, bound) => value >= bound,
};

function readNumeric(operand: unknown): ValueTest {
  if (!Array.isArray(operand)) throw new PatternError("Value of numeric must be an array.");
  const terms = operand as readonly unknown[];
  const [first, , second] = terms;
  if (terms.length === 0) throw new PatternError("Empty arrays are not allowed");
  if (typeof first !== "string") throw new PatternError(`Invalid member in numeric match: ${String(first)}`);
  const lower = readComparison(first, terms[1]);
  if (terms.length <= 2) return (value) => typeof value === "number" && lower.test(value);
  // A second bound closes the range from above, so the first must be one from below.
  if (first === "=" || first.startsWith("<")) throw new PatternError("Too many elements in numeric expression");
  if (typeof second !== "string" || !second.startsWith("<"))
    throw new PatternError(`Bad numeric range operator: ${String(second)}`);
  const upper = readComparison(second, terms[3]);
  if (terms.length > 4) throw new PatternError("Too many terms in numeric range expression");
  if (lower.bound >= upper.bound) throw new PatternError("Bottom must be less than top");
  return (value) => typeof value === "number" && lower.test(value) && upper.test(value);
}

function readComparison(
  operator: string,
  bound: unknown,
): { readonly bound: number; readonly test: (value: number) => boolean } {
  const compare = COMPARISONS[operator];
  if (compare === undefined) throw new PatternError(`Unrecognized numeric range operator: ${operator}`);
  if (typeof bound !== "number")
    throw new PatternError(`Value of ${operator === "=" ? "equals" : operator} must be numeric`);
  if (!Number.isFinite(bound)) throw new PatternError(`Cannot compare number : ${bound}`);
  return { bound, test: (value) => compare(value, bound) };
}

const ADDRESS_BITS = { ipv4: 32, ipv6: 128 } as const;

function readCidr(operand: unknown): ValueTest {
  if (typeof operand !== "string") throw new PatternError("prefix match pattern must be a string");
  const [address = "", bits, ...others] = operand.split("/");
  if (bits === undefined || others.length > 0) throw new PatternError("Malformed CIDR, one '/' required");
  if (!/^\d+$/.test(bits)) throw new PatternError("Malformed CIDR, mask bits must be an integer");
  const family = familyOf(address);
  if (family === undefined) throw new PatternError(`Nonstandard IP address: ${address}`);
  const length = Number(bits);
  if (length > ADDRESS_BITS[family])
    throw new PatternError(`IP address mask bits must be ${ADDRESS_BITS[family]} or less`);
  const network = new BlockList();
  network.addSubnet(address, length, family);
  return text((value) => {
    const other = familyOf(value);
    return other === family && network.check(value, other);
  });
}

function familyOf(address: string): "ipv4" | "ipv6" | undefined {
  const version = isIP(address);
  return version === 0 ? undefined : version === 4 ? "ipv4" : "ipv6";
}
