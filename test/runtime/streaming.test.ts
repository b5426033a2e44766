/** Response streaming: the answer goes to the caller while the handler writes it. Shapes: AWS's own Node client. */
import type { InvokeResult, ResponseStreamHead } from "../../src/runtime/types.js";
import { bodyOf, FunctionHost } from "./function-host.js";

interface Streamed {
  readonly result: InvokeResult;
  readonly head: ResponseStreamHead | undefined;
  readonly chunks: readonly Buffer[];
  readonly ends: readonly ({ readonly errorType: string; readonly errorMessage: string } | undefined)[];
}

const functions = new FunctionHost();
afterAll(() => functions.close());

async function stream(
  handler: string,
  event: unknown = {},
  config = {},
  pace?: () => Promise<void>,
): Promise<Streamed> {
  let head: ResponseStreamHead | undefined;
  const chunks: Buffer[] = [];
  const ends: ({ readonly errorType: string; readonly errorMessage: string } | undefined)[] = [];
  const result = await functions.invoke(functions.function("node", handler, config), event, {
    onStream: (given) => {
      head = given;
      return {
        write: (chunk) => {
          chunks.push(Buffer.from(chunk));
          return pace?.();
        },
        end: (error) => ends.push(error),
      };
    },
  });
  return { result, head, chunks, ends };
}

const textOf = ({ chunks }: Streamed): string => Buffer.concat(chunks).toString("utf8");

test.each(["nodejs22.x", "nodejs24.x"])(
  "what a streaming handler writes reaches a streaming caller on %s",
  async (runtime) => {
    const streamed = await stream("streams.handler", {}, { runtime });
    expect(textOf(streamed)).toBe("one two 36");
    expect(streamed.chunks.length).toBeGreaterThan(1);
    expect(streamed.head).toEqual({ contentType: "text/plain" });
    expect(streamed.ends).toEqual([undefined]);
    expect(streamed.result.functionError).toBeUndefined();
    expect(streamed.result.payload).toHaveLength(0);
  },
);

test("telemetry counts the bytes of a stream and times it, and has neither of an error", async () => {
  const logging = { format: "JSON", applicationLogLevel: "INFO", systemLogLevel: "INFO", logGroup: "/g" } as const;
  const doneOf = ({ result }: Streamed): Record<string, unknown> => {
    const line = result.logs.split("\n").find((text) => text.includes('"platform.runtimeDone"'));
    return (JSON.parse(line ?? "{}") as { record: Record<string, unknown> }).record;
  };
  const streamed = doneOf(await stream("streams.handler", {}, { logging }));
  expect(streamed).toMatchObject({ status: "success", metrics: { producedBytes: 10 } });
  expect(streamed["spans"]).toHaveLength(3);
  const failed = doneOf(await stream("throws-error.handler", {}, { logging }));
  expect(failed).toMatchObject({ status: "success", metrics: { producedBytes: 0 } });
  expect(failed).not.toHaveProperty("spans");
});

test("a caller that takes no stream gets the whole as one answer", async () => {
  const result = await functions.invoke(functions.function("node", "streams.handler"));
  expect(result.payload.toString()).toBe("one two 36");
});

test("HttpResponseStream puts status, headers and cookies before the body", async () => {
  const streamed = await stream("streams-http.handler");
  expect(streamed.head).toEqual({ contentType: "application/vnd.awslambda.http-integration-response" });
  const prelude = '{"statusCode":201,"headers":{"x-a":"b"},"cookies":["c=d"]}';
  expect(textOf(streamed)).toBe(`${prelude}${"\0".repeat(8)}<p>body</p>`);
});

test.each(["nodejs22.x", "nodejs24.x"])("what is neither text nor bytes is written as JSON on %s", async (runtime) => {
  expect(textOf(await stream("streams-unusual.values", {}, { runtime }))).toBe('{"a":1}["b"]5C{"0":68}EFGend');
  const { result } = await stream("streams-unusual.nothing", null, { runtime });
  expect(bodyOf(result)).toMatchObject({
    errorType: "TypeError",
    errorMessage: "Cannot read properties of null (reading 'length')",
  });
});

test("HttpResponseStream sends its prelude with the first write, and none without", async () => {
  expect(textOf(await stream("streams-unusual.endsOnly"))).toBe("body");
  expect(textOf(await stream("streams-unusual.writesEmpty"))).toBe(`{"statusCode":204}${"\0".repeat(8)}`);
});

test("the context of a streaming handler has no completion calls", async () => {
  expect(textOf(await stream("streams-unusual.context"))).toBe('["callbackWaitsForEmptyEventLoop","functionVersion"]');
});

test("an error before the first byte is a plain function error", async () => {
  const { result, head } = await stream("streams-error-early.handler");
  expect(head).toBeUndefined();
  expect(result.functionError).toBe("Unhandled");
  expect(bodyOf(result)).toMatchObject({ errorType: "Error", errorMessage: "before the first byte" });
});

test("an error after the first byte ends the stream with it", async () => {
  const streamed = await stream("streams-error-late.handler");
  expect(textOf(streamed)).toBe("some bytes");
  expect(streamed.ends).toEqual([
    { errorType: "RangeError", errorMessage: expect.stringContaining('"errorMessage":"in the middle"') },
  ]);
  expect(bodyOf(streamed.result)).toMatchObject({ errorType: "RangeError", errorMessage: "in the middle" });
});

test("an error of 50 KB ends the stream whole", async () => {
  const { ends } = await stream("streams-unusual.longError");
  const [end] = ends;
  expect((JSON.parse(end?.errorMessage ?? "{}") as { errorMessage: string }).errorMessage).toBe("e".repeat(25_000));
});

test("a stream that is not ended is an error", async () => {
  const { ends } = await stream("streams-unfinished.handler");
  expect(ends).toEqual([
    { errorType: "string", errorMessage: expect.stringContaining("Response stream is not finished.") },
  ]);
});

test("a streaming handler must be async", async () => {
  const streamed = await stream("streams-sync.handler");
  expect(JSON.stringify([streamed.ends, streamed.result.payload.toString()])).toContain(
    "Streaming does not support non-async handlers.",
  );
});

test("a value that a streaming handler returns is ignored with a warning", async () => {
  const config = functions.function("node", "streams-returns.handler");
  const result = await functions.invoke(config);
  expect(result.payload.toString()).toBe("the stream");
  expect(result.logs).toContain("\tWARN\tStreaming handlers ignore return values.");
});

test("a process that leaves in the middle cuts the stream, and the next invocation works", async () => {
  const config = functions.function("node", "streams-exit.handler");
  const ends: unknown[] = [];
  const sink = { write: () => undefined, end: (error: unknown) => ends.push(error) };
  const result = await functions.invoke(config, {}, { onStream: () => sink });
  expect(ends).toEqual([expect.objectContaining({ errorType: "Runtime.TruncatedResponse" })]);
  expect(result.functionError).toBe("Unhandled");
  expect(bodyOf(result)).toMatchObject({ errorType: "Runtime.TruncatedResponse" });
  expect((await functions.invoke(config)).functionError).toBe("Unhandled");
});

test("a timeout in the middle cuts the stream", async () => {
  const { ends, result } = await stream("streams-exit.handler", { hang: true }, { timeoutSeconds: 1 });
  const errorMessage = `RequestId: ${result.requestId} Error: Task timed out after 1.00 seconds`;
  expect(ends).toEqual([
    { errorType: "Sandbox.Timedout", errorMessage: JSON.stringify({ errorType: "Sandbox.Timedout", errorMessage }) },
  ]);
  expect(result.report.status).toBe("timeout");
});

test("a slow caller slows the handler down and nothing is lost", async () => {
  let untaken = 0;
  let mostUntaken = 0;
  const pace = async (): Promise<void> => {
    untaken += 1;
    mostUntaken = Math.max(mostUntaken, untaken);
    // In real time: that the caller takes some is what the handler has to wait for.
    await new Promise((resolve) => setTimeout(resolve, 1));
    untaken -= 1;
  };
  const { chunks } = await stream("streams-large.handler", { chunks: 12 }, {}, pace);
  expect(chunks.reduce((sum, chunk) => sum + chunk.length, 0)).toBe(12 * 1024 * 1024);
  // Some pieces may share a read of the socket; 12 MB at once would be two hundred.
  expect(mostUntaken).toBeLessThan(20);
});

test("without a streaming caller the limit of plain answers holds", async () => {
  const result = await functions.invoke(functions.function("node", "streams-large.handler"), { chunks: 7 });
  expect(bodyOf(result)).toMatchObject({ errorType: "Function.ResponseSizeTooLarge" });
});
