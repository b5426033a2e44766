import { errorOf, placeIn, read, withFunction } from "../support.js";

const machine = (properties: string, type = "AWS::Serverless::StateMachine"): string =>
  withFunction("FunctionName: fn", `Flow: { Type: ${type}, Properties: { ${properties} } }`);
const ARN = "arn:aws:states:eu-central-1:123456789012:stateMachine:flow";
const INLINE = "Definition: { StartAt: A, States: { A: { Type: Succeed } } }";

test("a machine of SAM carries its type, logging, tracing, tags and where its definition stands", () => {
  const { stateMachines } = read(
    machine(
      "Name: flow, Type: EXPRESS, DefinitionUri: flows/flow.asl.json, Role: 'arn:aws:iam::123456789012:role/r', Tracing: { Enabled: true }, Tags: { team: a }, Logging: { Level: ALL, IncludeExecutionData: true, Destinations: [{ CloudWatchLogsLogGroup: { LogGroupArn: 'arn:aws:logs:eu-central-1:123456789012:log-group:x:*' } }] }",
    ),
    {},
    { "flows/flow.asl.json": '{"StartAt":"A"}' },
  );
  expect(stateMachines).toEqual([
    {
      logicalId: "Flow",
      name: "flow",
      arn: ARN,
      type: "EXPRESS",
      definition: '{"StartAt":"A"}',
      definedAt: "flows/flow.asl.json",
      roleArn: "arn:aws:iam::123456789012:role/r",
      logging: {
        level: "ALL",
        includeExecutionData: true,
        logGroupArns: ["arn:aws:logs:eu-central-1:123456789012:log-group:x:*"],
      },
      tracing: true,
      tags: { team: "a" },
      published: undefined,
    },
  ]);
});

test("a machine of CloudFormation is read from DefinitionString, Definition or a local DefinitionS3Location", () => {
  const plain = (definition: string): string | undefined =>
    read(
      machine(
        `StateMachineName: flow, StateMachineType: STANDARD, RoleArn: r, Tags: [{ Key: a, Value: b }], DefinitionSubstitutions: { Fn: !GetAtt Fn.Arn }, ${definition}`,
        "AWS::StepFunctions::StateMachine",
      ),
      {},
      { "flow.json": '{"StartAt":"${Fn}"}' },
    ).stateMachines[0]?.definition;
  const filled = '{"StartAt":"arn:aws:lambda:eu-central-1:123456789012:function:fn"}';
  expect(plain(`DefinitionString: '{"StartAt":"\${Fn}"}'`)).toBe(filled);
  expect(plain("Definition: { StartAt: '${Fn}' }")).toBe(filled);
  expect(plain("DefinitionS3Location: flow.json")).toBe(filled);
});

test("AutoPublishAlias makes version 1 and an alias, to which events go where UseAliasAsEventTarget says so", () => {
  const { stateMachines, rules, outputs } = read(
    `${machine(
      `Name: flow, AutoPublishAlias: live, UseAliasAsEventTarget: true, ${INLINE}, Events: { On: { Type: EventBridgeRule, Properties: { Pattern: { source: [a] } } } }`,
    )}\nOutputs: { A: { Value: !Ref FlowAliaslive }, V: { Value: !Ref FlowVersion } }`,
  );
  expect(stateMachines[0]?.published).toEqual({ aliases: ["live"] });
  expect(rules[0]?.targets[0]).toMatchObject({ arn: `${ARN}:live`, id: "FlowOnStepFunctionsTarget" });
  expect(outputs).toEqual({ A: `${ARN}:live`, V: `${ARN}:1` });
});

test("versions and aliases may be resources of their own, and activities are", () => {
  const { stateMachines, activities, outputs } = read(`${machine(`Name: flow, ${INLINE}`)}
  V: { Type: AWS::StepFunctions::StateMachineVersion, Properties: { StateMachineArn: !Ref Flow, Description: first } }
  L: { Type: AWS::StepFunctions::StateMachineAlias, Properties: { Name: live, RoutingConfiguration: [{ StateMachineVersionArn: !Ref V, Weight: 100 }] } }
  W: { Type: AWS::StepFunctions::Activity, Properties: { Name: approve } }
Outputs: { L: { Value: !GetAtt L.Arn }, W: { Value: !Ref W } }`);
  expect(stateMachines[0]?.published).toEqual({ aliases: ["live"] });
  const arn = "arn:aws:states:eu-central-1:123456789012:activity:approve";
  expect(activities).toEqual([{ logicalId: "W", name: "approve", arn }]);
  expect(outputs).toEqual({ L: `${ARN}:live`, W: arn });
});

test("a placeholder that no substitution fills stays and is said, with the name that was probably meant", () => {
  const { notices, stateMachines } = read(
    machine("Name: flow, DefinitionSubstitutions: { FunctionArn: x }, Definition: { StartAt: '${FunctonArn}' }"),
  );
  expect(stateMachines[0]?.definition).toBe('{"StartAt":"${FunctonArn}"}');
  expect(notices).toContain(
    'Flow: ${FunctonArn} in the definition is in no DefinitionSubstitutions and stays as it is. Did you mean "FunctionArn"?',
  );
});

describe("refused", () => {
  const refused = (properties: string, files: Readonly<Record<string, string>> = {}) =>
    errorOf(() => read(machine(properties), {}, files));

  test("a definition file with a fault, at its place in that file", () => {
    const text = '{\n  "StartAt": "A",\n  "States": {,}\n}\n';
    const error = refused("DefinitionUri: flow.asl.json", { "flow.asl.json": text });
    expect(error.what).toBe(
      'The definition of Flow is not valid JSON: there is "," where a property name in double quotes is expected',
    );
    expect(error.where).toBe(`flow.asl.json:${placeIn(text, ",}")} (Resources.Flow.Properties.DefinitionUri)`);
    expect(error.codeFrame).toContain('"States": {,}');
  });

  test("a definition text with a fault, at its place in the template", () => {
    const error = refused("Name: flow, DefinitionUri: x.yaml", { "x.yaml": "A: [\n" });
    expect(error.code).toBe("LR2002");
    const inline = errorOf(() =>
      read(machine("RoleArn: r, DefinitionString: '{'", "AWS::StepFunctions::StateMachine")),
    );
    expect(inline.what).toBe(
      "The definition of Flow is not valid JSON: the text ends where a property name in double quotes is expected",
    );
    expect(inline.where).toMatch(/^template.yaml:\d+:\d+ \(Resources\.Flow\.Properties\.DefinitionString\)$/);
  });

  test("a definition file that is not there", () => {
    const error = refused("DefinitionUri: flows/flow.asl.json");
    expect(error.what).toBe("The definition of Flow is not there: flows/flow.asl.json");
    expect(error.where).toContain("Resources.Flow.Properties.DefinitionUri");
  });

  test("no definition and two of them, in SAM's words", () => {
    expect(refused("Name: flow").why).toBe("Either 'Definition' or 'DefinitionUri' property must be specified.");
    expect(refused(`DefinitionUri: a.json, ${INLINE}`).why).toBe(
      "Specify either 'Definition' or 'DefinitionUri' property and not both.",
    );
  });

  test("an event type that only functions have", () => {
    const error = refused(`${INLINE}, Events: { E: { Type: SQS, Properties: { Queue: q } } }`);
    expect(error.what).toBe("SQS is not an event type of a state machine.");
    expect(error.fix).toBe("Use one of: Api, CloudWatchEvent, EventBridgeRule, Schedule, ScheduleV2.");
  });
});
