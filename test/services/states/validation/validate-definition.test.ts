import { answerOf, refusalOf } from "../../../../src/services/states/validation/answers.js";
import type { Diagnostic } from "../../../../src/services/states/validation/diagnostic.js";
import { validateDefinition } from "../../../../src/services/states/validation/validate-definition.js";

type Members = Record<string, unknown>;

const PASS = { Type: "Pass", End: true };

/** What is found in a machine of these states, the first of which it starts at. */
function check(states: Record<string, Members>, top: Members = {}, type: "STANDARD" | "EXPRESS" = "STANDARD") {
  const definition = { StartAt: Object.keys(states)[0], States: states, ...top };
  return lines(validateDefinition(JSON.stringify(definition), type));
}

const lines = (found: readonly Diagnostic[]) =>
  found.map(
    ({ code, message, location }) =>
      `${code === "SCHEMA_VALIDATION_FAILED" ? "" : `${code}: `}${message} at ${location}`,
  );

const jsonata = (state: Members) => check({ Only: { End: true, ...state } }, { QueryLanguage: "JSONata" });

describe("the text of a definition", () => {
  it.each([" ", "[]", "7"])("is a JSON object, which %j is not", (text) => {
    expect(validateDefinition(text, "STANDARD")).toEqual([
      { severity: "ERROR", code: "SCHEMA_VALIDATION_FAILED", message: "Definition must be a valid JSON object" },
    ]);
  });

  it("is refused in the parser's words when it is no JSON", () => {
    expect(validateDefinition('{"StartAt": ', "STANDARD")[0]).toMatchObject({
      code: "INVALID_JSON_DESCRIPTION",
      message: expect.stringMatching(/^Unexpected end-of-input/) as string,
    });
  });

  it("nests as deeply as the parser reads", () => {
    const nested = (levels: number): string => `{"a":${"[".repeat(levels - 1)}${"]".repeat(levels - 1)}}`;
    const code = "INVALID_JSON_DESCRIPTION";
    expect(validateDefinition(nested(1000), "STANDARD")).not.toContainEqual(expect.objectContaining({ code }));
    expect(validateDefinition(nested(20_000), "STANDARD")).toEqual([
      {
        severity: "ERROR",
        code,
        message:
          "Document nesting depth (1001) exceeds the maximum allowed (1000, from `StreamReadConstraints.getMaxNestingDepth()`)",
      },
    ]);
  });

  it("has StartAt and States, and nothing unknown", () => {
    expect(lines(validateDefinition('{"Extra": 1, "Comment": "fine"}', "EXPRESS"))).toEqual([
      "These fields are required: [States, StartAt] at /",
      "Field 'Extra' is not supported at /",
    ]);
  });
});

describe("where states lead", () => {
  it("says which target is missing wherever it is named, always as Next", () => {
    const states = {
      First: { Type: "Choice", Choices: [{ Variable: "$.a", IsNull: true, Next: "Work" }], Default: "Nowhere" },
      Work: {
        Type: "Task",
        Resource: "arn:aws:lambda:us-east-1:123456789012:function:f",
        Catch: [{ ErrorEquals: ["States.ALL"], Next: "Gone" }],
        End: true,
      },
    };
    expect(check(states)).toEqual([
      "MISSING_TRANSITION_TARGET: Missing 'Next' target: Nowhere at /States/First/Default",
      "MISSING_TRANSITION_TARGET: Missing 'Next' target: Gone at /States/Work/Catch[0]/Next",
    ]);
  });

  it("names the states that no state leads to", () => {
    expect(check({ A: PASS, B: PASS })).toEqual([
      'MISSING_TRANSITION_TARGET: State "B" is not reachable. at /States/B',
    ]);
  });

  it("misses an end, and is then silent about what is not reached", () => {
    const loop = { A: { Type: "Pass", Next: "B" }, B: { Type: "Pass", Next: "A" }, C: { Type: "Pass", Next: "A" } };
    expect(check(loop)).toEqual(["MISSING_END_STATE: Workflow has no terminal state at undefined"]);
  });

  it("starts at a state that is there", () => {
    expect(check({ A: PASS }, { StartAt: "Other" })).toContain(
      "MISSING_TRANSITION_TARGET: Missing 'Next' target: Other at /StartAt",
    );
  });

  it("does not lead out of a branch, and names a state once in the whole definition", () => {
    const branch = (name: string, next: Members) => ({ StartAt: name, States: { [name]: { Type: "Pass", ...next } } });
    const states = {
      Both: {
        Type: "Parallel",
        Branches: [branch("Both", { End: true }), branch("Inner", { Next: "After" })],
        Next: "After",
      },
      After: PASS,
    };
    expect(check(states)).toEqual([
      "DUPLICATE_STATE_NAME: Duplicate State name: Both at /States/Both/Branches[0]/States/Both",
      "MISSING_TRANSITION_TARGET: Missing 'Next' target: After at /States/Both/Branches[1]/States/Inner/Next",
      "MISSING_END_STATE: Workflow has no terminal state at undefined",
    ]);
  });

  it("does not have two states of one name, which JSON lets through", () => {
    const states =
      '{"A": {"Type": "Pass", "Result": {"A": [1, "A"], "A": 2}, "Next": "B"}, "B": BOTH, "A": {"Type": "Pass", "End": true}}';
    const both = '{"Type": "Parallel", "Branches": [{"StartAt": "C", "States": {"C": PASS, "C": PASS}}], "Next": "A"}';
    const text = `{"StartAt": "A", "States": ${states.replace("BOTH", both).replaceAll("PASS", JSON.stringify(PASS))}}`;
    expect(lines(validateDefinition(text, "STANDARD"))).toEqual([
      "DUPLICATE_STATE_NAME: Duplicate State name: C at /States/B/Branches[0]/States/C",
      "DUPLICATE_STATE_NAME: Duplicate State name: A at /States/A",
      'MISSING_TRANSITION_TARGET: State "B" is not reachable. at /States/B',
    ]);
  });

  it("is looked at only in a definition whose form is sound", () => {
    expect(check({ A: { Type: "Pass", Next: "B", Extra: 1 } })).toEqual([
      "Field 'Extra' is not supported at /States/A",
    ]);
  });
});

describe("the members of a state", () => {
  it.each(["Pass", "Wait", "Choice", "Succeed", "Fail"])("of type %s hold no handlers of errors", (type) => {
    const refused = check({ A: { Type: type, Retry: [], Catch: [], TimeoutSeconds: 3 } });
    for (const member of ["Retry", "Catch", "TimeoutSeconds"]) {
      expect(refused).toContain(`Field '${member}' is not supported at /States/A`);
    }
  });

  it("belong to its query language", () => {
    expect(check({ A: { ...PASS, Output: 1 } })).toEqual([
      "The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported for the 'JSONata' QueryLanguage at /States/A",
    ]);
    expect(jsonata({ Type: "Pass", InputPath: "$" })).toEqual([
      "The QueryLanguage is set to 'JSONata', but field 'InputPath' is only supported for the 'JSONPath' QueryLanguage at /States/Only",
    ]);
    expect(jsonata({ Type: "Pass", QueryLanguage: "JSONPath" })).toEqual([
      "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine at /States/Only",
    ]);
  });

  it("go by the language of the machine inside a Map, whatever the Map says", () => {
    const inner = { StartAt: "I", States: { I: { ...PASS, Output: 1 } } };
    const map = {
      Type: "Map",
      QueryLanguage: "JSONata",
      ItemProcessor: { ...inner, QueryLanguage: "JSONata" },
      End: true,
    };
    expect(check({ M: map })).toEqual([
      expect.stringMatching(/field 'Output' .* at \/States\/M\/ItemProcessor\/States\/I$/),
      "Field 'QueryLanguage' is not supported at /States/M/ItemProcessor",
    ]);
  });

  it("have their kind and their bounds", () => {
    expect(check({ W: { Type: "Wait", Seconds: "$.s", End: true } })).toEqual([
      "Expected value of type Integer at /States/W/Seconds",
    ]);
    expect(check({ W: { Type: "Wait", Seconds: 1e8, End: true } })).toEqual([
      "Maximum value is 99999999 at /States/W/Seconds",
    ]);
    expect(check({ W: { Type: "Wait", Timestamp: "tomorrow", End: true } })).toEqual([
      "String does not match RFC3339 timestamp at /States/W/Timestamp",
    ]);
    expect(jsonata({ Type: "Wait", Seconds: "{% $states.input.s %}" })).toEqual([]);
  });

  it("name a way out, and one only", () => {
    expect(check({ A: { Type: "Pass" } })).toEqual([
      "Exactly one of these fields is required: [Next, End] at /States/A",
    ]);
    expect(check({ A: { ...PASS, Next: "A" } })).toEqual([
      "Exactly one of these fields is required: [Next, End] at /States/A",
    ]);
  });

  it("include a type that is known", () => {
    expect(check({ A: { End: true } })).toEqual(["These fields are required: [Type] at /States/A"]);
    expect(check({ A: { Type: "Loop" } })).toHaveLength(1);
  });

  it("name variables as variables can be named", () => {
    expect(check({ A: { ...PASS, Assign: { states: 1, "a-b": 2, "fine.$": "$.x" } } })).toEqual([
      "The variable name 'states' is reserved at /States/A/Assign/states",
      "'a-b' is not a valid variable name at /States/A/Assign/a-b",
    ]);
    expect(check({ A: { ...PASS, Assign: { ["v".repeat(80)]: 1 } } })).toEqual([]);
    expect(check({ A: { ...PASS, Assign: { ["v".repeat(81)]: 1 } } })).toHaveLength(1);
  });

  it("belong to states with names that are not too long", () => {
    expect(check({ ["s".repeat(80)]: PASS })).toEqual([]);
    expect(check({ ["s".repeat(81)]: PASS })).toEqual([expect.stringMatching(/^INVALID_STATE_NAME: /)]);
  });
});

describe("paths and functions", () => {
  const parameters = (value: unknown) => check({ A: { ...PASS, Parameters: { deep: { "v.$": value } } } });

  it.each([
    "$",
    "$.a[0].b",
    "$$.Execution.Id",
    "$variable.part",
    "$..all[?(@.price < 10 && @.kind == 'x,y)')]",
    "$['a b']",
    "States.UUID()",
    String.raw`States.Format('{}\{\}\'\\', $.a, 1.5, true, null)`,
    "States.ArrayGetItem(States.Array($.a, 'b'), 0)",
  ])("are well written as %s", (value) => {
    expect(parameters(value)).toEqual([]);
  });

  it.each([
    "a.b",
    7,
    "$.a[0",
    "$.a.",
    "States.format('{}', $.a)",
    "States.Format('{}', $.a",
    String.raw`States.StringToJson('{\"a\":1}')`,
    "States.Format('x',)",
    "States.Array(1) and more",
  ])("are not as %j", (value) => {
    expect(parameters(value)).toEqual([
      "The value for the field 'v.$' must be a valid JSONPath or a valid intrinsic function call at /States/A/Parameters/deep",
    ]);
  });

  it("stand in each other ten deep at most", () => {
    const nested = (depth: number) => `${"States.Array(".repeat(depth)}1${")".repeat(depth)}`;
    expect(parameters(nested(10))).toEqual([]);
    expect(parameters(nested(11))).toHaveLength(1);
  });

  it("select one place where a result is put or a variable is compared", () => {
    expect(check({ A: { ...PASS, ResultPath: "$..a" } })).toEqual([
      expect.stringMatching(/^Value is not a Reference Path: .* at \/States\/A\/ResultPath$/),
    ]);
    expect(check({ A: { ...PASS, ResultPath: null, InputPath: null } })).toEqual([]);
    expect(check({ A: { ...PASS, OutputPath: "a" } })).toEqual([
      "Value must be a valid JSONPath. at /States/A/OutputPath",
    ]);
  });

  it("are warned of where their member does not say that it is one", () => {
    const text = JSON.stringify({ StartAt: "A", States: { A: { ...PASS, Parameters: { v: "$.a" } } } });
    expect(validateDefinition(text, "STANDARD")).toEqual([
      expect.objectContaining({ severity: "WARNING", code: "NO_DOLLAR" }),
    ]);
    expect(check({ F: { Type: "Fail", Error: "$.error", Cause: "cause" } })).toEqual([
      expect.stringMatching(/^NO_PATH: .* at \/States\/F\/Error$/),
    ]);
    expect(check({ A: { ...PASS, Result: { v: "$.a" } } })).toEqual([
      expect.stringMatching(/^PASS_RESULT_IS_STATIC: /),
    ]);
  });
});

describe("JSONata expressions", () => {
  it("are parsed, and refused in the parser's words", () => {
    expect(jsonata({ Type: "Pass", Output: { v: ["{% 1 + %}"] } })).toEqual([
      "INVALID_JSONATA_EXPRESSION: Unexpected end of expression at /States/Only/Output/v[0]",
    ]);
  });

  it.each([
    ["phone", "Reference to 'phone' at the top level is not supported."],
    ["$sum([1, order.price])", "Reference to 'order' at the top level is not supported."],
    ["$map([1], function($v) { $v + other })", "Reference to 'other' at the top level is not supported."],
    ["$$.a", "Reference to '$$' at the top level is not supported."],
    ["$states.errorOutput.Cause", "Field '$states.errorOutput' does not exist."],
  ])("read nothing that is not there: %s", (expression, message) => {
    expect(jsonata({ Type: "Pass", Output: `{% ${expression} %}` })).toEqual([
      `UNSUPPORTED_JSONATA_EXPRESSION: ${message} at /States/Only/Output`,
    ]);
  });

  it.each([
    "$states.input.orders[price > 3].name",
    "$states.input.orders.{ 'a': price, 'b': $ }",
    "$states.input.orders^(>price)",
    "$v.(a + b)",
    "( $x := 1; $x & 'a' )",
    "$states.input ~> | orders | { 'price': price * 2 } |",
    "$filter($v, function($i) { $i.kind = 'x' })[0]",
    "$states.input.orders{ kind: $sum(price) }",
  ])("read what is there: %s", (expression) => {
    expect(jsonata({ Type: "Pass", Output: `{% ${expression} %}` })).toEqual([]);
  });

  it("have the error in a catcher", () => {
    const handled = { ErrorEquals: ["States.ALL"], Next: "Only", Output: "{% $states.errorOutput %}" };
    expect(jsonata({ Type: "Task", Resource: "arn:aws:states:::aws-sdk:s3:listBuckets", Catch: [handled] })).toEqual(
      [],
    );
  });
});

describe("the resource of a Task", () => {
  const task = (resource: string, members: Members = {}, type: "STANDARD" | "EXPRESS" = "STANDARD") =>
    check({ T: { Type: "Task", Resource: resource, End: true, ...members } }, {}, type);

  it.each([
    "arn:aws:lambda:us-east-1:123456789012:function:f:live",
    "arn:aws:states:us-east-1:123456789012:activity:a",
    "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
    "arn:aws:states:::states:startExecution.sync:2",
    "arn:aws:states:::aws-sdk:dynamodb:query",
    "arn:aws-cn:states:::ecs:runTask.sync",
  ])("is known: %s", (resource) => {
    expect(task(resource)).toEqual([]);
  });

  it.each([
    "f",
    "arn:aws:states:::dynamodb:scan",
    "arn:aws:states:::sqs:sendMessage.sync",
    "arn:aws:states:::aws-sdk:s3:getObject.sync",
  ])("is not known: %s", (resource) => {
    expect(task(resource)).toEqual([
      `The resource provided ${resource} is not recognized. The value is not a valid resource ARN, or the resource is not available in this region. at /States/T/Resource`,
    ]);
  });

  it("gets the parameters that it cannot do without", () => {
    expect(task("arn:aws:states:::sqs:sendMessage", { Parameters: { "MessageBody.$": "$.a" } })).toEqual([
      "The field 'QueueUrl' is required but was missing at /States/T/Parameters",
    ]);
    expect(task("arn:aws:states:::lambda:invoke", { Parameters: { FunctionName: "f" }, Credentials: {} })).toEqual([
      "The field 'RoleArn' is required but was missing at /States/T/Credentials",
    ]);
  });

  it("is called under a role, and under nothing else", () => {
    const credentials = (value: unknown) => task("arn:aws:states:::aws-sdk:s3:listBuckets", { Credentials: value });
    expect(credentials({ "RoleArn.$": "$.role" })).toEqual([]);
    expect(credentials({ RoleArn: "r", User: "u" })).toEqual([
      'The field "User" is not supported by Step Functions at /States/T/Credentials',
    ]);
  });

  it.each([
    ["arn:aws:states:::states:startExecution.sync:2", "'.sync'"],
    ["arn:aws:states:::lambda:invoke.waitForTaskToken", "'.waitForTaskToken'"],
  ])("does not let an Express workflow wait: %s", (resource, pattern) => {
    expect(task(resource, {}, "EXPRESS")).toEqual([
      `Express state machine does not support ${pattern} service integration at /States/T/Resource`,
    ]);
  });

  it("waits for no activity in the Express executions of a Map", () => {
    const inner = { Type: "Task", Resource: "arn:aws:states:us-east-1:123456789012:activity:a", End: true };
    const config = { Mode: "DISTRIBUTED", ExecutionType: "EXPRESS" };
    const map = {
      Type: "Map",
      ItemProcessor: { ProcessorConfig: config, StartAt: "I", States: { I: inner } },
      End: true,
    };
    expect(check({ M: map })).toEqual([
      expect.stringMatching(/^Express .* at \/States\/M\/ItemProcessor\/States\/I\/Resource$/),
    ]);
  });

  it("has time for a heartbeat", () => {
    expect(task("arn:aws:states:::aws-sdk:s3:listBuckets", { TimeoutSeconds: 5, HeartbeatSeconds: 5 })).toHaveLength(1);
  });
});

describe("handlers of errors", () => {
  const task = (members: Members) =>
    check({ T: { Type: "Task", Resource: "arn:aws:states:::aws-sdk:s3:listBuckets", End: true, ...members } });

  it("name what they handle, and where a catcher leads", () => {
    expect(task({ Retry: [{}], Catch: [{ ErrorEquals: ["A"] }] })).toEqual([
      "These fields are required: [ErrorEquals] at /States/T/Retry[0]",
      "These fields are required: [Next] at /States/T/Catch[0]",
    ]);
    expect(task({ Retry: [] })).toEqual([]);
  });

  it("take all errors only alone and last", () => {
    const all = "States.ALL must appear alone and at end of list at /States/T/Retry";
    expect(task({ Retry: [{ ErrorEquals: ["States.ALL"] }, { ErrorEquals: ["A"] }] })).toEqual([
      `${all}[0]/ErrorEquals[0]`,
    ]);
    expect(task({ Retry: [{ ErrorEquals: ["A", "States.ALL"] }] })).toEqual([`${all}[0]/ErrorEquals[1]`]);
  });

  it("have delays within bounds", () => {
    const retrier = {
      ErrorEquals: ["A"],
      IntervalSeconds: 0,
      BackoffRate: 0.5,
      MaxAttempts: -1,
      JitterStrategy: "SOME",
    };
    expect(task({ Retry: [retrier] })).toEqual([
      "Minimum value is 1 at /States/T/Retry[0]/IntervalSeconds",
      "Minimum value is 1 at /States/T/Retry[0]/BackoffRate",
      "Minimum value is 0 at /States/T/Retry[0]/MaxAttempts",
      expect.stringMatching(/JitterStrategy$/),
    ]);
    expect(task({ Retry: [{ ErrorEquals: ["A"], IntervalSeconds: 5, MaxDelaySeconds: 5 }] })).toHaveLength(1);
  });
});

describe("the rules of a Choice", () => {
  const choose = (...rules: unknown[]) => check({ C: { Type: "Choice", Choices: rules, Default: "D" }, D: PASS });

  it("compare or combine, and lead somewhere", () => {
    const sound = {
      And: [{ Variable: "$.a", IsPresent: true }, { Not: { Variable: "$.a", NumericLessThanPath: "$.b" } }],
      Next: "D",
    };
    expect(choose(sound)).toEqual([]);
    expect(choose({ Variable: "$.a", IsNull: true })).toEqual([
      "These fields are required: [Next] at /States/C/Choices[0]",
    ]);
  });

  it("have one operator with a value of its kind and a variable", () => {
    expect(choose({ Variable: "$.a", Next: "D" })).toHaveLength(1);
    expect(choose({ Variable: "$.a", IsNull: true, IsPresent: true, Next: "D" })).toHaveLength(1);
    expect(choose({ IsNull: true, Next: "D" })).toEqual([
      "These fields are required: [Variable] at /States/C/Choices[0]",
    ]);
    expect(choose({ Variable: "Test", NumericEquals: "1", Next: "D" })).toEqual([
      "Value is not a Reference Path: Reference path didn't start with '$' at /States/C/Choices[0]/Variable",
      "Expected value of type Number at /States/C/Choices[0]/NumericEquals",
    ]);
    expect(choose({ And: [{ Variable: "$.a", IsNull: true, Next: "D" }], Next: "D" })).toEqual([
      "Field 'Next' is not supported at /States/C/Choices[0]/And[0]",
    ]);
  });

  it("are one condition in JSONata", () => {
    const choose = (rule: Members) =>
      check({ C: { Type: "Choice", Choices: [{ Next: "D", ...rule }] }, D: PASS }, { QueryLanguage: "JSONata" });
    expect(choose({ Condition: "{% $states.input.a > 1 %}", Output: "{% $states.input %}" })).toEqual([]);
    expect(choose({ Condition: true })).toEqual([]);
    expect(choose({ Condition: "a > 1" })).toHaveLength(1);
    expect(choose({ Variable: "$.a", IsNull: true })).toContain(
      "The QueryLanguage is set to 'JSONata', but field 'Variable' is only supported for the 'JSONPath' QueryLanguage at /States/C/Choices[0]",
    );
  });
});

describe("a Map", () => {
  const map = (
    members: Members,
    config: Members = { Mode: "DISTRIBUTED", ExecutionType: "STANDARD" },
    type?: "EXPRESS",
  ) => {
    const processor = { ProcessorConfig: config, StartAt: "I", States: { I: PASS } };
    return check({ M: { Type: "Map", ItemProcessor: processor, End: true, ...members } }, {}, type);
  };

  it("reads from and writes to S3", () => {
    const reader = {
      Resource: "arn:aws:states:::s3:getObject",
      ReaderConfig: { InputType: "CSV" },
      Parameters: { Bucket: "b" },
    };
    const writer = { Resource: "arn:aws:states:::s3:putObject", Parameters: { "Bucket.$": "$.b" } };
    expect(
      map({ ItemReader: reader, ResultWriter: writer, ItemBatcher: { MaxItemsPerBatch: 10 }, Label: "mine" }),
    ).toEqual([]);
    expect(map({ ItemReader: { ...reader, Resource: "arn:aws:states:::s3:putObject" } })).toHaveLength(1);
  });

  it("says of which type its own executions are, and has none in an Express workflow", () => {
    expect(map({}, { Mode: "DISTRIBUTED" })).toEqual([
      "These fields are required: [ExecutionType] at /States/M/ItemProcessor/ProcessorConfig",
    ]);
    expect(map({}, { Mode: "INLINE", ExecutionType: "STANDARD" })).toHaveLength(1);
    expect(map({}, { Mode: "DISTRIBUTED", ExecutionType: "EXPRESS" }, "EXPRESS")).toHaveLength(1);
  });

  it("has one processor, and at most one of a value and its path", () => {
    expect(map({ Iterator: { StartAt: "J", States: { J: PASS } } })).toHaveLength(1);
    expect(map({ MaxConcurrency: 1, MaxConcurrencyPath: "$.m" })).toHaveLength(1);
    expect(map({ ToleratedFailurePercentage: 101 })).toEqual([
      "Maximum value is 100 at /States/M/ToleratedFailurePercentage",
    ]);
  });
});

describe("what the API says of it", () => {
  const error = (message: string, location?: string): Diagnostic => ({
    severity: "ERROR",
    code: "C",
    message,
    location,
  });
  const warning: Diagnostic = { severity: "WARNING", code: "W", message: "look", location: "/" };

  it("is one message with all errors", () => {
    expect(refusalOf([error("one", "/a"), warning, error("two")])).toBe(
      "Invalid State Machine Definition: 'C: one at /a, C: two at null'",
    );
    expect(refusalOf([warning])).toBeUndefined();
  });

  it("is a FAIL for errors alone, with warnings for who asks, and no more than asked for", () => {
    expect(answerOf([warning], undefined, undefined)).toEqual({ result: "OK", diagnostics: [], truncated: false });
    expect(answerOf([warning, error("x")], "WARNING", 1)).toEqual({
      result: "FAIL",
      diagnostics: [warning],
      truncated: true,
    });
    const many = Array.from({ length: 101 }, () => error("x"));
    expect(answerOf(many, "ERROR", 0)).toMatchObject({ diagnostics: { length: 100 }, truncated: true });
  });
});
