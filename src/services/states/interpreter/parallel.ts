/**
 * Parallel: runs its branches at once, each on the same input.
 * https://docs.aws.amazon.com/step-functions/latest/dg/state-parallel.html
 * The order of events, and what each follows from, is as recorded on AWS.
 */
import { listOf, type Json } from "../../../config/json.js";
import { Branches } from "./branches.js";
import { workInput } from "./data-flow.js";
import type { Machine, Step } from "./run.js";

/** The outputs of the branches, in their order. */
export async function runParallel(step: Step): Promise<Json> {
  const { run, frame, state } = step;
  const input = await workInput(step);
  run.history.record(frame, "ParallelStateStarted");
  const machines = listOf(state["Branches"]) as unknown as readonly Machine[];
  const branches = new Branches(frame);
  const startedId = frame.previousEventId;
  const outputs = await Promise.all(
    machines.map(async (machine) => {
      const branch = branches.frame(startedId, frame.map);
      const output = await branches.run(branch, () => run.runStates(machine, input, run, branch));
      // The state goes on from the branch that ended last.
      if (!branches.brokenOff) frame.previousEventId = branch.previousEventId;
      return output;
    }),
  );
  branches.join();
  run.history.aside(frame, "ParallelStateSucceeded");
  return outputs.map((output) => output ?? null);
}
