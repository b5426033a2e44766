/** PutEvents through the official SDK: what is refused, what matches, and what becomes due. */
import {
  CreateEventBusCommand,
  DisableRuleCommand,
  PutEventsCommand,
  type PutEventsRequestEntry,
} from "@aws-sdk/client-eventbridge";
import { refusal, RULE, serveEvents, type Events } from "./events-fixture.js";

let events: Events;
beforeEach(async () => (events = await serveEvents()));
afterEach(() => events.stop());

const entry = (more: PutEventsRequestEntry = {}): PutEventsRequestEntry => ({
  Source: "shop",
  DetailType: "order",
  Detail: '{"n":1}',
  ...more,
});
const put = (...Entries: PutEventsRequestEntry[]) => events.client.send(new PutEventsCommand({ Entries }));
const dueEvents = (): unknown[] => events.due.map(({ event }) => JSON.parse(event));

test("an event reaches the targets of the rules that match, in AWS's envelope", async () => {
  await events.rule("yes", { source: ["shop"], detail: { n: [1] } });
  await events.rule("no", { source: ["other"] });
  await events.rule("off", { source: ["shop"] });
  await events.client.send(new DisableRuleCommand({ Name: "off" }));
  for (const rule of ["yes", "no", "off"]) await events.target(rule, {});
  const { Entries, FailedEntryCount } = await put(
    entry({ Resources: ["r"], Time: new Date("2026-02-03T04:05:06.789Z") }),
  );
  expect(FailedEntryCount).toBe(0);
  expect(events.due.map(({ ruleArn }) => ruleArn)).toEqual([`${RULE}yes`]);
  expect(dueEvents()).toEqual([
    {
      version: "0",
      id: Entries?.[0]?.EventId,
      "detail-type": "order",
      source: "shop",
      account: "000000000000",
      time: "2026-02-03T04:05:06Z",
      region: "us-east-1",
      resources: ["r"],
      detail: { n: 1 },
    },
  ]);
});

test("the detail keeps every digit of its numbers", async () => {
  await events.rule("r", { source: ["shop"] });
  await events.target("r", {});
  await put(entry({ Detail: '{ "big": 12345678901234567890, "one": 1.0, "text": "a  b" }' }));
  expect(events.due[0]?.event).toContain('"detail":{"big":12345678901234567890,"one":1.0,"text":"a  b"}');
});

test("the trace header of the request goes with its events, unless an entry has its own", async () => {
  await events.rule("r", { source: ["shop"] });
  await events.target("r", {});
  await fetch(events.served.endpoint, {
    method: "POST",
    headers: { "x-amz-target": "AWSEvents.PutEvents", "x-amzn-trace-id": "Root=of-the-request" },
    body: JSON.stringify({ Entries: [entry(), entry({ TraceHeader: "Root=its-own" })] }),
  });
  expect(events.due.map(({ traceHeader }) => traceHeader)).toEqual(["Root=of-the-request", "Root=its-own"]);
});

test("what becomes due is told inside the transaction: when it cannot be kept, nothing is acknowledged", async () => {
  await events.rule("r", { source: ["shop"] });
  await events.target("r", {});
  const table = events.served.context.store.table<string, number>("test-rows");
  let number = 0;
  events.served.bus.on("RuleMatched", () => {
    table.putSync(number++, "row");
    if (number === 2) throw new Error("no room");
  });
  expect((await refusal(put(entry(), entry())))[0]).toBe("InternalFailure");
  expect(table.getCount()).toBe(0);
});

test.each<[PutEventsRequestEntry, string, string]>([
  [{ Source: "" }, "InvalidArgument", "Parameter Source is not valid. Reason: Source is a required argument."],
  [
    { DetailType: "" },
    "InvalidArgument",
    "Parameter DetailType is not valid. Reason: DetailType is a required argument.",
  ],
  [{ Detail: "" }, "InvalidArgument", "Parameter Detail is not valid. Reason: Detail is a required argument."],
  [{ Detail: "[]" }, "MalformedDetail", "Detail is malformed."],
  [{ Detail: "{" }, "MalformedDetail", "Detail is malformed."],
  [{ Detail: `{"a":${"[".repeat(1000)}${"]".repeat(1000)}}` }, "MalformedDetail", "Detail is malformed."],
  [{ Source: "aws.mine" }, "NotAuthorizedForSource", "Not authorized for the source."],
  [
    { DetailType: "x".repeat(129) },
    "InvalidArgument",
    "Parameter DetailType is not valid. Reason: DetailType is longer than 128 characters.",
  ],
])("an entry like %j fails alone", async (fault, ErrorCode, ErrorMessage) => {
  const { Entries, FailedEntryCount } = await put(entry(), entry(fault), entry());
  expect(FailedEntryCount).toBe(1);
  expect(Entries).toEqual([
    { EventId: expect.any(String) },
    { ErrorCode, ErrorMessage },
    { EventId: expect.any(String) },
  ]);
});

test("eleven entries are too many, and AWS names them all", async () => {
  const [code, text] = await refusal(put(...Array.from({ length: 11 }, () => entry())));
  expect(code).toBe("ValidationException");
  expect(text).toMatch(
    /^1 validation error detected: Value '\[PutEventsRequestEntry\(time=null, source=shop, resources=null, detailType=order, detail=\{"n":1\}, eventBusName=null, traceHeader=null, kmsKeyIdentifier=null, internalMetadata=null\), .*\)\]' at 'entries' failed to satisfy constraint: Member must have length less than or equal to 10$/,
  );
});

test("entries of more than 1 MiB together are refused as a whole", async () => {
  const sized = entry({ Detail: JSON.stringify({ x: "x".repeat(524_288) }) });
  expect(await refusal(put(sized))).toBe("no refusal");
  expect(await refusal(put(sized, sized))).toEqual([
    "ValidationException",
    "Total size of the entries in the request is over the limit.",
  ]);
});

test("a bus that is not there takes events, which are lost; a bus by ARN gets its own", async () => {
  await events.client.send(new CreateEventBusCommand({ Name: "mine" }));
  await events.rule("r", { source: ["shop"] }, { EventBusName: "mine" });
  await events.target("r", {}, { EventBusName: "mine" });
  expect(await put(entry({ EventBusName: "gone" }), entry())).toMatchObject({ FailedEntryCount: 0 });
  expect(events.due).toEqual([]);
  await put(entry({ EventBusName: "arn:aws:events:us-east-1:000000000000:event-bus/mine" }));
  expect(events.due.map(({ busName, ruleArn }) => [busName, ruleArn])).toEqual([["mine", `${RULE}mine/r`]]);
});
