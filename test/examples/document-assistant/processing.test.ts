/** From an upload to the tables: the presigned link, S3's event, the processor and the libraries it calls. */
import { randomUUID } from "node:crypto";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { AssistantSystem, bodyOf } from "./system.js";

let system: AssistantSystem;
beforeAll(async () => {
  // Time stands still here but for the last tests: nobody's allowance would come back.
  const template = {
    "/upload/presigned-url/POST: { RateLimit: 10, BurstLimit: 20 }":
      "/upload/presigned-url/POST: { RateLimit: 10, BurstLimit: 500 }",
  };
  system = await AssistantSystem.start({
    template: {
      ...template,
      "Throttle: { RateLimit: 50, BurstLimit: 100 }": "Throttle: { RateLimit: 50, BurstLimit: 500 }",
    },
  });
});
afterAll(() => system.close());

const NOTE = `# Engines

Ada Lovelace wrote the first program for the Analytical Engine.

# Costs

The Difference Engine cost 17,000 pounds.`;

const chunksOf = async (documentId: string) =>
  (await system.stack.dynamodb.scan("Chunks")).filter(({ document_id }) => document_id === documentId);

describe("a presigned upload", () => {
  it("is stored, taken apart, embedded and entered everywhere", async () => {
    const { document_id, s3_key, row, attempt } = await system.process("Über die Engine+ 1.md", NOTE);
    expect(s3_key).toMatch(/^documents\/\d{8}_\d{6}\/[0-9a-f-]{36}\/Über die Engine\+ 1\.md$/);
    const [, stamp] = s3_key.split("/");
    const path = `processed/${stamp}/${document_id}/Über die Engine+ 1.md`;
    expect(attempt?.payload).toMatchObject({ statusCode: 200 });
    expect(bodyOf(attempt?.payload)).toEqual({
      success: true,
      document_id,
      filename: "Über die Engine+ 1.md",
      processing_time: expect.any(Number),
      markdown_s3_path: `s3://document-assistant-processed/${path}`,
      statistics: { total_chunks: 2, total_pages: 1, total_characters: NOTE.length },
      storage_results: { dynamodb: true, pinecone: true, neo4j: true },
      chunks_processed: 2,
      embeddings_generated: 2,
    });
    expect(row).toMatchObject({
      status: "done",
      chunks: 2,
      storage_results: { dynamodb: true, pinecone: true, neo4j: true },
    });
    expect(String(await system.stack.s3.get("Processed", path))).toBe(NOTE);
    const chunks = await chunksOf(document_id);
    const inAYear = Date.now() / 1000 + 365 * 24 * 3600;
    expect(chunks).toHaveLength(2);
    expect(chunks).toContainEqual({
      chunk_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      document_id,
      filename: "Über die Engine+ 1.md",
      text: "The Difference Engine cost 17,000 pounds.",
      type: "text",
      metadata: { heading: "Costs" },
      created_at: expect.any(String),
      ttl: expect.any(Number),
    });
    for (const { ttl } of chunks) expect(Math.abs(Number(ttl) - inAYear)).toBeLessThan(600);
    const vectors = (await system.stack.dynamodb.scan("Vectors")).map(({ id }) => id);
    expect(vectors).toEqual(expect.arrayContaining(chunks.map(({ chunk_id }) => chunk_id)));
    const nodes = (await system.stack.dynamodb.scan("Graph")).map(({ node }) => node);
    expect(nodes).toEqual(expect.arrayContaining([`Document:document_id:${document_id}`, "Entity:name:ada lovelace"]));
  });

  it.each([
    ["another Content-Type", { "Content-Type": "text/html" }],
    ["no encryption", { "x-amz-server-side-encryption": undefined }],
  ])("is refused with %s than was signed", async (_, other) => {
    const { presigned_url: url, required_headers } = await system.presign("a.md");
    const headers = Object.entries({ ...required_headers, ...other }).filter(
      (one): one is [string, string] => one[1] !== undefined,
    );
    const answer = await fetch(url, { method: "PUT", headers, body: "x" });
    expect(answer.status).toBe(403);
    expect(await answer.text()).toContain("<Code>SignatureDoesNotMatch</Code>");
  });

  it("has an id that is nobody else's, and so have equal paragraphs of two documents", async () => {
    const ids = await Promise.all(
      Array.from({ length: 20 }, async () => (await system.presign("same.md")).document_id),
    );
    expect(new Set(ids).size).toBe(20);
    const text = "The same paragraph.\n\n# Two\n\nThe same paragraph.";
    const one = await system.process("one.md", text);
    const two = await system.process("two.md", text);
    expect(await chunksOf(one.document_id)).toHaveLength(2);
    expect(await chunksOf(two.document_id)).toHaveLength(2);
  });
});

describe("an event", () => {
  const records = (...keys: readonly string[]): object => ({
    Records: keys.map((key) => ({
      eventSource: "aws:s3",
      eventName: "ObjectCreated:Put",
      s3: { bucket: { name: "document-assistant-documents" }, object: { key } },
    })),
  });

  it("with several records is worked off whole, and a second time for nothing", async () => {
    const keys = ["one b.txt", "two.txt"].map((name) => `documents/20260430_120000/${randomUUID()}/${name}`);
    const before = system.attempts().length;
    for (const key of keys) await system.stack.s3.put("DocumentsBucket", key, `This is ${key}`);
    await system.waitFor(() => system.attempts().length === before + 2);
    const event = records(...keys.map((key) => encodeURIComponent(key).replaceAll("%2F", "/").replaceAll("%20", "+")));
    const { payload } = await system.stack.invoke("DocumentProcessor", event);
    expect(bodyOf(payload)).toMatchObject({
      success: true,
      results: [
        { success: true, filename: "one b.txt", duplicate: true },
        { success: true, filename: "two.txt", duplicate: true },
      ],
    });
  });

  it("of a new version of a document leaves nothing of the old one", async () => {
    const { document_id, s3_key } = await system.process(
      "draft.md",
      "# A\n\nFirst thoughts.\n\n# B\n\nSecond thoughts.",
    );
    expect(await chunksOf(document_id)).toHaveLength(2);
    const before = system.attempts().length;
    await system.ask("POST /upload", { body: { key: s3_key, content: "Third thoughts." } });
    await system.waitFor(() => system.attempts().length > before);
    expect((await chunksOf(document_id)).map(({ text }) => text)).toEqual(["Third thoughts."]);
    const vectors = await system.stack.dynamodb.scan("Vectors");
    expect(
      vectors.filter(({ metadata }) => (metadata as { document_id: string }).document_id === document_id),
    ).toHaveLength(1);
  });

  it("of an object that is gone is answered, not tried again", async () => {
    const { payload } = await system.stack.invoke("DocumentProcessor", records("documents/gone.md"));
    expect(payload).toMatchObject({ statusCode: 400 });
    expect(bodyOf(payload)).toMatchObject({ success: false, error: "documents/gone.md is no longer there" });
  });
});

describe("library functions", () => {
  const call = async (name: string, event: unknown) => {
    const { payload } = await system.stack.invoke<{ statusCode: number; body: string }>(name, event);
    return { status: payload.statusCode, body: bodyOf(payload) };
  };

  it("answer by bare name over the API of Lambda, with the end of their log", async () => {
    const lambda = new LambdaClient(system.stack.clientConfig);
    const { Payload, LogResult = "" } = await lambda.send(
      new InvokeCommand({
        FunctionName: "sentence-transformer-library-handler",
        LogType: "Tail",
        Payload: JSON.stringify({ texts: ["engine", "engine", "boat"] }),
      }),
    );
    lambda.destroy();
    const { embeddings } = bodyOf(JSON.parse(Buffer.from(Payload ?? []).toString())) as { embeddings: number[][] };
    expect(embeddings[0]).toEqual(embeddings[1]);
    expect(embeddings[0]).not.toEqual(embeddings[2]);
    expect(Buffer.from(LogResult, "base64").toString()).toContain("REPORT RequestId");
  });

  it("find vectors by likeness, filter and namespace", async () => {
    const { body } = await call("pinecone-library-handler", {
      operation_type: "generate_embeddings",
      texts: ["steam engine", "steam boats", "roses"],
    });
    const [engine, boats, roses] = body["embeddings"] as number[][];
    const vectors = [
      { id: "boats", values: boats, metadata: { kind: "ship" } },
      { id: "roses", values: roses, metadata: { kind: "plant" } },
    ];
    await call("pinecone-library-handler", { operation_type: "upsert", namespace: "n", vectors });
    const search = (more: object) =>
      call("pinecone-library-handler", { operation_type: "search", namespace: "n", query_vector: engine, ...more });
    expect((await search({ limit: 1 })).body).toMatchObject({
      success: true,
      results: [{ id: "boats", metadata: { kind: "ship" } }],
    });
    expect((await search({ filter_dict: { kind: { $in: ["plant"] } } })).body).toMatchObject({
      results: [{ id: "roses" }],
    });
    expect((await search({ namespace: "other" })).body).toMatchObject({ results: [] });
    expect(await search({ filter_dict: { kind: { $gt: 1 } } })).toMatchObject({
      status: 400,
      body: { success: false },
    });
  });

  it("merge a graph, read it, and refuse the Cypher that they do not run", async () => {
    const neo4j = (operation_type: string, cypher_query: string, parameters = {}) =>
      call("neo4j-library-handler", { operation_type, cypher_query, parameters });
    const write = `UNWIND $list AS x MERGE (d:Doc {id: $id}) MERGE (e:Thing {name: x.name}) SET e.size = x.size, d.kind = "note" MERGE (d)-[:HAS]->(e)`;
    const list = [
      { name: "a", size: 1 },
      { name: "b", size: 2 },
    ];
    for (const id of ["d1", "d1", "d2"])
      expect((await neo4j("write", write, { id, list })).body).toMatchObject({ success: true });
    const read =
      "MATCH (d:Doc)-[:HAS]->(e:Thing) WHERE e.name IN $names RETURN d.id AS id, e.size AS size, d.kind LIMIT 10";
    expect((await neo4j("read", read, { names: ["b", "c"] })).body).toMatchObject({
      total_results: 2,
      records: [
        { id: "d1", size: 2, "d.kind": "note" },
        { id: "d2", size: 2, "d.kind": "note" },
      ],
    });
    expect(await neo4j("read", "MATCH (d) DETACH DELETE d")).toMatchObject({
      status: 400,
      body: { success: false, error_type: "SyntaxError" },
    });
    expect(await neo4j("read", write, { id: "d3", list })).toMatchObject({ status: 400 });
  });

  it("say what is wrong with a payload in the envelope of all answers", async () => {
    expect(await call("openai-library-handler", { operation_type: "paint" })).toEqual({
      status: 400,
      body: {
        success: false,
        error: 'operation_type must be one of chat, got "paint"',
        error_type: "ValidationError",
      },
    });
  });
});

// Last: from here on the stack's time is ahead of the functions'.
describe("in time", () => {
  it("what never will go well is not tried again: its row says why", async () => {
    for (const [filename, content, status] of [
      ["a.xls", "x", 415],
      ["a.pdf", "x", 422],
    ] as const) {
      const { attempt, row } = await system.process(filename, content);
      expect(attempt?.payload).toMatchObject({ statusCode: 400 });
      expect(row).toMatchObject({
        status: "failed",
        error_type: "LibraryStatusError",
        error: expect.stringContaining(`(status ${status})`),
      });
    }
    const before = system.attempts().length;
    await system.stack.clock.advance("10m");
    expect(system.attempts()).toHaveLength(before);
    expect((await system.stack.sqs.depth("FailedDocuments")).visible).toBe(0);
  });

  it("a presigned upload is refused when its 15 seconds are over", async () => {
    const { presigned_url: url, required_headers: headers } = await system.presign("late.md");
    expect(new URL(url).searchParams.get("X-Amz-Expires")).toBe("15");
    await system.stack.clock.advance("1m");
    const answer = await fetch(url, { method: "PUT", headers, body: "x" });
    expect([answer.status, await answer.text()]).toEqual([403, expect.stringContaining("Request has expired")]);
  });
});
