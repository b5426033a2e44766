/** Inline Map: items, iterations at once, failures. */
import type { Json } from "../../../../../src/config/json.js";
import type { Definition } from "../../../../../src/services/states/interpreter/definition.js";
import { detailsOf, FUNCTION, links, runToEnd, start } from "../execution.js";

const each = (state: object, more: object = {}, top: object = {}): Definition =>
  ({
    StartAt: "Each",
    States: {
      Each: { Type: "Map", ItemProcessor: { StartAt: "One", States: { One: state } }, End: true, ...more },
    },
    ...top,
  }) as Definition;
const PASS = { Type: "Pass", End: true };
const TASK = { Type: "Task", Resource: FUNCTION, End: true };
const outcome = async (definition: Definition, input: Json): Promise<unknown> =>
  (await runToEnd(definition, input)).end;
const runtime = (cause: string) => ({
  status: "FAILED",
  error: "States.Runtime",
  cause: `An error occurred while executing the state 'Each' (entered at the event id #2). ${cause}`,
});

describe("the items of a Map", () => {
  it("are those at ItemsPath in the effective input; ItemSelector makes the inputs of them", async () => {
    const selector = { "all.$": "$.common", "index.$": "$$.Map.Item.Index", "value.$": "$$.Map.Item.Value" };
    const definition = each(PASS, { InputPath: "$.in", ItemsPath: "$.list", ItemSelector: selector });
    expect(await outcome(definition, { in: { list: ["a", "b"], common: 7 } })).toEqual({
      status: "SUCCEEDED",
      output: [
        { all: 7, index: 0, value: "a" },
        { all: 7, index: 1, value: "b" },
      ],
    });
  });

  it("are what Items gives in JSONata, and each iteration knows its own", async () => {
    const state = { Type: "Pass", Output: "{% $states.context.Map.Item.Index * $states.input %}", End: true };
    const definition = each(state, { Items: "{% [10, 20, 30] %}" }, { QueryLanguage: "JSONata" });
    expect(await outcome(definition, {})).toEqual({ status: "SUCCEEDED", output: [0, 20, 60] });
  });

  it("may be none", async () => {
    const { end, events } = await runToEnd(each(PASS), []);
    expect(end).toEqual({ status: "SUCCEEDED", output: [] });
    expect(detailsOf(events, "MapStateStarted")).toEqual({ length: 0 });
  });

  it("have their former names in older definitions", async () => {
    const definition: Definition = {
      StartAt: "Each",
      States: {
        Each: {
          Type: "Map",
          Iterator: { StartAt: "One", States: { One: PASS } },
          Parameters: { "v.$": "$$.Map.Item.Value" },
          End: true,
        },
      },
    };
    expect(await outcome(definition, [1])).toEqual({ status: "SUCCEEDED", output: [{ v: 1 }] });
  });

  it.each<[string, object, Json, string]>([
    ["no list", { ItemsPath: "$.n" }, { n: 1 }, `Reference path "$.n" must point to array.`],
    [
      "a bound that is no number",
      { ItemsPath: "$.l", MaxConcurrencyPath: "$.m" },
      { l: [1], m: "many" },
      'The MaxConcurrencyPath field refers to value "many" which is not a valid integer: $.m',
    ],
    [
      "a bound with a fraction",
      { ItemsPath: "$.l", MaxConcurrencyPath: "$.m" },
      { l: [1], m: 1.5 },
      'The MaxConcurrencyPath field refers to value "1.5" which is not a valid integer: $.m',
    ],
  ])("fail the state when there is %s", async (_, more, input, cause) => {
    expect(await outcome(each(PASS, more), input)).toEqual(runtime(cause));
  });

  it.each<[string, Json, string]>([
    ["{% 'text' %}", [], `Expected 'array', but was 'string' for value: "text"`],
    ["{% {'a': 1} %}", [], `Expected 'array', but was 'object' for value: {"a":1}`],
  ])("of JSONata that are no list are an evaluation that failed: %s", async (items, input, cause) => {
    const { end, events } = await runToEnd(each(PASS, { Items: items }, { QueryLanguage: "JSONata" }), input);
    expect(end).toMatchObject({ status: "FAILED", error: "States.QueryEvaluationError" });
    expect(JSON.stringify(end)).toContain(JSON.stringify(cause).slice(1, -1));
    expect(detailsOf(events, "EvaluationFailed")).toMatchObject({ state: "Each", location: "Items" });
  });
});

describe("the iterations of a Map", () => {
  it("stand in the history one after the other when only one may run, each after the last event of the one before", async () => {
    const { events } = await runToEnd(each(PASS, { MaxConcurrency: 1 }), [1, 2]);
    expect(links(events).slice(1)).toEqual([
      "2 < 0 MapStateEntered",
      "3 < 2 MapStateStarted",
      "4 < 3 MapIterationStarted",
      "5 < 4 PassStateEntered",
      "6 < 5 PassStateExited",
      "7 < 6 MapIterationSucceeded",
      "8 < 6 MapIterationStarted",
      "9 < 8 PassStateEntered",
      "10 < 9 PassStateExited",
      "11 < 10 MapIterationSucceeded",
      "12 < 11 MapStateSucceeded",
      "13 < 11 MapStateExited",
      "14 < 13 ExecutionSucceeded",
    ]);
    expect(detailsOf(events, "MapIterationStarted")).toEqual({ index: 0, name: "Each" });
  });

  it.each([
    [undefined, 40],
    [0, 40],
    [3, 3],
    [100, 40],
  ])("run at once: MaxConcurrency %j lets %i begin", async (MaxConcurrency, expected) => {
    let running = 0;
    const more = MaxConcurrency === undefined ? {} : { MaxConcurrency };
    const items = Array.from({ length: 60 }, (_, index) => index);
    const stop = new AbortController();
    const { end } = await start(each(TASK, more), items, {
      signal: stop.signal,
      work: () => {
        running += 1;
        return new Promise(() => undefined);
      },
    });
    expect(running).toBe(expected);
    stop.abort({});
    expect(await end).toMatchObject({ status: "ABORTED" });
  });

  it("are broken off when one fails; none begins any more", async () => {
    const state = { Type: "Wait", SecondsPath: "$.seconds", Next: "Then" };
    const then = {
      Type: "Choice",
      Choices: [{ Variable: "$.seconds", NumericEquals: 1, Next: "Bad" }],
      Default: "Good",
    };
    const definition = {
      StartAt: "Each",
      States: {
        Each: {
          Type: "Map",
          MaxConcurrency: 2,
          ItemProcessor: {
            StartAt: "W",
            States: {
              W: { ...state },
              Then: then,
              Good: { Type: "Succeed" },
              Bad: { Type: "Fail", Error: "Bad", Cause: "item" },
            },
          },
          End: true,
        },
      },
    } as unknown as Definition;
    const { end, events } = await runToEnd(definition, [{ seconds: 9 }, { seconds: 1 }, { seconds: 0 }]);
    expect(end).toEqual({ status: "FAILED", error: "Bad", cause: "item" });
    const told = links(events);
    expect(told.filter((line) => line.includes("MapIterationStarted"))).toHaveLength(2);
    expect(told.slice(-6)).toEqual([
      "11 < 10 FailStateEntered",
      "12 < 11 MapIterationFailed",
      "13 < 6 WaitStateAborted",
      "14 < 6 MapIterationAborted",
      "15 < 11 MapStateFailed",
      "16 < 15 ExecutionFailed",
    ]);
  });
});
