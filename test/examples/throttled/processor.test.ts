/** The processor alone: what it answers, how it goes on, what it logs, and that it does nothing twice. */
import { createHash } from "node:crypto";
import { csvRows, type CsvRow } from "../../../examples/throttled/src/csv-processor/rows.js";
import { configure } from "../configure.js";
import { System } from "./system.js";

jest.setTimeout(180_000);

let system: System;
beforeAll(async () => (system = await System.start()));
beforeEach(() => system.mark());
afterAll(() => system.close());

/** For a file that is not called .csv: the machine would take it, too. */
const request = (key: string, etag?: string, options: object = {}): object => ({
  s3_details: { bucket: "csv-uploads", key, etag },
  processing_options: options,
  source: "aws.s3",
  id: "event-1",
});
const rows = (count: number): string[] => Array.from({ length: count }, (_, i) => `${i + 1},name ${i + 1}`);

it("calls the API once for each row, whatever the fields hold, and hands them on by their names", async () => {
  const { stack } = system;
  await stack.s3.put("csv-uploads", "a.txt", '\u{feff}id,name\r\n1,"a, ""b""\nc"\r\n\r\n2,ü\r\n3,x,more\r\n4,last');
  for (const options of [
    {},
    { use_async: false, use_batch: false, priority: "low" },
    { chunked_processing: true, batch_size: 2 },
  ])
    expect((await stack.invoke("csv-processor", request("a.txt", undefined, options))).payload).toMatchObject({
      statusCode: 200,
    });
  expect(
    system
      .calls()
      .map(({ row }) => row)
      .sort((a, b) => Number(a["id"]) - Number(b["id"])),
  ).toEqual([
    { id: "1", name: 'a, "b"\nc' },
    { id: "2", name: "ü" },
    { id: "3", name: "x", _more: "more" },
    { id: "4", name: "last" },
  ]);
});

it("answers 400 for what will never go well, and throws what may: only that is tried again", async () => {
  const { stack } = system;
  await stack.s3.put("csv-uploads", "bad.txt", 'id,name\n1,"open');
  await stack.s3.put("csv-uploads", "empty.txt", "\n");
  await system.upload("down.txt", "1,down");
  const answer = async (event: object): Promise<unknown> => (await stack.invoke("csv-processor", event)).payload;
  const refused = (message: RegExp): unknown => ({
    statusCode: 400,
    body: expect.stringMatching(/^\{"message":/) as string,
    error_details: { error_type: "ValidationError", error_message: expect.stringMatching(message) as string },
  });
  expect(await answer({ Records: [] })).toEqual(refused(/an event of S3 without s3_details/));
  expect(await answer(request("a.txt", undefined, { priority: "urgent" }))).toEqual(
    refused(/none of high, standard, low/),
  );
  expect(await answer(request("a.txt", undefined, { batch_size: 0 }))).toEqual(refused(/batch_size/));
  expect(await answer(request("gone.txt"))).toEqual(refused(/gone\.txt is gone/));
  expect(await answer(request("bad.txt"))).toEqual(refused(/a quote that is not closed/));
  expect(await answer(request("empty.txt"))).toEqual(refused(/the file is empty/));
  const { error } = await stack.invoke("csv-processor", request("down.txt"));
  expect(error).toMatchObject({ errorType: "RetryableError", errorMessage: "the API answers 503" });
});

it("a file that is uploaded, announced or delivered twice is processed once; one with other content is another file", async () => {
  const { stack } = system;
  await system.upload("twice.csv", "1,a");
  await stack.clock.advance("80s");
  await system.upload("twice.csv", "1,a");
  await stack.clock.advance("80s");
  await system.upload("twice.csv", "1,a", "2,b");
  await stack.clock.advance("70s");
  expect(system.processed().map(({ payload }) => payload)).toEqual([
    { statusCode: 200, rows_processed: 1 },
    { statusCode: 200, rows_processed: 0, duplicate: true },
    { statusCode: 200, rows_processed: 2 },
  ]);
  expect(system.calls()).toHaveLength(3);
});

it("leaves a file alone that another call works on: the message goes back into the queue and comes again", async () => {
  const { stack } = system;
  const etag = createHash("md5").update("id,name\n1,a\n").digest("hex");
  const id = `csv-uploads/high/held.csv#${etag}`;
  const inAnHour = Math.floor(Date.now() / 1000) + 3600;
  await stack.dynamodb.put("csv-records", {
    id,
    status: "IN_PROGRESS",
    holder: "another",
    leaseUntil: inAnHour,
    expires: inAnHour,
  });
  await system.upload("high/held.csv", "1,a");
  await stack.clock.advance("85s");
  expect(system.processed().map(({ error }) => error?.errorType)).toEqual(["InProgressError"]);
  expect(await stack.sqs.depth("csv-jobs")).toMatchObject({ inFlight: 1 });
  expect(system.calls()).toEqual([]);
  // A lease that has ended is nobody's: its holder was killed.
  await stack.dynamodb.put("csv-records", {
    id,
    status: "IN_PROGRESS",
    holder: "another",
    leaseUntil: 1,
    expires: inAnHour,
  });
  await stack.clock.advance("6m");
  expect(system.processed().at(-1)?.payload).toEqual({ statusCode: 200, rows_processed: 1 });
  expect(await stack.sqs.depth("csv-jobs")).toMatchObject({ visible: 0, inFlight: 0 });
});

it("goes on behind the rows that are done when the API was away in between, and the API knows the rows by their key", async () => {
  const { stack } = system;
  await system.upload("away.txt", "1,a", "2,b", "3,down", "4,d");
  await stack.invoke("csv-processor", request("away.txt", undefined, { use_async: false, use_batch: false }));
  await stack.invoke("csv-processor", request("away.txt", undefined, { use_async: false, use_batch: false }));
  const calls = system.calls();
  // Three tries in each of two calls for the third row; the first two are not asked again.
  expect(calls.map(({ row }) => row["id"])).toEqual(["1", "2", "3", "3", "3", "3", "3", "3"]);
  expect(new Set(calls.map(({ key }) => key)).size).toBe(3);
});

it("logs what happened in the form of the sinks, and neither rows nor the event", async () => {
  const { stack } = system;
  await system.upload("in/a.txt", "1,very private", "2,also");
  await stack.invoke("csv-processor", request("in/a.txt", undefined, { priority: "high" }));
  await stack.invoke("csv-processor", { s3_details: { bucket: "b" }, password: "x".repeat(5000) });
  const logs = system.processed().flatMap(({ logs: lines }) => lines);
  const lines = logs.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines).toEqual([
    expect.objectContaining({
      action: "processing_start",
      level: "INFO",
      bucket: "csv-uploads",
      key: "in/a.txt",
      source: "aws.s3",
      event_id: "event-1",
      priority: "high",
      "dt.metrics": { process_start: 1, object_size: 0 },
      "dt.cluster_id": "local",
      "splunk.index": "s3_processor",
      "splunk.sourcetype": "lambda:s3_processor",
    }),
    expect.objectContaining({
      action: "process_complete",
      "dt.metrics": { process_success: 1, process_duration: expect.any(Number) as number, rows_processed: 2 },
    }),
    expect.objectContaining({
      action: "validation_error",
      level: "ERROR",
      error_message: "s3_details has no key",
      "dt.metrics": { validation_error: 1 },
      "splunk.sourcetype": "lambda:s3_processor:error",
    }),
  ]);
  expect(logs.join("\n")).not.toMatch(/very private|xxxx/);
});

it("rows are cut at their ends wherever the bytes were cut", async () => {
  const text = Buffer.from('id,name\n1,"ü\n""x"""\r\n2,ö\n');
  const whole = await collect([text], 0);
  for (let at = 1; at < text.length; at++)
    expect(await collect([text.subarray(0, at), text.subarray(at)], 0)).toEqual(whole);
  expect(whole.map(({ fields }) => fields)).toEqual([
    ["id", "name"],
    ["1", 'ü\n"x"'],
    ["2", "ö"],
  ]);
  // From the end of one row on come the others.
  const second = whole[1]?.endByte ?? 0;
  expect(await collect([text.subarray(second)], second)).toEqual(whole.slice(2));
});

it("stops before its time is up, and the next calls go on behind the last row that is done", async () => {
  const { stack } = system;
  // Two seconds of work for each call: 28 s of reserve out of 30 s, and 40 rows of 300 ms, five at a time.
  await configure(stack, "external-api", { variables: { LATENCY_MS: "300" } });
  await configure(stack, "csv-processor", {
    timeoutSeconds: 30,
    variables: { RESERVE_MS: "28000", API_TIMEOUT_MS: "20000" },
  });
  await system.upload("high/long.csv", ...rows(40));
  await stack.clock.advance("90s");
  // Twice at least: it cannot be done in two seconds.
  const answers = system.processed().map(({ payload }) => payload as { readonly statusCode: number });
  expect(answers.slice(0, -1).map(({ statusCode }) => statusCode)).toEqual(answers.slice(1).map(() => 202));
  expect(answers.at(-1)).toEqual({ statusCode: 200, rows_processed: 40 });
  expect(answers.length).toBeGreaterThan(1);
  // Each row once, over all calls.
  expect(
    system
      .calls()
      .map(({ row }) => Number(row["id"]))
      .sort((a, b) => a - b),
  ).toEqual(rows(40).map((_, i) => i + 1));
  // The message was made ours anew before every call.
  const [history = []] = await system.histories();
  const extended = history.filter(({ stateEnteredEventDetails: state }) => state?.name === "Extend");
  expect(extended).toHaveLength(answers.length);
});

async function collect(chunks: readonly Buffer[], startByte: number): Promise<CsvRow[]> {
  async function* stream(): AsyncGenerator<Uint8Array> {
    yield* chunks;
  }
  const found: CsvRow[] = [];
  for await (const row of csvRows(stream(), startByte)) found.push(row);
  return found;
}
