/** Archives and replays, through the official SDK. */
import {
  CancelReplayCommand,
  CreateArchiveCommand,
  CreateEventBusCommand,
  DeleteArchiveCommand,
  DescribeArchiveCommand,
  DescribeReplayCommand,
  ListArchivesCommand,
  ListReplaysCommand,
  PutEventsCommand,
  StartReplayCommand,
  UpdateArchiveCommand,
  type StartReplayCommandInput,
} from "@aws-sdk/client-eventbridge";
import { createEventsService } from "../../../src/services/events/index.js";
import { until } from "../../until.js";
import { BUS, refusal, RULE, serveEvents, type Events } from "./events-fixture.js";

const ARCHIVE = "arn:aws:events:us-east-1:000000000000:archive/";

let events: Events;
beforeEach(async () => (events = await serveEvents()));
afterEach(() => events.stop());

const create = (ArchiveName: string, more: object = {}) =>
  events.client.send(new CreateArchiveCommand({ ArchiveName, EventSourceArn: `${BUS}default`, ...more }));
const describeArchive = (ArchiveName: string) => events.client.send(new DescribeArchiveCommand({ ArchiveName }));
const put = (...numbers: number[]) =>
  events.client.send(
    new PutEventsCommand({
      Entries: numbers.map((n) => ({ Source: "shop", DetailType: "order", Detail: JSON.stringify({ n }) })),
    }),
  );
const start = (ReplayName: string, more: Partial<StartReplayCommandInput> = {}) =>
  events.client.send(
    new StartReplayCommand({
      ReplayName,
      EventSourceArn: `${ARCHIVE}a`,
      EventStartTime: new Date(events.served.clock.now() - 3_600_000),
      EventEndTime: new Date(events.served.clock.now()),
      Destination: { Arn: `${BUS}default` },
      ...more,
    }),
  );
const replay = (ReplayName: string) => events.client.send(new DescribeReplayCommand({ ReplayName }));
const ended = (name: string): Promise<void> => until(async () => (await replay(name)).State === "COMPLETED");
const numbers = (): unknown[] =>
  events.due.map(({ event }) => (JSON.parse(event) as { detail: { n: number } }).detail.n);

test("an archive is made, described, listed, changed and deleted", async () => {
  const pattern = '{"source":["shop"]}';
  expect(await create("a", { EventPattern: pattern, RetentionDays: 1, Description: "d" })).toMatchObject({
    ArchiveArn: `${ARCHIVE}a`,
    State: "ENABLED",
  });
  expect(await refusal(create("a"))).toEqual(["ResourceAlreadyExistsException", "Archive a already exists."]);
  await events.client.send(new UpdateArchiveCommand({ ArchiveName: "a", RetentionDays: 2 }));
  expect(await describeArchive("a")).toMatchObject({
    ArchiveName: "a",
    EventSourceArn: `${BUS}default`,
    EventPattern: pattern,
    Description: "d",
    RetentionDays: 2,
    EventCount: 0,
    SizeBytes: 0,
  });
  const { Archives = [] } = await events.client.send(new ListArchivesCommand({ NamePrefix: "a" }));
  expect(Archives.map(({ ArchiveName }) => ArchiveName)).toEqual(["a"]);
  await events.client.send(new DeleteArchiveCommand({ ArchiveName: "a" }));
  expect(await refusal(describeArchive("a"))).toEqual(["ResourceNotFoundException", "Archive a does not exist."]);
  expect(await refusal(create("b", { EventSourceArn: `${BUS}gone` }))).toEqual([
    "ResourceNotFoundException",
    "Event bus gone does not exist.",
  ]);
});

test("an archive keeps what matches, for as many days as it is told", async () => {
  await create("a", { EventPattern: '{"detail":{"n":[{"numeric":["<",10]}]}}', RetentionDays: 1 });
  await put(1, 2, 10);
  expect(await describeArchive("a")).toMatchObject({ EventCount: 2 });
  await events.served.clock.advance(86_401_000);
  await put(3);
  expect(await describeArchive("a")).toMatchObject({ EventCount: 1 });
});

test("a replay brings the events of its time once more, in order, with its name, and does not archive them again", async () => {
  await create("a");
  await put(0);
  await events.served.clock.advance(2 * 3_600_000);
  await put(1, 2, 3);
  await events.rule("r", { "replay-name": ["again"] });
  await events.target("r", {});
  await start("again");
  await ended("again");
  expect(numbers()).toEqual([1, 2, 3]);
  expect(JSON.parse(events.due[0]?.event ?? "{}")).toMatchObject({ "replay-name": "again", source: "shop" });
  expect(await describeArchive("a")).toMatchObject({ EventCount: 4 });
  expect(await replay("again")).toMatchObject({
    ReplayArn: "arn:aws:events:us-east-1:000000000000:replay/again",
    EventSourceArn: `${ARCHIVE}a`,
    Destination: { Arn: `${BUS}default` },
    EventLastReplayedTime: expect.any(Date),
    ReplayEndTime: expect.any(Date),
  });
  const { Replays = [] } = await events.client.send(new ListReplaysCommand({ State: "COMPLETED" }));
  expect(Replays.map(({ ReplayName }) => ReplayName)).toEqual(["again"]);
});

test("a replay may be for some rules only", async () => {
  await create("a");
  await put(1);
  for (const name of ["one", "two"]) {
    await events.rule(name, { source: ["shop"] });
    await events.target(name, {});
  }
  await start("again", { Destination: { Arn: `${BUS}default`, FilterArns: [`${RULE}two`] } });
  await ended("again");
  expect(events.due.map(({ ruleArn }) => ruleArn)).toEqual([`${RULE}two`]);
});

test("a replay that a process left goes on in the next one where it was", async () => {
  await create("a");
  await events.rule("r", { source: ["shop"] });
  for (let n = 0; n < 250; n += 10) await put(...Array.from({ length: 10 }, (_, index) => n + index));
  await events.target("r", {});
  let closing: Promise<void> | undefined;
  events.served.bus.on("RuleMatched", () => {
    closing ??= events.served.service.close();
  });
  await start("again");
  await until(() => closing !== undefined);
  await closing;
  expect(numbers()).toHaveLength(100);
  const next = createEventsService(events.served.context);
  next.resume();
  await ended("again");
  await next.close();
  expect(numbers()).toEqual(Array.from({ length: 250 }, (_, n) => n));
});

test("a replay that has ended cannot be cancelled", async () => {
  await create("a");
  await start("again");
  await ended("again");
  const cancel = (ReplayName: string) => refusal(events.client.send(new CancelReplayCommand({ ReplayName })));
  expect(await cancel("again")).toEqual([
    "IllegalStatusException",
    "Replay again is not in a valid state for this operation.",
  ]);
  expect(await cancel("gone")).toEqual(["ResourceNotFoundException", "Replay gone does not exist."]);
});

test.each<[Partial<StartReplayCommandInput>, string, string]>([
  [{ Destination: { Arn: `${BUS}gone` } }, "ResourceNotFoundException", "Event bus gone does not exist."],
  [
    { Destination: { Arn: `${BUS}other` } },
    "ValidationException",
    "Parameter Destination.Arn is not valid. Reason: Cross event bus replay is not permitted.",
  ],
  [
    { EventSourceArn: `${ARCHIVE}gone` },
    "ValidationException",
    "Parameter EventSourceArn is not valid. Reason: Archive gone does not exist.",
  ],
  [
    { EventStartTime: new Date(2000), EventEndTime: new Date(1000) },
    "ValidationException",
    "Parameter EventEndTime is not valid. Reason: EventStartTime must be before EventEndTime.",
  ],
])("a replay like %j is refused", async (input, code, text) => {
  await create("a");
  await events.client.send(new CreateEventBusCommand({ Name: "other" }));
  expect(await refusal(start("again", input))).toEqual([code, text]);
});
