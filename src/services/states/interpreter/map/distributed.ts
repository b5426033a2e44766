/**
 * Distributed Map: a Map Run, with a child execution for each item or batch of items. The execution's own history has the Map
 * Run alone.
 * https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
 */
import { createHash } from "node:crypto";
import { textOf, type Json } from "../../../../config/json.js";
import type { MapRun, MapRunLimits } from "../map-runs.js";
import type { Machine, Step } from "../run.js";
import { StateFailure, StatesError } from "../states-error.js";
import { batchesOf } from "./batches.js";
import { runChildren } from "./child-runs.js";
import { readerOf, readItems } from "./item-reader.js";
import { inputOfItem, type Item } from "./items.js";
import { numberOf } from "../number-field.js";
import { shownResults, writeResults, writerOf } from "./results.js";

export interface DistributedMap {
  readonly step: Step;
  readonly machine: Machine;
  readonly input: Json;
  /** Those that the state itself names; none where it has an ItemReader. */
  readonly items: readonly Item[];
  readonly maxConcurrency: number;
  readonly executionType: "STANDARD" | "EXPRESS";
}

export async function runDistributed(map: DistributedMap): Promise<Json> {
  const { step, input, maxConcurrency, executionType } = map;
  const { run, frame, name, state } = step;
  if (run.mapRuns === undefined)
    throw new StatesError("States.Runtime", "A distributed Map runs in Standard executions alone.");
  const limits = await limitsOf(step, input, maxConcurrency);
  const writer = await writerOf(step, input);
  const reader = state["ItemReader"] === undefined ? undefined : await readerOf(step, input);
  const mapRun = run.mapRuns.open({
    ...limits,
    label: textOf(state["Label"] ?? labelFor(name)),
    executionType,
  });
  run.history.record(frame, "MapRunStarted", ["mapRunStartedEventDetails", { mapRunArn: mapRun.arn }]);
  try {
    const items = reader === undefined ? map.items : await readItems(step, input, reader);
    const output = await runItems(map, mapRun, items, writer);
    run.history.record(frame, "MapRunSucceeded");
    mapRun.ended("SUCCEEDED");
    run.history.aside(frame, "MapStateSucceeded");
    return output;
  } catch (thrown) {
    ended(step, mapRun, thrown);
    throw thrown;
  }
}

async function runItems(
  { step, machine, input }: DistributedMap,
  mapRun: MapRun,
  items: readonly Item[],
  writer: Awaited<ReturnType<typeof writerOf>>,
): Promise<Json> {
  const { signal } = step.frame;
  const inputs: Json[] = [];
  for (const [index, item] of items.entries())
    inputs.push(await inputOfItem(step, input, { source: "STATE_DATA", ...item }, index));
  const batches = await batchesOf(step, input, inputs);
  mapRun.planned(items.length, batches.length);
  const definition = { StartAt: machine.StartAt, States: machine.States, QueryLanguage: step.run.queryLanguage };
  const { results, exceeded } = await runChildren({ mapRun, batches, definition, signal });
  if (signal.aborted) throw signal.reason as Error;
  const written = writer === undefined ? undefined : await writeResults(step, mapRun, writer, results);
  if (exceeded)
    throw new StateFailure(
      "States.ExceedToleratedFailureThreshold",
      "The specified tolerated failure threshold was exceeded",
    );
  return written ?? shownResults(step, results, "COMPACT");
}

function ended({ run, frame }: Step, mapRun: MapRun, thrown: unknown): void {
  if (frame.signal.aborted || !(thrown instanceof StatesError)) {
    mapRun.ended("ABORTED");
    run.history.aside(frame, "MapRunAborted");
    return;
  }
  const { error = "", cause = "" } = thrown.failure;
  mapRun.ended("FAILED");
  run.history.record(frame, "MapRunFailed", ["mapRunFailedEventDetails", { error, cause }]);
}

async function limitsOf(step: Step, input: Json, maxConcurrency: number): Promise<MapRunLimits> {
  const { state: of } = step;
  return {
    maxConcurrency,
    toleratedFailureCount: (await numberOf(step, input, { name: "ToleratedFailureCount", of, kind: "integer" })) ?? 0,
    toleratedFailurePercentage:
      (await numberOf(step, input, { name: "ToleratedFailurePercentage", of, kind: "float" })) ?? 0,
  };
}

/** AWS makes a UUID of version 3 where the state has no Label; from which name, it does not say. */
function labelFor(name: string): string {
  const bytes = createHash("md5").update(name).digest();
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x30, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
