/** An execution as a whole: its time, its being stopped, and going on where a process before left it. */
import type { Definition } from "../../../../src/services/states/interpreter/definition.js";
import type { Checkpoint } from "../../../../src/services/states/interpreter/run-execution.js";
import { VirtualClock } from "../../../../src/shared/clock.js";
import { detailsOf, FUNCTION, links, runToEnd, start } from "./execution.js";

const waiting: Definition = {
  StartAt: "Note",
  States: {
    Note: { Type: "Pass", Assign: { n: 1 }, Result: { noted: true }, Next: "Wait" },
    Wait: { Type: "Wait", Seconds: 60, Next: "Show" },
    Show: { Type: "Pass", Parameters: { "n.$": "$n", "noted.$": "$.noted" }, End: true },
  },
};

describe("an execution", () => {
  it("times out after TimeoutSeconds of the machine, without error and cause", async () => {
    const { events, clock, end } = await start({ ...waiting, TimeoutSeconds: 10 }, {});
    await clock.advance(10_000);
    await expect(end).resolves.toEqual({ status: "TIMED_OUT" });
    expect(links(events).slice(-2)).toEqual(["4 < 3 WaitStateEntered", "5 < 0 ExecutionTimedOut"]);
    expect(detailsOf(events, "ExecutionTimedOut")).toEqual({ error: "States.Timeout" });
  });

  it("is aborted with what StopExecution said, whatever its states would catch", async () => {
    const stop = new AbortController();
    const { events, clock, end } = await start(
      {
        StartAt: "Work",
        States: {
          Work: {
            Type: "Task",
            Resource: FUNCTION,
            End: true,
            Retry: [{ ErrorEquals: ["States.ALL"] }],
            Catch: [{ ErrorEquals: ["States.ALL"], Next: "Caught" }],
          },
          Caught: { Type: "Pass", End: true },
        },
      },
      {},
      { signal: stop.signal, work: () => new Promise(() => undefined) },
    );
    await clock.advance(1);
    stop.abort({ error: "Enough", cause: "of this" });
    await expect(end).resolves.toEqual({ status: "ABORTED", error: "Enough", cause: "of this" });
    expect(detailsOf(events, "ExecutionAborted")).toEqual({ error: "Enough", cause: "of this" });
    expect(links(events).at(-1)).toBe("5 < 0 ExecutionAborted");
  });

  it("ends at once when data inside a branch cannot be used, without a word on the other branches", async () => {
    const { end, events } = await runToEnd(
      {
        StartAt: "Both",
        States: {
          Both: {
            Type: "Parallel",
            End: true,
            Catch: [{ ErrorEquals: ["States.ALL"], Next: "Caught" }],
            Branches: [
              { StartAt: "Wait", States: { Wait: { Type: "Wait", Seconds: 60, End: true } } },
              { StartAt: "Look", States: { Look: { Type: "Wait", SecondsPath: "$.nowhere", End: true } } },
              // Its expression has a value only after that.
              {
                StartAt: "Late",
                States: { Late: { Type: "Pass", QueryLanguage: "JSONata", Output: "{% 1 %}", End: true } },
              },
            ],
          },
          Caught: { Type: "Pass", End: true },
        },
      },
      {},
    );
    expect(end).toMatchObject({ status: "FAILED", error: "States.Runtime" });
    expect(links(events).slice(3)).toEqual([
      "4 < 3 WaitStateEntered",
      "5 < 3 WaitStateEntered",
      "6 < 3 PassStateEntered",
      "7 < 5 ExecutionFailed",
    ]);
  });

  it("is aborted before its first state when it was stopped by then", async () => {
    const { end, events } = await runToEnd(waiting, {}, { signal: AbortSignal.abort({ error: "Never" }) });
    expect(end).toEqual({ status: "ABORTED", error: "Never" });
    expect(links(events)).toEqual(["1 < 0 ExecutionStarted", "2 < 0 ExecutionAborted"]);
  });

  it("leaves no timer behind", async () => {
    const { clock, end } = await start(
      {
        TimeoutSeconds: 100,
        StartAt: "Work",
        States: { Work: { Type: "Task", Resource: FUNCTION, TimeoutSeconds: 50, HeartbeatSeconds: 20, End: true } },
      },
      {},
      { work: () => Promise.resolve("done") },
    );
    expect((await end).status).toBe("SUCCEEDED");
    expect(clock.nextTimerAtMs()).toBeUndefined();
  });

  it("is aborted without error and cause when StopExecution gave none", async () => {
    const stop = new AbortController();
    const { events, end } = await start(waiting, {}, { signal: stop.signal });
    stop.abort({});
    await expect(end).resolves.toEqual({ status: "ABORTED" });
    expect(detailsOf(events, "ExecutionAborted")).toEqual({});
  });

  it("tells at each state of the top where it stands", async () => {
    const told: Checkpoint[] = [];
    const { clock, end } = await start(waiting, { order: 7 }, { checkpoint: (checkpoint) => told.push(checkpoint) });
    await clock.advance(60_000);
    await end;
    const enteredMs = Date.UTC(2026, 0, 1);
    expect(told).toEqual([
      { stateName: "Note", input: { order: 7 }, variables: {}, lastEventId: 1, enteredMs },
      { stateName: "Wait", input: { noted: true }, variables: { n: 1 }, lastEventId: 3, enteredMs },
      {
        stateName: "Show",
        input: { noted: true },
        variables: { n: 1 },
        lastEventId: 5,
        enteredMs: enteredMs + 60_000,
      },
    ]);
  });

  it("goes on from a checkpoint with its variables, its numbers, and what was left of its wait", async () => {
    const enteredMs = Date.UTC(2026, 0, 1);
    const { events, clock, end } = await start(
      waiting,
      { order: 7 },
      {
        clock: new VirtualClock(enteredMs + 45_000),
        resume: { stateName: "Wait", input: { noted: true }, variables: { n: 1 }, lastEventId: 3, enteredMs },
      },
    );
    await clock.advance(14_999);
    expect(links(events)).toEqual(["4 < 3 WaitStateEntered"]);
    await clock.advance(1);
    await expect(end).resolves.toEqual({ status: "SUCCEEDED", output: { n: 1, noted: true } });
    expect(links(events).at(-1)).toBe("8 < 7 ExecutionSucceeded");
  });

  it("goes on with a wait whose seconds stand in its input", async () => {
    const enteredMs = Date.UTC(2026, 0, 1);
    const { clock, end } = await start(
      { StartAt: "Wait", States: { Wait: { Type: "Wait", SecondsPath: "$.delay", End: true } } },
      {},
      {
        clock: new VirtualClock(enteredMs + 20_000),
        resume: { stateName: "Wait", input: { delay: 30 }, variables: {}, lastEventId: 1, enteredMs },
      },
    );
    await clock.advance(10_000);
    await expect(end).resolves.toMatchObject({ status: "SUCCEEDED" });
  });

  it("goes on from its first state as it began there", async () => {
    const { events } = await runToEnd(
      { StartAt: "A", States: { A: { Type: "Pass", End: true } } },
      {},
      {
        resume: { stateName: "A", input: {}, variables: {}, lastEventId: 1, enteredMs: 0 },
      },
    );
    expect(links(events)[0]).toBe("2 < 0 PassStateEntered");
  });

  it("counts its time from its start, in whatever process that was", async () => {
    const enteredMs = Date.UTC(2026, 0, 1);
    const { clock, end } = await start(
      { ...waiting, TimeoutSeconds: 100 },
      {},
      {
        clock: new VirtualClock(enteredMs + 90_000),
        resume: { stateName: "Wait", input: {}, variables: {}, lastEventId: 3, enteredMs: enteredMs + 89_000 },
      },
    );
    await clock.advance(10_000);
    await expect(end).resolves.toEqual({ status: "TIMED_OUT" });
  });

  it("shows a fault of the program as one", async () => {
    const { end } = await start(
      { StartAt: "Work", States: { Work: { Type: "Task", Resource: FUNCTION, End: true } } },
      {},
      {
        work: () => Promise.reject(new TypeError("a fault")),
      },
    );
    await expect(end).rejects.toThrow("a fault");
  });
});
