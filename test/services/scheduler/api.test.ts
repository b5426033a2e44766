/** Schedules, groups and tags through the official SDK. */
import {
  CreateScheduleCommand,
  CreateScheduleGroupCommand,
  DeleteScheduleCommand,
  DeleteScheduleGroupCommand,
  GetScheduleCommand,
  GetScheduleGroupCommand,
  ListScheduleGroupsCommand,
  ListSchedulesCommand,
  ListTagsForResourceCommand,
  paginateListSchedules,
  SchedulerClient,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateScheduleCommand,
  type CreateScheduleCommandInput,
} from "@aws-sdk/client-scheduler";
import { createSchedulerService, type SchedulerService } from "../../../src/services/scheduler/index.js";
import { serveService, type ServedService } from "../harness.js";

const ROLE = "arn:aws:iam::000000000000:role/scheduler";
const FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:report";
const ARN = "arn:aws:scheduler:us-east-1:000000000000:";

describe("EventBridge Scheduler", () => {
  let served: ServedService<SchedulerService>;
  let scheduler: SchedulerClient;
  const changes: string[] = [];

  beforeAll(async () => {
    served = await serveService((context) =>
      createSchedulerService(context, {
        refusal: (service, action) =>
          service === "sqs" ? undefined : `lambda-run cannot call ${service}:${action} for a schedule.`,
      }),
    );
    scheduler = new SchedulerClient(served.client);
    served.bus.on("ScheduleChanged", ({ groupName, name }) => changes.push(`${groupName}/${name}`));
  });
  afterAll(async () => {
    scheduler.destroy();
    await served.stop();
  });
  beforeEach(async () => {
    await served.service.reset();
    changes.length = 0;
  });

  const wanted = (Name: string, more: Partial<CreateScheduleCommandInput> = {}): CreateScheduleCommandInput => ({
    Name,
    ScheduleExpression: "rate(5 minutes)",
    FlexibleTimeWindow: { Mode: "OFF" },
    Target: { Arn: FUNCTION, RoleArn: ROLE },
    ...more,
  });
  const create = (Name: string, more: Partial<CreateScheduleCommandInput> = {}): Promise<unknown> =>
    scheduler.send(new CreateScheduleCommand(wanted(Name, more)));
  const refusal = (sent: Promise<unknown>): Promise<unknown> =>
    sent.then(
      () => "accepted",
      (error: Error & { $metadata?: { httpStatusCode?: number } }) => [
        error.$metadata?.httpStatusCode,
        error.name,
        error.message,
      ],
    );
  const invalid = (message: string): unknown[] => [400, "ValidationException", message];

  it("keeps a schedule with AWS's defaults, and says when it was made and changed", async () => {
    const { ScheduleArn } = await scheduler.send(new CreateScheduleCommand(wanted("nightly")));
    expect(ScheduleArn).toBe(`${ARN}schedule/default/nightly`);
    const { $metadata: _, ...shown } = await scheduler.send(new GetScheduleCommand({ Name: "nightly" }));
    const now = new Date(served.clock.now());
    expect(shown).toEqual({
      ActionAfterCompletion: "NONE",
      Arn: ScheduleArn,
      CreationDate: now,
      FlexibleTimeWindow: { Mode: "OFF" },
      GroupName: "default",
      LastModificationDate: now,
      Name: "nightly",
      ScheduleExpression: "rate(5 minutes)",
      ScheduleExpressionTimezone: "UTC",
      State: "ENABLED",
      Target: {
        Arn: FUNCTION,
        RoleArn: ROLE,
        RetryPolicy: { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 },
      },
    });
    expect(changes).toEqual(["default/nightly"]);
  });

  it("puts everything back to its default that an update does not give", async () => {
    const StartDate = new Date(served.clock.now() + 3_600_000);
    await create("nightly", { Description: "at night", State: "DISABLED", StartDate, ActionAfterCompletion: "DELETE" });
    const before = await scheduler.send(new GetScheduleCommand({ Name: "nightly" }));
    expect([before.Description, before.State, before.StartDate]).toEqual(["at night", "DISABLED", StartDate]);
    await served.clock.advance(1000);
    await scheduler.send(
      new UpdateScheduleCommand(
        wanted("nightly", {
          ScheduleExpression: "cron(0 3 * * ? *)",
          ScheduleExpressionTimezone: "Europe/Berlin",
          FlexibleTimeWindow: { Mode: "FLEXIBLE", MaximumWindowInMinutes: 15 },
        }),
      ),
    );
    const after = await scheduler.send(new GetScheduleCommand({ Name: "nightly" }));
    expect([after.Description, after.State, after.StartDate, after.ActionAfterCompletion]).toEqual([
      undefined,
      "ENABLED",
      undefined,
      "NONE",
    ]);
    expect(after.FlexibleTimeWindow).toEqual({ Mode: "FLEXIBLE", MaximumWindowInMinutes: 15 });
    expect(after.CreationDate).toEqual(before.CreationDate);
    expect(after.LastModificationDate).toEqual(new Date(served.clock.now()));
  });

  it("makes a schedule once for one client token, and refuses the name to another", async () => {
    await create("nightly", { ClientToken: "first" });
    expect(await refusal(create("nightly", { ClientToken: "first" }))).toBe("accepted");
    const exists = [409, "ConflictException", "Schedule nightly already exists."];
    expect(await refusal(create("nightly", { ClientToken: "second" }))).toEqual(exists);
    expect(await refusal(create("nightly", { ClientToken: "first", Description: "another" }))).toEqual(exists);
    expect(changes).toEqual(["default/nightly"]);
  });

  it("deletes schedules, and says what is not there", async () => {
    await create("nightly");
    await scheduler.send(new DeleteScheduleCommand({ Name: "nightly" }));
    const missing = [404, "ResourceNotFoundException", "Schedule nightly does not exist."];
    expect(await refusal(scheduler.send(new GetScheduleCommand({ Name: "nightly" })))).toEqual(missing);
    expect(await refusal(scheduler.send(new DeleteScheduleCommand({ Name: "nightly" })))).toEqual(missing);
    expect(await refusal(scheduler.send(new UpdateScheduleCommand(wanted("nightly"))))).toEqual(missing);
    expect(changes).toEqual(["default/nightly", "default/nightly"]);
    expect(await refusal(create("nightly", { GroupName: "none" }))).toEqual([
      404,
      "ResourceNotFoundException",
      "Schedule group none does not exist.",
    ]);
  });

  it.each(["cron(0 25 * * ? *)", "rate(30 seconds)", "at(2026-13-01T00:00:00)", "every day"])(
    "refuses the expression %s in AWS's words",
    async (ScheduleExpression) => {
      expect(await refusal(create("bad", { ScheduleExpression }))).toEqual(
        invalid(`Invalid Schedule Expression ${ScheduleExpression}.`),
      );
    },
  );

  it("refuses what breaks the constraints of the API model, all of it at once", async () => {
    const target = { Arn: FUNCTION, RoleArn: "nobody", RetryPolicy: { MaximumRetryAttempts: 200 } };
    expect(await refusal(create("a b", { Target: target, State: "PAUSED" as "ENABLED" }))).toEqual(
      invalid(
        "4 validation errors detected: " +
          "Value 'a b' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [0-9a-zA-Z-_.]+; " +
          "Value 'PAUSED' at 'state' failed to satisfy constraint: Member must satisfy enum value set: [ENABLED, DISABLED]; " +
          "Value 'nobody' at 'target.roleArn' failed to satisfy constraint: Member must satisfy regular expression pattern: arn:aws(-[a-z]+)?:iam::\\d{12}:role\\/[\\w+=,.@\\/-]+; " +
          "Value '200' at 'target.retryPolicy.maximumRetryAttempts' failed to satisfy constraint: Member must have value less than or equal to 185",
      ),
    );
    const fifo = "arn:aws:sqs:us-east-1:000000000000:dead.fifo";
    expect(
      await refusal(create("bad", { Target: { Arn: FUNCTION, RoleArn: ROLE, DeadLetterConfig: { Arn: fifo } } })),
    ).toEqual(
      invalid(
        `1 validation error detected: Value '${fifo}' at 'target.deadLetterConfig.arn' failed to satisfy constraint: ` +
          "Member must satisfy regular expression pattern: arn:aws(-[a-z]+)?:sqs:[a-z0-9\\-]+:\\d{12}:[a-zA-Z0-9\\-_]+",
      ),
    );
  });

  it("refuses targets that it has no template for, and universal ones that cannot be called", async () => {
    const target = (Arn: string, Input?: string): Promise<unknown> =>
      refusal(create("bad", { Target: { Arn, RoleArn: ROLE, ...(Input === undefined ? {} : { Input }) } }));
    expect(await target("nowhere")).toEqual(invalid("Provided Arn is not in correct format."));
    expect(await target("arn:aws:rds:us-east-1:000000000000:db:x")).toEqual(
      invalid("rds is not a supported service for a target."),
    );
    expect(await target("arn:aws:ecs:us-east-1:000000000000:cluster/x")).toEqual(
      invalid("Targets of ecs are not emulated by lambda-run: arn:aws:ecs:us-east-1:000000000000:cluster/x"),
    );
    expect(await target("arn:aws:scheduler:::aws-sdk:sqs:purgeQueue")).toEqual(
      invalid("You must provide an input to set this target for your schedule"),
    );
    expect(await target("arn:aws:scheduler:::aws-sdk:sqs:listQueues", "{}")).toEqual(
      invalid("listQueues API is not supported"),
    );
    expect(await target("arn:aws:scheduler:::aws-sdk:ec2:startInstances", "{}")).toEqual(
      invalid("lambda-run cannot call ec2:startInstances for a schedule."),
    );
    expect(await target("arn:aws:scheduler:::aws-sdk:sqs:purgeQueue", "{}")).toBe("accepted");
  });

  it("refuses dates and windows that make no sense, but looks at no date of a single firing", async () => {
    const at = (ms: number): Date => new Date(served.clock.now() + ms);
    expect(await refusal(create("bad", { StartDate: at(-6 * 60_000) }))).toEqual(
      invalid("The StartDate you specify cannot be earlier than 5 minutes ago."),
    );
    expect(await refusal(create("late", { StartDate: at(-4 * 60_000) }))).toBe("accepted");
    expect(await refusal(create("bad", { StartDate: at(120_000), EndDate: at(60_000) }))).toEqual(
      invalid("The EndDate you specify must come after the StartDate."),
    );
    expect(await refusal(create("bad", { FlexibleTimeWindow: { Mode: "FLEXIBLE" } }))).toEqual(
      invalid("MaximumWindowInMinutes is required when the mode is FLEXIBLE."),
    );
    expect(await refusal(create("bad", { ScheduleExpressionTimezone: "Mars/Olympus" }))).toEqual(
      invalid("Invalid Schedule Expression Timezone Mars/Olympus."),
    );
    const once = { ScheduleExpression: "at(2024-01-01T00:00:00)", StartDate: at(-86_400_000) };
    expect(await refusal(create("once", once))).toBe("accepted");
  });

  it("lists schedules, the newest first, by group, name, state and page", async () => {
    await scheduler.send(new CreateScheduleGroupCommand({ Name: "reports" }));
    for (const [i, Name] of ["a-1", "a-2", "b-1"].entries()) {
      await served.clock.advance(1000);
      await create(Name, i === 1 ? { State: "DISABLED", GroupName: "reports" } : {});
    }
    const names = async (input: object): Promise<unknown> =>
      (await scheduler.send(new ListSchedulesCommand(input))).Schedules?.map(({ Name }) => Name);
    expect(await names({})).toEqual(["b-1", "a-2", "a-1"]);
    expect(await names({ GroupName: "reports" })).toEqual(["a-2"]);
    expect(await names({ NamePrefix: "a-" })).toEqual(["a-2", "a-1"]);
    expect(await names({ State: "ENABLED" })).toEqual(["b-1", "a-1"]);
    const pages = [];
    for await (const { Schedules } of paginateListSchedules({ client: scheduler, pageSize: 2 }, {}))
      pages.push(Schedules?.map(({ Name }) => Name));
    expect(pages).toEqual([["b-1", "a-2"], ["a-1"]]);
    expect(await refusal(scheduler.send(new ListSchedulesCommand({ NextToken: "bm9uZQ==" })))).toEqual(
      invalid("Invalid NextToken."),
    );
  });

  it("refuses a path and numbers that are none", async () => {
    const get = async (path: string): Promise<unknown> => {
      const answer = await fetch(`${served.endpoint}${path}`);
      return [answer.status, answer.headers.get("x-amzn-errortype")];
    };
    expect(await get("/schedules/%E0%A4%A")).toEqual([400, "ValidationException"]);
    expect(await get("/schedules?MaxResults=many")).toEqual([400, "SerializationException"]);
    expect(await get("/schedules/a/b")).toEqual([404, "UnknownOperationException"]);
  });

  it("has groups, of which the default one stays, and deletes a group with its schedules", async () => {
    const { ScheduleGroupArn } = await scheduler.send(new CreateScheduleGroupCommand({ Name: "reports" }));
    expect(ScheduleGroupArn).toBe(`${ARN}schedule-group/reports`);
    expect(await refusal(scheduler.send(new CreateScheduleGroupCommand({ Name: "reports" })))).toEqual([
      409,
      "ConflictException",
      "Schedule group reports already exists.",
    ]);
    expect(await scheduler.send(new GetScheduleGroupCommand({ Name: "reports" }))).toMatchObject({
      Arn: ScheduleGroupArn,
      Name: "reports",
      State: "ACTIVE",
      CreationDate: new Date(served.clock.now()),
    });
    const { ScheduleGroups } = await scheduler.send(new ListScheduleGroupsCommand({}));
    expect(ScheduleGroups?.map(({ Name }) => Name)).toEqual(["default", "reports"]);
    await create("weekly", { GroupName: "reports" });
    await scheduler.send(new DeleteScheduleGroupCommand({ Name: "reports" }));
    expect(changes).toEqual(["reports/weekly", "reports/weekly"]);
    expect((await scheduler.send(new ListSchedulesCommand({}))).Schedules).toEqual([]);
    expect(await refusal(scheduler.send(new GetScheduleGroupCommand({ Name: "reports" })))).toEqual([
      404,
      "ResourceNotFoundException",
      "Schedule group reports does not exist.",
    ]);
    expect(await refusal(scheduler.send(new DeleteScheduleGroupCommand({ Name: "default" })))).toEqual(
      invalid("The default schedule group cannot be deleted."),
    );
  });

  it("keeps tags of groups", async () => {
    const tags = [{ Key: "team", Value: "a" }];
    const { ScheduleGroupArn: ResourceArn } = await scheduler.send(
      new CreateScheduleGroupCommand({ Name: "reports", Tags: tags }),
    );
    const list = async (): Promise<unknown> =>
      (await scheduler.send(new ListTagsForResourceCommand({ ResourceArn }))).Tags;
    await scheduler.send(new TagResourceCommand({ ResourceArn, Tags: [{ Key: "stage", Value: "b" }] }));
    expect(await list()).toEqual([...tags, { Key: "stage", Value: "b" }]);
    await scheduler.send(new UntagResourceCommand({ ResourceArn, TagKeys: ["team", "stage"] }));
    expect(await list()).toEqual([]);
  });

  describe("declared by a template", () => {
    const { Name: _, ...input } = wanted("declared");
    const declare = (schedules: readonly string[], groups: readonly string[] = []): Promise<readonly string[]> =>
      served.service.declare({
        groups: groups.map((name) => ({ name })),
        schedules: schedules.map((one) => {
          const [groupName = "", name = ""] = one.split("/");
          return { groupName, name, input: { ...input, Name: name, GroupName: groupName } };
        }),
      });

    it("come and go with it, while what the API made stays", async () => {
      await create("own");
      await declare(["default/a", "reports/b"], ["reports"]);
      await served.clock.advance(1000);
      changes.length = 0;
      await declare(["default/a"]);
      expect(changes).toEqual(["reports/b"]);
      expect(served.service.schedules().map(({ name }) => name)).toEqual(["a", "own"]);
      expect((await scheduler.send(new ListScheduleGroupsCommand({}))).ScheduleGroups).toHaveLength(1);
    });

    it("may have begun long ago: the template may have been deployed then", async () => {
      const StartDate = served.clock.now() / 1000 - 86_400;
      const schedule = { groupName: "default", name: "old", input: { ...input, Name: "old", StartDate } };
      expect(await served.service.declare({ groups: [], schedules: [schedule] })).toEqual([]);
      expect(served.service.schedules().map(({ name }) => name)).toEqual(["old"]);
    });

    it("are left out with AWS's reason when it would refuse them", async () => {
      expect(await declare(["none/a", "default/b"])).toEqual([
        "the schedule a is left out: Schedule group none does not exist.",
      ]);
      expect(served.service.schedules().map(({ name }) => name)).toEqual(["b"]);
    });
  });
});
