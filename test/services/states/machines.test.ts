/** Machines through the official SDK: made, changed, described, listed, deleted, and what is refused. */
import {
  CreateStateMachineCommand,
  DeleteStateMachineCommand,
  DescribeStateMachineCommand,
  DescribeStateMachineForExecutionCommand,
  ListStateMachinesCommand,
  ListTagsForResourceCommand,
  StartExecutionCommand,
  StopExecutionCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateStateMachineCommand,
  ValidateStateMachineDefinitionCommand,
} from "@aws-sdk/client-sfn";
import { CALLBACK, PASS, PREFIX, refusal, ROLE, world, type World } from "./world.js";

const OTHER = PASS.replaceAll("Only", "Other");

describe("State machines", () => {
  let w: World;
  beforeAll(async () => {
    w = await world();
  });
  afterAll(() => w.stop());

  test("a machine is described as it was made, with AWS's defaults", async () => {
    const stateMachineArn = await w.machine("made");
    expect(stateMachineArn).toBe(`${PREFIX}stateMachine:made`);
    expect(await w.sfn.send(new DescribeStateMachineCommand({ stateMachineArn }))).toMatchObject({
      name: "made",
      status: "ACTIVE",
      type: "STANDARD",
      definition: PASS,
      roleArn: ROLE,
      loggingConfiguration: { level: "OFF", includeExecutionData: false },
      tracingConfiguration: { enabled: false },
      encryptionConfiguration: { type: "AWS_OWNED_KEY" },
      creationDate: new Date(w.served.clock.now()),
    });
    const bare = await w.sfn.send(new DescribeStateMachineCommand({ stateMachineArn, includedData: "METADATA_ONLY" }));
    expect([bare.name, bare.definition]).toEqual(["made", undefined]);
  });

  test("making the same machine again is no error, another definition or type under its name is", async () => {
    const arn = await w.machine("twice");
    expect(await w.machine("twice", PASS, { roleArn: `${ROLE}2`, tags: [{ key: "a", value: "b" }] })).toBe(arn);
    const exists = ["StateMachineAlreadyExists", `State Machine Already Exists: '${arn}'`];
    // The text counts, not what it means.
    expect(await refusal(w.machine("twice", `${PASS} `))).toEqual(exists);
    expect(await refusal(w.machine("twice", PASS, { type: "EXPRESS" }))).toEqual(exists);
  });

  test("an update makes a revision, one that changes nothing makes none", async () => {
    const stateMachineArn = await w.machine("updated");
    const { revisionId } = await w.sfn.send(new UpdateStateMachineCommand({ stateMachineArn, definition: OTHER }));
    expect(revisionId).toMatch(/^[0-9a-f-]{36}$/);
    const again = await w.sfn.send(new UpdateStateMachineCommand({ stateMachineArn, definition: OTHER }));
    expect(again.revisionId).toBeUndefined();
    const described = await w.sfn.send(new DescribeStateMachineCommand({ stateMachineArn }));
    expect([described.definition, described.revisionId]).toEqual([OTHER, revisionId]);
    expect(await refusal(w.sfn.send(new UpdateStateMachineCommand({ stateMachineArn })))).toEqual([
      "MissingRequiredParameter",
      "Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be specified",
    ]);
  });

  test("an execution keeps the definition that it began with", async () => {
    const stateMachineArn = await w.machine("kept");
    const executionArn = await w.start(stateMachineArn);
    await w.sfn.send(new UpdateStateMachineCommand({ stateMachineArn, definition: OTHER }));
    await w.sfn.send(new UpdateStateMachineCommand({ stateMachineArn, definition: CALLBACK }));
    const answer = await w.sfn.send(new DescribeStateMachineForExecutionCommand({ executionArn }));
    expect([answer.stateMachineArn, answer.definition]).toEqual([stateMachineArn, PASS]);
  });

  test("machines are listed by pages", async () => {
    for (const name of ["list-a", "list-b", "list-c"]) await w.machine(name);
    const names: (string | undefined)[] = [];
    let nextToken: string | undefined;
    do {
      const page = await w.sfn.send(new ListStateMachinesCommand({ maxResults: 2, nextToken }));
      expect(page.stateMachines?.length).toBeLessThanOrEqual(2);
      names.push(...(page.stateMachines ?? []).map(({ name }) => name));
      ({ nextToken } = page);
    } while (nextToken !== undefined);
    expect(names).toEqual(expect.arrayContaining(["list-a", "list-b", "list-c"]));
    expect(new Set(names).size).toBe(names.length);
    expect(await refusal(w.sfn.send(new ListStateMachinesCommand({ nextToken: "nonsense" })))).toEqual([
      "InvalidToken",
      "Invalid Token: 'Invalid token'",
    ]);
  });

  test("deleting is no error twice, and takes the executions along", async () => {
    const stateMachineArn = await w.machine("deleted");
    const executionArn = await w.start(stateMachineArn, "{}", "one");
    await w.ended(executionArn);
    await w.sfn.send(new DeleteStateMachineCommand({ stateMachineArn }));
    await w.sfn.send(new DeleteStateMachineCommand({ stateMachineArn }));
    const gone = ["StateMachineDoesNotExist", `State Machine Does Not Exist: '${stateMachineArn}'`];
    expect(await refusal(w.sfn.send(new DescribeStateMachineCommand({ stateMachineArn })))).toEqual(gone);
    expect(await refusal(w.start(stateMachineArn))).toEqual(gone);
    expect(w.served.service.execution(executionArn)).toBeUndefined();
    await w.machine("deleted");
    expect(await w.history(await w.start(stateMachineArn, "{}", "one"))).not.toHaveLength(0);
  });

  test("a machine with an execution is DELETING until that has ended", async () => {
    const stateMachineArn = await w.machine("deleting", CALLBACK);
    const executionArn = await w.start(stateMachineArn);
    await w.nextCall();
    await w.sfn.send(new DeleteStateMachineCommand({ stateMachineArn }));
    expect((await w.sfn.send(new DescribeStateMachineCommand({ stateMachineArn }))).status).toBe("DELETING");
    const deleting = ["StateMachineDeleting", `State Machine is being deleted: '${stateMachineArn}'`];
    expect(await refusal(w.sfn.send(new StartExecutionCommand({ stateMachineArn })))).toEqual(deleting);
    expect(await refusal(w.machine("deleting", CALLBACK))).toEqual(deleting);
    await w.sfn.send(new StopExecutionCommand({ executionArn }));
    expect(w.served.service.machine(stateMachineArn)).toBeUndefined();
  });

  test("an execution of a machine that is being deleted ends with its next state", async () => {
    const wait = (Seconds: number, more: object): object => ({ Type: "Wait", Seconds, ...more });
    const States = { Short: wait(10, { Next: "Long" }), Long: wait(1000, { End: true }) };
    const stateMachineArn = await w.machine("next", JSON.stringify({ StartAt: "Short", States }));
    await w.start(stateMachineArn);
    while (w.served.clock.nextTimerAtMs() === undefined) await w.served.clock.advance(0);
    await w.sfn.send(new DeleteStateMachineCommand({ stateMachineArn }));
    expect(w.served.service.running()).toHaveLength(1);
    await w.served.clock.advance(10_000);
    expect([w.served.service.running(), w.served.service.machine(stateMachineArn)]).toEqual([[], undefined]);
  });

  test("names, definitions, roles and log groups that AWS does not take are refused in its words", async () => {
    const made = (more: object): Promise<unknown> =>
      refusal(w.sfn.send(new CreateStateMachineCommand({ name: "refused", definition: PASS, roleArn: ROLE, ...more })));
    expect(await made({ name: "a b" })).toEqual(["InvalidName", "Invalid Name: 'a b'"]);
    expect(await made({ name: "a".repeat(81) })).toEqual([
      "ValidationException",
      `1 validation error detected: Value '${"a".repeat(81)}' at 'name' failed to satisfy constraint: Member must have length less than or equal to 80`,
    ]);
    expect(await made({ definition: "{" })).toEqual([
      "InvalidDefinition",
      expect.stringContaining("Invalid State Machine Definition: 'INVALID_JSON_DESCRIPTION"),
    ]);
    expect(await made({ roleArn: "nobody" })).toEqual(["InvalidArn", expect.stringContaining("nobody")]);
    expect(await made({ versionDescription: "d" })).toEqual([
      "ValidationException",
      "Version description can only be set when publish is true",
    ]);
    const group = (name: string): object => ({
      cloudWatchLogsLogGroup: { logGroupArn: `arn:aws:logs:us-east-1:000000000000:log-group:${name}:*` },
    });
    const logs = (...destinations: object[]): object => ({ loggingConfiguration: { level: "ALL", destinations } });
    expect(await made(logs(group("/none")))).toEqual([
      "InvalidLoggingConfiguration",
      "Invalid Logging Configuration: Log Destination not found.",
    ]);
    expect(await made(logs(group("/states"), group("/states")))).toEqual([
      "InvalidLoggingConfiguration",
      "Invalid Logging Configuration: Must specify exactly one Log Destination.",
    ]);
    expect(await made(logs())).toEqual(expect.arrayContaining(["InvalidLoggingConfiguration"]));
  });

  test("an ARN of another kind or of nothing is refused", async () => {
    const describe_ = (stateMachineArn: string): Promise<unknown> =>
      refusal(w.sfn.send(new DescribeStateMachineCommand({ stateMachineArn })));
    expect(await describe_("arn:aws:lambda:us-east-1:000000000000:function:f")).toEqual([
      "InvalidArn",
      "Invalid Arn: 'Invalid ARN prefix: arn:aws:lambda:us-east-1:000000000000:function:f'",
    ]);
    expect(await describe_(`${PREFIX}activity:a`)).toEqual([
      "InvalidArn",
      "Invalid Arn: 'Resource type not valid in this context: activity'",
    ]);
    const foreign = "arn:aws:states:us-east-1:999999999999:stateMachine:made";
    expect(await describe_(foreign)).toEqual(["StateMachineDoesNotExist", expect.stringContaining(foreign)]);
  });

  test("machines have tags, their versions have none", async () => {
    const resourceArn = await w.machine("tagged", PASS, { tags: [{ key: "a", value: "1" }], publish: true });
    await w.sfn.send(new TagResourceCommand({ resourceArn, tags: [{ key: "b", value: "2" }] }));
    await w.sfn.send(new UntagResourceCommand({ resourceArn, tagKeys: ["a"] }));
    expect((await w.sfn.send(new ListTagsForResourceCommand({ resourceArn }))).tags).toEqual([
      { key: "b", value: "2" },
    ]);
    const version = `${resourceArn}:1`;
    expect(await refusal(w.sfn.send(new TagResourceCommand({ resourceArn: version, tags: [] })))).toEqual([
      "ResourceNotFound",
      `Resource not found: '${version}'`,
    ]);
  });

  test("a definition is looked at without a machine being made of it", async () => {
    const validated = (definition: string) => w.sfn.send(new ValidateStateMachineDefinitionCommand({ definition }));
    expect(await validated(PASS)).toMatchObject({ result: "OK", diagnostics: [], truncated: false });
    expect(await validated("{}")).toMatchObject({ result: "FAIL" });
  });
});
