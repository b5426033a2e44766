/** Distributed Map: child executions, readers, batches, thresholds, results in S3. */
import type { Json, JsonObject } from "../../../../../src/config/json.js";
import { objectOf, textOf } from "../../../../../src/config/json.js";
import type { Definition } from "../../../../../src/services/states/interpreter/definition.js";
import { StateFailure } from "../../../../../src/services/states/interpreter/states-error.js";
import type { TaskRunner } from "../../../../../src/services/states/interpreter/task-runner.js";
import { detailsOf, FUNCTION, links, runToEnd } from "../execution.js";
import { mapRunsOf, type Told } from "./map-runs-of-test.js";

const PASS = { Type: "Pass", End: true };
const TASK = { Type: "Task", Resource: FUNCTION, End: true };
const distributed = (more: object, state: object = PASS, top: object = {}): Definition =>
  ({
    StartAt: "Each",
    States: {
      Each: {
        Type: "Map",
        ItemProcessor: {
          ProcessorConfig: { Mode: "DISTRIBUTED", ExecutionType: "STANDARD" },
          StartAt: "One",
          States: { One: state },
        },
        End: true,
        ...more,
      },
    },
    ...top,
  }) as Definition;

/** S3 with these objects; anything else is done by a function that refuses what says `fail`. */
function storeOf(objects: Record<string, string>): TaskRunner["run"] {
  return ({ resource, parameters }) => {
    const { Bucket, Key, Prefix, Body, ContinuationToken } = objectOf(parameters);
    if (resource.kind !== "service") {
      return objectOf(parameters)["fail"] === true
        ? Promise.reject(new StateFailure("Refused", "as told"))
        : Promise.resolve({ done: parameters });
    }
    if (resource.action === "putObject") {
      objects[textOf(Key)] = textOf(Body);
      return Promise.resolve({});
    }
    if (resource.action === "listObjectsV2") {
      const all = Object.keys(objects).filter((key) => key.startsWith(textOf(Prefix)));
      const [first, ...rest] = ContinuationToken === undefined ? all : all.slice(1);
      const Contents = [{ Key: first ?? "", ETag: '"e"', Size: 3, LastModified: "1970-01-01T00:00:05.000Z" }] as Json;
      const more = rest.length > 0 && ContinuationToken === undefined;
      return Promise.resolve(more ? { Contents, NextContinuationToken: "next" } : { Contents });
    }
    const body = objects[textOf(Key)];
    if (body === undefined || Bucket !== "data")
      return Promise.reject(new StateFailure("S3.NoSuchKeyException", "The specified key does not exist."));
    return Promise.resolve({ Body: body });
  };
}

interface Ran {
  readonly end: JsonObject;
  readonly told: Told;
  readonly events: string[];
  readonly failed: Json;
}

async function run(definition: Definition, input: Json, objects: Record<string, string> = {}): Promise<Ran> {
  const work = storeOf(objects);
  const { mapRuns, told } = mapRunsOf(work);
  const { end, events } = await runToEnd(definition, input, { work, mapRuns });
  return { end: end as unknown as JsonObject, told, events: links(events), failed: detailsOf(events, "MapRunFailed") };
}

const reading = (config: object, more: object = {}): object => ({
  ItemReader: {
    Resource: "arn:aws:states:::s3:getObject",
    ReaderConfig: config,
    Parameters: { Bucket: "data", "Key.$": "$.key" },
  },
  ...more,
});

describe("a distributed Map", () => {
  it("runs a child execution for each item; its history has the Map Run alone", async () => {
    const { end, told, events } = await run(distributed({ Label: "Mine", MaxConcurrency: 2 }), ["a", "b", "c"]);
    expect(end).toEqual({ status: "SUCCEEDED", output: ["a", "b", "c"] });
    expect(told.options).toEqual([
      {
        label: "Mine",
        executionType: "STANDARD",
        maxConcurrency: 2,
        toleratedFailureCount: 0,
        toleratedFailurePercentage: 0,
      },
    ]);
    expect([told.planned, told.ended]).toEqual([[3, 3], "SUCCEEDED"]);
    expect(events.slice(2)).toEqual([
      "3 < 2 MapStateStarted",
      "4 < 3 MapRunStarted",
      "5 < 4 MapRunSucceeded",
      "6 < 5 MapStateSucceeded",
      "7 < 5 MapStateExited",
      "8 < 7 ExecutionSucceeded",
    ]);
  });

  it("takes the members of an object for items", async () => {
    const selector = { "k.$": "$$.Map.Item.Key", "v.$": "$$.Map.Item.Value", "from.$": "$$.Map.Item.Source" };
    const { end } = await run(distributed({ ItemSelector: selector }), { x: 1, y: 2 });
    expect(end["output"]).toEqual([
      { k: "x", v: 1, from: "STATE_DATA" },
      { k: "y", v: 2, from: "STATE_DATA" },
    ]);
  });

  it("runs no more children at once than the Map Run allows, which may be changed", async () => {
    let most = 0;
    let running = 0;
    const work: TaskRunner["run"] = async () => {
      running += 1;
      most = Math.max(most, running);
      await Promise.resolve();
      running -= 1;
      return null;
    };
    const { mapRuns } = mapRunsOf(work, (options) => ({ ...options, maxConcurrency: 2 }));
    await runToEnd(distributed({ MaxConcurrency: 5 }, TASK), [1, 2, 3, 4, 5], { work, mapRuns });
    expect(most).toBe(2);
  });

  it("is refused where there can be no Map Run", async () => {
    const { end } = await runToEnd(distributed({}), [1]);
    expect(end).toMatchObject({ status: "FAILED", error: "States.Runtime" });
  });
});

describe("the thresholds", () => {
  const asked = (field: string) => ({ ItemsPath: "$.l", [`${field}Path`]: "$.t" });

  it.each<[string, Json, string]>([
    [
      "ToleratedFailureCount",
      "few",
      'The ToleratedFailureCountPath field refers to value "few" which is not a valid integer: $.t',
    ],
    [
      "ToleratedFailureCount",
      [1],
      'The ToleratedFailureCountPath field refers to value "[1]" which is not a valid integer: $.t',
    ],
    ["ToleratedFailureCount", -2, "ToleratedFailureCount cannot be negative."],
    [
      "ToleratedFailurePercentage",
      null,
      'The ToleratedFailurePercentagePath field refers to value "null" which is not a valid float: $.t',
    ],
    ["ToleratedFailurePercentage", 100.5, "ToleratedFailurePercentage must be between 0 and 100."],
  ])("are refused before the Map Run begins: %s of %j", async (field, value, why) => {
    const { end, told, events } = await run(distributed(asked(field)), { l: [1], t: value });
    expect(end).toEqual({
      status: "FAILED",
      error: "States.Runtime",
      cause: `An error occurred while executing the state 'Each' (entered at the event id #2). ${why}`,
    });
    expect(told.options).toEqual([]);
    expect(events.slice(2)).toEqual(["3 < 2 MapStateStarted", "4 < 3 ExecutionFailed"]);
  });

  it("are read from a path, also as text", async () => {
    const { told } = await run(distributed(asked("ToleratedFailureCount")), { l: [1], t: "3" });
    expect(told.options[0]?.toleratedFailureCount).toBe(3);
  });
});

describe("failed children", () => {
  const GOOD = { fail: false };
  const BAD = { fail: true };

  it.each<[object, Json[], boolean]>([
    [{}, [GOOD, BAD], false],
    [{ ToleratedFailureCount: 1 }, [GOOD, BAD], true],
    [{ ToleratedFailureCount: 1 }, [BAD, BAD], false],
    [{ ToleratedFailurePercentage: 50 }, [GOOD, BAD], true],
    [{ ToleratedFailurePercentage: 49.5 }, [GOOD, BAD], false],
  ])("fail the state beyond what is tolerated: %j", async (more, items, tolerated) => {
    const { end, told, events, failed } = await run(distributed({ MaxConcurrency: 1, ...more }, TASK), items);
    if (tolerated) {
      expect(end["status"]).toBe("SUCCEEDED");
      expect(told.ended).toBe("SUCCEEDED");
      return;
    }
    const failure = {
      error: "States.ExceedToleratedFailureThreshold",
      cause: "The specified tolerated failure threshold was exceeded",
    };
    expect(end).toEqual({ status: "FAILED", ...failure });
    expect(failed).toEqual(failure);
    expect(told.ended).toBe("FAILED");
    expect(events.slice(-3)).toEqual(["5 < 4 MapRunFailed", "6 < 5 MapStateFailed", "7 < 6 ExecutionFailed"]);
  });

  it("stand in the output with what is known of them", async () => {
    const { end } = await run(distributed({ ToleratedFailureCount: 1, MaxConcurrency: 1 }, TASK), [BAD, GOOD]);
    expect(end["output"]).toEqual([
      expect.objectContaining({ Status: "FAILED", Error: "Refused", Cause: "as told", Input: '{"fail":true}' }),
      { done: GOOD },
    ]);
  });

  it("keep those that wait from starting when they are too many", async () => {
    const { told } = await run(distributed({ MaxConcurrency: 1 }, TASK), [BAD, GOOD, GOOD]);
    expect(told.inputs).toEqual([BAD]);
  });
});

describe("ItemReader", () => {
  it.each<[string, object, string, Json]>([
    [
      "CSV with its headers",
      { InputType: "CSV", CSVHeaderLocation: "FIRST_ROW" },
      "a,b\n1,2\n3\n",
      [
        { a: "1", b: "2" },
        { a: "3", b: "" },
      ],
    ],
    [
      "CSV with quotes",
      { InputType: "CSV", CSVHeaderLocation: "FIRST_ROW" },
      'a,b\r\n"x, ""y""",z,more',
      [{ a: 'x, "y"', b: "z" }],
    ],
    [
      "CSV with headers given and another delimiter",
      { InputType: "CSV", CSVHeaderLocation: "GIVEN", CSVHeaders: ["p", "q"], CSVDelimiter: "SEMICOLON" },
      "1;2",
      [{ p: "1", q: "2" }],
    ],
    ["a JSON list", { InputType: "JSON" }, '[1,{"x":2}]', [1, { x: 2 }]],
    ["a JSON list inside", { InputType: "JSON", ItemsPointer: "/a~1b/0" }, '{"a/b":[[5]]}', [5]],
    ["lines of JSON", { InputType: "JSONL" }, '{"x":1}\n\n2\n', [{ x: 1 }, 2]],
    ["no more than MaxItems", { InputType: "JSONL", MaxItems: 1 }, "1\n2\n", [1]],
    ["all, for MaxItems 0", { InputType: "JSONL", MaxItems: 0 }, "1\n2\n", [1, 2]],
    ["as many as a path says", { InputType: "JSONL", MaxItemsPath: "$.most" }, "1\n2\n3\n", [1, 2]],
  ])("reads %s", async (_, config, text, items) => {
    const { end, events } = await run(distributed(reading(config)), { key: "file", most: 2 }, { file: text });
    expect(end).toEqual({ status: "SUCCEEDED", output: items });
    expect(events[2]).toBe("3 < 2 MapStateStarted");
  });

  it("names the file that an item is from", async () => {
    const more = { ItemSelector: { "from.$": "$$.Map.Item.Source" } };
    const { end } = await run(distributed(reading({ InputType: "JSON" }, more)), { key: "f" }, { f: "[1]" });
    expect(end["output"]).toEqual([{ from: "S3://data/f" }]);
  });

  it.each<[string, object, string, string]>([
    ["what is no list", { InputType: "JSON" }, '{"a":1}', "Attempting to map over non-iterable node."],
    [
      "headers twice",
      { InputType: "CSV", CSVHeaderLocation: "FIRST_ROW" },
      "a,a\n1,2",
      "CSV headers cannot contain duplicates.",
    ],
    ["MaxItems below nothing", { InputType: "JSON", MaxItemsPath: "$.less" }, "[1]", "field MaxItems must be positive"],
    [
      "MaxItems that is no number",
      { InputType: "JSON", MaxItemsPath: "$.key" },
      "[1]",
      "The MaxItemsPath field refers to value 'f' which is not a valid integer: $.key",
    ],
    [
      "a type that is not emulated",
      { InputType: "PARQUET" },
      "PAR1",
      "ItemReader with the InputType PARQUET is not emulated.",
    ],
  ])("fails the Map Run for %s", async (_, config, text, cause) => {
    const { end, failed, told } = await run(distributed(reading(config)), { key: "f", less: -1 }, { f: text });
    expect(end).toEqual({ status: "FAILED", error: "States.ItemReaderFailed", cause });
    expect(failed).toEqual({ error: "States.ItemReaderFailed", cause });
    expect(told.ended).toBe("FAILED");
  });

  it("fails with the words of S3, and can be caught", async () => {
    const catcher = { Catch: [{ ErrorEquals: ["States.ItemReaderFailed"], Next: "After" }] };
    const definition = distributed(reading({ InputType: "JSON" }, catcher));
    const caught = { ...definition, States: { ...definition.States, After: { Type: "Succeed" } } } as Definition;
    const { end } = await run(caught, { key: "none" });
    expect(end["output"]).toEqual({ Error: "States.ItemReaderFailed", Cause: "The specified key does not exist." });
  });

  const listing = (config?: object): object => ({
    ItemReader: {
      Resource: "arn:aws:states:::s3:listObjectsV2",
      ...(config === undefined ? {} : { ReaderConfig: config }),
      Parameters: { Bucket: "data", Prefix: "in/" },
    },
  });
  const FILES = { "in/1": '[{"n":1}]', "in/2": '[{"n":2},{"n":3}]', other: "[]" };

  it("takes the objects of a listing, over its pages", async () => {
    const { end } = await run(distributed(listing()), {}, { ...FILES });
    const object = { Etag: '"e"', LastModified: 5, Size: 3, StorageClass: "STANDARD" };
    expect(end["output"]).toEqual([
      { ...object, Key: "in/1" },
      { ...object, Key: "in/2" },
    ]);
  });

  it("takes what is in the objects of a listing with LOAD_AND_FLATTEN", async () => {
    const { end } = await run(
      distributed(listing({ InputType: "JSON", Transformation: "LOAD_AND_FLATTEN" })),
      {},
      { ...FILES },
    );
    expect(end["output"]).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
  });

  it("takes the rows of an inventory, and the files that a manifest of Athena names", async () => {
    const inventory = {
      destinationBucket: "arn:aws:s3:::data",
      fileFormat: "CSV",
      fileSchema: "Bucket, Key",
      files: [{ key: "rows.csv" }],
    };
    const objects = { m: JSON.stringify(inventory), "rows.csv": '"data","x"\n', a: "s3://data/part\n", part: "7\n" };
    const { end } = await run(distributed(reading({ InputType: "MANIFEST" })), { key: "m" }, { ...objects });
    expect(end["output"]).toEqual([{ Bucket: "data", Key: "x" }]);
    const athena = reading({ InputType: "JSONL", ManifestType: "ATHENA_DATA" });
    expect((await run(distributed(athena), { key: "a" }, { ...objects })).end["output"]).toEqual([7]);
  });

  it("refuses compressed files of an inventory by name", async () => {
    const inventory = {
      destinationBucket: "data",
      fileFormat: "CSV",
      fileSchema: "Bucket",
      files: [{ key: "r.csv.gz" }],
    };
    const { end } = await run(
      distributed(reading({ InputType: "MANIFEST" })),
      { key: "m" },
      { m: JSON.stringify(inventory) },
    );
    expect(end["cause"]).toBe("Reading the compressed file r.csv.gz is not emulated.");
  });
});

describe("ItemBatcher", () => {
  it("puts several items into the input of a child, with what is common to all", async () => {
    const more = { ItemsPath: "$.l", ItemBatcher: { MaxItemsPerBatch: 2, BatchInput: { "who.$": "$.who" } } };
    const { end, told } = await run(distributed(more), { l: [1, 2, 3], who: "me" });
    expect(end["output"]).toEqual([
      { BatchInput: { who: "me" }, Items: [1, 2] },
      { BatchInput: { who: "me" }, Items: [3] },
    ]);
    expect(told.planned).toEqual([3, 2]);
  });

  it("keeps a batch below a size, by a path or an expression", async () => {
    // {"Items":["aaaa","aaaa"]} has 25 bytes.
    const byPath = { ItemsPath: "$.l", ItemBatcher: { MaxInputBytesPerBatchPath: "$.most" } };
    const input = { l: ["aaaa", "aaaa", "aaaa"], most: 25 };
    const batches = [{ Items: ["aaaa", "aaaa"] }, { Items: ["aaaa"] }];
    expect((await run(distributed(byPath), input)).end["output"]).toEqual(batches);
    expect((await run(distributed(byPath), { ...input, most: 24 })).end["output"]).toHaveLength(3);
    const byExpression = {
      Items: "{% $states.input.l %}",
      ItemBatcher: { MaxInputBytesPerBatch: "{% $states.input.most %}" },
    };
    const definition = distributed(byExpression, PASS, { QueryLanguage: "JSONata" });
    expect((await run(definition, input)).end["output"]).toEqual(batches);
  });
});

describe("ResultWriter", () => {
  const TARGET = { Resource: "arn:aws:states:::s3:putObject", Parameters: { Bucket: "out", "Prefix.$": "$.to" } };
  const written = (more: object): object => ({
    ItemsPath: "$.l",
    MaxConcurrency: 1,
    ToleratedFailureCount: 5,
    Label: "L",
    ResultWriter: { ...TARGET, ...more },
  });

  it("writes files by status and a manifest, which the output names", async () => {
    const objects: Record<string, string> = {};
    const { end, told } = await run(
      distributed(written({}), TASK),
      { l: [{ n: 1 }, { fail: true }], to: "res" },
      objects,
    );
    const mapRunArn = "arn:aws:states:eu-west-1:000000000000:mapRun:orders/L:run-1";
    expect(end["output"]).toEqual({
      MapRunArn: mapRunArn,
      ResultWriterDetails: { Bucket: "out", Key: "res/run-1/manifest.json" },
    });
    const succeeded = objects["res/run-1/SUCCEEDED_0.json"] ?? "";
    const failed = objects["res/run-1/FAILED_0.json"] ?? "";
    expect(JSON.parse(objects["res/run-1/manifest.json"] ?? "")).toEqual({
      DestinationBucket: "out",
      MapRunArn: mapRunArn,
      ResultFiles: {
        FAILED: [{ Key: "res/run-1/FAILED_0.json", Size: Buffer.byteLength(failed) }],
        PENDING: [],
        SUCCEEDED: [{ Key: "res/run-1/SUCCEEDED_0.json", Size: Buffer.byteLength(succeeded) }],
      },
    });
    expect(JSON.parse(succeeded)).toEqual([
      {
        ExecutionArn: "arn:aws:states:eu-west-1:000000000000:execution:orders/Each:child-0",
        Input: '{"n":1}',
        InputDetails: { Included: true },
        Name: "child-0",
        Output: '{"done":{"n":1}}',
        OutputDetails: { Included: true },
        RedriveCount: 0,
        RedriveStatus: "NOT_REDRIVABLE",
        RedriveStatusReason: "Execution is SUCCEEDED and cannot be redriven",
        StartDate: "1970-01-01T00:00:01.000Z",
        StateMachineArn: "arn:aws:states:eu-west-1:000000000000:stateMachine:orders/Each",
        Status: "SUCCEEDED",
        StopDate: "1970-01-01T00:00:02.000Z",
      },
    ]);
    expect(JSON.parse(failed)).toEqual([expect.objectContaining({ Status: "FAILED", Error: "Refused" })]);
    expect(told.written).toBe(2);
  });

  it("writes lines and bare outputs where WriterConfig asks for them", async () => {
    const objects: Record<string, string> = {};
    const config = { WriterConfig: { OutputType: "JSONL", Transformation: "COMPACT" } };
    await run(distributed(written(config)), { l: [1, { a: 2 }], to: "" }, objects);
    expect(objects["run-1/SUCCEEDED_0.jsonl"]).toBe('1\n{"a":2}\n');
  });

  it("writes what was never started, too, before the state fails", async () => {
    const objects: Record<string, string> = {};
    const more = { ...written({}), ToleratedFailureCount: 0 };
    const { end } = await run(distributed(more, TASK), { l: [{ fail: true }, { n: 1 }], to: "r" }, objects);
    expect(end["error"]).toBe("States.ExceedToleratedFailureThreshold");
    expect(JSON.parse(objects["r/run-1/PENDING_0.json"] ?? "")).toEqual([
      { Input: '{"n":1}', InputDetails: { Included: true }, Status: "PENDING" },
    ]);
  });

  it.each<[string, Json]>([
    ["COMPACT", [[1], [2, 3]]],
    ["FLATTEN", [1, 2, 3]],
  ])("without a place to write to forms the output: %s", async (Transformation, output) => {
    const more = { ResultWriter: { WriterConfig: { Transformation, OutputType: "JSON" } } };
    expect((await run(distributed(more), [[1], [2, 3]])).end["output"]).toEqual(output);
  });
});
