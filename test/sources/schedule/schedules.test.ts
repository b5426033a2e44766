/** Schedules of EventBridge Scheduler against the service itself, by a virtual clock. */
import { AwsError } from "../../../src/services/kit/aws-error.js";
import { createCredentials } from "../../../src/services/kit/credentials.js";
import type { JsonObject } from "../../../src/services/kit/json-protocol.js";
import { StateStore } from "../../../src/services/kit/state-store.js";
import { createSchedulerService, type SchedulerService } from "../../../src/services/scheduler/index.js";
import { DEFAULT_ACCOUNT_ID, DEFAULT_REGION } from "../../../src/shared/arn.js";
import { Bus } from "../../../src/shared/bus.js";
import { VirtualClock } from "../../../src/shared/clock.js";
import { silentLogger } from "../../../src/shared/logger.js";
import type { ApiRequest } from "../../../src/sources/schedule/requests.js";
import { Schedules } from "../../../src/sources/schedule/schedules.js";
import type { OutgoingMessage } from "../../../src/sources/sqs/queue-sender.js";

const realm = { region: DEFAULT_REGION, accountId: DEFAULT_ACCOUNT_ID };
const QUEUE = "arn:aws:sqs:us-east-1:000000000000:inbox";
const DEAD = "arn:aws:sqs:us-east-1:000000000000:dead";
const ROLE = "arn:aws:iam::000000000000:role/scheduler";
const MINUTE = 60_000;
const DAY = 1440 * MINUTE;

describe("schedules", () => {
  let store: StateStore;
  let clock: VirtualClock;
  let bus: Bus;
  let service: SchedulerService;
  let schedules: Schedules;
  let calls: { readonly at: string; readonly request: ApiRequest }[];
  let dead: OutgoingMessage[];
  let answer: (request: ApiRequest) => Promise<void>;

  const begin = (): void => {
    const credentials = createCredentials({ realm, clock, secret: () => store.secret });
    const context = { store, clock, bus, realm, credentials, log: silentLogger, endpoint: () => "" };
    service = createSchedulerService(context, { refusal: () => undefined });
    schedules = new Schedules({
      scheduler: service,
      store,
      bus,
      clock,
      realm,
      log: silentLogger,
      call: (request) => {
        calls.push({ at: new Date(clock.now()).toISOString().slice(5, 19), request });
        return answer(request);
      },
      queues: () =>
        Promise.resolve({
          sendMessage: (arn, message) => {
            expect(arn).toBe(DEAD);
            dead.push(message);
            return Promise.resolve();
          },
        }),
    });
  };
  const end = async (): Promise<void> => {
    await schedules.close();
    await service.close();
  };

  beforeEach(() => {
    store = StateStore.ephemeral();
    clock = new VirtualClock(Date.parse("2026-03-01T10:00:20Z"));
    bus = new Bus();
    calls = [];
    dead = [];
    answer = () => Promise.resolve();
    begin();
  });
  afterEach(async () => {
    await end();
    await store.close();
  });

  let declared: JsonObject[] = [];
  beforeEach(() => (declared = []));
  const put = async (
    name: string,
    expression: string,
    more: JsonObject = {},
    target: JsonObject = {},
  ): Promise<void> => {
    declared.push({
      Name: name,
      ScheduleExpression: expression,
      FlexibleTimeWindow: { Mode: "OFF" },
      Target: { Arn: QUEUE, RoleArn: ROLE, Input: name, ...target },
      ...more,
    });
    await declare();
  };
  const declare = async (): Promise<void> => {
    const wanted = declared.map((input) => ({ groupName: "default", name: String(input["Name"]), input }));
    expect(await service.declare({ groups: [], schedules: wanted })).toEqual([]);
    await schedules.idle();
  };
  const pass = async (ms: number): Promise<void> => {
    for (const endMs = clock.now() + ms; clock.now() < endMs;) {
      const next = Math.min(clock.nextTimerAtMs() ?? endMs, endMs);
      await clock.advance(Math.max(0, next - clock.now()));
      await schedules.idle();
    }
  };
  const times = (): string[] => calls.map(({ at }) => at);

  it("fire at the minutes of their cron expression, in their time zone", async () => {
    await put("a", "cron(0/30 6 * * ? *)", { ScheduleExpressionTimezone: "America/New_York" });
    await pass(DAY);
    expect(times()).toEqual(["03-01T11:00:00", "03-01T11:30:00"]);
    expect(calls[0]?.request).toEqual({
      service: "sqs",
      action: "sendMessage",
      parameters: { MessageBody: "a", QueueUrl: "https://sqs.us-east-1.amazonaws.com/000000000000/inbox" },
      template: { targetArn: QUEUE, input: "a", groupId: undefined },
    });
  });

  it("fire at once and then at their rate, or from their start date on, until their end date", async () => {
    await put("a", "rate(10 minutes)", { EndDate: clock.now() / 1000 + 1200 });
    expect(times()).toEqual(["03-01T10:00:20"]);
    await pass(60 * MINUTE);
    expect(times()).toEqual(["03-01T10:00:20", "03-01T10:10:20", "03-01T10:20:20"]);
    calls = [];
    await put("b", "rate(1 hour)", { StartDate: clock.now() / 1000 + 60 });
    await pass(62 * MINUTE);
    expect(times()).toEqual(["03-01T11:01:20", "03-01T12:01:20"]);
  });

  it("fire once at their time, and are deleted when they say so", async () => {
    await put("past", "at(2026-03-01T09:00:00)");
    await put("stays", "at(2026-03-01T10:01:00)");
    await put("goes", "at(2026-03-01T10:01:05)", { ActionAfterCompletion: "DELETE" });
    await pass(10 * MINUTE);
    expect(times()).toEqual(["03-01T10:01:00", "03-01T10:01:05"]);
    expect(service.schedules().map(({ name }) => name)).toEqual(["past", "stays"]);
  });

  it("that recur are deleted after the last time before their end date", async () => {
    const more = { ActionAfterCompletion: "DELETE", EndDate: clock.now() / 1000 + 150 };
    await put("goes", "cron(* * * * ? *)", more);
    await pass(MINUTE);
    expect(service.schedules()).toHaveLength(1);
    await pass(MINUTE);
    expect([times().length, service.schedules().length]).toEqual([2, 0]);
  });

  it("fire within their window, and say the time that they were scheduled for", async () => {
    const input = { Input: "<aws.scheduler.scheduled-time>" };
    const window = { FlexibleTimeWindow: { Mode: "FLEXIBLE", MaximumWindowInMinutes: 30 } };
    await put("a", "cron(0 11 * * ? *)", window, input);
    await pass(DAY);
    expect(calls).toHaveLength(1);
    expect(calls[0]?.request.parameters["MessageBody"]).toBe("2026-03-01T11:00:00Z");
    const [at = ""] = times();
    expect(at >= "03-01T11:00:00" && at <= "03-01T11:30:00").toBe(true);
  });

  it("do not fire while they are disabled or gone", async () => {
    await put("a", "cron(* * * * ? *)", { State: "DISABLED" });
    await put("b", "cron(* * * * ? *)");
    declared.pop();
    await declare();
    await pass(5 * MINUTE);
    expect(times()).toEqual([]);
  });

  it("do not fire when they are deleted in the moment of their time", async () => {
    await put("a", "at(2026-03-01T10:01:00)");
    void service.declare({ groups: [], schedules: [] });
    await clock.advance(MINUTE);
    await schedules.idle();
    expect(times()).toEqual([]);
  });

  it("make nothing up for the time when nothing ran, but what was to happen once", async () => {
    await put("hourly", "cron(0 * * * ? *)");
    await put("once", "at(2026-03-01T11:00:00)");
    await put("late", "at(2026-03-01T10:30:00)", {}, { RetryPolicy: { MaximumEventAgeInSeconds: 60 } });
    await end();
    await pass(100 * MINUTE);
    begin();
    await schedules.idle();
    expect(calls.map(({ request }) => request.parameters["MessageBody"])).toEqual(["once"]);
    await pass(20 * MINUTE);
    expect(calls.map(({ request }) => request.parameters["MessageBody"])).toEqual(["once", "hourly"]);
    // Within the minute in which it may come: it has.
    await end();
    begin();
    await pass(10_000);
    expect(calls).toHaveLength(2);
  });

  it("go on with a rate after a restart where they were", async () => {
    await put("a", "rate(1 hour)");
    await end();
    await pass(150 * MINUTE);
    begin();
    await schedules.idle();
    await pass(60 * MINUTE);
    expect(times()).toEqual(["03-01T10:00:20", "03-01T13:00:20"]);
  });

  it("give their target what is known of the call, and a notification where they have no input", async () => {
    const arn = "arn:aws:scheduler:us-east-1:000000000000:schedule/default/";
    const Input = JSON.stringify({
      from: "<aws.scheduler.schedule-arn>",
      id: "<aws.scheduler.execution-id>",
      attempt: "<aws.scheduler.attempt-number>",
    });
    await put("a", "at(2026-03-01T10:01:00)", {}, { Input });
    const { Target, ...rest } = { ...declared[0] };
    const { Input: _, ...bare } = Target as JsonObject;
    const machine = "arn:aws:states:us-east-1:000000000000:stateMachine:nightly";
    declared.push({ ...rest, Name: "b", Target: { ...bare, Arn: machine } });
    await declare();
    await pass(MINUTE);
    const [first, second] = calls.map(({ request }) => request);
    expect(JSON.parse(String(first?.parameters["MessageBody"]))).toEqual({
      from: `${arn}a`,
      id: expect.stringMatching(/^[0-9a-f]{16}$/) as unknown,
      attempt: "1",
    });
    expect(second).toMatchObject({
      service: "sfn",
      action: "startExecution",
      parameters: { StateMachineArn: machine },
    });
    expect(JSON.parse(String(second?.parameters["Input"]))).toEqual({
      version: "0",
      id: expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown,
      "detail-type": "Scheduled Event",
      source: "aws.scheduler",
      account: "000000000000",
      time: "2026-03-01T10:01:00Z",
      region: "us-east-1",
      resources: [`${arn}b`],
      detail: "{}",
    });
  });

  it("call the API by a universal target with its input", async () => {
    const Input = '{"QueueUrl":"https://example/inbox","Attributes":{"DelaySeconds":"5"}}';
    await put("a", "at(2026-03-01T10:01:00)", {}, { Arn: "arn:aws:scheduler:::aws-sdk:sqs:setQueueAttributes", Input });
    await pass(MINUTE);
    expect(calls[0]?.request).toEqual({
      service: "sqs",
      action: "setQueueAttributes",
      parameters: { QueueUrl: "https://example/inbox", Attributes: { DelaySeconds: "5" } },
    });
  });

  const refused = (statusCode: number): (() => Promise<never>) => {
    const error = new AwsError("AWS.SimpleQueueService.NonExistentQueue", "The queue is not there.", { statusCode });
    return () => Promise.reject(error);
  };
  const attributesOf = (message: OutgoingMessage | undefined): Record<string, unknown> =>
    Object.fromEntries(Object.entries(message?.attributes ?? {}).map(([name, { stringValue }]) => [name, stringValue]));

  it("leave a call that was refused for good in their dead-letter queue at once", async () => {
    answer = refused(400);
    await put("a", "at(2026-03-01T10:01:00)", {}, { DeadLetterConfig: { Arn: DEAD } });
    await pass(5 * MINUTE);
    expect(calls).toHaveLength(1);
    expect(dead).toHaveLength(1);
    expect(JSON.parse(dead[0]?.body ?? "")).toEqual({
      MessageBody: "a",
      QueueUrl: "https://sqs.us-east-1.amazonaws.com/000000000000/inbox",
    });
    expect(attributesOf(dead[0])).toEqual({
      ERROR_CODE: "AWS.SimpleQueueService.NonExistentQueue",
      ERROR_MESSAGE: "The queue is not there.",
      EXECUTION_ID: expect.stringMatching(/^[0-9a-f]{16}$/) as unknown,
      IS_PAYLOAD_TRUNCATED: "false",
      RETRY_ATTEMPTS: "0",
      SCHEDULED_TIME: "2026-03-01T10:01:00Z",
      SCHEDULE_ARN: "arn:aws:scheduler:us-east-1:000000000000:schedule/default/a",
      TARGET_ARN: "arn:aws:scheduler:::aws-sdk:sqs:sendMessage",
    });
  });

  it("leave an input that makes no call there, too", async () => {
    const Arn = "arn:aws:scheduler:::aws-sdk:sqs:purgeQueue";
    await put("a", "at(2026-03-01T10:01:00)", {}, { Arn, Input: "no JSON", DeadLetterConfig: { Arn: DEAD } });
    await pass(5 * MINUTE);
    expect([calls.length, dead.map(({ body }) => body)]).toEqual([0, ["no JSON"]]);
    expect(attributesOf(dead[0])).toMatchObject({
      ERROR_CODE: "AWS.Scheduler.InternalServerError",
      RETRY_ATTEMPTS: "0",
      TARGET_ARN: Arn,
    });
  });

  it("try again what may pass, until their attempts or the age of the event are spent", async () => {
    answer = refused(503);
    const more = (RetryPolicy: JsonObject): JsonObject => ({ DeadLetterConfig: { Arn: DEAD }, RetryPolicy });
    await put("a", "at(2026-03-01T10:01:00)", {}, more({ MaximumRetryAttempts: 2 }));
    await pass(2 * MINUTE);
    expect(times()).toEqual(["03-01T10:01:00", "03-01T10:01:01", "03-01T10:01:03"]);
    expect(attributesOf(dead[0])).toMatchObject({
      EXHAUSTED_RETRY_CONDITION: "MaximumRetryAttempts",
      RETRY_ATTEMPTS: "2",
    });
    await put("b", "at(2026-03-01T11:00:00)", {}, more({ MaximumEventAgeInSeconds: 60 }));
    await pass(DAY);
    expect(attributesOf(dead[1])).toMatchObject({
      EXHAUSTED_RETRY_CONDITION: "MaximumEventAgeInSeconds",
      RETRY_ATTEMPTS: "5",
    });
  });

  it("go on trying in the next process", async () => {
    answer = () => Promise.reject(new Error("no answer"));
    await put("a", "at(2026-03-01T10:01:00)");
    await pass(MINUTE);
    await end();
    expect(calls.length).toBeGreaterThan(1);
    calls = [];
    answer = () => Promise.resolve();
    begin();
    await pass(10 * MINUTE);
    expect(calls).toHaveLength(1);
  });
});
