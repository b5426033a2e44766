/** CloudWatch Logs through the official SDK. */
import { gunzipSync } from "node:zlib";
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  DeleteLogGroupCommand,
  DeleteSubscriptionFilterCommand,
  DescribeLogGroupsCommand,
  DescribeLogStreamsCommand,
  DescribeSubscriptionFiltersCommand,
  FilterLogEventsCommand,
  GetLogEventsCommand,
  ListTagsForResourceCommand,
  PutLogEventsCommand,
  PutMetricFilterCommand,
  PutRetentionPolicyCommand,
  PutSubscriptionFilterCommand,
  StartLiveTailCommand,
  TagResourceCommand,
  type StartLiveTailCommandInput,
  type StartLiveTailResponseStream,
} from "@aws-sdk/client-cloudwatch-logs";
import type { BusEvents } from "../../../src/shared/bus.js";
import {
  createLogsService,
  subscriptionPayload,
  type LogsService,
  type SubscriptionDelivery,
} from "../../../src/services/logs/index.js";
import { serveService, type ServedService } from "../harness.js";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const logGroupName = "/aws/lambda/f";
const logStreamName = "2026/01/01/[$LATEST]abc";

describe("CloudWatch Logs", () => {
  let served: ServedService<LogsService>;
  let client: CloudWatchLogsClient;

  beforeAll(async () => {
    served = await serveService(createLogsService);
    client = new CloudWatchLogsClient(served.client);
  });
  afterEach(() => served.service.reset());
  afterAll(async () => {
    client.destroy();
    await served.stop();
  });

  const setUp = async () => {
    await client.send(new CreateLogGroupCommand({ logGroupName }));
    await client.send(new CreateLogStreamCommand({ logGroupName, logStreamName }));
  };
  const put = (...events: (readonly [offsetMs: number, message: string])[]) =>
    client.send(
      new PutLogEventsCommand({
        logGroupName,
        logStreamName,
        logEvents: events.map(([offsetMs, message]) => ({ timestamp: served.clock.now() + offsetMs, message })),
      }),
    );
  const messages = async (filterPattern: string) =>
    (await client.send(new FilterLogEventsCommand({ logGroupName, filterPattern }))).events?.map(
      (event) => event.message,
    );

  test("what was put is read back in order, with its times", async () => {
    await setUp();
    await put([0, "one"], [5, "two"]);
    const { events } = await client.send(new GetLogEventsCommand({ logGroupName, logStreamName, startFromHead: true }));
    const now = served.clock.now();
    expect(events).toEqual([
      { timestamp: now, message: "one", ingestionTime: now },
      { timestamp: now + 5, message: "two", ingestionTime: now },
    ]);
  });

  test("reading forward page by page ends when the token stays the same", async () => {
    await setUp();
    await put(...Array.from({ length: 5 }, (_, index) => [index, `line ${index}`] as const));
    const seen: (string | undefined)[] = [];
    let nextToken: string | undefined;
    for (;;) {
      const page = await client.send(
        new GetLogEventsCommand({
          logGroupName,
          logStreamName,
          limit: 2,
          startFromHead: true,
          ...(nextToken ? { nextToken } : {}),
        }),
      );
      seen.push(...(page.events ?? []).map((event) => event.message));
      if (page.nextForwardToken === nextToken) break;
      nextToken = page.nextForwardToken;
    }
    expect(seen).toEqual(["line 0", "line 1", "line 2", "line 3", "line 4"]);
  });

  test("without startFromHead the newest lines come first, and the backward token leads to older ones", async () => {
    await setUp();
    await put([0, "a"], [1, "b"], [2, "c"]);
    const newest = await client.send(new GetLogEventsCommand({ logGroupName, logStreamName, limit: 2 }));
    expect(newest.events?.map((event) => event.message)).toEqual(["b", "c"]);
    const older = await client.send(
      new GetLogEventsCommand({ logGroupName, logStreamName, limit: 2, nextToken: newest.nextBackwardToken }),
    );
    expect(older.events?.map((event) => event.message)).toEqual(["a"]);
    await expect(
      client.send(new GetLogEventsCommand({ logGroupName, logStreamName, nextToken: "junk" })),
    ).rejects.toMatchObject({
      name: "InvalidParameterException",
      message: "The specified nextToken is invalid.",
    });
  });

  test("a page holds a mebibyte of events at most", async () => {
    await setUp();
    const half = "x".repeat(524_288 - 26);
    for (const offsetMs of [0, 1, 2]) await put([offsetMs, half]);
    const page = await client.send(new GetLogEventsCommand({ logGroupName, logStreamName, startFromHead: true }));
    expect(page.events).toHaveLength(2);
    const filtered = await client.send(new FilterLogEventsCommand({ logGroupName }));
    expect([filtered.events?.length, filtered.nextToken !== undefined]).toEqual([2, true]);
  });

  test("the window takes its start and leaves its end out", async () => {
    await setUp();
    await put([0, "a"], [1, "b"], [2, "c"]);
    const startTime = served.clock.now();
    const { events } = await client.send(
      new GetLogEventsCommand({ logGroupName, logStreamName, startTime, endTime: startTime + 2 }),
    );
    expect(events?.map((event) => event.message)).toEqual(["a", "b"]);
  });

  test("groups and streams are made once and must exist", async () => {
    await expect(put([0, "x"])).rejects.toMatchObject({
      name: "ResourceNotFoundException",
      message: "The specified log group does not exist.",
    });
    await setUp();
    await expect(client.send(new CreateLogGroupCommand({ logGroupName }))).rejects.toMatchObject({
      name: "ResourceAlreadyExistsException",
      message: "The specified log group already exists",
    });
    await expect(client.send(new CreateLogStreamCommand({ logGroupName, logStreamName }))).rejects.toMatchObject({
      message: "The specified log stream already exists",
    });
    await expect(client.send(new GetLogEventsCommand({ logGroupName, logStreamName: "other" }))).rejects.toMatchObject({
      message: "The specified log stream does not exist.",
    });
    await client.send(new DeleteLogGroupCommand({ logGroupName }));
    await setUp();
    expect(await messages("")).toEqual([]);
  });

  test("a batch out of order, over a day or over 1 MiB is refused whole", async () => {
    await setUp();
    await expect(put([1, "b"], [0, "a"])).rejects.toMatchObject({
      name: "InvalidParameterException",
      message: "Log events in a single PutLogEvents request must be in chronological order.",
    });
    await expect(put([-DAY_MS - 1, "a"], [0, "b"])).rejects.toMatchObject({
      message: "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.",
    });
    const half = "x".repeat(524_288 - 26);
    await expect(put([0, half], [0, half], [0, "y"])).rejects.toMatchObject({
      message: "Upload too large: 1048603 bytes exceeds limit of 1048576",
    });
    await expect(put()).rejects.toMatchObject({ name: "InvalidParameterException" });
    expect(await messages("")).toEqual([]);
    await put([0, half], [0, half]);
    expect(await messages("")).toHaveLength(2);
  });

  test("events too old or too new are left out and told by index", async () => {
    await setUp();
    const old = await put([-15 * DAY_MS, "old"], [-14 * DAY_MS, "just in time"]);
    expect(old.rejectedLogEventsInfo).toEqual({ tooOldLogEventEndIndex: 1 });
    const fresh = await put([0, "now"], [2 * HOUR_MS + 1, "future"]);
    expect(fresh.rejectedLogEventsInfo).toEqual({ tooNewLogEventStartIndex: 1 });
    expect(await messages("")).toEqual(["just in time", "now"]);
  });

  test.each([
    ["ERROR", ["ERROR disk full", "ERROR net down"]],
    ["ERROR disk", ["ERROR disk full"]],
    ['"disk full"', ["ERROR disk full", "WARN disk full"]],
    ["disk -WARN", ["ERROR disk full"]],
    ["?WARN ?net", ["ERROR net down", "WARN disk full"]],
    ["%E.*n$%", ["ERROR net down"]],
    ["error", []],
  ])("the pattern %s finds the lines it names", async (pattern, expected) => {
    await setUp();
    await put([0, "ERROR disk full"], [1, "ERROR net down"], [2, "WARN disk full"]);
    expect(await messages(pattern)).toEqual(expected);
  });

  test.each([
    ['{ $.level = "error" }', ["a"]],
    ["{ $.level = e* }", ["a"]],
    ["{ $.n > 2 }", ["b"]],
    ['{ $.n >= 2 && $.level != "info" }', ["a"]],
    ['{ ($.level = "info" && $.n = 3) || $.list[1] = 9 }', ["b", "c"]],
    ["{ $.user.name NOT EXISTS }", ["b", "c"]],
    ["{ $.flag IS TRUE }", ["c"]],
    ["{ $.nothing IS NULL }", ["c"]],
    ["{ $.list[*] = 8 }", ["c"]],
    ["{ $.level = %^err|^warn% }", ["a"]],
    ["{ $.level != %^err% }", ["b"]],
  ])("the JSON pattern %s finds the events it names", async (pattern, expected) => {
    await setUp();
    await put(
      [0, JSON.stringify({ id: "a", level: "error", n: 2, user: { name: "x" } })],
      [1, JSON.stringify({ id: "b", level: "info", n: 3 })],
      [2, JSON.stringify({ id: "c", flag: true, nothing: null, list: [8, 9] })],
      [3, "$.level error { not json"],
    );
    const found = (await messages(pattern)) ?? [];
    expect(found.map((message) => (JSON.parse(message ?? "") as { id: string }).id)).toEqual(expected);
  });

  test.each([
    ["[w1=ERROR, w2]", ["c"]],
    ["[w1=ERROR || w1=WARN, w2]", ["b", "c"]],
    ["[w1!=ERROR && w1!=WARN, w2]", ["a"]],
    ["[w1=ERROR]", []],
    ["[ip, id, user, time, request=GET*, status=4*, bytes]", ["a"]],
    ["[ip, id, user, time, request, status, bytes >= 1534]", ["a"]],
    ["[..., status = 404 || status = 410, bytes]", ["a"]],
    ["[..., bytes > 2000]", []],
    ["[ip=%127\\.0\\.0\\.[1-3]%, ...]", ["a"]],
    ['[..., request="GET /index.html HTTP/1.0", status, bytes]', ["a"]],
    ["[a, b, c, d, e, f, g, h]", []],
    ["[]", ["a", "b", "c", "d"]],
  ])("the pattern of fields %s finds the lines it names", async (pattern, expected) => {
    await setUp();
    const lines = {
      a: '127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534',
      b: "WARN a little",
      c: "ERROR very much indeed",
      d: "lonely",
    };
    await put(...Object.values(lines).map((line, index): [number, string] => [index, line]));
    const found = (await messages(pattern)) ?? [];
    expect(Object.entries(lines).flatMap(([name, line]) => (found.includes(line) ? [name] : []))).toEqual(expected);
  });

  const MALFORMED = ["{ $.a = }", "{ a = 1 }", "{ $.a > x }", "{ ($.a = 1 }", '"open', "{ $.a = %(x)% }"];
  test.each([
    ...MALFORMED,
    "[w1, w2",
    "[a > x]",
    "[a b]",
    "[a,,b]",
    '[a="x]',
    "[..., a, ...]",
    "[a=%x%, b=%y%, c=%z%]",
  ])("the pattern %s is refused", async (pattern) => {
    await setUp();
    await expect(messages(pattern)).rejects.toMatchObject({ name: "InvalidParameterException" });
  });

  test("a live tail tells what comes in, once a second, until the client has heard enough", async () => {
    await setUp();
    const tail = new CloudWatchLogsClient({ ...served.client, disableHostPrefix: true });
    const group = `arn:aws:logs:us-east-1:000000000000:log-group:${logGroupName}`;
    const start = (more: Partial<StartLiveTailCommandInput> = {}) =>
      tail.send(new StartLiveTailCommand({ logGroupIdentifiers: [group], logEventFilterPattern: "ERROR", ...more }));
    const { responseStream } = await start();
    const heard: StartLiveTailResponseStream[] = [];
    const seen = (async () => {
      for await (const event of responseStream ?? []) {
        heard.push(event);
        if (heard.length === 1) {
          await put([0, "ERROR one"], [0, "fine"]);
          await served.clock.advance(1000);
        } else if (heard.length === 2) await served.clock.advance(1000);
        else break;
      }
    })();
    await seen;
    expect(heard[0]).toMatchObject({
      sessionStart: { logGroupIdentifiers: [group], logEventFilterPattern: "ERROR", sessionId: expect.any(String) },
    });
    const told = { logStreamName, logGroupIdentifier: group, message: "ERROR one" };
    expect(heard[1]).toMatchObject({
      sessionUpdate: { sessionMetadata: { sampled: false }, sessionResults: [told] },
    });
    expect(heard[2]?.sessionUpdate?.sessionResults).toEqual([]);
    await expect(start({ logGroupIdentifiers: [] })).rejects.toMatchObject({ name: "InvalidParameterException" });
    await expect(start({ logGroupIdentifiers: ["nowhere"] })).rejects.toMatchObject({
      name: "ResourceNotFoundException",
    });
    await expect(start({ logStreamNames: ["a"], logStreamNamePrefixes: ["a"] })).rejects.toMatchObject({
      name: "InvalidParameterException",
    });
    tail.destroy();
  });

  test("a live tail of chosen streams is cut off at 500 events a second and ends after three hours", async () => {
    await setUp();
    const tail = new CloudWatchLogsClient({ ...served.client, disableHostPrefix: true });
    const { responseStream } = await tail.send(
      new StartLiveTailCommand({ logGroupIdentifiers: [logGroupName], logStreamNamePrefixes: ["other"] }),
    );
    const line = (text: string) => ({ timestampMs: served.clock.now(), message: text });
    await served.service.append(logGroupName, logStreamName, [line("not this")]);
    await served.service.append(
      logGroupName,
      "other/1",
      Array.from({ length: 501 }, (_, index) => line(`${index}`)),
    );
    await served.clock.advance(3 * HOUR_MS);
    const updates: number[] = [];
    let sampled = 0;
    const read = async () => {
      for await (const { sessionUpdate } of responseStream ?? []) {
        if (sessionUpdate === undefined) continue;
        updates.push(sessionUpdate.sessionResults?.length ?? 0);
        if (sessionUpdate.sessionMetadata?.sampled === true) sampled += 1;
      }
    };
    await expect(read()).rejects.toMatchObject({ name: "SessionTimeoutException" });
    expect([updates.length, updates[0], updates[1], sampled]).toEqual([3 * 3600, 500, 0, 1]);
    tail.destroy();
  });

  test("filtering goes over all streams in order of time, page by page", async () => {
    const now = served.clock.now();
    await Promise.all([
      served.service.append(logGroupName, "s1", [
        { timestampMs: now, message: "1" },
        { timestampMs: now + 2, message: "3" },
      ]),
      served.service.append(logGroupName, "s2", [
        { timestampMs: now + 1, message: "2" },
        { timestampMs: now + 2, message: "4" },
      ]),
    ]);
    const seen: (string | undefined)[] = [];
    let nextToken: string | undefined;
    do {
      const page = await client.send(
        new FilterLogEventsCommand({ logGroupName, limit: 1, ...(nextToken ? { nextToken } : {}) }),
      );
      seen.push(...(page.events ?? []).map((event) => event.message));
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
    expect(seen).toEqual(["1", "2", "3", "4"]);
    const one = await client.send(new FilterLogEventsCommand({ logGroupName, logStreamNamePrefix: "s2" }));
    expect(one.events?.map((event) => event.message)).toEqual(["2", "4"]);
  });

  test("retention hides what is older, by the clock", async () => {
    await setUp();
    await put([0, "soon gone"]);
    await expect(
      client.send(new PutRetentionPolicyCommand({ logGroupName, retentionInDays: 2 })),
    ).rejects.toMatchObject({
      name: "InvalidParameterException",
    });
    await client.send(new PutRetentionPolicyCommand({ logGroupName, retentionInDays: 1 }));
    await served.clock.advance(HOUR_MS);
    expect(await messages("")).toEqual(["soon gone"]);
    await served.clock.advance(DAY_MS + 1);
    expect(await messages("")).toEqual([]);
    await put([0, "new"]);
    expect(await messages("")).toEqual(["new"]);
  });

  test("groups are listed by prefix or by a part of the name, in pages", async () => {
    for (const name of ["/aws/a", "/aws/b", "/other"])
      await client.send(new CreateLogGroupCommand({ logGroupName: name }));
    const first = await client.send(new DescribeLogGroupsCommand({ limit: 2 }));
    const second = await client.send(new DescribeLogGroupsCommand({ limit: 2, nextToken: first.nextToken }));
    expect([...(first.logGroups ?? []), ...(second.logGroups ?? [])].map((group) => group.logGroupName)).toEqual([
      "/aws/a",
      "/aws/b",
      "/other",
    ]);
    const byPart = await client.send(new DescribeLogGroupsCommand({ logGroupNamePattern: "OTH" }));
    expect(byPart.logGroups?.[0]?.arn).toBe("arn:aws:logs:us-east-1:000000000000:log-group:/other:*");
    expect((await client.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: "/aws" }))).logGroups).toHaveLength(2);
  });

  test("streams can be listed with the newest event first", async () => {
    const now = served.clock.now();
    await served.service.append(logGroupName, "a", [{ timestampMs: now + 5, message: "x" }]);
    await served.service.append(logGroupName, "b", [{ timestampMs: now, message: "x" }]);
    const { logStreams } = await client.send(
      new DescribeLogStreamsCommand({ logGroupName, orderBy: "LastEventTime", descending: true }),
    );
    expect(logStreams?.map((stream) => [stream.logStreamName, stream.lastEventTimestamp])).toEqual([
      ["a", now + 5],
      ["b", now],
    ]);
  });

  test("tags are set by ARN and by name", async () => {
    await client.send(new CreateLogGroupCommand({ logGroupName, tags: { a: "1" } }));
    const resourceArn = `arn:aws:logs:us-east-1:000000000000:log-group:${logGroupName}`;
    await client.send(new TagResourceCommand({ resourceArn, tags: { b: "2" } }));
    expect((await client.send(new ListTagsForResourceCommand({ resourceArn }))).tags).toEqual({ a: "1", b: "2" });
  });

  test("lines written in process reach readers, the bus and a subscriber, and are stored when acknowledged", async () => {
    const onBus: BusEvents["LogWritten"][] = [];
    const followed: string[] = [];
    const off = served.bus.on("LogWritten", (event) => onBus.push(event));
    const stop = served.service.subscribe(logGroupName, ({ events }) =>
      followed.push(...events.map((event) => event.message)),
    );
    const timestampMs = served.clock.now();
    await Promise.all(
      ["x", "y"].map((message) => served.service.append(logGroupName, logStreamName, [{ timestampMs, message }])),
    );
    stop();
    await served.service.append(logGroupName, logStreamName, [{ timestampMs, message: "z" }]);
    off();
    expect(followed).toEqual(["x", "y"]);
    expect(onBus.flatMap((event) => event.messages)).toEqual(["x", "y", "z"]);
    expect(await messages("")).toEqual(["x", "y", "z"]);
  });

  test("what was acknowledged is there for the next process", async () => {
    const timestampMs = served.clock.now();
    await served.service.append(logGroupName, logStreamName, [{ timestampMs, message: "kept" }]);
    const next = createLogsService(served.context);
    await next.append(logGroupName, logStreamName, [{ timestampMs, message: "added" }]);
    await next.close();
    expect(await messages("")).toEqual(["kept", "added"]);
  });

  test("a subscription filter delivers what matches in the form that Lambda gets", async () => {
    await setUp();
    const destinationArn = "arn:aws:lambda:us-east-1:000000000000:function:sink";
    const request = { logGroupName, filterName: "errors", filterPattern: "ERROR", destinationArn };
    await client.send(new PutSubscriptionFilterCommand(request));
    const deliveries: SubscriptionDelivery[] = [];
    const stop = served.service.onDelivery((delivery) => deliveries.push(delivery));
    await put([0, "fine"], [1, "ERROR bad"]);
    stop();
    expect(deliveries).toHaveLength(1);
    const [delivery] = deliveries;
    if (delivery === undefined) throw new Error("no delivery");
    const { data } = subscriptionPayload(delivery.message).awslogs;
    expect(JSON.parse(gunzipSync(Buffer.from(data, "base64")).toString())).toEqual({
      messageType: "DATA_MESSAGE",
      owner: "000000000000",
      logGroup: logGroupName,
      logStream: logStreamName,
      subscriptionFilters: ["errors"],
      logEvents: [{ id: expect.stringMatching(/^\d{56}$/), timestamp: served.clock.now() + 1, message: "ERROR bad" }],
    });
    expect(delivery).toMatchObject({ filterName: "errors", destinationArn });

    await client.send(new PutSubscriptionFilterCommand({ ...request, filterName: "second" }));
    await expect(
      client.send(new PutSubscriptionFilterCommand({ ...request, filterName: "third" })),
    ).rejects.toMatchObject({
      name: "LimitExceededException",
    });
    await client.send(new DeleteSubscriptionFilterCommand({ logGroupName, filterName: "second" }));
    const { subscriptionFilters } = await client.send(new DescribeSubscriptionFiltersCommand({ logGroupName }));
    expect(subscriptionFilters).toMatchObject([
      { filterName: "errors", filterPattern: "ERROR", destinationArn, distribution: "ByLogStream" },
    ]);
  });

  test("a listener that fails does not stop the lines after it", async () => {
    const off = served.bus.on("LogWritten", () => {
      throw new Error("broken listener");
    });
    const timestampMs = served.clock.now();
    await served.service.append(logGroupName, logStreamName, [{ timestampMs, message: "x" }]);
    off();
    await served.service.append(logGroupName, logStreamName, [{ timestampMs, message: "y" }]);
    expect(await messages("")).toEqual(["x", "y"]);
  });

  test("what is not emulated is refused by name", async () => {
    await setUp();
    await expect(
      client.send(
        new PutMetricFilterCommand({ logGroupName, filterName: "m", filterPattern: "", metricTransformations: [] }),
      ),
    ).rejects.toMatchObject({ message: "The operation PutMetricFilter is not emulated by lambda-run." });
  });
});
