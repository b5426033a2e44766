/** What becomes of failures: retries and dead letters, open circuits, budgets, Lambda's own bounds, and the alarms that tell. */
import {
  CloudWatchClient,
  DescribeAlarmsCommand,
  GetMetricStatisticsCommand,
  type Dimension,
} from "@aws-sdk/client-cloudwatch";
import { DeleteTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { AssistantSystem, bodyOf } from "./system.js";

let system: AssistantSystem;
afterEach(() => system.close());

const BROKEN = (error: string): string => `
export const handler = async () => ({ statusCode: 503, body: JSON.stringify({ success: false, error: "${error}" }) });`;

const reports = (): readonly Record<string, unknown>[] =>
  system.stack.invocations("error-logger").map(({ event }) => event as Record<string, unknown>);

/** Works off everything that waits for the time of its next attempt. */
const attemptsAfter = async (span: string): Promise<number> => {
  await system.stack.clock.advance(span);
  return system.attempts().length;
};

async function alarm(name: string): Promise<string | undefined> {
  const client = new CloudWatchClient(system.stack.clientConfig);
  const { MetricAlarms = [] } = await client.send(
    new DescribeAlarmsCommand({ AlarmNames: [`document-assistant-${name}`] }),
  );
  client.destroy();
  return MetricAlarms[0]?.StateValue;
}

async function sum(MetricName: string, Dimensions: Dimension[], Namespace = "DocumentAssistant"): Promise<number> {
  const client = new CloudWatchClient(system.stack.clientConfig);
  const now = Date.now();
  const { Datapoints = [] } = await client.send(
    new GetMetricStatisticsCommand({
      Namespace,
      MetricName,
      Dimensions,
      StartTime: new Date(now - 3_600_000),
      EndTime: new Date(now + 3_600_000),
      Period: 60,
      Statistics: ["Sum"],
    }),
  );
  client.destroy();
  return Datapoints.reduce((total, { Sum = 0 }) => total + Sum, 0);
}

it("a document whose library fails is tried three times, and is a dead letter then", async () => {
  system = await AssistantSystem.start({ libraries: { neo4j: BROKEN("no disk") } });
  const { row, attempt, document_id } = await system.process("a.md", "Ada Lovelace wrote programs.");
  // Thrown, not answered with 500: that would count as a success.
  expect(attempt?.error).toMatchObject({
    errorType: "PartlyStoredError",
    errorMessage: "not stored everywhere: neo4j-library-handler: no disk (status 503)",
  });
  expect(row).toMatchObject({
    status: "failed",
    error_type: "PartlyStoredError",
    storage_results: { dynamodb: true, pinecone: true, neo4j: false },
  });
  expect(await attemptsAfter("70s")).toBe(2);
  expect(await attemptsAfter("130s")).toBe(3);
  expect(await alarm("processor-errors")).toBe("ALARM");
  expect(await attemptsAfter("10m")).toBe(3);
  // Done three times over, the same rows.
  expect(await system.stack.dynamodb.scan("Chunks")).toHaveLength(1);
  expect(await system.stack.dynamodb.scan("Vectors")).toHaveLength(1);
  expect(await alarm("failed-documents")).toBe("ALARM");
  const [letter] = await system.stack.sqs.receive("FailedDocuments");
  const event = JSON.parse(letter?.body ?? "{}") as { Records: { s3: { object: { key: string } } }[] };
  expect(event.Records[0]?.s3.object.key).toContain(document_id);
  expect(reports().map((report) => [report["error_type"], report["severity"]])).toEqual(
    expect.arrayContaining([["PartlyStoredError", "CRITICAL"]]),
  );
});

it("a library that fails five times is not asked any more, by nobody, until one probe finds it well", async () => {
  system = await AssistantSystem.start({
    libraries: {
      openai: `
import { handler as real } from "../../libraries/openai/handler.js";
export const handler = async (event, context) => {
  if (event.messages.at(-1).content.includes("down")) throw new Error("no model");
  return real(event, context);
};`,
    },
    template: { "/chat/POST: { RateLimit: 2, BurstLimit: 5 }": "/chat/POST: { RateLimit: 100, BurstLimit: 100 }" },
  });
  await system.process("a.md", "Steam boats cross the Atlantic.");
  const asked = (): number => system.stack.invocations("OpenAi").length;
  const ask = async (query: string): Promise<unknown> => {
    const { body } = await system.ask("POST /chat", { body: { query } });
    return (body["metadata"] as { services_available: { model: boolean } }).services_available.model;
  };
  for (let i = 0; i < 5; i++) expect(await ask("boats down?")).toBe(false);
  expect(asked()).toBe(5);
  const open = await system.stack.dynamodb.get("Circuits", { library: "openai-library-handler" });
  expect(open).toMatchObject({ failures: 5, last_failure: "function-error" });
  expect(Math.abs(Number(open?.["open_until"]) - Date.now() - 30_000)).toBeLessThan(20_000);
  expect(await ask("boats?")).toBe(false);
  expect(asked()).toBe(5);
  await system.stack.stack.activity.quiet();
  expect(reports().at(-1)).toMatchObject({
    error_type: "CircuitOpenError",
    additional_context: { failure: "circuit-open" },
  });
  expect(await sum("CircuitOpen", [{ Name: "Library", Value: "openai-library-handler" }])).toBe(1);

  // Its time is over: one request goes through. It fails, and the circuit stays open.
  const lapse = () => system.stack.dynamodb.put("Circuits", { ...open, open_until: Date.now() - 1 });
  await lapse();
  expect(await ask("boats down?")).toBe(false);
  expect(asked()).toBe(6);
  expect(await ask("boats?")).toBe(false);
  expect(asked()).toBe(6);
  await lapse();
  const together = await Promise.all([ask("boats?"), ask("boats?"), ask("boats?"), ask("boats?")]);
  // One of them is the probe; whoever comes after its answer is let through as well.
  expect(together).toContain(true);
  expect(await ask("boats?")).toBe(true);
  expect(await system.stack.dynamodb.get("Circuits", { library: "openai-library-handler" })).toMatchObject({
    failures: 0,
  });
});

it("a breaker without its table lets calls through", async () => {
  system = await AssistantSystem.start();
  await system.process("a.md", "Steam boats cross the Atlantic.");
  const client = new DynamoDBClient(system.stack.clientConfig);
  await client.send(new DeleteTableCommand({ TableName: "document-assistant-circuits" }));
  client.destroy();
  expect(await system.ask("POST /chat", { body: { query: "boats?" } })).toMatchObject({
    status: 200,
    body: { success: true },
  });
});

it("a library that does not answer in time leaves enough of the budget for an answer", async () => {
  system = await AssistantSystem.start({
    libraries: {
      openai: `
export const handler = (event) => {
  console.log("budget", event.budget_ms);
  return new Promise((resolve) => setTimeout(resolve, 20_000));
};`,
    },
    template: {
      "      # API Gateway waits no longer; the function hands down what is left of it.\n      Timeout: 29":
        "      Timeout: 4",
    },
  });
  await system.process("a.md", "Steam boats cross the Atlantic.");
  const startedAtMs = performance.now();
  const { status, body } = await system.ask("POST /chat", { body: { query: "boats?" } });
  expect(status).toBe(200);
  expect(body).toMatchObject({
    response: expect.stringContaining("Steam boats cross the Atlantic."),
    metadata: { services_available: { model: false } },
  });
  expect(performance.now() - startedAtMs).toBeLessThan(25_000);
  const budget = Number(/budget (\d+)/.exec(system.logs.join("\n"))?.[1]);
  expect(budget).toBeGreaterThan(500);
  expect(budget).toBeLessThan(3500);
  await system.waitFor(() => reports().at(-1));
  expect(reports().at(-1)).toMatchObject({ error_type: "LibraryTimeoutError" });
});

it("when neither search nor model answers the request fails, and says who is down", async () => {
  const down = BROKEN("down");
  system = await AssistantSystem.start({
    libraries: { openai: down, "sentence-transformer": down, neo4j: down },
  });
  const client = new DynamoDBClient(system.stack.clientConfig);
  await client.send(new DeleteTableCommand({ TableName: "document-assistant-chunks" }));
  client.destroy();
  expect(await system.ask("POST /chat", { body: { query: "boats?" } })).toMatchObject({
    status: 503,
    body: {
      success: false,
      error_type: "ServicesUnavailable",
      services_available: { embeddings: false, vector: false, graph: false, table: false, model: false },
    },
  });
});

it("a document over Lambda's 6 MB is 413 when it is sent inline, and goes through by reference", async () => {
  // A page of text, and a picture that makes it large.
  const picture = Buffer.alloc(5 * 1024 * 1024, "x");
  const page = Buffer.from("BT /F 12 Tf 72 720 Td (A large page.) Tj ET");
  const pdf = Buffer.concat([
    Buffer.from(`%PDF-1.4
1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj
2 0 obj << /Type /Pages /Kids [3 0 R] /Count 1 >> endobj
3 0 obj << /Type /Page /Parent 2 0 R /Contents 4 0 R /Resources << /Font << /F 6 0 R >> >> >> endobj
6 0 obj << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> endobj
4 0 obj << /Length ${page.length} >> stream\n`),
    page,
    Buffer.from(`\nendstream endobj\n5 0 obj << /Subtype /Image /Length ${picture.length} >> stream\n`),
    picture,
    Buffer.from("\nendstream endobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"),
  ]);
  system = await AssistantSystem.start({ template: { "DOCUMENT_HANDOVER: reference": "DOCUMENT_HANDOVER: inline" } });
  const inline = await system.process("large.pdf", pdf, "application/pdf");
  expect(inline.attempt?.error).toBeUndefined();
  expect(inline.attempt?.payload).toMatchObject({ statusCode: 400 });
  expect(inline.row).toMatchObject({ status: "failed", error_type: "RequestTooLargeException", status_code: 413 });
  expect(system.stack.invocations("Docling")).toEqual([]);
  const small = await system.process(
    "small.pdf",
    Buffer.concat([pdf.subarray(0, pdf.indexOf("\n5 0 obj"))]),
    "application/pdf",
  );
  expect(bodyOf(small.attempt?.payload)).toMatchObject({ success: true, chunks_processed: 1 });
  // It would be as large another time, and the library is well.
  expect(await attemptsAfter("10m")).toBe(2);
  expect(await system.stack.dynamodb.get("Circuits", { library: "docling-library-handler" })).toBeUndefined();
  await system.close();

  system = await AssistantSystem.start();
  const reference = await system.process("large.pdf", pdf, "application/pdf");
  expect(bodyOf(reference.attempt?.payload)).toMatchObject({ success: true, chunks_processed: 1 });
  expect(reference.row).toMatchObject({ status: "done", size: pdf.length });
});

it("a text whose result does not fit into an answer is handed over beside it", async () => {
  system = await AssistantSystem.start({ template: { "      Timeout: 300": "      Timeout: 600" } });
  const text = Array.from(
    { length: 3000 },
    (_, i) => `Paragraph ${i} ${"says the same again and again. ".repeat(30)}`,
  ).join("\n\n");
  expect(text.length).toBeGreaterThan(2.5 * 1024 * 1024);
  const { presigned_url: _, ...presigned } = await system.upload("long.md", text);
  const attempt = await system.waitFor(() => system.attempts()[0]);
  expect(attempt.error).toBeUndefined();
  expect(bodyOf(attempt.payload)).toMatchObject({
    success: true,
    document_id: presigned.document_id,
    chunks_processed: 3000,
  });
  expect(await system.stack.dynamodb.scan("Chunks")).toHaveLength(3000);
});

it("embeddings may come from the pinecone library instead", async () => {
  system = await AssistantSystem.start({
    template: { "EMBEDDINGS: sentence-transformer": "EMBEDDINGS: pinecone" },
  });
  await system.process("a.md", "Steam boats cross the Atlantic.");
  const { body } = await system.ask("POST /chat", { body: { query: "boats?" } });
  expect(body).toMatchObject({ sources: [{ source: "a.md", type: "vector" }] });
  expect(system.stack.invocations("SentenceTransformer")).toEqual([]);
});

it("functions begin without asking anybody: what is refused costs no call", async () => {
  const nowhere = "http://127.0.0.1:9";
  system = await AssistantSystem.start({
    template: {
      "ERROR_LOGGER_FUNCTION: error-logger": `ERROR_LOGGER_FUNCTION: error-logger\n        AWS_ENDPOINT_URL_S3: ${nowhere}\n        AWS_ENDPOINT_URL_LAMBDA: ${nowhere}\n        AWS_ENDPOINT_URL_DYNAMODB: ${nowhere}`,
    },
  });
  for (const [request, status] of [
    ["POST /upload/presigned-url", 400],
    ["POST /chat", 400],
    ["POST /crud", 400],
    ["GET /files?bucket=x", 403],
  ] as const) {
    const { body, status: given } = await system.ask(request, request.startsWith("POST") ? { body: {} } : {});
    expect([request, given, body["success"]]).toEqual([request, status, false]);
  }
  expect(await system.ask("POST /crud", { body: { operation: "read", table_name: "chunks", limit: 1 } })).toMatchObject(
    { status: 500 },
  );
});

it("requests are counted by their status and measured by their route, and alarms tell", async () => {
  system = await AssistantSystem.start();
  for (let i = 0; i < 18; i++) await system.ask("POST /chat", { body: { query: "boats?" } });
  await system.waitFor(async () => (await sum("Requests", [{ Name: "Status", Value: "429" }])) === 13);
  expect(await sum("Requests", [{ Name: "Status", Value: "200" }])).toBe(5);
  expect(await sum("Requests", [{ Name: "Route", Value: "POST /chat" }])).toBe(18);
  expect(await sum("ChatMs", [{ Name: "Function", Value: "chat-orchestrator-business-logic" }])).toBeGreaterThan(0);
  await system.stack.clock.advance("2m");
  expect(await alarm("throttled-requests")).toBe("ALARM");
  expect(await alarm("chat-p95")).toBe("OK");
});

it("Lambda's own throttling is counted, and its alarm tells", async () => {
  system = await AssistantSystem.start({
    template: {
      "FunctionName: chat-orchestrator-business-logic":
        "FunctionName: chat-orchestrator-business-logic\n      ReservedConcurrentExecutions: 0",
    },
  });
  expect((await system.ask("POST /chat", { body: { query: "boats?" } })).status).toBe(500);
  const functionName = [{ Name: "FunctionName", Value: "chat-orchestrator-business-logic" }];
  await system.waitFor(async () => (await sum("Throttles", functionName, "AWS/Lambda")) === 1);
  await system.stack.clock.advance("2m");
  expect(await alarm("chat-throttles")).toBe("ALARM");
});
