/** Rules and their targets, through the official SDK. */
import {
  DeleteRuleCommand,
  DescribeRuleCommand,
  DisableRuleCommand,
  EnableRuleCommand,
  ListRuleNamesByTargetCommand,
  ListRulesCommand,
  ListTargetsByRuleCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
  TestEventPatternCommand,
} from "@aws-sdk/client-eventbridge";
import { BUS, QUEUE, refusal, RULE, serveEvents, type Events } from "./events-fixture.js";

let events: Events;
beforeEach(async () => (events = await serveEvents()));
afterEach(() => events.stop());

const MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:m";

describe("a rule", () => {
  const put = (input: object) => events.client.send(new PutRuleCommand({ Name: "r", ...input }));
  const shown = () => events.client.send(new DescribeRuleCommand({ Name: "r" }));

  test("is put, described, listed and put anew; its targets stay", async () => {
    expect(await events.rule("r", { source: ["a"] })).toBe(`${RULE}r`);
    await events.target("r", {});
    await put({ ScheduleExpression: "rate(5 minutes)", Description: "d", State: "DISABLED" });
    expect(await shown()).toMatchObject({
      Name: "r",
      Arn: `${RULE}r`,
      EventBusName: "default",
      CreatedBy: "000000000000",
      ScheduleExpression: "rate(5 minutes)",
      Description: "d",
      State: "DISABLED",
    });
    expect((await shown()).EventPattern).toBeUndefined();
    const { Rules = [] } = await events.client.send(new ListRulesCommand({ NamePrefix: "r" }));
    expect(Rules.map(({ Name, State }) => [Name, State])).toEqual([["r", "DISABLED"]]);
    const { Targets = [] } = await events.client.send(new ListTargetsByRuleCommand({ Rule: "r" }));
    expect(Targets).toEqual([{ Id: "t", Arn: `${QUEUE}q` }]);
  });

  test.each([
    [{}, "Parameter(s) EventPattern or ScheduleExpression must be specified."],
    [{ ScheduleExpression: "rate(1 minutes)" }, "Parameter ScheduleExpression is not valid."],
    [{ ScheduleExpression: "cron(0 12 * * * *)" }, "Parameter ScheduleExpression is not valid."],
    [
      { EventPattern: "{}", State: "ON" },
      "1 validation error detected: Value 'ON' at 'state' failed to satisfy constraint: Member must satisfy enum value set: [ENABLED, DISABLED, ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS]",
    ],
  ])("like %j is refused", async (input, text) => {
    expect(await refusal(put(input))).toEqual(["ValidationException", text]);
  });

  test("with a pattern that is none is refused, with the place of the fault", async () => {
    expect(await refusal(put({ EventPattern: '{"a":1}' }))).toEqual([
      "InvalidEventPatternException",
      'Event pattern is not valid. Reason: "a" must be an object or an array\n at [Source: (String)"{"a":1}"; line: 1, column: 7]',
    ]);
  });

  test("with a schedule is one of the default bus only", async () => {
    await events.served.post("AWSEvents.CreateEventBus", { Name: "other" });
    expect(await refusal(put({ ScheduleExpression: "rate(1 day)", EventBusName: "other" }))).toEqual([
      "ValidationException",
      "ScheduleExpression is supported only on the default event bus.",
    ]);
  });

  test("is switched off and on, and the scheduler hears of it", async () => {
    await put({ ScheduleExpression: "rate(1 day)" });
    const changed: string[] = [];
    events.served.bus.on("ScheduledRuleChanged", ({ ruleName }) => changed.push(ruleName));
    await events.client.send(new DisableRuleCommand({ Name: "r" }));
    expect([(await shown()).State, events.served.service.scheduledRules()]).toEqual(["DISABLED", []]);
    await events.client.send(new EnableRuleCommand({ Name: "r" }));
    expect(events.served.service.scheduledRules()).toEqual([
      { busName: "default", name: "r", arn: `${RULE}r`, scheduleExpression: "rate(1 day)" },
    ]);
    expect(changed).toEqual(["r", "r"]);
  });

  test("goes once it has no targets; one that is not there is gone", async () => {
    await events.rule("r", { source: ["a"] });
    await events.target("r", {});
    const remove = () => events.client.send(new DeleteRuleCommand({ Name: "r" }));
    expect(await refusal(remove())).toEqual(["ValidationException", "Rule can't be deleted since it has targets."]);
    await events.client.send(new RemoveTargetsCommand({ Rule: "r", Ids: ["t"] }));
    await remove();
    await remove();
    expect(await refusal(shown())).toEqual(["ResourceNotFoundException", "Rule r does not exist on EventBus default."]);
  });

  test("fires by the scheduler: its targets get the scheduled event of that time", async () => {
    await put({ ScheduleExpression: "rate(1 day)" });
    await events.target("r", {});
    const fire = (name: string) =>
      events.served.context.store.write(() =>
        events.served.service.fire({ busName: "default", name }, Date.UTC(2026, 4, 1, 12, 0, 0, 999)),
      );
    expect([await fire("r"), await fire("gone")]).toEqual([true, false]);
    expect(events.due).toHaveLength(1);
    expect(JSON.parse(events.due[0]?.event ?? "{}")).toEqual({
      version: "0",
      id: expect.any(String),
      "detail-type": "Scheduled Event",
      source: "aws.events",
      account: "000000000000",
      time: "2026-05-01T12:00:00Z",
      region: "us-east-1",
      resources: [`${RULE}r`],
      detail: {},
    });
  });
});

describe("a target", () => {
  beforeEach(() => events.rule("r", { source: ["a"] }));

  test("is found by the rule and the rule by the target", async () => {
    await events.target("r", { RetryPolicy: { MaximumRetryAttempts: 1 } });
    const { RuleNames } = await events.client.send(new ListRuleNamesByTargetCommand({ TargetArn: `${QUEUE}q` }));
    expect(RuleNames).toEqual(["r"]);
    const { Targets } = await events.client.send(new ListTargetsByRuleCommand({ Rule: "r" }));
    expect(Targets).toEqual([{ Id: "t", Arn: `${QUEUE}q`, RetryPolicy: { MaximumRetryAttempts: 1 } }]);
  });

  test.each([
    [{ Arn: "queue" }, "Parameter queue is not valid. Reason: Provided Arn is not in correct format."],
    [{ Arn: `${QUEUE}q.fifo` }, "Parameter(s) SqsParameters must be specified for target: t."],
    [{ Arn: MACHINE }, `RoleArn is required for target ${MACHINE}.`],
    [
      { Input: "{}", InputPath: "$" },
      "Only one of Input, InputPath, or InputTransformer must be provided for target t.",
    ],
    [
      { Arn: "arn:aws:logs:us-east-1:000000000000:log-group:/aws/events/x", Input: "{}" },
      "Input and InputPath are not valid forms of input for target t. The only valid form of input is InputTransformer.",
    ],
    [{ Arn: `${BUS}other`, Input: "{}" }, `Input is not supported for target ${BUS}other.`],
    [{ Input: "{" }, "JSON syntax error in input for target t."],
    [{ InputPath: "detail" }, "InputPath for target t is invalid."],
    [
      { InputTransformer: { InputPathsMap: { a: "$.x" }, InputTemplate: '"<a> <b>"' } },
      "InputTemplate for target t contains invalid placeholder b.",
    ],
    [
      { InputTransformer: { InputTemplate: '{"a": }' } },
      'Invalid InputTemplate for target t : [Source: (String)"{"a": }"; line: 1, column: 8]',
    ],
    [{ DeadLetterConfig: { Arn: `${QUEUE}dead.fifo` } }, "DeadLetterConfig for target t must be a standard SQS queue."],
    [
      { Id: "!" },
      String.raw`1 validation error detected: Value '!' at 'targets.1.member.id' failed to satisfy constraint: Member must satisfy regular expression pattern: [\.\-_A-Za-z0-9]+`,
    ],
    [
      { RetryPolicy: { MaximumRetryAttempts: 186 } },
      "1 validation error detected: Value '186' at 'targets.1.member.retryPolicy.maximumRetryAttempts' failed to satisfy constraint: Member must have value less than or equal to 185",
    ],
  ])("like %j is refused", async (target, text) => {
    expect(await refusal(events.target("r", target))).toEqual(["ValidationException", text]);
    const { Targets } = await events.client.send(new ListTargetsByRuleCommand({ Rule: "r" }));
    expect(Targets).toEqual([]);
  });

  test.each([
    { InputTransformer: { InputTemplate: '"one <aws.events.rule-name>"\n"two"' } },
    { InputTransformer: { InputPathsMap: { a: "$.detail['x-y'].z[0]" }, InputTemplate: '{"a": <a>, "b": "is <a>"}' } },
    { Input: '"text"' },
  ])("like %j is taken", async (target) => {
    expect(await events.target("r", target)).toMatchObject({ FailedEntryCount: 0, FailedEntries: [] });
  });

  test("of a kind that is not emulated fails alone", async () => {
    const Arn = "arn:aws:firehose:us-east-1:000000000000:deliverystream/s";
    const Targets = [
      { Id: "a", Arn },
      { Id: "b", Arn: `${QUEUE}q` },
    ];
    expect(await events.client.send(new PutTargetsCommand({ Rule: "r", Targets }))).toMatchObject({
      FailedEntryCount: 1,
      FailedEntries: [
        {
          TargetId: "a",
          ErrorCode: "UnsupportedOperationException",
          ErrorMessage: `The target ${Arn} is not emulated by lambda-run.`,
        },
      ],
    });
    const listed = await events.client.send(new ListTargetsByRuleCommand({ Rule: "r" }));
    expect(listed.Targets?.map(({ Id }) => Id)).toEqual(["b"]);
  });

  test("is one of five at most, and none is kept when there are more", async () => {
    const Targets = Array.from({ length: 6 }, (_, index) => ({ Id: `t${index}`, Arn: `${QUEUE}q` }));
    expect(await refusal(events.client.send(new PutTargetsCommand({ Rule: "r", Targets })))).toEqual([
      "LimitExceededException",
      "The requested resource exceeds the maximum number allowed.",
    ]);
    expect((await events.client.send(new ListTargetsByRuleCommand({ Rule: "r" }))).Targets).toEqual([]);
  });

  test("that is not there is a failed entry when it is removed", async () => {
    expect(await events.client.send(new RemoveTargetsCommand({ Rule: "r", Ids: ["x"] }))).toMatchObject({
      FailedEntryCount: 1,
      FailedEntries: [{ TargetId: "x", ErrorCode: "ResourceNotFoundException" }],
    });
  });
});

describe("TestEventPattern", () => {
  const event = { id: "1", source: "a", "detail-type": "d", account: "1", time: "t", region: "r", resources: [] };
  const ask = (Event: unknown, EventPattern: string) =>
    events.client.send(new TestEventPatternCommand({ Event: JSON.stringify(Event), EventPattern }));

  test("says whether an event matches", async () => {
    expect((await ask(event, '{"source":["a"]}')).Result).toBe(true);
    expect((await ask(event, '{"source":["b"]}')).Result).toBe(false);
  });

  test("takes no event that nests deeper than those that can be put", async () => {
    const Event = `${JSON.stringify(event).slice(0, -1)},"detail":{"a":${"[".repeat(50_000)}${"]".repeat(50_000)}}}`;
    const deep = events.client.send(new TestEventPatternCommand({ Event, EventPattern: '{"source":["a"]}' }));
    expect(await refusal(deep)).toEqual(["ValidationException", "Parameter Event is not valid."]);
  });

  test.each(["id", "source", "detail-type", "account", "time", "region"])(
    "wants an event that has %s",
    async (name) => {
      const { [name]: _, ...rest } = event as Record<string, unknown>;
      expect(await refusal(ask(rest, '{"source":["a"]}'))).toEqual([
        "ValidationException",
        "Parameter Event is not valid.",
      ]);
    },
  );
});

describe("what a template declares", () => {
  const declared = { name: "d", eventPattern: '{"source":["a"]}', targets: [{ Id: "t", Arn: `${QUEUE}q` }] };
  const names = () =>
    events.client.send(new ListRulesCommand({})).then(({ Rules = [] }) => Rules.map(({ Name }) => Name));

  test("goes when it is declared no more; what was put over the API stays", async () => {
    const { service } = events.served;
    await events.rule("mine", { source: ["a"] });
    await service.declare({ buses: [{ name: "b" }], rules: [declared, { ...declared, busName: "b" }] });
    expect([await names(), service.busExists("b")]).toEqual([["d", "mine"], true]);
    await service.declare({ buses: [], rules: [] });
    expect([await names(), service.busExists("b")]).toEqual([["mine"], false]);
  });

  test("and AWS would refuse is left out, and told", async () => {
    const { service } = events.served;
    const rules = [
      { ...declared, eventPattern: "{}" },
      { ...declared, name: "e", targets: [{ Id: "t", Arn: "x" }] },
    ];
    const told = await service.declare({ buses: [], rules });
    expect(told).toEqual([
      expect.stringContaining(
        "the rule d is left out: Event pattern is not valid. Reason: Empty objects are not allowed",
      ),
      "the target t of the rule e is left out: Parameter x is not valid. Reason: Provided Arn is not in correct format.",
    ]);
    expect(await names()).toEqual(["e"]);
  });
});
