/**
 * Map: runs its processor for each item.
 * https://docs.aws.amazon.com/step-functions/latest/dg/state-map.html
 */
import { objectOf, type Json } from "../../../../config/json.js";
import { effectiveInput } from "../data-flow.js";
import type { Machine, Step } from "../run.js";
import { runInline } from "./inline.js";
import { itemsOf, type Item } from "./items.js";
import { numberOf } from "./numbers.js";

/** The outputs of the iterations, in the order of the items. */
export async function runMap(step: Step): Promise<Json> {
  const { run, frame, state } = step;
  const input = effectiveInput(step);
  // Iterator is the former name.
  const processor = objectOf(state["ItemProcessor"] ?? state["Iterator"]);
  const read = state["ItemReader"] !== undefined;
  const items: readonly Item[] = read ? [] : await itemsOf(step, input);
  const maxConcurrency = (await numberOf(step, input, { name: "MaxConcurrency", of: state, kind: "integer" })) ?? 0;
  run.history.record(frame, "MapStateStarted", ["mapStateStartedEventDetails", { length: items.length }]);
  const machine = processor as unknown as Machine;
  return runInline({ step, machine, input, items, maxConcurrency });
}
