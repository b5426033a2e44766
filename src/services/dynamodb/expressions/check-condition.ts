/** The rules on operands of conditions that need no item: counts, types, use of functions. Texts are AWS's. */
import { setOf, type AttributeType, type AttributeValue } from "../values/attribute-value.js";
import { compareValues } from "../values/compare.js";
import { knownType, type Condition, type Operand } from "./condition.js";
import { messages, type Findings } from "./context.js";
import { pathText, relationOf } from "./paths.js";

export type ConditionFindings = Findings<
  "parens" | "unknownFunction" | "misusedFunction" | "reserved" | "placeholder" | "operand" | "distinct" | "function"
>;

const OPERAND_COUNTS: Readonly<Record<string, number>> = {
  attribute_exists: 1,
  attribute_not_exists: 1,
  attribute_type: 2,
  begins_with: 2,
  contains: 2,
  size: 1,
};

const TYPE_NAMES = new Set<string>(["S", "N", "B", "NULL", "SS", "BOOL", "L", "BS", "NS", "M"]);
const UNSIZED = new Set<AttributeType>(["N", "BOOL", "NULL"]);

/** `size` is a value and no condition; every other function is a condition and no value. */
export function checkUse(
  expressions: readonly (Condition | Operand)[],
  findings: ConditionFindings,
  as: "condition" | "operand",
): void {
  for (const expression of expressions) {
    if (expression.kind !== "function" || (expression.name === "size") === (as === "operand")) continue;
    findings.note(
      "misusedFunction",
      `The function is not allowed to be used this way in an expression; function: ${expression.name}`,
    );
  }
}

export function checkComparison(operator: string, left: Operand, right: Operand, findings: ConditionFindings): void {
  checkDistinct(operator, [left, right], findings);
}

export function checkFunction(name: string, args: readonly Operand[], findings: ConditionFindings): void {
  if (findings.has("unknownFunction")) return;
  if (!Object.hasOwn(OPERAND_COUNTS, name)) {
    findings.note("unknownFunction", messages.unknownFunction(name));
    return;
  }
  if (findings.has("operand")) return;
  if (OPERAND_COUNTS[name] !== args.length) {
    findings.note("operand", messages.operandCount(name, args.length));
    return;
  }
  checkDistinct(name, args, findings);
  const finding = operandFinding(name, args);
  if (finding !== undefined) findings.note("function", finding);
}

function operandFinding(name: string, args: readonly Operand[]): string | undefined {
  switch (name) {
    case "attribute_exists":
    case "attribute_not_exists":
      return args[0]?.kind === "path" ? undefined : messages.needsPath(name);
    case "begins_with": {
      const wrong = args.map(knownType).find((type) => type !== undefined && type !== "S" && type !== "B");
      return wrong === undefined ? undefined : messages.operandType(name, wrong);
    }
    case "attribute_type":
      return attributeTypeFinding(args[1]);
    case "size": {
      const type = knownType(args[0]);
      return type !== undefined && UNSIZED.has(type) ? messages.operandType(name, type) : undefined;
    }
    default:
      return undefined;
  }
}

function attributeTypeFinding(operand: Operand | undefined): string | undefined {
  const type = knownType(operand);
  if (type !== "S") return messages.operandType("attribute_type", type ?? "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}");
  const wanted = operand?.kind === "value" ? (operand.value.S as string) : "";
  if (TYPE_NAMES.has(wanted)) return undefined;
  return `Invalid attribute type name found; type: ${wanted}, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}`;
}

function checkDistinct(name: string, args: readonly Operand[], findings: ConditionFindings): void {
  const [left, right] = args;
  if (args.length !== 2 || left?.kind !== "path" || right?.kind !== "path") return;
  if (left.path.length !== right.path.length || relationOf(left.path, right.path) !== "overlap") return;
  findings.note(
    "distinct",
    `The first operand must be distinct from the remaining operands for this operator or function; operator: ${name}, first operand: ${pathText(left.path)}`,
  );
}

export function checkBetween(low: Operand, high: Operand, findings: ConditionFindings): void {
  if (low.kind !== "value" || high.kind !== "value") return;
  const [lowType, highType] = [knownType(low), knownType(high)];
  const bounds = `lower bound operand: AttributeValue: ${boundText(low.value)}, upper bound operand: AttributeValue: ${boundText(high.value)}`;
  if (lowType !== highType) {
    findings.note("function", `The BETWEEN operator requires same data type for lower and upper bounds; ${bounds}`);
  } else if ((compareValues(low.value, high.value) ?? 0) > 0) {
    findings.note(
      "function",
      `The BETWEEN operator requires upper bound to be greater than or equal to lower bound; ${bounds}`,
    );
  }
}

function boundText(value: AttributeValue): string {
  const type = knownType({ kind: "value", value }) as AttributeType;
  const members = setOf(value);
  const content = members === undefined ? value[type] : `[${members.join(", ")}]`;
  return `{${type}:${typeof content === "string" ? content : JSON.stringify(content)}}`;
}
