import { TestStateCommand, type TestStateCommandInput, type TestStateCommandOutput } from "@aws-sdk/client-sfn";
import { StatesError } from "../../../../src/services/states/interpreter/states-error.js";
import { testState } from "../../../../src/services/states/test-state/test-state.js";
import { VirtualClock } from "../../../../src/shared/clock.js";
import { PREFIX, refusal, ROLE, world, type World } from "../world.js";

type Members = Record<string, unknown>;
type Options = Omit<Partial<TestStateCommandInput>, "definition" | "input" | "variables" | "context"> & {
  input?: unknown;
  variables?: Members;
  context?: Members;
};

const never = { run: () => Promise.reject(new Error("no task is to run")) };

let w: World;

beforeAll(async () => {
  w = await world();
});
afterAll(() => w.stop());

const json = (value: unknown): string | undefined => (value === undefined ? undefined : JSON.stringify(value));

async function send(definition: Members, options: Options): Promise<TestStateCommandOutput> {
  const { input, variables, context, ...others } = options;
  const documents = { input: json(input), variables: json(variables), context: json(context) };
  return w.sfn.send(new TestStateCommand({ definition: JSON.stringify(definition), ...documents, ...others }));
}

/** The answer with the JSON texts in it read. */
async function test(definition: Members, options: Options = {}): Promise<Members> {
  const { $metadata: _metadata, inspectionData, output, ...answer } = await send(definition, options);
  const shown = Object.entries(inspectionData ?? {}).map(([name, value]) => [name, read(value)]);
  return {
    ...answer,
    ...(output === undefined ? {} : { output: read(output) }),
    ...(inspectionData === undefined ? {} : { inspectionData: Object.fromEntries(shown) as Members }),
  };
}

const read = (value: unknown): unknown => (typeof value === "string" ? (JSON.parse(value) as unknown) : value);
const refused = (definition: Members, options: Options = {}): Promise<unknown> => refusal(send(definition, options));
const mocked = (result: unknown, fieldValidationMode?: "STRICT" | "PRESENT" | "NONE") => ({
  mock: { result: JSON.stringify(result), fieldValidationMode },
});
const failing = (error: string, cause?: string) => ({ mock: { errorOutput: { error, cause } } });

const pass = { Type: "Pass", End: true };
const INVOKE = "arn:aws:states:::lambda:invoke";
const task = (resource: string, more: Members = {}) => ({ Type: "Task", Resource: resource, End: true, ...more });
const invoke = (more: Members = {}) =>
  task(INVOKE, { Parameters: { FunctionName: "f", "Payload.$": "$.in" }, ...more });
const map = (more: Members = {}, jsonata = false) => ({
  Type: "Map",
  ...(jsonata ? { QueryLanguage: "JSONata" } : {}),
  ItemProcessor: {
    ProcessorConfig: { Mode: "DISTRIBUTED", ExecutionType: "STANDARD" },
    StartAt: "Each",
    States: { Each: pass },
  },
  End: true,
  ...more,
});

describe("a state without mocks", () => {
  it("answers with its output and where it leads", async () => {
    expect(await test({ Type: "Pass", Result: 7, Next: "Later" }, { input: {} })).toEqual({
      status: "SUCCEEDED",
      output: 7,
      nextState: "Later",
    });
  });

  it("shows the way of the data, as far as its type has one", async () => {
    const state = { ...pass, InputPath: "$.a", Parameters: { "b.$": "$.b" }, ResultPath: "$.r" };
    expect(await test(state, { input: { a: { b: 1 } }, inspectionLevel: "DEBUG" })).toEqual({
      status: "SUCCEEDED",
      output: { a: { b: 1 }, r: { b: 1 } },
      inspectionData: {
        input: { a: { b: 1 } },
        afterInputPath: { b: 1 },
        afterParameters: { b: 1 },
        afterResultSelector: { b: 1 },
        afterResultPath: { a: { b: 1 }, r: { b: 1 } },
      },
    });
    const fixed = await test({ ...pass, Result: 1 }, { input: {}, inspectionLevel: "TRACE" });
    expect(fixed["inspectionData"]).toEqual({ input: {}, result: 1, afterResultSelector: 1, afterResultPath: 1 });
    const choice = {
      Type: "Choice",
      Choices: [{ Variable: "$.n", NumericGreaterThan: 1, Next: "More" }],
      Default: "Less",
    };
    expect(await test(choice, { input: { n: 2 }, inspectionLevel: "DEBUG" })).toMatchObject({
      nextState: "More",
      inspectionData: { input: { n: 2 }, afterInputPath: { n: 2 } },
    });
    const jsonata = await test({ ...pass, QueryLanguage: "JSONata" }, { input: 1, inspectionLevel: "DEBUG" });
    expect(jsonata["inspectionData"]).toEqual({ input: 1 });
  });

  it("fails with the bare cause", async () => {
    expect(await test({ Type: "Fail", Error: "E", Cause: "C" })).toEqual({ status: "FAILED", error: "E", cause: "C" });
    expect(await test({ ...pass, Parameters: { "a.$": "$.gone" } }, { input: { b: 1 } })).toEqual({
      status: "FAILED",
      error: "States.Runtime",
      cause: `The JSONPath '$.gone' specified for the field 'a.$' could not be found in the input '{"b":1}'`,
    });
  });

  it("does its work when it has a role for it", async () => {
    w.work = (call) => Promise.resolve({ Payload: call.parameters });
    const answer = await test(invoke(), { input: { in: 1 }, roleArn: ROLE, inspectionLevel: "DEBUG" });
    const result = { Payload: { FunctionName: "f", Payload: 1 } };
    expect(answer).toMatchObject({ status: "SUCCEEDED", output: result, inspectionData: { result } });
    expect(await refused(invoke(), { input: { in: 1 } })).toEqual([
      "ValidationException",
      "RoleArn must be specified when testing a Task state",
    ]);
  });

  it("says what would be tried again", async () => {
    w.work = () => Promise.reject(new StatesError("Busy", "later"));
    const state = invoke({ Retry: [{ ErrorEquals: ["Other"] }, { ErrorEquals: ["Busy"], IntervalSeconds: 4 }] });
    expect(await test(state, { input: { in: 1 }, roleArn: ROLE, inspectionLevel: "DEBUG" })).toMatchObject({
      status: "RETRIABLE",
      error: "Busy",
      cause: "later",
      inspectionData: { errorDetails: { retryIndex: 1, retryBackoffIntervalSeconds: 4 } },
    });
  });

  it("is of a type that is not run here without its children", async () => {
    expect(await refused(map())).toEqual([
      "InvalidDefinition",
      "TestState API does not support Map or Parallel states. Supported state types include: [Task, Wait, Pass, Succeed, Fail, Choice]",
    ]);
    for (const resource of [`${INVOKE}.waitForTaskToken`, `${PREFIX}activity:a`]) {
      expect(await refused(task(resource), { roleArn: ROLE })).toEqual(["InvalidDefinition", expect.any(String)]);
    }
  });
});

it("a test ends after five minutes", async () => {
  const clock = new VirtualClock();
  const definition = JSON.stringify({ Type: "Wait", Seconds: 301, End: true });
  const answer = testState(
    { definition },
    { clock, realm: { region: "us-east-1", accountId: "000000000000" }, tasks: () => never },
  );
  await clock.advance(0);
  await clock.advance(300_000);
  expect(await answer).toEqual({ status: "FAILED", error: "States.Timeout" });
});

describe("what is tested", () => {
  const machine = {
    QueryLanguage: "JSONata",
    StartAt: "Both",
    States: {
      Both: {
        Type: "Parallel",
        Branches: [{ StartAt: "Inner", States: { Inner: { ...pass, Output: "{% $states.input * 2 %}" } } }],
        End: true,
      },
    },
  };

  it("is a state of a machine, wherever it stands in it", async () => {
    expect(await test(machine, { stateName: "Inner", input: 21 })).toEqual({ status: "SUCCEEDED", output: 42 });
    expect(await refused(machine, { stateName: "Gone" })).toEqual([
      "ValidationException",
      "State not found in definition",
    ]);
  });

  it("is checked as a definition is", async () => {
    expect(await refused({ ...pass, Extra: 1 })).toEqual([
      "InvalidDefinition",
      "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: Field 'Extra' is not supported at /'",
    ]);
    const [code] = (await refused({ StartAt: "A", States: {} }, { stateName: "A" })) as [string];
    expect(code).toBe("InvalidDefinition");
  });

  it("has the variables that it is given, and those that it assigns", async () => {
    const state = { ...pass, QueryLanguage: "JSONata", Output: "{% $a + 1 %}", Assign: { b: "{% $a %}" } };
    expect(await test(state, { variables: { a: 1 }, inspectionLevel: "DEBUG" })).toMatchObject({
      output: 2,
      inspectionData: { variables: { a: 1, b: 1 } },
    });
  });

  it("has a context object of its own, or the one that it is given", async () => {
    const state = invoke({ ResultSelector: { "context.$": "$$" } });
    const own = await test(state, { input: { in: 1 }, roleArn: ROLE, ...mocked({}) });
    expect(own["output"]).toEqual({
      context: {
        Execution: {
          Id: expect.stringMatching(new RegExp(`^${PREFIX}express:[^:]+:[^:]+$`)) as string,
          Input: { in: 1 },
          Name: expect.any(String) as string,
          RoleArn: ROLE,
          StartTime: expect.any(String) as string,
        },
        StateMachine: { Id: expect.any(String) as string, Name: expect.any(String) as string },
        State: { Name: "StateName", EnteredTime: expect.any(String) as string, RetryCount: 0 },
      },
    });
    const given = await test(state, { input: { in: 1 }, context: { State: {} }, ...mocked({}) });
    expect(given["output"]).toEqual({ context: { State: {} } });
  });

  it("has neither a context object nor failed iterations without a mock", async () => {
    for (const options of [{ context: {} }, { stateConfiguration: { mapIterationFailureCount: 0 } }]) {
      expect(await refused(pass, options)).toEqual(["ValidationException", expect.any(String)]);
    }
  });

  it("has bounds in the words of the API", async () => {
    const options = { inspectionLevel: "ALL" as "INFO", mock: { fieldValidationMode: "SOME" as "NONE" } };
    expect(await refused(pass, options)).toEqual([
      "ValidationException",
      expect.stringMatching(/^2 validation errors detected: .*'inspectionLevel'.*'mock\.fieldValidationMode'/),
    ]);
    const [code] = (await refusal(
      w.sfn.send(new TestStateCommand({ definition: JSON.stringify(pass), input: "{" })),
    )) as [string];
    expect(code).toBe("InvalidExecutionInput");
  });
});

describe("a mock", () => {
  it("stands for the work of Task, Parallel and Map alone", async () => {
    expect(await refused(pass, mocked(1))).toEqual([
      "ValidationException",
      "State type 'Pass' is not supported when a mock is specified",
    ]);
    const parallel = {
      Type: "Parallel",
      InputPath: "$.a",
      ResultPath: "$.r",
      Branches: [{ StartAt: "B", States: { B: pass } }],
      End: true,
    };
    expect(await test(parallel, { input: { a: 1 }, inspectionLevel: "DEBUG", ...mocked([1]) })).toEqual({
      status: "SUCCEEDED",
      output: { a: 1, r: [1] },
      inspectionData: { input: { a: 1 }, afterResultSelector: [1], afterResultPath: { a: 1, r: [1] } },
    });
  });

  it("is one thing, and JSON", async () => {
    const both = { mock: { result: "{}", errorOutput: { error: "E" } } };
    expect(await refused(invoke(), both)).toEqual([
      "ValidationException",
      "A test mock should have only one of the following fields: [result, errorOutput].",
    ]);
    expect(await refused(invoke(), { mock: { errorOutput: { cause: "C" } } })).toEqual([
      "ValidationException",
      expect.any(String),
    ]);
    expect(await refused(invoke(), { mock: { result: "no", fieldValidationMode: "NONE" } })).toEqual([
      "ValidationException",
      "Mocked result must be valid JSON",
    ]);
    expect(await refused(invoke(), { revealSecrets: true, ...mocked({}) })).toEqual([
      "ValidationException",
      "TestState does not support RevealSecrets when a mock is specified.",
    ]);
    const writer = { Resource: "arn:aws:states:::s3:putObject", Parameters: { Bucket: "b" } };
    expect(await refused(map({ ResultWriter: writer }), mocked([1]))).toEqual([
      "ValidationException",
      "Mocked result must be a JSON object.",
    ]);
    expect(await refused(map(), mocked({}))).toEqual(["ValidationException", "Mocked result must be an array."]);
  });

  it("fails the state, which retries as often as it has not yet, and then catches", async () => {
    const state = invoke({
      Retry: [{ ErrorEquals: ["E"], MaxAttempts: 2, BackoffRate: 3 }],
      Catch: [{ ErrorEquals: ["States.ALL"], Next: "Handler", ResultPath: "$.error" }],
    });
    const at = (retrierRetryCount: number) =>
      test(state, {
        input: { in: 1 },
        inspectionLevel: "DEBUG",
        stateConfiguration: { retrierRetryCount },
        ...failing("E", "C"),
      });
    expect(await at(1)).toMatchObject({
      status: "RETRIABLE",
      inspectionData: { errorDetails: { retryIndex: 0, retryBackoffIntervalSeconds: 3 } },
    });
    expect(await at(2)).toMatchObject({
      status: "CAUGHT_ERROR",
      error: "E",
      cause: "C",
      nextState: "Handler",
      output: { in: 1, error: { Error: "E", Cause: "C" } },
      inspectionData: { errorDetails: { catchIndex: 0 } },
    });
    expect(await test(invoke(), { input: { in: 1 }, ...failing("E") })).toEqual({ status: "FAILED", error: "E" });
  });
});

describe("a mocked result against the model of its API", () => {
  const misfit = (why: string) => ["ValidationException", `Mock result schema validation error: Field ${why}`];

  it.each([
    [
      "arn:aws:states:::aws-sdk:dynamodb:putItem",
      { ConsumedCapacity: { CapacityUnits: "1" } },
      "'CapacityUnits' must be a number",
    ],
    ["arn:aws:states:::aws-sdk:dynamodb:getItem", { Item: { id: { S: 1 } } }, "'S' must be a string"],
    ["arn:aws:states:::aws-sdk:s3:headObject", { StorageClass: "PAPER" }, "'StorageClass' is not an expected value"],
    ["arn:aws:states:::aws-sdk:s3:headObject", { SseKmsKeyId: 5 }, "'SseKmsKeyId' must be a string"],
    ["arn:aws:states:::aws-sdk:s3:headObject", { LastModified: 5 }, "'LastModified' must be a string"],
    ["arn:aws:states:::aws-sdk:s3:headObject", { DeleteMarker: "no" }, "'DeleteMarker' must be a boolean"],
    ["arn:aws:states:::aws-sdk:s3:listBuckets", { Buckets: {} }, "'Buckets' must be an array"],
    ["arn:aws:states:::aws-sdk:lambda:getFunction", { Tags: [] }, "'Tags' must be an object"],
    [
      "arn:aws:states:::aws-sdk:lambda:getFunction",
      { Configuration: { Timeout: 0 } },
      "'Timeout' is less than the minimum value",
    ],
    [
      "arn:aws:states:::aws-sdk:lambda:getFunction",
      { Configuration: { MemorySize: 1e6 } },
      "'MemorySize' exceeds the maximum value",
    ],
    ["arn:aws:states:::aws-sdk:eventbridge:putEvents", { Entries: [{ EventId: 1 }] }, "'EventId' must be a string"],
    [
      "arn:aws:states:::aws-sdk:sfn:startExecution",
      { ExecutionArn: 1, StartDate: "" },
      "'ExecutionArn' must be a string",
    ],
    [INVOKE, { StatusCode: "200" }, "'StatusCode' must be a number"],
  ])("is refused for what is of another kind: %s %j", async (resource, result, why) => {
    const state = resource === INVOKE ? invoke() : task(resource);
    expect(await refused(state, mocked(result))).toEqual(misfit(why));
    expect(await refused(state, mocked(result, "PRESENT"))).toEqual(misfit(why));
    expect(await test(state, { input: { in: 1 }, ...mocked(result, "NONE") })).toMatchObject({ output: result });
  });

  it("takes no value in a map for a member of that name", async () => {
    const result = { Tags: { Runtime: "mine" }, Metadata: { StorageClass: "PAPER" } };
    expect(await test(task("arn:aws:states:::aws-sdk:lambda:getFunction"), mocked(result))).toMatchObject({
      output: result,
    });
  });

  it("has all that the API always answers with in STRICT mode alone, and may have more", async () => {
    const state = task("arn:aws:states:::states:startExecution", { Parameters: { StateMachineArn: "m" } });
    expect(await refused(state, mocked({ ExecutionArn: "a" }))).toEqual(misfit("'StartDate' is required"));
    expect(await test(state, mocked({ Other: [] }, "PRESENT"))).toMatchObject({ status: "SUCCEEDED" });
  });

  it.each([`${INVOKE}.waitForTaskToken`, "arn:aws:states:::aws-sdk:glue:getJob", `${PREFIX}activity:a`])(
    "is anything where nothing is known of the answer: %s",
    async (resource) => {
      expect(await test(task(resource), mocked("text"))).toEqual({ status: "SUCCEEDED", output: "text" });
    },
  );
});

describe("a mocked Map", () => {
  it("works out its items and its figures", async () => {
    const state = map({
      ItemsPath: "$.items",
      ItemSelector: { "v.$": "$$.Map.Item.Value", "i.$": "$$.Map.Item.Index" },
      ItemBatcher: { MaxItemsPerBatch: 2 },
      MaxConcurrencyPath: "$.most",
      ToleratedFailurePercentage: 50,
    });
    const input = { items: ["a", "b", "c"], most: 4 };
    const answer = await test(state, { input, inspectionLevel: "TRACE", ...mocked([1, 2, 3]) });
    const selected = [
      { v: "a", i: 0 },
      { v: "b", i: 1 },
      { v: "c", i: 2 },
    ];
    expect(answer).toEqual({
      status: "SUCCEEDED",
      output: [1, 2, 3],
      inspectionData: {
        input,
        afterInputPath: input,
        afterItemsPath: input.items,
        afterItemSelector: selected,
        afterItemBatcher: [{ Items: selected.slice(0, 2) }, { Items: selected.slice(2) }],
        afterResultSelector: [1, 2, 3],
        afterResultPath: [1, 2, 3],
        maxConcurrency: 4,
        toleratedFailurePercentage: 50,
      },
    });
    const plain = await test(map(), { input: [1], inspectionLevel: "TRACE", ...mocked([2]) });
    expect(plain["inspectionData"]).toEqual({
      input: [1],
      afterInputPath: [1],
      afterResultSelector: [2],
      afterResultPath: [2],
      maxConcurrency: 0,
    });
    expect(await test(map({ ItemsPath: "$.items" }), { input: { items: 1 }, ...mocked([]) })).toEqual({
      status: "FAILED",
      error: "States.Runtime",
      cause: 'Reference path "$.items" must point to array.',
    });
  });

  it("fails when more iterations have failed than it tolerates", async () => {
    const failed = (count: number, more: Members) =>
      test(map({ Items: [1, 2, 3, 4], ...more }, true), {
        stateConfiguration: { mapIterationFailureCount: count },
        ...mocked([0]),
      });
    const exceeded = {
      status: "FAILED",
      error: "States.ExceedToleratedFailureThreshold",
      cause: "The specified tolerated failure threshold was exceeded",
    };
    expect(await failed(2, { ToleratedFailureCount: 1 })).toEqual(exceeded);
    expect(await failed(3, { ToleratedFailurePercentage: 50 })).toEqual(exceeded);
    expect(await failed(2, { ToleratedFailurePercentage: 50 })).toMatchObject({ status: "SUCCEEDED" });
    expect(await failed(4, {})).toMatchObject({ status: "SUCCEEDED" });
    expect(await refusal(failed(5, {}))).toEqual([
      "ValidationException",
      "Map iteration failure count must be less than or equal to the number of Map iterations",
    ]);
  });

  it("reads what its reader would have read", async () => {
    const reader = {
      Resource: "arn:aws:states:::s3:getObject",
      ReaderConfig: { InputType: "JSON", ItemsPointer: "/rows" },
      Parameters: { Bucket: "b", Key: "k" },
    };
    const answer = await test(map({ ItemReader: reader }), {
      inspectionLevel: "DEBUG",
      stateConfiguration: { mapItemReaderData: '{"rows": [1, 2]}', mapIterationFailureCount: 2 },
      ...mocked([1]),
    });
    expect(answer).toMatchObject({ status: "SUCCEEDED", inspectionData: { afterItemsPointer: [1, 2] } });
  });

  it("takes what a listing would have found", async () => {
    const reader = { Resource: "arn:aws:states:::s3:listObjectsV2", Parameters: { Bucket: "b" } };
    const listed = (mapIterationFailureCount: number) =>
      test(map({ ItemReader: reader }), {
        stateConfiguration: { mapItemReaderData: '[{"Key": "a"}]', mapIterationFailureCount },
        ...mocked([1]),
      });
    expect(await listed(1)).toMatchObject({ status: "SUCCEEDED" });
    expect(await refusal(listed(2))).toEqual(["ValidationException", expect.any(String)]);
  });

  it("fails by the error of a state inside it", async () => {
    const from = (errorCausedByState: string) => ({
      input: [1],
      stateConfiguration: { errorCausedByState },
      ...failing("E", "C"),
    });
    expect(await test(map(), from("Each"))).toEqual({ status: "FAILED", error: "E", cause: "C" });
    expect(await refused(map(), from("Elsewhere"))).toEqual(["ValidationException", expect.any(String)]);
  });
});
