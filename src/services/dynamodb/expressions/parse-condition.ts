/**
 * Parser of ConditionExpression, FilterExpression and KeyConditionExpression. NOT binds tighter than AND, AND tighter
 * than OR; keywords in any case, function names in lower case.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
 */
import type { AttributeValue } from "../values/attribute-value.js";
import { checkBetween, checkComparison, checkFunction, checkUse, type ConditionFindings } from "./check-condition.js";
import { Findings, messages, type ExpressionContext } from "./context.js";
import type { Comparator, Condition, Operand } from "./condition.js";
import { readPath } from "./paths.js";
import { isReserved } from "./reserved-words.js";
import { TokenReader } from "./tokens.js";

type FunctionCall = Extract<Operand, { kind: "function" }>;

/** What a pair of parentheses may hold: a condition, or an operand in redundant clothes. */
type Expression = Condition | Operand;

const COMPARATORS = new Set<string>(["=", "<>", "<", "<=", ">", ">="]);
/** AWS: "the maximum number of operators or functions in an expression is 300". */
const MAX_DEPTH = 300;
const MAX_IN_OPERANDS = 100;

/** Conditions without placeholders, by their text: `attribute_not_exists(id)` comes with every write of an application. */
const known = new Map<string, Condition>();
const MAX_KNOWN = 256;

export function parseCondition(label: string, source: string, context: ExpressionContext): Condition {
  const found = context.isEmpty ? known.get(source) : undefined;
  if (found !== undefined) return found;
  const parsed = new ConditionParser(new TokenReader(label, source), context).parse();
  if (context.isEmpty) {
    if (known.size >= MAX_KNOWN) known.clear();
    known.set(source, parsed);
  }
  return parsed;
}

class ConditionParser {
  readonly #tokens: TokenReader;
  readonly #context: ExpressionContext;
  readonly #findings: ConditionFindings = new Findings();
  #depth = 0;
  /** Token positions of the parentheses closed last. */
  #lastGroup = { start: -1, end: -1 };
  /** Placeholders, operand counts, distinctness and types are told by the first condition that has any of them. */
  #firstOfCondition: string | undefined;

  constructor(tokens: TokenReader, context: ExpressionContext) {
    this.#tokens = tokens;
    this.#context = context;
  }

  parse(): Condition {
    const condition = this.#condition(this.#or(false));
    this.#tokens.expectEnd();
    checkUse([condition], this.#findings, "condition");
    const message =
      this.#findings.first(["parens", "unknownFunction", "misusedFunction", "reserved"]) ?? this.#firstOfCondition;
    if (message !== undefined) throw this.#tokens.error(message);
    return condition;
  }

  #or(inParens: boolean): Expression {
    let left = this.#and(inParens);
    while (this.#tokens.takeKeyword("OR")) left = this.#joined("or", left, this.#and(false));
    return left;
  }

  #and(inParens: boolean): Expression {
    let left = this.#not(inParens);
    while (this.#tokens.takeKeyword("AND")) left = this.#joined("and", left, this.#not(false));
    return left;
  }

  #joined(kind: "and" | "or", left: Expression, right: Expression): Condition {
    const pair = [this.#condition(left), this.#condition(right)] as const;
    checkUse(pair, this.#findings, "condition");
    return { kind, left: pair[0], right: pair[1] };
  }

  #not(inParens: boolean): Expression {
    if (!this.#tokens.isKeyword("NOT")) return this.#comparison(inParens);
    this.#tokens.next();
    return this.#deeper(() => {
      const operand = this.#condition(this.#not(false));
      checkUse([operand], this.#findings, "condition");
      return { kind: "not", operand };
    });
  }

  /** `operand = operand`, `operand BETWEEN ...`, `operand IN (...)`, a function, or something in parentheses. */
  #comparison(inParens: boolean): Expression {
    const left = this.#group() ?? this.#operand();
    if (left.kind !== "path" && left.kind !== "value" && left.kind !== "function") return left;
    const { kind, text } = this.#tokens.peek();
    if (kind === "symbol" && COMPARATORS.has(text)) {
      this.#tokens.next();
      const right = this.#value();
      checkUse([left, right], this.#findings, "operand");
      checkComparison(text, left, right, this.#findings);
      return this.#sealed({ kind: "compare", operator: text as Comparator, left, right });
    }
    if (this.#tokens.takeKeyword("BETWEEN")) return this.#between(left);
    if (this.#tokens.takeKeyword("IN")) return this.#in(left);
    if (left.kind === "function") return this.#sealed(left);
    // A bare operand is lawful only as the whole content of parentheses: `(a) = :b`.
    if (inParens && kind === "symbol" && text === ")") return left;
    throw this.#tokens.syntaxError();
  }

  #between(operand: Operand): Condition {
    const low = this.#value();
    if (!this.#tokens.takeKeyword("AND")) throw this.#tokens.syntaxError();
    const high = this.#value();
    checkUse([operand, low, high], this.#findings, "operand");
    checkBetween(low, high, this.#findings);
    return this.#sealed({ kind: "between", operand, low, high });
  }

  #in(operand: Operand): Condition {
    this.#tokens.expect("(");
    const list = [this.#value()];
    while (this.#tokens.take(",")) list.push(this.#value());
    this.#tokens.expect(")");
    checkUse([operand, ...list], this.#findings, "operand");
    if (list.length > MAX_IN_OPERANDS) this.#findings.note("operand", messages.operandCount("IN", list.length + 1));
    return this.#sealed({ kind: "in", operand, list });
  }

  /** Something in parentheses, or undefined when the next token opens none. */
  #group(): Expression | undefined {
    const start = this.#tokens.position;
    if (!this.#tokens.take("(")) return undefined;
    const inner = this.#deeper(() => this.#or(true));
    const end = this.#tokens.position;
    this.#tokens.expect(")");
    // `((a = b))`: the pair inside spans all that this pair holds.
    if (this.#lastGroup.start === start + 1 && this.#lastGroup.end === end - 1) {
      this.#findings.note("parens", "The expression has redundant parentheses;");
    }
    this.#lastGroup = { start, end };
    return inner;
  }

  #value(): Operand {
    const group = this.#group();
    if (group === undefined) return this.#operand();
    if (group.kind === "path" || group.kind === "value" || group.kind === "function") return group;
    throw this.#tokens.syntaxError();
  }

  #operand(): Operand {
    const { kind, text } = this.#tokens.peek();
    if (kind === "valueRef") {
      this.#tokens.next();
      return { kind: "value", value: this.#placeholderValue(text) };
    }
    if (kind === "name" && this.#tokens.peek(1).text === "(" && !isKeyword(text)) return this.#call();
    if ((kind === "name" && !isKeyword(text)) || kind === "nameRef")
      return { kind: "path", path: readPath(this.#tokens, this.#names) };
    throw this.#tokens.syntaxError();
  }

  #call(): FunctionCall {
    const name = this.#tokens.next().text;
    this.#tokens.expect("(");
    const args = this.#deeper(() => {
      const list = [this.#value()];
      while (this.#tokens.take(",")) list.push(this.#value());
      return list;
    });
    this.#tokens.expect(")");
    checkUse(args, this.#findings, "operand");
    checkFunction(name, args, this.#findings);
    return { kind: "function", name, args };
  }

  readonly #names = {
    literal: (name: string): string => {
      if (isReserved(name)) this.#findings.note("reserved", messages.reserved(name));
      return name;
    },
    placeholder: (name: string): string => {
      const resolved = this.#context.name(name);
      if (resolved === undefined) this.#findings.note("placeholder", messages.undefinedName(name));
      return resolved ?? name;
    },
  };

  #placeholderValue(name: string): AttributeValue {
    const value = this.#context.value(name);
    if (value === undefined) this.#findings.note("placeholder", messages.undefinedValue(name));
    // Stands in until the finding is told; nothing is evaluated then.
    return value ?? { NULL: true };
  }

  #sealed<T extends Condition>(condition: T): T {
    this.#firstOfCondition ??= this.#findings.first(["placeholder", "operand", "distinct", "function"]);
    return condition;
  }

  #condition(expression: Expression): Condition {
    if (expression.kind === "path" || expression.kind === "value") throw this.#tokens.syntaxError();
    return expression;
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

function isKeyword(text: string): boolean {
  return ["AND", "OR", "NOT", "IN", "BETWEEN"].includes(text.toUpperCase());
}
