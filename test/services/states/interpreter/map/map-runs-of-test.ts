/** Map Runs as a service would keep them, for tests: children run in the interpreter, and all that is told is kept. */
import type { Json } from "../../../../../src/config/json.js";
import type {
  ChildExecution,
  MapRunLimits,
  MapRunOptions,
  MapRuns,
} from "../../../../../src/services/states/interpreter/map-runs.js";
import { runExecution } from "../../../../../src/services/states/interpreter/run-execution.js";
import type { TaskRunner } from "../../../../../src/services/states/interpreter/task-runner.js";
import { VirtualClock } from "../../../../../src/shared/clock.js";

export interface Told {
  readonly options: MapRunOptions[];
  readonly inputs: Json[];
  planned: readonly [items: number, executions: number] | undefined;
  written: number;
  ended: string | undefined;
}

export function mapRunsOf(
  work: TaskRunner["run"],
  limits: (options: MapRunOptions) => MapRunLimits = (options) => options,
): { mapRuns: MapRuns; told: Told } {
  const told: Told = { options: [], inputs: [], planned: undefined, written: 0, ended: undefined };
  const clock = new VirtualClock(0);
  const runChild = async (child: ChildExecution, index: number) => {
    const name = `child-${String(index)}`;
    const executionArn = `arn:aws:states:eu-west-1:000000000000:execution:orders/Each:${name}`;
    const end = await runExecution({
      definition: child.definition,
      input: child.input,
      context: { Execution: { Id: executionArn, Input: child.input, Name: name } },
      clock,
      tasks: { run: work },
      history: { append: () => undefined },
      signal: child.signal,
    });
    return { end, executionArn, name, startMs: 1000, stopMs: 2000 };
  };
  const mapRuns: MapRuns = {
    open: (options) => {
      told.options.push(options);
      return {
        arn: `arn:aws:states:eu-west-1:000000000000:mapRun:orders/${options.label}:run-1`,
        limits: () => limits(options),
        planned: (items, executions) => {
          told.planned = [items, executions];
        },
        runChild: (child) => runChild(child, told.inputs.push(child.input) - 1),
        resultsWritten: (items) => {
          told.written = items;
        },
        ended: (status) => {
          told.ended = status;
        },
      };
    },
  };
  return { mapRuns, told };
}
