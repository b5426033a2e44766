/**
 * JSONata: the strings `{% ... %}` anywhere inside a template. What nothing comes of, what throws and what is no JSON fails
 * the state with `States.QueryEvaluationError`; causes and limits are those that AWS was seen to have.
 * https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
 */
import { isJsonObject, type Json } from "../../../../config/json.js";
import type { Scope } from "../scope.js";
import { QueryEvaluationError } from "../states-error.js";
import { typeOf, unexpectedType, type JsonType } from "../unexpected-type.js";
import { runExpression } from "./jsonata/run.js";

const EXPRESSION = /^\{%([\s\S]*)%\}$/;

/**
 * `field` is where the template stands in its state, as AWS names it in causes and in EvaluationFailed: `Arguments`, `Assign`,
 * `Output`, `Choices[1]/Condition`, `Catch[0]/Output`. Throws a QueryEvaluationError.
 */
export async function evaluate(template: Json, scope: Scope, field: string): Promise<Json> {
  if (typeof template === "string") {
    const expression = expressionIn(template);
    return expression === undefined ? template : valueOf(expression, scope, field);
  }
  if (Array.isArray(template)) {
    const items: Json[] = [];
    for (const [index, item] of (template as readonly Json[]).entries())
      items.push(await evaluate(item, scope, `${field}[${String(index)}]`));
    return items;
  }
  if (!isJsonObject(template)) return template;
  const members: [string, Json][] = [];
  for (const [name, member] of Object.entries(template))
    members.push([name, await evaluate(member, scope, `${field}/${name}`)]);
  return Object.fromEntries(members);
}

/** For fields that take values of one type only. */
export async function evaluateAs(type: JsonType, template: Json, scope: Scope, field: string): Promise<Json> {
  const value = await evaluate(template, scope, field);
  if (typeOf(value) !== type) throw unexpectedType(template, field, type, value);
  return value;
}

/** What stands between `{%` and `%}`; `undefined` for a text that is no expression. */
export const expressionIn = (text: string): string | undefined => EXPRESSION.exec(text)?.[1]?.trim();

async function valueOf(expression: string, scope: Scope, field: string): Promise<Json> {
  const outcome = await runExpression(expression, scope);
  if (outcome.kind === "value") return outcome.value;
  const what = {
    nothing: "returned nothing (undefined).",
    unsupported: "returned an unsupported result type.",
    thrown: `threw an error during evaluation${outcome.kind === "thrown" ? outcome.tail : ""}`,
  }[outcome.kind];
  throw new QueryEvaluationError(
    `The JSONata expression '${expression}' specified for the field '${field}' ${what}`,
    field,
  );
}
