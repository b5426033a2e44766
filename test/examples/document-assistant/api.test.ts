/** The API of the document assistant: who may come in, how often, and what each route answers. */
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { DeleteSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { configure } from "../configure.js";
import { AssistantSystem, ORIGIN, type Answer } from "./system.js";

let system: AssistantSystem;
beforeAll(async () => (system = await AssistantSystem.start()));
afterAll(() => system.close());

const crud = (body: unknown): Promise<Answer> => system.ask("POST /crud", { body });
const CORS = {
  "access-control-allow-origin": ORIGIN,
  "access-control-allow-credentials": "true",
  "access-control-allow-headers": "Authorization,Content-Type,X-Api-Key",
  "access-control-allow-methods": "DELETE,GET,OPTIONS,POST",
};
const corsOf = ({ headers }: Answer): Record<string, string | null> =>
  Object.fromEntries(Object.keys(CORS).map((name) => [name, headers.get(name)]));

describe("the door", () => {
  it.each([
    ["no token", { token: null }, 401, "UNAUTHORIZED"],
    ["a token of another key", { token: "other" }, 401, "UNAUTHORIZED"],
    ["no API key", { key: null }, 403, "INVALID_API_KEY"],
    ["an API key that nobody has", { key: "a".repeat(40) }, 403, "INVALID_API_KEY"],
  ])("is closed for %s, and says so with CORS headers and an error like all others", async (_, sent, status, type) => {
    const token = "token" in sent && sent.token === "other" ? system.token({}, "another key") : undefined;
    const answer = await system.ask("GET /files", { ...sent, ...(token === undefined ? {} : { token }) });
    expect(answer).toMatchObject({
      status,
      body: {
        success: false,
        error: expect.any(String),
        error_type: type,
        request_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        timestamp: expect.any(String),
      },
    });
    expect(corsOf(answer)).toEqual(CORS);
  });

  it.each([
    ["has expired", { exp: 1 }, "HS256"],
    ["names nobody", { sub: "" }, "HS256"],
    ["is not signed with the one algorithm", {}, "none"],
  ])("is closed for a token that %s", async (_, claims, alg) => {
    expect((await system.ask("GET /files", { token: system.token(claims, undefined, alg) })).status).toBe(401);
  });

  it("answers a preflight without token and key", async () => {
    const answer = await system.ask("OPTIONS /chat", { token: null, key: null });
    expect(answer.status).toBe(200);
    expect(corsOf(answer)).toEqual(CORS);
  });

  it("never allows every origin together with credentials", async () => {
    for (const request of ["OPTIONS /files", "GET /files", "GET /files/nothing", "POST /crud"]) {
      const answer = await system.ask(request, { origin: "https://evil.example.net" });
      expect(answer.headers.get("access-control-allow-credentials")).toBe("true");
      expect(answer.headers.get("access-control-allow-origin")).toBe(ORIGIN);
    }
  });

  it("throttles a route for each API key by itself", async () => {
    const statuses = async (key: string | undefined): Promise<number[]> => {
      const found: number[] = [];
      for (let i = 0; i < 7; i++) found.push((await system.ask("POST /chat", { key: key ?? null, body: {} })).status);
      return found;
    };
    // Five at once, as the plan says (time stands still here); what they ask is refused, which is a later matter.
    expect(await statuses(system.keys["document-assistant-web"])).toEqual([400, 400, 400, 400, 400, 429, 429]);
    expect(await statuses(system.keys["document-assistant-batch"])).toEqual([400, 400, 400, 400, 400, 429, 429]);
    expect(await system.ask("POST /chat", { body: {} })).toMatchObject({
      status: 429,
      body: { success: false, error: "Too Many Requests", error_type: "THROTTLED" },
    });
    expect((await system.ask("GET /files")).status).toBe(200);
    await system.stack.clock.advance("1s");
    expect((await system.ask("POST /chat", { body: {} })).status).toBe(400);
  });
});

describe("files", () => {
  it("are put, listed, read and deleted, whatever their keys are", async () => {
    const key = "notes/a b+ü&%25/x.txt";
    const put = await system.ask("POST /upload", { body: { key, content: "grüße", content_type: "text/plain" } });
    expect(put).toMatchObject({
      status: 200,
      body: { success: true, s3_path: `s3://document-assistant-documents/${key}`, size: 7 },
    });
    const list = await system.ask("GET /files?prefix=notes/");
    expect(list.body).toMatchObject({
      success: true,
      count: 1,
      bucket: "document-assistant-documents",
      prefix: "notes/",
      files: [{ key, size: 7, last_modified: expect.any(String), etag: put.body["etag"] }],
    });
    const path = `/files/${key.split("/").map(encodeURIComponent).join("/")}`;
    // Not the list: the route is chosen by its whole path.
    expect((await system.ask(`GET ${path}`)).body).toMatchObject({
      success: true,
      key,
      content: "grüße",
      encoding: "utf-8",
    });
    expect((await system.ask(`DELETE ${path}`)).body).toMatchObject({ success: true, deleted: true, key });
    expect(await system.ask(`GET ${path}`)).toMatchObject({
      status: 404,
      body: { success: false, error_type: "NotFound" },
    });
    expect((await system.ask(`DELETE ${path}`)).status).toBe(404);
  });

  it("are listed beyond the thousand of one page", async () => {
    // The checksum of each is not what this is about.
    const s3 = new S3Client({ ...system.stack.clientConfig, requestChecksumCalculation: "WHEN_REQUIRED" });
    const put = (i: number) =>
      s3.send(new PutObjectCommand({ Bucket: "document-assistant-documents", Key: `many/${i}`, Body: "." }));
    for (let from = 0; from < 1005; from += 50)
      await Promise.all(Array.from({ length: Math.min(50, 1005 - from) }, (_, i) => put(from + i)));
    s3.destroy();
    const { body } = await system.ask("GET /files?prefix=many/");
    expect(body).toMatchObject({ count: 1005 });
  });

  it("that do not fit into an answer come as a link, others that are no text in base64", async () => {
    const large = Buffer.alloc(3 * 1024 * 1024, 255);
    await system.stack.s3.put("DocumentsBucket", "large.bin", large);
    await system.stack.s3.put("DocumentsBucket", "small.bin", large.subarray(0, 3));
    const { body } = await system.ask("GET /files/large.bin");
    expect(body).toMatchObject({ success: true, size: large.length });
    const fetched = await fetch(body["download_url"] as string);
    expect(large.equals(Buffer.from(await fetched.arrayBuffer()))).toBe(true);
    expect((await system.ask("GET /files/small.bin")).body).toMatchObject({ content: "////", encoding: "base64" });
  });

  it.each([
    ["GET /files?bucket=somebody-elses", undefined],
    ["GET /files/x?bucket=somebody-elses", undefined],
    ["POST /upload", { bucket: "somebody-elses", key: "x", content: "y" }],
  ])("of other buckets are out of reach: %s", async (request, body) => {
    expect(await system.ask(request, { body })).toMatchObject({
      status: 403,
      body: { error_type: "BucketNotAllowed" },
    });
  });

  it.each([
    [{}, "filename is missing"],
    [{ filename: 7 }, "filename must be a string, got 7"],
    [{ filename: "a".repeat(256) }, "filename has more than 255 characters"],
    [{ filename: "../x.md" }, "filename must be a name without folders and control characters"],
    ["{", /^the body is not valid JSON: /],
    ["[]", "the body must be a JSON object"],
  ])("are not presigned for %j", async (body, error) => {
    const answer = await system.ask("POST /upload/presigned-url", { body });
    expect(answer).toMatchObject({ status: 400, body: { success: false, error_type: "ValidationError" } });
    expect(answer.body["error"]).toEqual(typeof error === "string" ? error : expect.stringMatching(error));
    expect(corsOf(answer)).toEqual(CORS);
  });
});

describe("crud", () => {
  const key = { document_id: "d1" };

  it("writes, reads, updates and deletes", async () => {
    const item = { ...key, status: "done", text: "a", tags: ["x"], note: "n" };
    expect((await crud({ operation: "write", table_name: "documents", item })).body).toMatchObject({
      success: true,
      written: 1,
    });
    expect((await crud({ operation: "read", table_name: "document-assistant-metadata", key })).body).toMatchObject({
      item,
    });
    // `status` and `text` are reserved words.
    const updates = { status: "failed", text: "b", note: null };
    expect((await crud({ operation: "update", table_name: "documents", key, updates })).body).toMatchObject({
      success: true,
    });
    expect(await system.stack.dynamodb.get("Documents", key)).toEqual({
      ...key,
      status: "failed",
      text: "b",
      tags: ["x"],
    });
    expect((await crud({ operation: "delete", table_name: "documents", key })).body).toMatchObject({
      success: true,
      deleted: true,
    });
    expect(await system.stack.dynamodb.get("Documents", key)).toBeUndefined();
    expect((await crud({ operation: "read", table_name: "documents", key })).body).toMatchObject({
      success: true,
      item: null,
    });
    for (const operation of ["update", "delete"])
      expect(await crud({ operation, table_name: "documents", key, updates })).toMatchObject({ status: 404 });
  });

  it("reads many by their keys, and finds what is rare in a table of many pages", async () => {
    const items = Array.from({ length: 60 }, (_, i) => ({
      chunk_id: `c${i}`,
      type: i === 41 ? "table" : "text",
      // Two megabytes in all: a page of a scan is one.
      text: "x".repeat(35_000),
    }));
    for (const part of [items.slice(0, 30), items.slice(30)])
      expect((await crud({ operation: "write", table_name: "chunks", items: part })).body).toMatchObject({
        written: 30,
      });
    const keys = Array.from({ length: 60 }, (_, i) => ({ chunk_id: `c${i}` }));
    expect((await crud({ operation: "batch_read", table_name: "chunks", keys })).body).toMatchObject({ count: 60 });
    expect((await crud({ operation: "read", table_name: "chunks", limit: 100 })).body).toMatchObject({ count: 60 });
    expect(
      (await crud({ operation: "read", table_name: "chunks", filter: { type: "table" }, limit: 1 })).body,
    ).toMatchObject({
      count: 1,
      items: [{ chunk_id: "c41" }],
    });
  });

  it("takes its body as an object, or as the event itself, when another function calls it", async () => {
    const call = { operation: "read", table_name: "documents", key };
    for (const event of [call, { body: call }, { body: JSON.stringify(call) }]) {
      const { payload } = await system.stack.invoke<{ statusCode: number; body: string }>(
        "dynamodb-crud-handler",
        event,
      );
      expect(payload.statusCode).toBe(200);
      expect(JSON.parse(payload.body)).toMatchObject({ success: true, item: null });
    }
  });

  it.each([
    ["{", 400, "ValidationError"],
    [{}, 400, "ValidationError"],
    [{ operation: "truncate", table_name: "documents" }, 400, "ValidationError"],
    [{ operation: "constructor", table_name: "documents" }, 400, "ValidationError"],
    [{ operation: "read" }, 400, "ValidationError"],
    [{ operation: "read", table_name: "document-assistant-circuits", key: { library: "x" } }, 403, "TableNotAllowed"],
    [{ operation: "read", table_name: "documents", key: { document_id: "a", more: 1 } }, 400, "ValidationError"],
    [{ operation: "write", table_name: "conversations", item: { conversation_id: "a" } }, 400, "ValidationError"],
  ])("refuses %j", async (body, status, error_type) => {
    expect(await crud(body)).toMatchObject({ status, body: { success: false, error_type } });
  });

  it("answers 500 without what is inside, and reports it, when DynamoDB refuses", async () => {
    const item = { conversation_id: "a", ts: "no number" };
    const answer = await crud({ operation: "write", table_name: "conversations", item });
    expect(answer).toMatchObject({ status: 500, body: { success: false, error_type: "InternalError" } });
    expect(answer.body["error"]).not.toContain("ts");
    const { event } = await system.waitFor(() => system.stack.invocations("error-logger").at(-1));
    expect(event).toMatchObject({
      source_lambda: "dynamodb-crud-handler",
      error_type: "ValidationException",
      severity: "ERROR",
      request_id: answer.body["request_id"],
      stack_trace: expect.stringContaining("ValidationException"),
      additional_context: {},
      timestamp: expect.any(String),
    });
  });
});

it("functions begin without asking anybody: what is refused costs no call", async () => {
  const nowhere = "http://127.0.0.1:9";
  const variables = {
    AWS_ENDPOINT_URL_S3: nowhere,
    AWS_ENDPOINT_URL_LAMBDA: nowhere,
    AWS_ENDPOINT_URL_DYNAMODB: nowhere,
  };
  for (const name of ["s3-unified-handler", "chat-orchestrator-business-logic", "dynamodb-crud-handler"])
    await configure(system.stack, name, { variables });
  await system.stack.clock.advance("1s");
  for (const [request, status] of [
    ["POST /upload/presigned-url", 400],
    ["POST /chat", 400],
    ["POST /crud", 400],
    ["GET /files?bucket=x", 403],
  ] as const) {
    const { body, status: given } = await system.ask(request, request.startsWith("POST") ? { body: {} } : {});
    expect([request, given, body["success"]]).toEqual([request, status, false]);
  }
  expect(await crud({ operation: "read", table_name: "chunks", limit: 1 })).toMatchObject({ status: 500 });
});

it("an authorizer that cannot read its key is an error of the server, not of the token", async () => {
  const secrets = new SecretsManagerClient(system.stack.clientConfig);
  await secrets.send(new DeleteSecretCommand({ SecretId: "document-assistant/token-key" }));
  secrets.destroy();
  // A new environment knows no key yet, and for this token there is no answer yet.
  await configure(system.stack, "document-assistant-authorizer", { variables: { ANEW: "1" } });
  expect(await system.ask("GET /files", { token: system.token({ sub: "grace" }) })).toMatchObject({
    status: 500,
    body: { success: false, error_type: "AUTHORIZER_CONFIGURATION_ERROR" },
  });
});
