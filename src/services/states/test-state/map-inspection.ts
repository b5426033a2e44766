/**
 * A Map state whose iterations are mocked: its items and figures are worked out as in an execution, and enough failed iterations
 * fail it.
 * https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
 */
import type { Json } from "../../../config/json.js";
import { objectOf } from "../../../config/json.js";
import { effectiveInput } from "../interpreter/data-flow.js";
import type { Batch } from "../interpreter/map/batches.js";
import { batchesOf } from "../interpreter/map/batches.js";
import { readerOf, readItems } from "../interpreter/map/item-reader.js";
import type { Item } from "../interpreter/map/items.js";
import { inputOfItem, itemsOf } from "../interpreter/map/items.js";
import type { NumberField } from "../interpreter/number-field.js";
import { numberOf } from "../interpreter/number-field.js";
import type { Step } from "../interpreter/run.js";
import { StateFailure } from "../interpreter/states-error.js";
import type { TaskRunner } from "../interpreter/task-runner.js";
import type { Inspection, MapFigures } from "./inspection.js";
import type { Outcome } from "./mock.js";
import { settle } from "./mock.js";
import type { StateConfiguration } from "./request.js";
import { refused } from "./request.js";

export async function mockedMap(
  step: Step,
  outcome: Outcome,
  configuration: StateConfiguration,
  inspection: Inspection,
): Promise<Json> {
  const input = effectiveInput(step);
  const items = await itemsIn(step, input, configuration.mapItemReaderData);
  await showInputs(step, input, items ?? []);
  const figures = await figuresOf(step, input);
  inspection.figures(figures);
  const failed = configuration.mapIterationFailureCount ?? 0;
  if (items !== undefined && failed > items.length) {
    throw refused("Map iteration failure count must be less than or equal to the number of Map iterations");
  }
  const result = settle(outcome);
  if (exceeds(failed, items?.length ?? 0, figures)) {
    throw new StateFailure(
      "States.ExceedToleratedFailureThreshold",
      "The specified tolerated failure threshold was exceeded",
    );
  }
  return result;
}

/** Without a threshold no number of failures fails the state: recorded so of TestState, unlike an execution. */
function exceeds(
  failed: number,
  all: number,
  { toleratedFailureCount, toleratedFailurePercentage }: MapFigures,
): boolean {
  const byCount = toleratedFailureCount !== undefined && failed > toleratedFailureCount;
  const byShare = toleratedFailurePercentage !== undefined && failed * 100 > toleratedFailurePercentage * all;
  return byCount || byShare;
}

/**
 * The items that the state itself names, or those in what its ItemReader would have read: a file as its InputType says, a listing
 * as JSON. Unknown when nobody says what it would have read.
 */
async function itemsIn(step: Step, input: Json, data: string | undefined): Promise<readonly Item[] | undefined> {
  const { state } = step;
  if (state["ItemReader"] === undefined) {
    const processor = objectOf(state["ItemProcessor"] ?? state["Iterator"]);
    return itemsOf(step, input, objectOf(processor["ProcessorConfig"])["Mode"] === "DISTRIBUTED");
  }
  if (data === undefined) {
    return undefined;
  }
  const { config } = await readerOf(step, input);
  const file = { action: "getObject", parameters: {}, config: { InputType: "JSON", ...config } };
  const items = await readItems(readingFrom(step, data), input, file);
  if (config["ItemsPointer"] !== undefined) {
    step.run.probe?.data?.("afterItemsPointer", valuesOf(items));
  }
  return items;
}

/** The state with a storage that holds `data` and nothing else. */
function readingFrom(step: Step, data: string): Step {
  const tasks: TaskRunner = { run: async () => Promise.resolve({ Body: data }) };
  return Object.assign({}, step, { run: Object.assign({}, step.run, { tasks }) });
}

const valuesOf = (items: readonly Item[]): Json => items.map(({ value }) => value);

/** What the iterations are given, where the state makes something of its items. */
async function showInputs(step: Step, input: Json, items: readonly Item[]): Promise<void> {
  const { ItemSelector: selector, Parameters: parameters, ItemBatcher: batcher } = step.state;
  const inputs: Json[] = [];
  for (const [index, item] of items.entries()) {
    inputs.push(await inputOfItem(step, input, item, index));
  }
  if (selector !== undefined || parameters !== undefined) {
    step.run.probe?.data?.("afterItemSelector", inputs);
  }
  if (batcher !== undefined) {
    const batches = await batchesOf(step, input, inputs);
    step.run.probe?.data?.("afterItemBatcher", valuesIn(batches));
  }
}

const valuesIn = (batches: readonly Batch[]): Json => batches.map((batch) => batch.input);

async function figuresOf(step: Step, input: Json): Promise<MapFigures> {
  const figure = async (name: string, kind: NumberField["kind"]): Promise<number | undefined> =>
    numberOf(step, input, { name, of: step.state, kind });
  return {
    maxConcurrency: (await figure("MaxConcurrency", "integer")) ?? 0,
    toleratedFailureCount: await figure("ToleratedFailureCount", "integer"),
    toleratedFailurePercentage: await figure("ToleratedFailurePercentage", "float"),
  };
}
