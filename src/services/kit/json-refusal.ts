/**
 * What Lambda and Step Functions say about a text that is no JSON: the words of Jackson, their JSON parser, with the place.
 * Some are recorded on AWS, the others are those of Jackson 2.16 and later (its source).
 */

/** Jackson shows no part of the event. */
const SOURCE = "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled)";
const VALUES = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";
const LITERALS = ["true", "false", "null"];
/** As far as it goes: what is missing is found behind it. */
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const NOT_A_NUMBER = ["NaN", "Infinity"];
/** What Java takes for part of a name. */
const NAME_PART = /[\p{L}\p{Nl}\p{Nd}\p{Sc}\p{Pc}]+/uy;
const SPACE = /[ \t\r\n]*/y;
const MAX_TOKEN_LENGTH = 256;

/** Thrown from within, so that the scan reads as the grammar does. */
class Fault extends Error {}

interface Open {
  readonly kind: "Object" | "Array";
  readonly at: number;
  entries: number;
}

/**
 * `text` as a string, or as bytes (`latin1`) where they are no UTF-8. Undefined when this scan finds nothing wrong, as in
 * what stands behind a whole value.
 */
export function jsonRefusal(text: string, isUtf8: boolean): string | undefined {
  try {
    new Scan(text, isUtf8).document();
    return undefined;
  } catch (error) {
    if (error instanceof Fault) return error.message;
    throw error;
  }
}

class Scan {
  readonly #text: string;
  readonly #isUtf8: boolean;
  readonly #open: Open[] = [];
  #at = 0;

  constructor(text: string, isUtf8: boolean) {
    this.#text = text;
    this.#isUtf8 = isUtf8;
  }

  /** Without recursion: events nest as deeply as they like. */
  document(): void {
    this.#space();
    if (this.#at === this.#text.length) throw this.#fault("No content to map due to end-of-input", this.#at);
    this.#value();
    for (let open = this.#open.at(-1); open !== undefined; open = this.#open.at(-1)) this.#entry(open);
  }

  /** One step within an object or array: an entry, or its end. */
  #entry(open: Open): void {
    const { kind, at } = open;
    const [start, end] = kind === "Object" ? ["{", "}"] : ["[", "]"];
    this.#space();
    this.#mustGoOn();
    const char = this.#char();
    if (char === end) {
      this.#open.pop();
      this.#at += 1;
      return;
    }
    if (char === "}" || char === "]")
      throw this.#fault(
        `Unexpected close marker '${char}': expected '${end}' (for ${kind} starting at ${this.#place(at)})`,
        this.#at,
      );
    if (open.entries++ > 0) {
      if (char !== ",") throw this.#unexpected(`was expecting comma to separate ${kind} entries`);
      this.#at += 1;
      this.#space();
      this.#mustGoOn();
    }
    if (start === "{") this.#name();
    this.#value();
  }

  #name(): void {
    if (this.#char() !== '"') throw this.#unexpected("was expecting double-quote to start field name");
    this.#string("in field name");
    this.#space();
    this.#mustGoOn();
    if (this.#char() !== ":") throw this.#unexpected("was expecting a colon to separate field name and value");
    this.#at += 1;
    this.#space();
    this.#mustGoOn();
  }

  #value(): void {
    const char = this.#char();
    // Ends that stand where a value should, and not where one could have been left out.
    if (char === "," || char === "}" || (char === "]" && this.#open.at(-1)?.kind === "Array"))
      throw this.#unexpected("expected a value");
    if (char === '"') return this.#string("in VALUE_STRING");
    if (char === "{" || char === "[") {
      this.#open.push({ kind: char === "{" ? "Object" : "Array", at: this.#at, entries: 0 });
      this.#at += 1;
      return;
    }
    const number = this.#match(NUMBER);
    if (number !== "") {
      this.#at += number.length;
      this.#afterNumber(number);
      return;
    }
    if (char === "-" && this.#at + 1 < this.#text.length) {
      this.#at += 1;
      throw this.#inNumber("expected digit (0-9) to follow minus sign, for valid numeric value");
    }
    const token = this.#match(NAME_PART).slice(0, MAX_TOKEN_LENGTH);
    if (LITERALS.includes(token)) {
      this.#at += token.length;
      return;
    }
    if (NOT_A_NUMBER.includes(token))
      throw this.#fault(
        `Non-standard token '${token}': enable \`JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS\` to allow`,
        this.#at + token.length,
      );
    if (token !== "" && !/^\d/.test(token) && this.#isUtf8)
      throw this.#fault(`Unrecognized token '${token}': was expecting ${VALUES}`, this.#at + token.length);
    throw this.#unexpected(`expected a valid value ${VALUES}`);
  }

  #afterNumber(number: string): void {
    const char = this.#char();
    if (/^-?0$/.test(number) && /\d/.test(char))
      throw this.#fault("Invalid numeric value: Leading zeroes not allowed", this.#at);
    if (char === "." && /^-?\d+$/.test(number)) {
      this.#at += this.#at + 1 < this.#text.length ? 1 : 0;
      throw this.#inNumber("Decimal point not followed by a digit");
    }
    if (/[eE]/.test(char) && this.#at + 1 < this.#text.length) {
      this.#at += 1;
      if (/[+-]/.test(this.#char()) && this.#at + 1 < this.#text.length) this.#at += 1;
      throw this.#inNumber("Exponent indicator not followed by a digit");
    }
    if (this.#open.length === 0 && char !== "" && !/\s/.test(char))
      throw this.#unexpected("Expected space separating root-level values");
  }

  /** `end` is what is said when it has none. */
  #string(end: string): void {
    for (this.#at += 1; ; this.#at += 1) {
      const char = this.#char();
      if (char === "") throw this.#fault(`Unexpected end-of-input ${end}`, this.#at);
      if (char === '"') break;
      const code = char.charCodeAt(0);
      if (code < 32)
        throw this.#fault(
          `Illegal unquoted character (${shown(char)}): has to be escaped using backslash to be included in string value`,
          this.#at,
        );
      if (char === "\\") this.#escape();
      else if (code > 127 && !this.#isUtf8) this.#bytes(code);
    }
    this.#at += 1;
  }

  #escape(): void {
    this.#at += 1;
    const char = this.#char();
    if (char === "u") {
      const digits = this.#text.slice(this.#at + 1, this.#at + 5);
      const wrong = digits.search(/[^0-9a-fA-F]/);
      if (wrong >= 0) {
        this.#at += 1 + wrong;
        throw this.#unexpected("expected a hex-digit for character escape sequence");
      }
      this.#at += digits.length;
    } else if (char !== "" && !'"\\/bfnrt'.includes(char))
      throw this.#fault(`Unrecognized character escape ${shown(char)}`, this.#at);
  }

  /** A character of several bytes. */
  #bytes(first: number): void {
    const hex = (byte: number): string => `0x${byte.toString(16)}`;
    const more = first >> 5 === 0b110 ? 1 : first >> 4 === 0b1110 ? 2 : first >> 3 === 0b11110 ? 3 : 0;
    if (more === 0) throw this.#fault(`Invalid UTF-8 start byte ${hex(first)}`, this.#at);
    for (let left = more; left > 0; left--) {
      this.#at += 1;
      const byte = this.#text.charCodeAt(this.#at);
      if (byte >> 6 !== 0b10) throw this.#fault(`Invalid UTF-8 middle byte ${hex(byte)}`, this.#at);
    }
  }

  #mustGoOn(): void {
    const open = this.#open.at(-1);
    if (this.#at < this.#text.length || open === undefined) return;
    throw this.#fault(
      `Unexpected end-of-input: expected close marker for ${open.kind} (start marker at ${this.#place(open.at)})`,
      this.#at,
    );
  }

  #unexpected(expected: string): Fault {
    return this.#fault(`Unexpected character (${shown(this.#char())}): ${expected}`, this.#at);
  }

  #inNumber(expected: string): Fault {
    return this.#fault(`Unexpected character (${shown(this.#char())}) in numeric value: ${expected}`, this.#at);
  }

  #fault(message: string, at: number): Fault {
    return new Fault(`${message}\n at ${this.#place(at)}`);
  }

  #place(at: number): string {
    const lines = this.#text.slice(0, at).split("\n");
    return `${SOURCE}; line: ${lines.length}, column: ${(lines.at(-1) ?? "").length + 1}]`;
  }

  #char(): string {
    return this.#text.charAt(this.#at);
  }

  #space(): void {
    this.#at += this.#match(SPACE).length;
    const char = this.#char();
    if (char === "/")
      throw this.#unexpected(
        "maybe a (non-standard) comment? (not recognized as one since Feature 'ALLOW_COMMENTS' not enabled for parser)",
      );
    if (char !== "" && char < " ")
      throw this.#fault(
        `Illegal character (${shown(char)}): only regular white space (\\r, \\n, \\t) is allowed between tokens`,
        this.#at,
      );
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    return pattern.exec(this.#text)?.[0] ?? "";
  }
}

function shown(char: string): string {
  const code = char.charCodeAt(0);
  return code < 32 || (code > 126 && code < 160) ? `(CTRL-CHAR, code ${code})` : `'${char}' (code ${code})`;
}
