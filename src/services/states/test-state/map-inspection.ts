/**
 * A Map state whose iterations are mocked: its items and figures are worked out as in an execution, and enough failed iterations
 * fail it.
 * https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
 */
import type { Json } from "../../../config/json.js";
import { scopeOf } from "../interpreter/context-object.js";
import { effectiveInput } from "../interpreter/data-flow.js";
import { readPath } from "../interpreter/data/json-path.js";
import { evaluateAs } from "../interpreter/data/jsonata.js";
import type { Step } from "../interpreter/run.js";
import { StateFailure, StatesError } from "../interpreter/states-error.js";
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
  const items = await itemsOf(step, configuration);
  const figures: MapFigures = {
    maxConcurrency: (await figureOf(step, "MaxConcurrency")) ?? 0,
    toleratedFailureCount: await figureOf(step, "ToleratedFailureCount"),
    toleratedFailurePercentage: await figureOf(step, "ToleratedFailurePercentage"),
  };
  inspection.figures(figures);
  const failed = configuration.mapIterationFailureCount ?? 0;
  if (failed > items.length) {
    throw refused("Map iteration failure count must be less than or equal to the number of Map iterations");
  }
  const result = settle(outcome);
  if (exceeds(failed, items.length, figures)) {
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

async function itemsOf(step: Step, configuration: StateConfiguration): Promise<readonly Json[]> {
  if (configuration.mapItemReaderData !== undefined && step.state["ItemReader"] !== undefined) {
    const read = JSON.parse(configuration.mapItemReaderData) as Json;
    return Array.isArray(read) ? (read as readonly Json[]) : [];
  }
  if (step.language === "JSONata") {
    const own = step.state["Items"];
    const items = own === undefined ? step.input : await evaluateAs("array", own, scopeOf(step), "Items");
    return Array.isArray(items) ? (items as readonly Json[]) : [];
  }
  const input = effectiveInput(step);
  const path = typeof step.state["ItemsPath"] === "string" ? step.state["ItemsPath"] : "$";
  const items = readPath(path, scopeOf(step, input));
  if (!Array.isArray(items)) {
    throw new StatesError("States.Runtime", `Reference path "${path}" must point to array.`);
  }
  step.run.probe?.data?.("afterItemsPath", items);
  return items as readonly Json[];
}

async function figureOf(step: Step, field: string): Promise<number | undefined> {
  const { [field]: own, [`${field}Path`]: path } = step.state;
  if (typeof path === "string") {
    const value = readPath(path, scopeOf(step, effectiveInput(step)));
    return typeof value === "number" ? value : undefined;
  }
  if (own === undefined || typeof own === "number") {
    return own;
  }
  return (await evaluateAs("number", own, scopeOf(step), field)) as number;
}
