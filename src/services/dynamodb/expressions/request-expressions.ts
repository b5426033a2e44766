/** The expression parameters of one request: which may stand together, and all of them parsed in the service's order. */
import { validationError } from "../errors.js";
import type { Item } from "../values/attribute-value.js";
import type { Condition } from "./condition.js";
import { ExpressionContext, type Path } from "./context.js";
import { parseCondition } from "./parse-condition.js";
import { parseProjection } from "./parse-projection.js";
import { parseUpdate } from "./parse-update.js";
import type { UpdateAction } from "./update.js";

export interface ExpressionInput {
  readonly UpdateExpression?: string;
  readonly ConditionExpression?: string;
  readonly KeyConditionExpression?: string;
  readonly FilterExpression?: string;
  readonly ProjectionExpression?: string;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
  readonly ExpressionAttributeValues?: Item;
}

export interface Expressions {
  readonly update: readonly UpdateAction[] | undefined;
  readonly condition: Condition | undefined;
  readonly keyCondition: Condition | undefined;
  readonly filter: Condition | undefined;
  readonly projection: readonly Path[] | undefined;
}

/** Throws when expressions meet the old parameters, or placeholders stand alone. The names are told in the order given. */
export function checkExpressionParams(input: object, expressions: readonly string[], old: readonly string[]): void {
  const given = input as Readonly<Record<string, unknown>>;
  const used = expressions.filter((name) => given[name] !== undefined);
  if (used.length > 0) {
    // KeyConditions may stand beside a FilterExpression.
    const meant = old.filter(
      (name) =>
        given[name] !== undefined && !(name === "KeyConditions" && given["KeyConditionExpression"] === undefined),
    );
    if (meant.length > 0) {
      throw validationError(
        `Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {${meant.join(", ")}} Expression parameters: {${used.join(", ")}}`,
      );
    }
  } else if (given["ExpressionAttributeNames"] !== undefined) {
    throw validationError("ExpressionAttributeNames can only be specified when using expressions");
  }
  const withValues = expressions.filter((name) => name !== "ProjectionExpression");
  const valuesAlone = withValues.length > 0 && withValues.every((name) => given[name] === undefined);
  if (given["ExpressionAttributeValues"] !== undefined && valuesAlone) {
    throw validationError(
      `ExpressionAttributeValues can only be specified when using expressions: ${withValues.join(" and ")} ${withValues.length > 1 ? "are" : "is"} null`,
    );
  }
}

/** Throws what is wrong with any of them, or with the placeholders. */
export function parseExpressions(input: ExpressionInput): Expressions {
  const context = new ExpressionContext(input.ExpressionAttributeNames, input.ExpressionAttributeValues);
  const condition = (label: string, source: string | undefined): Condition | undefined =>
    source === undefined ? undefined : parseCondition(label, source, context);
  const { UpdateExpression, ProjectionExpression } = input;
  const parsed: Expressions = {
    update: UpdateExpression === undefined ? undefined : parseUpdate(UpdateExpression, context),
    condition: condition("ConditionExpression", input.ConditionExpression),
    keyCondition: condition("KeyConditionExpression", input.KeyConditionExpression),
    filter: condition("FilterExpression", input.FilterExpression),
    projection: ProjectionExpression === undefined ? undefined : parseProjection(ProjectionExpression, context),
  };
  context.checkAllUsed();
  return parsed;
}
