/** Questions and answers: sources, conversations, and what goes on when a library does not answer. */
import { DeleteTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { AssistantSystem, bodyOf, type Answer } from "./system.js";

/** Fails as the question, or the text to be embedded, asks it to. */
const FAULTY = (name: string, good: string): string => `
import { handler as real } from "../../libraries/${name}/handler.js";
const FAULTS = {
  status: () => ({ statusCode: 503, body: JSON.stringify({ success: false, error: "busy" }) }),
  refused: () => ({ statusCode: 200, body: JSON.stringify({ success: false, error: "no quota" }) }),
  throws: () => { throw new TypeError("no weights"); },
  dies: () => process.exit(3),
  garbage: () => ({ statusCode: 200, body: "<html>" }),
  bare: () => "yes",
  hangs: () => new Promise((resolve) => setTimeout(resolve, 60_000)),
};
export const handler = async (event, context) => {
  const text = ${good};
  const fault = /${name}:(\\w+)/.exec(text)?.[1];
  return fault === undefined ? real(event, context) : FAULTS[fault]();
};`;

const TEMPLATE = {
  "FunctionName: openai-library-handler, Timeout: 30": "FunctionName: openai-library-handler, Timeout: 2",
  // As many as this file makes do not open a circuit; failures.test.ts opens one.
  'CIRCUIT_FAILURES: "5"': 'CIRCUIT_FAILURES: "1000"',
  "/chat/POST: { RateLimit: 2, BurstLimit: 5 }": "/chat/POST: { RateLimit: 100, BurstLimit: 100 }",
};
const ALL = { embeddings: true, vector: true, graph: true, table: true, model: true };

interface Chat extends Answer {
  readonly services: Readonly<Record<string, boolean>>;
  readonly reported: readonly Readonly<Record<string, unknown>>[];
}

let system: AssistantSystem;
beforeAll(async () => {
  system = await AssistantSystem.start({
    libraries: {
      openai: FAULTY("openai", "event.messages.at(-1).content"),
      "sentence-transformer": FAULTY("sentence-transformer", "event.texts[0]"),
      neo4j: FAULTY("neo4j", "(event.parameters?.names ?? []).includes('unpaid') ? 'neo4j:status' : ''"),
      pinecone: FAULTY("pinecone", "event.limit === 19 ? 'pinecone:refused' : ''"),
    },
    template: TEMPLATE,
  });
  await system.process(
    "engines.md",
    "# Engines\n\nAda Lovelace wrote the first program for the Analytical Engine.\n\n# Costs\n\nThe Difference Engine cost 17,000 pounds.",
  );
  await system.process("boats.md", "Steam boats cross the Atlantic in nine days.");
});
afterAll(() => system.close());

async function remove(table: string): Promise<void> {
  const client = new DynamoDBClient(system.stack.clientConfig);
  await client.send(new DeleteTableCommand({ TableName: `document-assistant-${table}` }));
  client.destroy();
}

async function ask(query: string, more: object = {}): Promise<Chat> {
  const before = system.stack.invocations("error-logger").length;
  const answer = await system.ask("POST /chat", { body: { query, ...more } });
  await system.stack.stack.activity.quiet();
  const metadata = (answer.body["metadata"] ?? answer.body) as { services_available: Record<string, boolean> };
  const reported = system.stack
    .invocations("error-logger")
    .slice(before)
    .map(({ event }) => event as Record<string, unknown>);
  return { ...answer, services: metadata.services_available, reported };
}

describe("a question", () => {
  it("is answered from the documents, with its sources", async () => {
    const { status, body, services, reported } = await ask("Who wrote the first program?");
    expect(status).toBe(200);
    expect(services).toEqual(ALL);
    expect(body["response"]).toContain("Ada Lovelace wrote the first program for the Analytical Engine. [1]");
    expect((body["sources"] as object[])[0]).toEqual({
      text: "Ada Lovelace wrote the first program for the Analytical Engine.",
      source: "engines.md",
      score: expect.any(Number),
      type: "vector",
    });
    expect(body["metadata"]).toMatchObject({ model: "local-template", usage: { total_tokens: expect.any(Number) } });
    // Successes are nobody's business.
    expect(reported).toEqual([]);
  });

  it("has what the graph knows among its sources", async () => {
    const { body } = await ask("What do we know of Ada Lovelace?");
    expect(body["sources"]).toContainEqual({
      text: "engines.md mentions Ada Lovelace.",
      source: "engines.md",
      score: 0.5,
      type: "graph",
    });
  });

  it("about one document is answered from that alone, whatever others say", async () => {
    for (const name of ["trains", "ferries"]) {
      const text = `The first program of ${name} ran in 1830, says Charles Babbage.`;
      const { document_id } = await system.process(`${name}.md`, text);
      const { body } = await ask("What does Charles Babbage say?", { document_id, limit: 1 });
      expect(body["sources"]).toMatchObject([
        { source: `${name}.md`, type: "vector" },
        { source: `${name}.md`, type: "graph" },
      ]);
    }
  });

  it("goes on a conversation, which is kept for thirty days", async () => {
    const first = await ask("How long do boats take?");
    const conversation_id = first.body["conversation_id"] as string;
    const second = await ask("And what did the engine cost?", { conversation_id });
    expect(second.body["conversation_id"]).toBe(conversation_id);
    const { event } = system.stack.invocations("OpenAi").at(-1) ?? {};
    expect((event as { messages: { role: string; content: string }[] }).messages.slice(1)).toEqual([
      { role: "user", content: "How long do boats take?" },
      { role: "assistant", content: first.body["response"] },
      { role: "user", content: "And what did the engine cost?" },
    ]);
    const rows = (await system.stack.dynamodb.scan("Conversations")).filter(
      (row) => row["conversation_id"] === conversation_id,
    );
    expect(rows.map(({ role }) => role)).toEqual(["user", "assistant", "user", "assistant"]);
    for (const { ttl } of rows) expect(Math.abs(Number(ttl) - Date.now() / 1000 - 30 * 24 * 3600)).toBeLessThan(600);
  });

  it("may bring its history, be asked at /chat/query, and directly by another function", async () => {
    const conversation_history = [{ role: "user", content: "earlier" }];
    const body = { action: "chat", query: "boats", conversation_history };
    expect((await system.ask("POST /chat/query", { body })).status).toBe(200);
    const { payload } = await system.stack.invoke("ChatOrchestrator", body);
    expect(bodyOf(payload)).toMatchObject({ success: true, sources: [{ source: "boats.md" }] });
    const { event } = system.stack.invocations("OpenAi").at(-1) ?? {};
    expect(event).toMatchObject({ operation_type: "chat", max_tokens: 1000, temperature: 0.7, model: "gpt-4o-mini" });
    expect((event as { messages: object[] }).messages[1]).toEqual(conversation_history[0]);
  });

  it.each([
    [{}, "query is missing"],
    [{ query: " " }, "query is missing"],
    [{ query: "x".repeat(8001) }, "query has more than 8000 characters"],
    [{ query: "x", action: "paint" }, 'action must be chat, got "paint"'],
    [{ query: "x", limit: 0 }, "limit must be a whole number from 1 to 20"],
    [
      { query: "x", conversation_history: [{ role: "system" }] },
      "conversation_history holds {role: user|assistant, content}",
    ],
  ])("is refused when it is %j", async (body, error) => {
    expect(await system.ask("POST /chat", { body })).toMatchObject({ status: 400, body: { success: false, error } });
  });
});

describe("a library that fails", () => {
  it.each([
    ["status", "LibraryStatusError", "openai-library-handler: busy (status 503)"],
    ["refused", "LibraryRefusedError", "openai-library-handler: no quota"],
    ["throws", "LibraryFunctionError", "openai-library-handler: TypeError: no weights"],
    ["dies", "LibraryFunctionError", /^openai-library-handler: Runtime\.ExitError: .* exited? with/],
    [
      "hangs",
      "LibraryFunctionError",
      /^openai-library-handler: Sandbox\.Timedout: .*Task timed out after 2\.00 seconds$/,
    ],
    ["garbage", "LibraryUnreadableError", "openai-library-handler: the body of the answer is no JSON object"],
    ["bare", "LibraryUnreadableError", "openai-library-handler: the answer has no statusCode"],
  ])("is told from others that fail in another way: %s", async (fault, error_type, message) => {
    const { status, body, services, reported } = await ask(`Who wrote the first program? openai:${fault}`);
    expect(status).toBe(200);
    expect(services).toEqual({ ...ALL, model: false });
    expect(body["response"]).toMatch(/^The model cannot be reached\. These passages fit best:\n- .*\(engines\.md\)/s);
    expect(body["metadata"]).toMatchObject({ model: null });
    expect(reported).toEqual([
      expect.objectContaining({
        source_lambda: "chat-orchestrator-business-logic",
        error_type,
        error_message: typeof message === "string" ? message : expect.stringMatching(message),
        severity: "WARNING",
        additional_context: expect.objectContaining({
          library: "openai-library-handler",
          log_tail: expect.stringContaining("START RequestId"),
        }),
      }),
    ]);
  });

  it("leaves the question to the words of the chunks when the question has no vector", async () => {
    const { body, services, reported } = await ask("Atlantic boats? sentence-transformer:throws");
    expect(services).toEqual({ ...ALL, embeddings: false, vector: false });
    expect((body["sources"] as object[])[0]).toMatchObject({ source: "boats.md", type: "keyword" });
    expect(body["response"]).toContain("Steam boats cross the Atlantic in nine days.");
    expect(reported.map((report) => report["error_type"])).toEqual(["LibraryFunctionError"]);
  });

  it("leaves it to them, too, when the index does not answer", async () => {
    const { body, services } = await ask("Atlantic boats?", { limit: 19 });
    expect(services).toEqual({ ...ALL, vector: false });
    expect((body["sources"] as object[])[0]).toMatchObject({ source: "boats.md", type: "keyword" });
  });

  it("takes what the graph knows from the sources, and nothing else", async () => {
    const { body, services } = await ask("Which unpaid engine did Ada Lovelace write for?");
    expect(services).toEqual({ ...ALL, graph: false });
    expect(new Set((body["sources"] as { type: string }[]).map(({ type }) => type))).toEqual(new Set(["vector"]));
  });

  it("is called, too, when the breaker has lost its table", async () => {
    await remove("circuits");
    const { status, services } = await ask("Atlantic boats?");
    expect([status, services]).toEqual([200, ALL]);
  });

  it("fails the request only when nothing was found out at all, which says who is down", async () => {
    // No words to look for: the table has nothing to say, but it answers.
    const query = "Is it unpaid? openai:status sentence-transformer:status";
    const { status, services } = await ask(query);
    const NONE = { embeddings: false, vector: false, graph: false, table: false, model: false };
    expect([status, services]).toEqual([200, { ...NONE, table: true }]);
    await remove("chunks");
    const { status: refused, body } = await ask(query);
    expect([refused, body]).toEqual([
      503,
      expect.objectContaining({ success: false, error_type: "ServicesUnavailable", services_available: NONE }),
    ]);
  });
});
