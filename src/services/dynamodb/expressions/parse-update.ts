/**
 * Parser of UpdateExpression.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
 */
import type { AttributeType, AttributeValue } from "../values/attribute-value.js";
import { typeOf } from "../values/attribute-value.js";
import { Findings, messages, type ExpressionContext, type Path } from "./context.js";
import { overlapMessage, readPath, relationOf } from "./paths.js";
import { isReserved } from "./reserved-words.js";
import { TokenReader } from "./tokens.js";
import type { UpdateAction, UpdateValue } from "./update.js";

const SECTIONS = ["SET", "REMOVE", "ADD", "DELETE"] as const;
type Section = (typeof SECTIONS)[number];

/** In the order in which the service tells them. */
const CLASSES = [
  "reserved",
  "unknownFunction",
  "section",
  "name",
  "value",
  "overlap",
  "conflict",
  "operand",
  "function",
] as const;

const TYPE_WORDS: Partial<Record<AttributeType, string>> = {
  S: "STRING",
  N: "NUMBER",
  B: "BINARY",
  NULL: "NULL",
  BOOL: "BOOLEAN",
  L: "LIST",
  M: "MAP",
};

const MAX_DEPTH = 300;

export function parseUpdate(source: string, context: ExpressionContext): UpdateAction[] {
  return new UpdateParser(new TokenReader("UpdateExpression", source), context).parse();
}

class UpdateParser {
  readonly #tokens: TokenReader;
  readonly #context: ExpressionContext;
  readonly #findings = new Findings<(typeof CLASSES)[number]>();
  readonly #paths: Path[] = [];
  #depth = 0;

  constructor(tokens: TokenReader, context: ExpressionContext) {
    this.#tokens = tokens;
    this.#context = context;
  }

  parse(): UpdateAction[] {
    const actions: UpdateAction[] = [];
    const seen = new Set<Section>();
    do {
      const section = SECTIONS.find((word) => this.#tokens.takeKeyword(word));
      if (section === undefined) throw this.#tokens.syntaxError();
      do actions.push(this.#action(section));
      while (this.#tokens.take(","));
      if (seen.has(section))
        this.#findings.note("section", `The "${section}" section can only be used once in an update expression;`);
      seen.add(section);
    } while (this.#tokens.peek().kind !== "end");
    const message = this.#findings.first(CLASSES);
    if (message !== undefined) throw this.#tokens.error(message);
    return actions;
  }

  #action(section: Section): UpdateAction {
    const path = readPath(this.#tokens, this.#names);
    switch (section) {
      case "SET": {
        this.#tokens.expect("=");
        const value = this.#setValue();
        this.#notePath(path);
        return { kind: "set", path, value };
      }
      case "REMOVE":
        this.#notePath(path);
        return { kind: "remove", path };
      case "ADD":
      case "DELETE": {
        if (this.#tokens.peek().kind !== "valueRef") throw this.#tokens.syntaxError();
        const value = this.#placeholderValue(this.#tokens.next().text);
        this.#notePath(path);
        if (value !== undefined) this.#checkOperand(section, value);
        return { kind: section === "ADD" ? "add" : "delete", path, value: value ?? STAND_IN };
      }
    }
  }

  /** `operand`, `operand + operand` or `operand - operand`. */
  #setValue(): UpdateValue {
    const left = this.#operand();
    for (const operator of ["+", "-"]) {
      if (!this.#tokens.take(operator)) continue;
      const args = [left, this.#operand()];
      this.#checkFunction(operator, args);
      return { kind: "function", name: operator, args };
    }
    return left;
  }

  #operand(): UpdateValue {
    const { kind, text } = this.#tokens.peek();
    if (this.#tokens.take("(")) {
      const value = this.#deeper(() => this.#setValue());
      this.#tokens.expect(")");
      return value;
    }
    if (kind === "valueRef") {
      this.#tokens.next();
      return { kind: "value", value: this.#placeholderValue(text) ?? STAND_IN };
    }
    if (kind === "name" && this.#tokens.peek(1).text === "(") return this.#call();
    return { kind: "path", path: readPath(this.#tokens, this.#names) };
  }

  #call(): UpdateValue {
    const name = this.#tokens.next().text;
    this.#tokens.expect("(");
    const args = this.#deeper(() => {
      const list = [this.#operand()];
      while (this.#tokens.take(",")) list.push(this.#operand());
      return list;
    });
    this.#tokens.expect(")");
    this.#checkFunction(name, args);
    return { kind: "function", name, args };
  }

  #checkFunction(name: string, args: readonly UpdateValue[]): void {
    if (!["if_not_exists", "list_append", "+", "-"].includes(name)) {
      this.#findings.note("unknownFunction", messages.unknownFunction(name));
      return;
    }
    if (args.length !== 2) {
      this.#findings.note("function", messages.operandCount(name, args.length));
    } else if (name === "if_not_exists") {
      if (args[0]?.kind !== "path") this.#findings.note("function", messages.needsPath(name));
    } else {
      const wanted = name === "list_append" ? "L" : "N";
      const wrong = args.find((arg) => arg.kind === "value" && arg.value !== STAND_IN && typeOf(arg.value) !== wanted);
      if (wrong?.kind === "value") this.#findings.note("function", messages.operandType(name, typeOf(wrong.value)));
    }
  }

  #checkOperand(section: "ADD" | "DELETE", value: AttributeValue): void {
    const type = typeOf(value);
    const word = TYPE_WORDS[type];
    if (word === undefined || (section === "ADD" && type === "N")) return;
    this.#findings.note(
      "operand",
      `Incorrect operand type for operator or function; operator: ${section}, operand type: ${word}`,
    );
  }

  #notePath(path: Path): void {
    if (this.#findings.has("overlap")) return;
    for (const other of this.#paths) {
      const relation = relationOf(other, path);
      if (relation !== "apart") this.#findings.note(relation, overlapMessage(relation, other, path));
    }
    this.#paths.push(path);
  }

  readonly #names = {
    literal: (name: string): string => {
      if (isReserved(name)) this.#findings.note("reserved", messages.reserved(name));
      return name;
    },
    placeholder: (name: string): string => {
      const resolved = this.#context.name(name);
      if (resolved === undefined) this.#findings.note("name", messages.undefinedName(name));
      return resolved ?? name;
    },
  };

  #placeholderValue(name: string): AttributeValue | undefined {
    const value = this.#context.value(name);
    if (value === undefined) this.#findings.note("value", messages.undefinedValue(name));
    return value;
  }

  #deeper<T>(read: () => T): T {
    this.#depth++;
    if (this.#depth > MAX_DEPTH)
      throw this.#tokens.error("The expression contains too many nested operators or functions;");
    const result = read();
    this.#depth--;
    return result;
  }
}

/** Takes the place of an undefined value until the finding is told; nothing is evaluated then. */
const STAND_IN: AttributeValue = { NULL: true };
