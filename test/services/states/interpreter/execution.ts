/** Runs a definition in the interpreter: the work of its tasks is a function of the test, time is a virtual clock's. */
import type { Json, JsonObject } from "../../../../src/config/json.js";
import type { Definition } from "../../../../src/services/states/interpreter/definition.js";
import type { HistoryEvent } from "../../../../src/services/states/interpreter/history.js";
import type { ExecutionEnd, ExecutionRequest } from "../../../../src/services/states/interpreter/run-execution.js";
import { runExecution } from "../../../../src/services/states/interpreter/run-execution.js";
import type { TaskRunner } from "../../../../src/services/states/interpreter/task-runner.js";
import { VirtualClock } from "../../../../src/shared/clock.js";

export const FUNCTION = "arn:aws:lambda:eu-west-1:000000000000:function:work";
export const ROLE = "arn:aws:iam::000000000000:role/machine";
const START = "2026-01-01T00:00:00.000Z";

const CONTEXT: JsonObject = {
  Execution: {
    Id: "arn:aws:states:eu-west-1:000000000000:execution:orders:one",
    Name: "one",
    RoleArn: ROLE,
    StartTime: START,
  },
  StateMachine: { Id: "arn:aws:states:eu-west-1:000000000000:stateMachine:orders", Name: "orders" },
};

export interface Running {
  readonly events: HistoryEvent[];
  readonly clock: VirtualClock;
  readonly end: Promise<ExecutionEnd>;
}

export interface Given extends Partial<Omit<ExecutionRequest, "definition" | "input" | "clock" | "tasks">> {
  readonly work?: TaskRunner["run"];
  readonly faults?: TaskRunner["faults"];
  readonly clock?: VirtualClock;
}

const noWork: TaskRunner["run"] = () => Promise.reject(new Error("this test has no tasks"));

/** Resolves once the execution waits for something. */
export async function start(definition: Definition, input: Json, given: Given = {}): Promise<Running> {
  const { work = noWork, faults, clock = new VirtualClock(Date.parse(START)), ...more } = given;
  const events: HistoryEvent[] = [];
  const tasks: TaskRunner = faults === undefined ? { run: work } : { run: work, faults };
  const end = runExecution({
    definition,
    input,
    context: CONTEXT,
    clock,
    tasks,
    history: { append: (event) => events.push(event) },
    signal: new AbortController().signal,
    ...more,
  });
  // A fault of the program is for the test to see, whenever it looks.
  end.catch(() => undefined);
  await clock.advance(0);
  return { events, clock, end };
}

/** Time passes as far as the execution waits for it. */
export async function runToEnd(
  definition: Definition,
  input: Json,
  given?: Given,
): Promise<{ end: ExecutionEnd; events: HistoryEvent[] }> {
  const { events, clock, end } = await start(definition, input, given);
  for (;;) {
    const waitMs = (clock.nextTimerAtMs() ?? clock.now()) - clock.now();
    const ended = await Promise.race([end, clock.advance(waitMs)]);
    if (ended !== undefined) return { end: ended, events };
  }
}

/** `["2 < 0 PassStateEntered", ...]` */
export const links = (events: readonly HistoryEvent[]): string[] =>
  events.map(({ id, previousEventId, type }) => `${id} < ${previousEventId} ${type}`);

export function detailsOf(events: readonly HistoryEvent[], type: string): Json {
  return events.find((event) => event.type === type)?.details?.[1] ?? null;
}
