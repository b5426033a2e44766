/** States one after the other: their order, what they hand on, and what the history says. */
import { FUNCTION, detailsOf, links, ROLE, runToEnd, start } from "./execution.js";

describe("a run of states", () => {
  it("writes an event at each entry and exit, and the first state does not follow from ExecutionStarted", async () => {
    const { end, events } = await runToEnd(
      {
        StartAt: "First",
        States: { First: { Type: "Pass", Result: { n: 1 }, Next: "Last" }, Last: { Type: "Succeed" } },
      },
      { order: 7 },
    );
    expect(end).toEqual({ status: "SUCCEEDED", output: { n: 1 } });
    expect(links(events)).toEqual([
      "1 < 0 ExecutionStarted",
      "2 < 0 PassStateEntered",
      "3 < 2 PassStateExited",
      "4 < 3 SucceedStateEntered",
      "5 < 4 SucceedStateExited",
      "6 < 5 ExecutionSucceeded",
    ]);
    expect(events[0]?.details).toEqual([
      "executionStartedEventDetails",
      { input: '{"order":7}', inputDetails: { truncated: false }, roleArn: ROLE },
    ]);
    expect(events[2]?.details).toEqual([
      "stateExitedEventDetails",
      { name: "First", output: '{"n":1}', outputDetails: { truncated: false } },
    ]);
    expect(events[5]?.details).toEqual([
      "executionSucceededEventDetails",
      { output: '{"n":1}', outputDetails: { truncated: false } },
    ]);
  });

  it("fails with the words of a Fail state, which is entered and never left", async () => {
    const { end, events } = await runToEnd(
      { StartAt: "No", States: { No: { Type: "Fail", Error: "Refused", Cause: "too old" } } },
      {},
    );
    expect(end).toEqual({ status: "FAILED", error: "Refused", cause: "too old" });
    expect(links(events)).toEqual(["1 < 0 ExecutionStarted", "2 < 0 FailStateEntered", "3 < 2 ExecutionFailed"]);
    expect(detailsOf(events, "ExecutionFailed")).toEqual({ error: "Refused", cause: "too old" });
  });

  it("takes the error and the cause of a Fail state from paths and intrinsic functions", async () => {
    const { end } = await runToEnd(
      {
        StartAt: "No",
        States: { No: { Type: "Fail", ErrorPath: "$.name", CausePath: "States.Format('order {}', $.order)" } },
      },
      { name: "Refused", order: 7 },
    );
    expect(end).toEqual({ status: "FAILED", error: "Refused", cause: "order 7" });
  });

  it("says which path of a Fail state leads nowhere", async () => {
    const { end } = await runToEnd(
      { StartAt: "No", States: { No: { Type: "Fail", ErrorPath: "$.nothing" } } },
      { name: "Refused" },
    );
    expect(end).toEqual({
      status: "FAILED",
      error: "States.Runtime",
      cause: `An error occurred while executing the state 'No' (entered at the event id #2). The JSONPath '$.nothing' specified for the field 'ErrorPath' could not be found in the input '{"name":"Refused"}'`,
    });
  });

  it("names the state and its event in front of what is wrong with the data", async () => {
    const { end } = await runToEnd(
      {
        StartAt: "Before",
        States: { Before: { Type: "Pass", Next: "Wait" }, Wait: { Type: "Wait", SecondsPath: "$.delay", End: true } },
      },
      { delay: 1.5 },
    );
    expect(end).toEqual({
      status: "FAILED",
      error: "States.Runtime",
      cause:
        "An error occurred while executing the state 'Wait' (entered at the event id #4). The SecondsPath parameter cannot be parsed as a long value: $.delay == 1.5",
    });
  });

  it("fails when the output of a state is larger than 262,144 bytes, and counts bytes, not characters", async () => {
    const definition = (text: string): Parameters<typeof runToEnd>[0] => ({
      StartAt: "Large",
      States: { Large: { Type: "Pass", Result: text, End: true } },
    });
    // The quotes of the JSON text are two of the bytes.
    const fits = await runToEnd(definition("é".repeat(131_071)), {});
    expect(fits.end.status).toBe("SUCCEEDED");
    const { end, events } = await runToEnd(definition("é".repeat(131_072)), {});
    expect(end).toEqual({
      status: "FAILED",
      error: "States.DataLimitExceeded",
      cause:
        "The state/task 'Large' returned a result with a size exceeding the maximum number of bytes service limit.",
    });
    expect(links(events).at(-1)).toBe("3 < 2 ExecutionFailed");
  });

  it("fails when one Assign is larger than 262,144 bytes", async () => {
    const { end } = await runToEnd(
      {
        StartAt: "Keep",
        States: { Keep: { Type: "Pass", Result: "x".repeat(200_000), Assign: { "a.$": "$", "b.$": "$" }, End: true } },
      },
      {},
    );
    expect(end).toMatchObject({ status: "FAILED", error: "States.DataLimitExceeded" });
  });

  it("ends at the 25,000th event when that is not ExecutionSucceeded", async () => {
    const { end, events } = await runToEnd(
      { StartAt: "Again", States: { Again: { Type: "Pass", Next: "Again" } } },
      {},
    );
    expect(end).toEqual({
      status: "FAILED",
      error: "States.Runtime",
      cause: "The execution reached the maximum number of history events (25000).",
    });
    expect(events).toHaveLength(25_000);
    expect(events.at(-1)?.type).toBe("ExecutionFailed");
  });
});

describe("a Wait state", () => {
  it("waits for its seconds on the clock of the stack", async () => {
    const { events, clock, end } = await start(
      { StartAt: "Wait", States: { Wait: { Type: "Wait", Seconds: 30, End: true } } },
      {},
    );
    await clock.advance(29_999);
    expect(links(events)).toEqual(["1 < 0 ExecutionStarted", "2 < 0 WaitStateEntered"]);
    await clock.advance(1);
    await expect(end).resolves.toEqual({ status: "SUCCEEDED", output: {} });
  });

  it("waits until a timestamp of its input, and not at all when that is past", async () => {
    const definition = {
      StartAt: "Wait",
      States: { Wait: { Type: "Wait", TimestampPath: "$.at", End: true } },
    } as const;
    const past = await runToEnd(definition, { at: "2020-02-02T02:02:02Z" });
    expect(past.end.status).toBe("SUCCEEDED");
    const { events, clock, end } = await start(definition, { at: "2026-01-01T01:00:00+00:30" });
    await clock.advance(30 * 60_000 - 1);
    expect(events).toHaveLength(2);
    await clock.advance(1);
    expect((await end).status).toBe("SUCCEEDED");
  });

  it("does not wait for less than nothing", async () => {
    const path = await runToEnd(
      { StartAt: "Wait", States: { Wait: { Type: "Wait", SecondsPath: "$.delay", End: true } } },
      { delay: -1 },
    );
    expect(path.end).toMatchObject({ status: "FAILED", error: "States.Runtime" });
    const expression = await runToEnd(
      {
        QueryLanguage: "JSONata",
        StartAt: "Wait",
        States: { Wait: { Type: "Wait", Seconds: "{% $states.input.delay %}", End: true } },
      },
      { delay: -1 },
    );
    expect(expression.end).toMatchObject({ status: "FAILED", error: "States.QueryEvaluationError" });
  });

  it("says of a timestamp that is none, in JSONata, what field it stood in", async () => {
    const { end, events } = await runToEnd(
      {
        QueryLanguage: "JSONata",
        StartAt: "Wait",
        States: { Wait: { Type: "Wait", Timestamp: "{% $states.input.at %}", End: true } },
      },
      { at: "tomorrow" },
    );
    const cause =
      "An error occurred while executing the state 'Wait' (entered at the event id #2). The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: tomorrow";
    expect(end).toEqual({ status: "FAILED", error: "States.QueryEvaluationError", cause });
    expect(links(events).slice(2)).toEqual(["3 < 2 EvaluationFailed", "4 < 3 ExecutionFailed"]);
    expect(detailsOf(events, "EvaluationFailed")).toEqual({
      state: "Wait",
      location: "Timestamp",
      error: "States.QueryEvaluationError",
      cause,
    });
  });
});

describe("a Choice state", () => {
  const states = { Big: { Type: "Pass", End: true }, Small: { Type: "Pass", End: true } } as const;

  it("goes where the first rule that holds says, with the Assign of that rule", async () => {
    const { end, events } = await runToEnd(
      {
        StartAt: "Size",
        States: {
          Size: {
            Type: "Choice",
            Choices: [
              { Variable: "$.n", NumericGreaterThan: 5, Next: "Big", Assign: { "size.$": "$.n" } },
              { Variable: "$.n", NumericGreaterThan: 1, Next: "Small" },
            ],
            Assign: { other: true },
            Default: "Small",
          },
          ...states,
        },
      },
      { n: 9 },
    );
    expect(end.status).toBe("SUCCEEDED");
    expect(detailsOf(events, "ChoiceStateExited")).toMatchObject({ assignedVariables: { size: "9" } });
    expect(events.map((event) => event.details?.[1]["name"])).toContain("Big");
  });

  it("fails with States.Runtime when no rule holds and there is no Default", async () => {
    const { end } = await runToEnd(
      {
        StartAt: "Size",
        States: {
          Size: { Type: "Choice", Choices: [{ Variable: "$.n", NumericGreaterThan: 5, Next: "Big" }] },
          ...states,
        },
      },
      { n: 1 },
    );
    expect(end).toEqual({
      status: "FAILED",
      error: "States.Runtime",
      cause:
        "An error occurred while executing the state 'Size' (entered at the event id #2). Failed to transition out of the state. The state does not point to a next state.",
    });
  });

  it("takes in JSONata the Output of the rule, or of the state where Default is gone by", async () => {
    const definition = {
      QueryLanguage: "JSONata",
      StartAt: "Size",
      States: {
        Size: {
          Type: "Choice",
          Choices: [{ Condition: "{% $states.input.n > 5 %}", Next: "Big", Output: "of the rule" }],
          Default: "Small",
          Output: "of the state",
        },
        ...states,
      },
    } as const;
    expect((await runToEnd(definition, { n: 9 })).end).toEqual({ status: "SUCCEEDED", output: "of the rule" });
    expect((await runToEnd(definition, { n: 1 })).end).toEqual({ status: "SUCCEEDED", output: "of the state" });
  });

  it("refuses a condition that is no truth value", async () => {
    const { end, events } = await runToEnd(
      {
        QueryLanguage: "JSONata",
        StartAt: "Size",
        States: { Size: { Type: "Choice", Choices: [{ Condition: "{% 'yes' %}", Next: "Big" }] }, ...states },
      },
      {},
    );
    expect(end).toMatchObject({ error: "States.QueryEvaluationError" });
    expect(detailsOf(events, "EvaluationFailed")).toMatchObject({ location: "Choices[0]/Condition" });
    expect(detailsOf(events, "EvaluationFailed")).toMatchObject({
      cause: expect.stringMatching(/Expected 'boolean', but was 'string' for value: "yes"$/) as unknown,
    });
  });
});

describe("the data of a state", () => {
  it("goes through InputPath, Parameters, ResultSelector, ResultPath and OutputPath in this order", async () => {
    const given: unknown[] = [];
    const { end } = await runToEnd(
      {
        StartAt: "Work",
        States: {
          Work: {
            Type: "Task",
            Resource: FUNCTION,
            InputPath: "$.order",
            Parameters: { "id.$": "$.id", fixed: true },
            ResultSelector: { "sum.$": "$.total" },
            ResultPath: "$.order.priced",
            OutputPath: "$.order",
            End: true,
          },
        },
      },
      { order: { id: 7 }, other: 1 },
      {
        work: (call) => {
          given.push(call.parameters);
          return Promise.resolve({ total: 30, currency: "EUR" });
        },
      },
    );
    expect(given).toEqual([{ id: 7, fixed: true }]);
    expect(end).toEqual({ status: "SUCCEEDED", output: { id: 7, priced: { sum: 30 } } });
  });

  it("is dropped by null: InputPath and OutputPath make it empty, ResultPath keeps the input", async () => {
    const { end, events } = await runToEnd(
      {
        StartAt: "In",
        States: {
          In: { Type: "Pass", InputPath: null, ResultPath: "$.none", Next: "Result" },
          Result: { Type: "Pass", Result: "lost", ResultPath: null, Next: "Out" },
          Out: { Type: "Pass", OutputPath: null, End: true },
        },
      },
      { a: 1 },
    );
    const outputs = events
      .filter((event) => event.type === "PassStateExited")
      .map((event) => event.details?.[1]["output"]);
    expect(outputs).toEqual(['{"a":1,"none":{}}', '{"a":1,"none":{}}', "{}"]);
    expect(end).toEqual({ status: "SUCCEEDED", output: {} });
  });

  it("is assigned from the result, and Assign sees the variables as they were at the entry", async () => {
    const { end, events } = await runToEnd(
      {
        StartAt: "First",
        States: {
          First: { Type: "Pass", Assign: { n: 1 }, Next: "Second" },
          Second: { Type: "Pass", Result: { n: 2 }, Assign: { "n.$": "$.n", "before.$": "$n" }, Next: "Third" },
          Third: { Type: "Pass", Parameters: { "n.$": "$n", "before.$": "$before" }, End: true },
        },
      },
      {},
    );
    expect(end).toEqual({ status: "SUCCEEDED", output: { n: 2, before: 1 } });
    expect(events[4]?.details?.[1]).toMatchObject({
      assignedVariables: { n: "2", before: "1" },
      assignedVariablesDetails: { truncated: false },
    });
  });

  it("is what Arguments, Output and Assign make of it in JSONata", async () => {
    const given: unknown[] = [];
    const { end } = await runToEnd(
      {
        QueryLanguage: "JSONata",
        StartAt: "Work",
        States: {
          Work: {
            Type: "Task",
            Resource: FUNCTION,
            Arguments: { id: "{% $states.input.order.id %}" },
            Assign: { total: "{% $states.result.total %}" },
            Output: { of: "{% $states.input.order.id %}" },
            Next: "Show",
          },
          Show: { Type: "Pass", Output: { total: "{% $total %}", of: "{% $states.input.of %}" }, End: true },
        },
      },
      { order: { id: 7 } },
      {
        work: (call) => {
          given.push(call.parameters);
          return Promise.resolve({ total: 30 });
        },
      },
    );
    expect(given).toEqual([{ id: 7 }]);
    expect(end).toEqual({ status: "SUCCEEDED", output: { total: 30, of: 7 } });
  });

  it("follows each state's own query language", async () => {
    const { end } = await runToEnd(
      {
        StartAt: "Path",
        States: {
          Path: { Type: "Pass", Parameters: { "n.$": "$.n" }, Next: "Expression" },
          Expression: { Type: "Pass", QueryLanguage: "JSONata", Output: "{% $states.input.n + 1 %}", End: true },
        },
      },
      { n: 1 },
    );
    expect(end).toEqual({ status: "SUCCEEDED", output: 2 });
  });

  it("includes the context object, with the state as it was entered", async () => {
    const { end } = await runToEnd(
      {
        StartAt: "Look",
        States: {
          Look: { Type: "Pass", Parameters: { "state.$": "$$.State", "name.$": "$$.Execution.Name" }, End: true },
        },
      },
      {},
    );
    expect(end).toEqual({
      status: "SUCCEEDED",
      output: { state: { Name: "Look", EnteredTime: "2026-01-01T00:00:00.000Z" }, name: "one" },
    });
  });

  it("lets others have the event loop after every 64 states of a loop that waits for nothing", async () => {
    const { events, clock, end } = await start(
      {
        StartAt: "Around",
        States: {
          Around: { Type: "Pass", Next: "Enough" },
          Enough: { Type: "Choice", Choices: [{ Variable: "$.n", NumericEquals: 0, Next: "Done" }], Default: "Around" },
          Done: { Type: "Succeed" },
        },
      },
      { n: 1 },
    );
    const seen: number[] = [];
    for (let turn = 0; turn < 3; turn++) {
      seen.push(events.length);
      await clock.advance(0);
    }
    // Each state has two events.
    expect(seen).toEqual([64, 128, 192].map((states) => 1 + 2 * states));
    expect((await end).status).toBe("FAILED");
    expect(events).toHaveLength(25_000);
  });

  it("keeps a variable whose name every object has", async () => {
    const { end } = await runToEnd(
      {
        StartAt: "Set",
        States: {
          Set: { Type: "Pass", Assign: { ["__proto__"]: { x: 1 }, constructor: 2 }, Next: "Get" },
          Get: { Type: "Pass", Parameters: { "a.$": "$__proto__.x", "b.$": "$constructor" }, End: true },
        },
      },
      {},
    );
    expect(end).toEqual({ status: "SUCCEEDED", output: { a: 1, b: 2 } });
  });
});
