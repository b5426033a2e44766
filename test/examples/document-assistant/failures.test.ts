/**
 * What becomes of failures: retries and dead letters, open circuits, budgets, Lambda's own bounds, and the alarms that tell. One
 * system for all: its libraries fail where the question, or the name of the document, asks them to.
 */
import { randomUUID } from "node:crypto";
import {
  CloudWatchClient,
  DescribeAlarmsCommand,
  GetMetricStatisticsCommand,
  type Dimension,
} from "@aws-sdk/client-cloudwatch";
import { LambdaClient, PutFunctionConcurrencyCommand } from "@aws-sdk/client-lambda";
import type { Item } from "../../../src/index.js";
import { configure } from "../configure.js";
import { AssistantSystem, bodyOf, type Answer, type ProcessedDocument } from "./system.js";

const CHAT = "chat-orchestrator-business-logic";
const OPENAI = `
import { handler as real } from "../../libraries/openai/handler.js";
export const handler = async (event, context) => {
  const question = event.messages.at(-1).content;
  if (question.includes("down")) throw new Error("no model");
  // Whoever asked has given up by then.
  if (question.includes("slow")) await new Promise((resolve) => setTimeout(resolve, event.budget_ms + 2000));
  return real(event, context);
};`;
const NEO4J = `
import { handler as real } from "../../libraries/neo4j/handler.js";
export const handler = async (event, context) =>
  event.parameters?.filename === "no-disk.md"
    ? { statusCode: 503, body: JSON.stringify({ success: false, error: "no disk" }) }
    : real(event, context);`;

let system: AssistantSystem;
beforeAll(async () => {
  system = await AssistantSystem.start({
    libraries: { openai: OPENAI, neo4j: NEO4J },
    template: { "EMBEDDINGS: sentence-transformer": "EMBEDDINGS: pinecone" },
  });
  await system.process("a.md", "Steam boats cross the Atlantic.");
});
afterAll(() => system.close());

const reports = (): readonly Record<string, unknown>[] =>
  system.stack.invocations("error-logger").map(({ event }) => event as Record<string, unknown>);

/** How often the processor was called for a document. */
const attemptsFor = (documentId: string): number =>
  system.attempts().filter(({ event }) => JSON.stringify(event).includes(documentId)).length;

/** Not `/chat`, of which a key has five at once. */
const ask = (query: string): Promise<Answer> => system.ask("POST /chat/query", { body: { query } });

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

it("embeddings may come from the pinecone library instead", async () => {
  expect((await ask("boats?")).body).toMatchObject({ sources: [{ source: "a.md", type: "vector" }] });
  expect(system.stack.invocations("SentenceTransformer")).toEqual([]);
});

it("a library that fails five times is not asked any more, by nobody, until one probe finds it well", async () => {
  const before = system.stack.invocations("OpenAi").length;
  const asked = (): number => system.stack.invocations("OpenAi").length - before;
  const isAnswered = async (query: string): Promise<boolean> => {
    const { body } = await ask(query);
    return (body["metadata"] as { services_available: { model: boolean } }).services_available.model;
  };
  for (let i = 0; i < 5; i++) expect(await isAnswered("boats down?")).toBe(false);
  expect(asked()).toBe(5);
  const open = await system.stack.dynamodb.get("Circuits", { library: "openai-library-handler" });
  expect(open).toMatchObject({ failures: 5, last_failure: "function-error" });
  expect(Math.abs(Number(open?.["open_until"]) - Date.now() - 30_000)).toBeLessThan(20_000);
  expect(await isAnswered("boats?")).toBe(false);
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
  expect(await isAnswered("boats down?")).toBe(false);
  expect(asked()).toBe(6);
  expect(await isAnswered("boats?")).toBe(false);
  expect(asked()).toBe(6);
  await lapse();
  // One of them is the probe; whoever comes after its answer is let through as well.
  expect(await Promise.all([isAnswered("boats?"), isAnswered("boats?"), isAnswered("boats?")])).toContain(true);
  expect(await isAnswered("boats?")).toBe(true);
  expect(await system.stack.dynamodb.get("Circuits", { library: "openai-library-handler" })).toMatchObject({
    failures: 0,
  });
});

it("a library that does not answer in time leaves enough of the budget for an answer", async () => {
  await configure(system.stack, CHAT, { timeoutSeconds: 6 });
  const before = system.stack.invocations("OpenAi").length;
  const { status, body } = await ask("slow boats?");
  expect(status).toBe(200);
  expect(body).toMatchObject({
    response: expect.stringContaining("Steam boats cross the Atlantic."),
    metadata: { services_available: { model: false } },
  });
  // The answer did not wait for it.
  expect(system.stack.invocations("OpenAi")).toHaveLength(before);
  const late = await system.waitFor(() => system.stack.invocations("OpenAi")[before]);
  const { budget_ms: budgetMs } = late.event as { readonly budget_ms: number };
  expect(budgetMs).toBeGreaterThan(500);
  expect(budgetMs).toBeLessThan(5500);
  const report = await system.waitFor(() => reports().find((one) => one["error_type"] === "LibraryTimeoutError"));
  expect(report).toMatchObject({ source_lambda: CHAT });
  await configure(system.stack, CHAT, { timeoutSeconds: 29 });
});

let tooLarge: ProcessedDocument;

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
  const reference = await system.process("large.pdf", pdf, "application/pdf");
  expect(bodyOf(reference.attempt?.payload)).toMatchObject({ success: true, chunks_processed: 1 });
  expect(reference.row).toMatchObject({ status: "done", size: pdf.length });

  await configure(system.stack, "document-processor-business-logic", { variables: { DOCUMENT_HANDOVER: "inline" } });
  const asked = system.stack.invocations("Docling").length;
  tooLarge = await system.process("large.pdf", pdf, "application/pdf");
  const { attempt, row } = tooLarge;
  expect(attempt?.error).toBeUndefined();
  expect(attempt?.payload).toMatchObject({ statusCode: 400 });
  expect(row).toMatchObject({ status: "failed", error_type: "RequestTooLargeException", status_code: 413 });
  expect(system.stack.invocations("Docling")).toHaveLength(asked);
  const small = await system.process("small.pdf", pdf.subarray(0, pdf.indexOf("\n5 0 obj")), "application/pdf");
  expect(bodyOf(small.attempt?.payload)).toMatchObject({ success: true, chunks_processed: 1 });
  // The library is well.
  expect(await system.stack.dynamodb.get("Circuits", { library: "docling-library-handler" })).toBeUndefined();
});

it("a text whose result does not fit into an answer is handed over beside it, however the document came", async () => {
  await configure(system.stack, "document-processor-business-logic", { variables: { DOCUMENT_HANDOVER: "inline" } });
  // Three bytes a letter, in the text and once more in the chunks.
  const text = Array.from({ length: 800 }, (_, i) => `Paragraph ${i} ${"再".repeat(930)}.`).join("\n\n");
  expect(2 * Buffer.byteLength(text)).toBeGreaterThan(4 * 1024 * 1024);
  const { attempt, document_id } = await system.process("long.md", text);
  expect(attempt?.error).toBeUndefined();
  expect(bodyOf(attempt?.payload)).toMatchObject({ success: true, document_id, chunks_processed: 800 });
  const chunks = await system.stack.dynamodb.scan("Chunks");
  expect(chunks.filter((chunk) => chunk["document_id"] === document_id)).toHaveLength(800);
});

// Time goes on from here: presigned links have passed.
it("requests are counted by their status and measured by their route, and alarms tell", async () => {
  const answered = (): Promise<number> => sum("Requests", [{ Name: "Status", Value: "200" }]);
  const before = await answered();
  for (let i = 0; i < 18; i++) await system.ask("POST /chat", { body: { query: "boats?" } });
  await system.waitFor(async () => (await sum("Requests", [{ Name: "Status", Value: "429" }])) === 13);
  expect((await answered()) - before).toBe(5);
  expect(await sum("Requests", [{ Name: "Route", Value: "POST /chat" }])).toBe(18);
  expect(await sum("ChatMs", [{ Name: "Function", Value: CHAT }])).toBeGreaterThan(0);
  await system.stack.clock.advance("2m");
  expect(await alarm("throttled-requests")).toBe("ALARM");
  expect(await alarm("chat-p95")).toBe("OK");
});

it("Lambda's own throttling is counted, and its alarm tells", async () => {
  const lambda = new LambdaClient(system.stack.clientConfig);
  await lambda.send(new PutFunctionConcurrencyCommand({ FunctionName: CHAT, ReservedConcurrentExecutions: 0 }));
  lambda.destroy();
  expect((await ask("boats?")).status).toBe(500);
  const functionName = [{ Name: "FunctionName", Value: CHAT }];
  await system.waitFor(async () => (await sum("Throttles", functionName, "AWS/Lambda")) === 1);
  await system.stack.clock.advance("2m");
  expect(await alarm("chat-throttles")).toBe("ALARM");
});

it("a document whose library fails is tried three times, and is a dead letter then; what never will go well is not tried again", async () => {
  const document_id = randomUUID();
  const key = `documents/20260430_120000/${document_id}/no-disk.md`;
  await system.stack.s3.put("DocumentsBucket", key, "Ada Lovelace wrote programs.");
  await system.waitFor(() => attemptsFor(document_id) === 1);
  // Thrown, not answered with 500: that would count as a success.
  expect(system.attempts().at(-1)?.error).toMatchObject({
    errorType: "PartlyStoredError",
    errorMessage: "not stored everywhere: neo4j-library-handler: no disk (status 503)",
  });
  expect(await system.stack.dynamodb.get("Documents", { document_id })).toMatchObject({
    status: "failed",
    error_type: "PartlyStoredError",
    storage_results: { dynamodb: true, pinecone: true, neo4j: false },
  });
  const attemptsAfter = async (span: string): Promise<number> => {
    await system.stack.clock.advance(span);
    return attemptsFor(document_id);
  };
  expect(await attemptsAfter("70s")).toBe(2);
  expect(await attemptsAfter("130s")).toBe(3);
  expect(await alarm("processor-errors")).toBe("ALARM");
  expect(await attemptsAfter("10m")).toBe(3);
  // Done three times over, the same rows.
  const isOurs = ({ document_id: id, metadata }: Item): boolean =>
    (id ?? (metadata as Item)["document_id"]) === document_id;
  expect((await system.stack.dynamodb.scan("Chunks")).filter(isOurs)).toHaveLength(1);
  expect((await system.stack.dynamodb.scan("Vectors")).filter(isOurs)).toHaveLength(1);
  expect(await alarm("failed-documents")).toBe("ALARM");
  const letters = await system.stack.sqs.receive("FailedDocuments", 10);
  expect(letters.map(({ body }) => (JSON.parse(body) as S3Event).Records[0]?.s3.object.key)).toEqual([key]);
  expect(reports().map((report) => [report["error_type"], report["severity"]])).toEqual(
    expect.arrayContaining([["PartlyStoredError", "CRITICAL"]]),
  );
  // It would be as large another time.
  expect(attemptsFor(tooLarge.document_id)).toBe(1);
});

interface S3Event {
  readonly Records: readonly { readonly s3: { readonly object: { readonly key: string } } }[];
}
