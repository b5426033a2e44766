/**
 * Map: runs its processor for each item.
 * https://docs.aws.amazon.com/step-functions/latest/dg/state-map.html
 */
import { objectOf, type Json } from "../../../../config/json.js";
import { effectiveInput } from "../data-flow.js";
import type { Machine, Step } from "../run.js";
import { runDistributed } from "./distributed.js";
import { runInline } from "./inline.js";
import { itemsOf } from "./items.js";
import { numberOf } from "../number-field.js";

/** The outputs of the iterations, in the order of the items. */
export async function runMap(step: Step): Promise<Json> {
  const { run, frame, state } = step;
  const input = effectiveInput(step);
  // Iterator is the former name.
  const processor = objectOf(state["ItemProcessor"] ?? state["Iterator"]);
  const { Mode: mode, ExecutionType: type } = objectOf(processor["ProcessorConfig"]);
  const distributed = mode === "DISTRIBUTED";
  // An ItemReader reads when the Map Run has been started; ItemsPath is not asked then (recorded).
  const items = state["ItemReader"] === undefined ? await itemsOf(step, input, distributed) : [];
  const maxConcurrency = (await numberOf(step, input, { name: "MaxConcurrency", of: state, kind: "integer" })) ?? 0;
  run.history.record(frame, "MapStateStarted", ["mapStateStartedEventDetails", { length: items.length }]);
  const machine = processor as unknown as Machine;
  if (!distributed) return runInline({ step, machine, input, items, maxConcurrency });
  const executionType = type === "EXPRESS" ? "EXPRESS" : "STANDARD";
  return runDistributed({ step, machine, input, items, maxConcurrency, executionType });
}
