/**
 * DynamoDB's numbers: 38 significant digits, magnitude 1E-130 to 9.99E+125, kept and returned in plain notation.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
 */
import { Decimal } from "decimal.js";
import { validationError } from "../errors.js";

const MAX_DIGITS = 38;
const MAX_EXPONENT = 125;
const MIN_EXPONENT = -130;

/** Wide enough that no sum of two legal numbers is rounded; then the 38 digits are checked. */
const Exact = Decimal.clone({ precision: 300, toExpPos: 1000, toExpNeg: -1000 });

/** Plain integers short enough to be exact doubles; they need no work at all. */
const SMALL_INTEGER = /^(?:0|-?[1-9]\d{0,14})$/;
const NUMBER = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,9}))?$/;

/** value = sign * 0.d1d2d3... * 10^(exponent + 1); zero has no digits. */
export interface DecimalParts {
  readonly negative: boolean;
  readonly digits: string;
  readonly exponent: number;
}

/** Canonical text of a number a client sent. Throws AWS's ValidationException. */
export function normaliseNumber(text: string): string {
  if (SMALL_INTEGER.test(text)) return text;
  if (text === "") throw validationError("The parameter cannot be converted to a numeric value");
  const parts = parseDecimal(text);
  if (parts === undefined) throw validationError(`The parameter cannot be converted to a numeric value: ${text}`);
  if (parts.digits !== "") {
    if (parts.exponent > MAX_EXPONENT)
      throw validationError("Number overflow. Attempting to store a number with magnitude larger than supported range");
    if (parts.exponent < MIN_EXPONENT)
      throw validationError(
        "Number underflow. Attempting to store a number with magnitude smaller than supported range",
      );
    if (parts.digits.length > MAX_DIGITS)
      throw validationError("Attempting to store more than 38 significant digits in a Number");
  }
  return plainText(parts);
}

/** Splits a number into sign, significant digits and exponent; undefined when it is none. */
export function parseDecimal(text: string): DecimalParts | undefined {
  const match = NUMBER.exec(text);
  if (match === null) return undefined;
  const [, sign = "", whole = "", fraction = "", power = "0"] = match;
  if (whole === "" && fraction === "") return undefined;
  const all = whole + fraction;
  const first = all.search(/[1-9]/);
  if (first < 0) return { negative: false, digits: "", exponent: 0 };
  return {
    negative: sign === "-",
    digits: all.slice(first).replace(/0+$/, ""),
    exponent: whole.length - 1 - first + Number(power),
  };
}

function plainText({ negative, digits, exponent }: DecimalParts): string {
  if (digits === "") return "0";
  const sign = negative ? "-" : "";
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`;
  if (digits.length <= exponent + 1) return sign + digits.padEnd(exponent + 1, "0");
  return `${sign}${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}`;
}

/** Negative, zero or positive, for two canonical numbers. */
export function compareNumbers(a: string, b: string): number {
  if (a === b) return 0;
  if (SMALL_INTEGER.test(a) && SMALL_INTEGER.test(b)) return Number(a) - Number(b);
  return new Exact(a).comparedTo(b);
}

/** Sum of two canonical numbers, canonical again. Throws when it leaves the range or needs more than 38 digits. */
export function addNumbers(a: string, b: string): string {
  return normaliseNumber(new Exact(a).plus(b).toFixed());
}

export function subtractNumbers(a: string, b: string): string {
  return normaliseNumber(new Exact(a).minus(b).toFixed());
}
