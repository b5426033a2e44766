/** The pure parts of an SQS mapping: the answer of a partial batch, the event, the growth, the filters. */
import { failedItems } from "../../../src/sources/mappings/batch-response.js";
import { batchesOf, sqsRecord } from "../../../src/sources/sqs/event.js";
import { messageFilter } from "../../../src/sources/sqs/filter.js";
import { Scaling } from "../../../src/sources/sqs/scaling.js";
import type { QueueMessage } from "../../../src/sources/sqs/queue-client.js";
import { VirtualClock } from "../../../src/shared/clock.js";

const QUEUE_ARN = "arn:aws:sqs:us-east-1:000000000000:orders";
const message = (over: Partial<QueueMessage> = {}): QueueMessage => ({
  messageId: "m-1",
  receiptHandle: "handle",
  body: "hello",
  bodyMd5: "5d41402abc4b2a76b9719d911017c592",
  attributes: {
    SentTimestamp: "1767225600000",
    ApproximateReceiveCount: "1",
    SenderId: "000000000000",
    ApproximateFirstReceiveTimestamp: "1767225600001",
  },
  messageAttributes: {},
  messageAttributesMd5: undefined,
  ...over,
});

describe("what a function says about its batch", () => {
  const ids = new Set(["m-1", "m-2", "m-3"]);
  const failed = (answer: string): unknown => {
    const result = failedItems(Buffer.from(answer), ids);
    return result === "all" ? "all" : [...result];
  };

  it.each([
    ["nothing at all", ""],
    ["null", "null"],
    ["an empty text", '""'],
    ["an empty object", "{}"],
    ["an empty list", '{"batchItemFailures":[]}'],
    ["a list that is null", '{"batchItemFailures":null}'],
    ["an object that says something else", '{"ok":true}'],
  ])("%s means that all have succeeded", (_name, answer) => expect(failed(answer)).toEqual([]));

  it.each([
    ["text that is no JSON", "{batchItemFailures"],
    ["a text", '"done"'],
    ["a number", "7"],
    ["a list", "[]"],
    ["failures that are no list", '{"batchItemFailures":"m-1"}'],
    ["an identifier that is null", '{"batchItemFailures":[{"itemIdentifier":null}]}'],
    ["an empty identifier", '{"batchItemFailures":[{"itemIdentifier":""}]}'],
    ["a number as identifier", '{"batchItemFailures":[{"itemIdentifier":1}]}'],
    ["another key", '{"batchItemFailures":[{"foo":"m-1"}]}'],
    ["an unknown identifier", '{"batchItemFailures":[{"itemIdentifier":"m-1"},{"itemIdentifier":"m-9"}]}'],
    ["an item that is null", '{"batchItemFailures":[null]}'],
  ])("%s means that all have failed", (_name, answer) => expect(failed(answer)).toBe("all"));

  it("keeps the messages that are listed, each once", () => {
    expect(failed('{"batchItemFailures":[{"itemIdentifier":"m-2"},{"itemIdentifier":"m-2"}]}')).toEqual(["m-2"]);
  });
});

describe("the event", () => {
  const settings = { queueArn: QUEUE_ARN, region: "us-east-1", windowed: false };

  it("carries a message in AWS's members", () => {
    expect(sqsRecord(message(), settings)).toEqual({
      messageId: "m-1",
      receiptHandle: "handle",
      body: "hello",
      attributes: {
        ApproximateReceiveCount: "1",
        SentTimestamp: "1767225600000",
        SenderId: "000000000000",
        ApproximateFirstReceiveTimestamp: "1767225600001",
      },
      messageAttributes: {},
      md5OfBody: "5d41402abc4b2a76b9719d911017c592",
      eventSource: "aws:sqs",
      eventSourceARN: QUEUE_ARN,
      awsRegion: "us-east-1",
    });
  });

  it("spells message attributes in camel case, with the two lists that are always empty", () => {
    const messageAttributes = {
      kind: { dataType: "String", stringValue: "pdf" },
      raw: { dataType: "Binary", binaryValue: "AAE=" },
    };
    const record = sqsRecord(message({ messageAttributes, messageAttributesMd5: "abc" }), settings);
    expect(record["md5OfMessageAttributes"]).toBe("abc");
    expect(record["messageAttributes"]).toEqual({
      kind: { stringValue: "pdf", stringListValues: [], binaryListValues: [], dataType: "String" },
      raw: { binaryValue: "AAE=", stringListValues: [], binaryListValues: [], dataType: "Binary" },
    });
  });

  it("names the missing digest of attributes only with a batching window", () => {
    expect(sqsRecord(message(), { ...settings, windowed: true })["md5OfMessageAttributes"]).toBeNull();
    expect(JSON.stringify(sqsRecord(message(), settings))).not.toContain("md5OfMessageAttributes");
  });

  it("is cut where Lambda would refuse it as too large, in order and without loss", () => {
    const records = Array.from({ length: 7 }, (_, i) => {
      const one = message({ messageId: `m-${i}`, body: "é".repeat(1000) });
      return { message: one, record: sqsRecord(one, settings) };
    });
    const batches = batchesOf(records, 6000);
    expect(batches.length).toBeGreaterThan(2);
    for (const { payload } of batches) expect(payload.length).toBeLessThanOrEqual(6000);
    const parsed = batches.flatMap(
      ({ payload }) => (JSON.parse(payload.toString()) as { Records: { messageId: string }[] }).Records,
    );
    expect(parsed.map(({ messageId }) => messageId)).toEqual(records.map(({ message: { messageId } }) => messageId));
  });
});

describe("the number of batches at once", () => {
  it("starts with five, grows by 300 a minute while messages wait, up to 1,250, and falls back when none do", async () => {
    const clock = new VirtualClock();
    const scaling = new Scaling(clock);
    expect(scaling.limit).toBe(5);
    scaling.observe(true);
    await clock.advance(1000);
    expect(scaling.limit).toBe(10);
    await clock.advance(59_000);
    expect(scaling.limit).toBe(305);
    await clock.advance(600_000);
    expect(scaling.limit).toBe(1250);
    expect(scaling.atCap).toBe(true);
    scaling.observe(false);
    expect(scaling.limit).toBe(5);
  });

  it("never exceeds MaximumConcurrency", async () => {
    const clock = new VirtualClock();
    const scaling = new Scaling(clock, 2);
    scaling.observe(true);
    await clock.advance(60_000);
    expect(scaling.limit).toBe(2);
  });
});

describe("filter criteria", () => {
  const passes = (pattern: unknown, body: string, over: Partial<QueueMessage> = {}): boolean | undefined => {
    const filter = messageFilter([JSON.stringify(pattern)], "Fn.Queue");
    return filter?.(
      sqsRecord(message({ body, ...over }), { queueArn: QUEUE_ARN, region: "us-east-1", windowed: false }),
    );
  };

  it("look into a JSON body", () => {
    expect(passes({ body: { kind: ["pdf"] } }, '{"kind":"pdf"}')).toBe(true);
    expect(passes({ body: { kind: ["pdf"] } }, '{"kind":"csv"}')).toBe(false);
    expect(passes({ body: { size: [{ numeric: [">", 10] }] } }, '{"size":11}')).toBe(true);
  });

  it("compare a plain body with a list of texts", () => {
    expect(passes({ body: ["hello"] }, "hello")).toBe(true);
    expect(passes({ body: [{ prefix: "he" }] }, "hello")).toBe(true);
    expect(passes({ body: ["hello"] }, "bye")).toBe(false);
  });

  it("drop a plain body where the pattern wants JSON, and the other way round", () => {
    expect(passes({ body: { kind: ["pdf"] } }, "pdf")).toBe(false);
    expect(passes({ body: [{ exists: true }] }, '{"kind":"pdf"}')).toBe(false);
  });

  it("do not mind the body when they speak of other members only", () => {
    const messageAttributes = { kind: { dataType: "String", stringValue: "pdf" } };
    const pattern = { messageAttributes: { kind: { stringValue: ["pdf"] } } };
    expect(passes(pattern, "anything", { messageAttributes })).toBe(true);
    expect(passes(pattern, '{"a":1}', { messageAttributes })).toBe(true);
    expect(passes(pattern, "anything")).toBe(false);
  });

  it("let a message pass that one of several patterns takes", () => {
    const filter = messageFilter(['{"body":{"a":[1]}}', '{"body":{"b":[2]}}'], "Fn.Queue");
    const record = sqsRecord(message({ body: '{"b":2}' }), {
      queueArn: QUEUE_ARN,
      region: "us-east-1",
      windowed: false,
    });
    expect(filter?.(record)).toBe(true);
  });

  it.each(["null", '{"eventSource":"aws:sqs"}', "[]", "{", '{"body":[]}'])("refuse %s in Lambda's words", (text) => {
    expect(() => messageFilter([text], "Fn.Queue")).toThrow("Invalid filter pattern definition.");
  });

  it("are none when there are no patterns", () => expect(messageFilter([], "Fn.Queue")).toBeUndefined());
});
