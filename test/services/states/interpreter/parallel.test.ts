/** Parallel: branches at once, and what becomes of them when one fails. */
import { FUNCTION, links, runToEnd, start } from "./execution.js";
import type { Definition, State } from "../../../../src/services/states/interpreter/definition.js";
import { StateFailure } from "../../../../src/services/states/interpreter/states-error.js";

const branch = (name: string, state: State) => ({ StartAt: name, States: { [name]: state } });
const parallel = (branches: readonly object[], more: object = {}): Definition => ({
  StartAt: "Both",
  States: { Both: { Type: "Parallel", Branches: branches, End: true, ...more } as unknown as State },
});
const pass = (more: object = {}): State => ({ Type: "Pass", End: true, ...more });

describe("Parallel", () => {
  it("gives each branch the input and has the outputs in the order of the branches, whichever ends first", async () => {
    const slow = { StartAt: "Slow", States: { Slow: { Type: "Wait", Seconds: 5, End: true } } };
    const { end } = await runToEnd(parallel([slow, branch("Fast", pass({ Result: "fast" }))]), { n: 1 });
    expect(end).toEqual({ status: "SUCCEEDED", output: [{ n: 1 }, "fast"] });
  });

  it("has the events of its branches between its own, each branch after the start of the state", async () => {
    const { events } = await runToEnd(parallel([branch("A", pass()), branch("B", pass())]), {});
    expect(links(events)).toEqual([
      "1 < 0 ExecutionStarted",
      "2 < 0 ParallelStateEntered",
      "3 < 2 ParallelStateStarted",
      "4 < 3 PassStateEntered",
      "5 < 3 PassStateEntered",
      "6 < 4 PassStateExited",
      "7 < 5 PassStateExited",
      "8 < 7 ParallelStateSucceeded",
      "9 < 7 ParallelStateExited",
      "10 < 9 ExecutionSucceeded",
    ]);
  });

  it("lets branches see the variables around them; what they assign ends with them", async () => {
    const inner = branch("In", pass({ Parameters: { "seen.$": "$x" }, Assign: { inner: 2 } }));
    const { end } = await runToEnd(
      {
        StartAt: "Set",
        States: {
          Set: { Type: "Pass", Assign: { x: 1 }, Next: "Both" },
          Both: { Type: "Parallel", Branches: [inner] as never, Next: "After" },
          After: { Type: "Pass", QueryLanguage: "JSONata", Output: "{% $exists($inner) %}", End: true },
        },
      },
      {},
    );
    expect(end).toEqual({ status: "SUCCEEDED", output: false });
  });

  it("breaks the other branches off when one fails, and is caught with the input as it was", async () => {
    const waiting = branch("Waits", { Type: "Wait", Seconds: 1000, End: true });
    const failing = branch("Fails", { Type: "Fail", Error: "Broken", Cause: "by design" });
    const catcher = { Catch: [{ ErrorEquals: ["Broken"], ResultPath: "$.error", Next: "Caught" }] };
    const definition = parallel([waiting, failing], catcher);
    const { end, events } = await runToEnd(
      { ...definition, States: { ...definition.States, Caught: { Type: "Succeed" } } },
      { n: 1 },
    );
    expect(end).toEqual({
      status: "SUCCEEDED",
      output: { n: 1, error: { Error: "Broken", Cause: "by design" } },
    });
    expect(links(events).slice(2, 8)).toEqual([
      "3 < 2 ParallelStateStarted",
      "4 < 3 WaitStateEntered",
      "5 < 3 FailStateEntered",
      "6 < 4 WaitStateAborted",
      "7 < 5 ParallelStateFailed",
      "8 < 7 ParallelStateExited",
    ]);
  });

  it("starts all its branches anew when it is retried", async () => {
    let calls = 0;
    const task = branch("Work", { Type: "Task", Resource: FUNCTION, End: true });
    const { end, events } = await runToEnd(
      parallel([task], { Retry: [{ ErrorEquals: ["States.ALL"], MaxAttempts: 1 }] }),
      {},
      {
        work: () => {
          calls += 1;
          return calls === 1 ? Promise.reject(new StateFailure("Flaky", "once")) : Promise.resolve("done");
        },
      },
    );
    expect(end).toEqual({ status: "SUCCEEDED", output: ["done"] });
    expect(events.filter(({ type }) => type === "ParallelStateStarted")).toHaveLength(2);
  });

  it("ends its branches when the execution is stopped", async () => {
    const stop = new AbortController();
    const waiting = branch("Waits", { Type: "Wait", Seconds: 1000, End: true });
    const { clock, end, events } = await start(parallel([waiting, waiting]), {}, { signal: stop.signal });
    stop.abort({ error: "Stopped", cause: "by hand" });
    await clock.advance(0);
    expect(await end).toEqual({ status: "ABORTED", error: "Stopped", cause: "by hand" });
    // As AWS shows of a Wait state at the top: nothing between its entry and the end of the execution.
    expect(events.map(({ type }) => type).slice(-2)).toEqual(["WaitStateEntered", "ExecutionAborted"]);
    expect(clock.nextTimerAtMs()).toBeUndefined();
  });
});
