/** What a Map state works on: the items, and how each becomes the input of an iteration. */
import { isJsonObject, objectOf, textOf, type Json, type JsonObject } from "../../../../config/json.js";
import { scopeOf } from "../context-object.js";
import { readPath } from "../data/json-path.js";
import { evaluate } from "../data/jsonata.js";
import { fillTemplate } from "../data/template.js";
import type { Step } from "../run.js";
import type { Scope } from "../scope.js";
import { QueryEvaluationError, StatesError } from "../states-error.js";
import { unexpectedType } from "../unexpected-type.js";

export interface Item {
  readonly value: Json;
  /** Of items that are the members of an object. */
  readonly key?: string | undefined;
  /** Where an ItemReader has it from: the URI of an object of S3. */
  readonly source?: string | undefined;
}

/**
 * The items that the state itself names, by ItemsPath or Items; those of an ItemReader come later. Only a distributed Map takes
 * an object, whose members are the items.
 */
export async function itemsOf(step: Step, input: Json, distributed: boolean): Promise<readonly Item[]> {
  const isIterable = (value: Json): boolean => Array.isArray(value) || (distributed && isJsonObject(value));
  const items =
    step.language === "JSONata" ? await evaluatedItems(step, isIterable) : itemsAtPath(step, input, isIterable);
  if (Array.isArray(items)) return (items as readonly Json[]).map((value) => ({ value }));
  return Object.entries(objectOf(items)).map(([key, value]) => ({ value, key }));
}

type Test = (value: Json) => boolean;

async function evaluatedItems(step: Step, isIterable: Test): Promise<Json> {
  const template = step.state["Items"];
  if (template === undefined) {
    if (isIterable(step.input)) return step.input;
    throw new QueryEvaluationError(`Map state input must be an array but was: ${JSON.stringify(step.input)}`);
  }
  const items = await evaluate(template, scopeOf(step), "Items");
  if (isIterable(items)) return items;
  throw unexpectedType(template, "Items", "array", items);
}

function itemsAtPath(step: Step, input: Json, isIterable: Test): Json {
  const path = textOf(step.state["ItemsPath"] ?? "$");
  const items = readPath(path, scopeOf(step, input));
  // Recorded with the path as it is read: without the first sign of `$$`.
  if (!isIterable(items)) {
    const shown = path.startsWith("$$") ? path.slice(1) : path;
    throw new StatesError("States.Runtime", `Reference path "${shown}" must point to array.`);
  }
  if (step.state["ItemsPath"] !== undefined) step.run.probe?.data?.("afterItemsPath", items);
  return items;
}

/** `Map` of the context object. */
export function mapContext(item: Item, index: number): JsonObject {
  const { value, key, source } = item;
  return {
    Item: {
      Index: index,
      Value: value,
      ...(key === undefined ? {} : { Key: key }),
      ...(source === undefined ? {} : { Source: source }),
    },
  };
}

/** The input of an iteration: the item itself, or what ItemSelector (formerly Parameters) makes of it. */
export async function inputOfItem(step: Step, input: Json, item: Item, index: number): Promise<Json> {
  const { ItemSelector: selector = step.language === "JSONata" ? undefined : step.state["Parameters"] } = step.state;
  if (selector === undefined) return item.value;
  const outer = scopeOf(step, input);
  const scope: Scope = {
    input: outer.input,
    context: { ...outer.context, Map: mapContext(item, index) },
    variables: outer.variables,
  };
  return step.language === "JSONata" ? evaluate(selector, scope, "ItemSelector") : fillTemplate(selector, scope);
}
