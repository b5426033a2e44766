/**
 * Inline Map: the iterations are branches of the execution, and their events stand in its history. What each event follows
 * from is as recorded on AWS: an iteration follows from the last event of the one that had its place before.
 * https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html
 */
import type { Json } from "../../../../config/json.js";
import { Branches, type BranchEnd } from "../branches.js";
import type { EventDetails } from "../history.js";
import type { Frame, Machine, Step } from "../run.js";
import { inputOfItem, mapContext, type Item } from "./items.js";

/** As many iterations as AWS runs at once where the state sets no bound. */
const MAX_CONCURRENT_ITERATIONS = 40;

export interface InlineMap {
  readonly step: Step;
  readonly machine: Machine;
  readonly input: Json;
  readonly items: readonly Item[];
  /** 0 is no bound. */
  readonly maxConcurrency: number;
}

export async function runInline(map: InlineMap): Promise<Json> {
  const { step, items, maxConcurrency } = map;
  const { frame, run } = step;
  const branches = new Branches(frame);
  const outputs: Json[] = items.map(() => null);
  const places = Math.min(maxConcurrency || MAX_CONCURRENT_ITERATIONS, MAX_CONCURRENT_ITERATIONS, items.length);
  const waiting = items.entries();
  const startedId = frame.previousEventId;
  let goOnFrom = startedId;
  const work = async (): Promise<void> => {
    let previousEventId = startedId;
    for (const [index, item] of waiting) {
      if (branches.brokenOff) return;
      const place = branches.frame(previousEventId, mapContext(item, index));
      const output = await branches.run(
        place,
        () => iterate(map, place, item, index),
        (how) => {
          run.history.aside(place, `MapIteration${how}`, iterationEvent(step, how, index));
          goOnFrom = run.history.lastId;
        },
      );
      if (output === undefined) return;
      outputs[index] = output;
      previousEventId = place.previousEventId;
    }
  };
  await Promise.all(Array.from({ length: places }, work));
  branches.join();
  // Recorded: the state goes on from the end of the iteration that ended last.
  frame.previousEventId = goOnFrom;
  run.history.aside(frame, "MapStateSucceeded");
  return outputs;
}

async function iterate({ step, machine, input }: InlineMap, place: Frame, item: Item, index: number): Promise<Json> {
  const { run } = step;
  run.history.record(place, "MapIterationStarted", iterationEvent(step, "Started", index));
  return run.runStates(machine, await inputOfItem(step, input, item, index), run, place);
}

const iterationEvent = ({ name }: Step, how: "Started" | BranchEnd, index: number): EventDetails => [
  `mapIteration${how}EventDetails`,
  { index, name },
];
