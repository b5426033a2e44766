/**
 * ItemBatcher: several items make the input of one child execution, `{"Items": [...], "BatchInput": {...}}`.
 * https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itembatcher.html
 */
import { objectOf, type Json } from "../../../../config/json.js";
import { scopeOf } from "../context-object.js";
import { evaluate } from "../data/jsonata.js";
import { fillTemplate } from "../data/template.js";
import type { Step } from "../run.js";
import { numberOf } from "../number-field.js";

/** More is not taken by a child execution. */
const MAX_INPUT_BYTES = 262_144;

/** The input of a child execution, and how many items are in it. */
export interface Batch {
  readonly input: Json;
  readonly itemCount: number;
}

export async function batchesOf(step: Step, input: Json, items: readonly Json[]): Promise<readonly Batch[]> {
  if (step.state["ItemBatcher"] === undefined) return items.map((item) => ({ input: item, itemCount: 1 }));
  const of = objectOf(step.state["ItemBatcher"]);
  const at = "ItemBatcher/";
  const mostItems = await numberOf(step, input, { name: "MaxItemsPerBatch", of, at, kind: "integer" });
  const mostBytes = await numberOf(step, input, { name: "MaxInputBytesPerBatch", of, at, kind: "integer" });
  const common = await batchInput(step, input, of["BatchInput"]);
  const bounds = { items: mostItems || Infinity, bytes: Math.min(mostBytes || MAX_INPUT_BYTES, MAX_INPUT_BYTES) };
  return group(items, bounds, sizeOf({ ...common, Items: [] })).map((group_) => ({
    input: { ...common, Items: group_ },
    itemCount: group_.length,
  }));
}

async function batchInput(step: Step, input: Json, template: Json | undefined): Promise<{ BatchInput?: Json }> {
  if (template === undefined) return {};
  const scope = scopeOf(step, input);
  const filled =
    step.language === "JSONata"
      ? await evaluate(template, scope, "ItemBatcher/BatchInput")
      : fillTemplate(template, scope);
  return { BatchInput: filled };
}

/** In their order, with a comma between them; an item that is too large alone has a batch for itself. */
function group(items: readonly Json[], most: { items: number; bytes: number }, emptyBytes: number): Json[][] {
  const groups: Json[][] = [];
  let bytes = 0;
  for (const item of items) {
    const itemBytes = sizeOf(item);
    const last = groups.at(-1);
    if (last === undefined || last.length >= most.items || bytes + 1 + itemBytes > most.bytes) {
      groups.push([item]);
      bytes = emptyBytes + itemBytes;
    } else {
      last.push(item);
      bytes += 1 + itemBytes;
    }
  }
  return groups;
}

const sizeOf = (value: Json): number => Buffer.byteLength(JSON.stringify(value));
