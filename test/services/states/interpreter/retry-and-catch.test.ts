/** What fails a state is retried, then caught. */
import type { Json, JsonObject } from "../../../../src/config/json.js";
import type { Definition } from "../../../../src/services/states/interpreter/definition.js";
import type { TaskRunner } from "../../../../src/services/states/interpreter/task-runner.js";
import { StatesError } from "../../../../src/services/states/interpreter/states-error.js";
import { VirtualClock } from "../../../../src/shared/clock.js";
import { detailsOf, FUNCTION, links, runToEnd, start } from "./execution.js";

/** A task with these retriers and catchers; `Caught` is where catchers lead. */
const task = (more: JsonObject, queryLanguage: "JSONPath" | "JSONata" = "JSONPath"): Definition => ({
  QueryLanguage: queryLanguage,
  StartAt: "Work",
  States: { Work: { Type: "Task", Resource: FUNCTION, End: true, ...more }, Caught: { Type: "Pass", End: true } },
});

/** Fails as often as there are errors, then succeeds. */
function failing(
  errors: readonly (string | undefined)[],
  seen: number[] = [],
  now: () => number = () => 0,
): TaskRunner["run"] {
  const left = [...errors];
  return () => {
    seen.push(now());
    return left.length === 0 ? Promise.resolve("done") : Promise.reject(new StatesError(left.shift(), "why"));
  };
}

describe("Retry", () => {
  it("waits an interval that grows by the rate up to the longest delay", async () => {
    const starts: number[] = [];
    const clock = new VirtualClock();
    const running = await start(
      task({
        Retry: [{ ErrorEquals: ["Busy"], IntervalSeconds: 2, BackoffRate: 3, MaxDelaySeconds: 10, MaxAttempts: 4 }],
      }),
      {},
      { clock, work: failing(["Busy", "Busy", "Busy"], starts, () => clock.now()) },
    );
    await clock.advance(60_000);
    await expect(running.end).resolves.toEqual({ status: "SUCCEEDED", output: "done" });
    expect(starts.map((ms) => (ms - (starts[0] ?? 0)) / 1000)).toEqual([0, 2, 8, 18]);
  });

  it("tries three times more when it says no number, after one, two and four seconds", async () => {
    const starts: number[] = [];
    const clock = new VirtualClock();
    const running = await start(
      task({ Retry: [{ ErrorEquals: ["States.ALL"] }] }),
      {},
      { clock, work: failing(["A", "A", "A", "A"], starts, () => clock.now()) },
    );
    await clock.advance(60_000);
    await expect(running.end).resolves.toMatchObject({ status: "FAILED", error: "A" });
    expect(starts.map((ms) => (ms - (starts[0] ?? 0)) / 1000)).toEqual([0, 1, 3, 7]);
  });

  it("spreads its delays from nothing to the whole with full jitter", async () => {
    const starts: number[] = [];
    const clock = new VirtualClock();
    const running = await start(
      task({ Retry: [{ ErrorEquals: ["Busy"], IntervalSeconds: 100, JitterStrategy: "FULL" }] }),
      {},
      { clock, work: failing(["Busy"], starts, () => clock.now()) },
    );
    await clock.advance(100_000);
    expect((await running.end).status).toBe("SUCCEEDED");
    // A whole delay would be one chance in very many.
    expect((starts[1] ?? 0) - (starts[0] ?? 0)).toBeLessThan(100_000);
  });

  it("asks the first retrier that takes the error only, each with attempts of its own", async () => {
    const { end, events } = await runToEnd(
      task({
        Retry: [
          { ErrorEquals: ["A"], IntervalSeconds: 1, MaxAttempts: 1 },
          { ErrorEquals: ["States.ALL"], IntervalSeconds: 1, MaxAttempts: 2 },
        ],
      }),
      {},
      { work: failing(["A", "B", "B", "A"]) },
    );
    expect(end).toMatchObject({ status: "FAILED", error: "A" });
    expect(events.filter((event) => event.type === "LambdaFunctionFailed")).toHaveLength(4);
  });

  it("follows in the history from the failure, within the same entry, and counts in the context", async () => {
    const counts: Json[] = [];
    const work = failing(["A"]);
    const { events } = await runToEnd(
      task({ Parameters: { "n.$": "$$.State.RetryCount" }, Retry: [{ ErrorEquals: ["A"], IntervalSeconds: 1 }] }),
      {},
      {
        work: (call, ...more) => {
          counts.push(call.parameters);
          return work(call, ...more);
        },
      },
    );
    expect(counts).toEqual([{ n: 0 }, { n: 1 }]);
    expect(links(events).slice(4, 8)).toEqual([
      "5 < 4 LambdaFunctionFailed",
      "6 < 5 LambdaFunctionScheduled",
      "7 < 6 LambdaFunctionStarted",
      "8 < 7 LambdaFunctionSucceeded",
    ]);
  });
});

describe("Catch", () => {
  it("goes on with the error output where ResultPath says", async () => {
    const { end, events } = await runToEnd(
      task({
        Catch: [{ ErrorEquals: ["A"], ResultPath: "$.failure", Next: "Caught", Assign: { "name.$": "$.Error" } }],
      }),
      { order: 7 },
      { work: failing(["A"]) },
    );
    expect(end).toEqual({ status: "SUCCEEDED", output: { order: 7, failure: { Error: "A", Cause: "why" } } });
    expect(links(events).slice(4, 7)).toEqual([
      "5 < 4 LambdaFunctionFailed",
      "6 < 5 TaskStateExited",
      "7 < 6 PassStateEntered",
    ]);
    expect(events[5]?.details?.[1]).toMatchObject({ assignedVariables: { name: '"A"' } });
  });

  it("shows null for what a callback left out", async () => {
    const { end } = await runToEnd(
      task({ Catch: [{ ErrorEquals: ["States.ALL"], Next: "Caught" }] }),
      {},
      { work: () => Promise.reject(new StatesError(undefined)) },
    );
    expect(end).toEqual({ status: "SUCCEEDED", output: { Error: null, Cause: null } });
  });

  it("has an Output in JSONata that sees the error and the input", async () => {
    const { end } = await runToEnd(
      task(
        {
          Catch: [
            {
              ErrorEquals: ["States.TaskFailed"],
              Output: "{% $states.errorOutput.Error & $states.input.order %}",
              Next: "Caught",
            },
          ],
        },
        "JSONata",
      ),
      { order: "-7" },
      { work: failing(["A"]) },
    );
    expect(end).toEqual({ status: "SUCCEEDED", output: "A-7" });
  });

  it("ends the execution when its own expressions cannot be evaluated", async () => {
    const { end, events } = await runToEnd(
      task(
        {
          Catch: [
            { ErrorEquals: ["B"], Next: "Caught" },
            { ErrorEquals: ["States.ALL"], Output: "{% $nowhere %}", Next: "Caught" },
          ],
        },
        "JSONata",
      ),
      {},
      { work: failing(["A"]) },
    );
    expect(end).toMatchObject({
      status: "FAILED",
      error: "States.QueryEvaluationError",
      cause: expect.stringMatching(
        /^An error occurred while executing the state 'Work' \(entered at the event id #2\)/,
      ) as unknown,
    });
    expect(detailsOf(events, "EvaluationFailed")).toMatchObject({ location: "Catch[1]/Output" });
  });

  it("takes what an expression could not make of the result", async () => {
    const { end, events } = await runToEnd(
      task(
        {
          Output: "{% $nowhere %}",
          Catch: [{ ErrorEquals: ["States.QueryEvaluationError"], Output: "caught", Next: "Caught" }],
        },
        "JSONata",
      ),
      {},
      { work: failing([]) },
    );
    expect(end).toEqual({ status: "SUCCEEDED", output: "caught" });
    expect(links(events).slice(4, 7)).toEqual([
      "5 < 4 LambdaFunctionSucceeded",
      "6 < 5 EvaluationFailed",
      "7 < 6 TaskStateExited",
    ]);
  });

  it.each([
    { error: "States.Timeout", takes: ["States.Timeout"], caught: true },
    { error: "States.Timeout", takes: ["States.HeartbeatTimeout"], caught: false },
    { error: "States.Timeout", takes: ["States.TaskFailed"], caught: false },
  ])("$takes of a task whose time was up: $caught", async ({ takes, caught }) => {
    const { clock, end } = await start(
      task({ TimeoutSeconds: 1, Catch: [{ ErrorEquals: takes, Next: "Caught" }] }),
      {},
      { work: () => new Promise(() => undefined) },
    );
    await clock.advance(1000);
    expect((await end).status).toBe(caught ? "SUCCEEDED" : "FAILED");
  });

  it.each(["States.Timeout", "States.HeartbeatTimeout", "States.ALL"])(
    "takes missed heartbeats as %s",
    async (name) => {
      const definition: Definition = {
        StartAt: "Work",
        States: {
          Work: {
            Type: "Task",
            Resource: "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            HeartbeatSeconds: 1,
            End: true,
            Catch: [{ ErrorEquals: [name], Next: "Caught" }],
          },
          Caught: { Type: "Pass", End: true },
        },
      };
      const { clock, end } = await start(definition, {}, { work: () => new Promise(() => undefined) });
      await clock.advance(1000);
      await expect(end).resolves.toEqual({ status: "SUCCEEDED", output: { Error: "States.Timeout", Cause: "" } });
    },
  );

  it("never sees States.Runtime, not even by name", async () => {
    const { end } = await runToEnd(
      task({
        OutputPath: "$.no.such",
        Catch: [
          { ErrorEquals: ["States.Runtime"], Next: "Caught" },
          { ErrorEquals: ["States.ALL"], Next: "Caught" },
        ],
      }),
      {},
      { work: () => Promise.resolve({}) },
    );
    expect(end).toMatchObject({ status: "FAILED", error: "States.Runtime" });
  });
});
