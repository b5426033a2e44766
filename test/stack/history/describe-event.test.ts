import { gzipSync } from "node:zlib";
import { described, describeEvent } from "../../../src/stack/history/describe-event.js";

/** What a terminal would act upon: an escape sequence, a new line, and the one-byte form of the former. */
const EVIL = "a\u001b[2Jb\r\nc\u009b31m";
const SHOWN = "a%1B[2Jb%0D%0Ac%C2%9B31m";

test.each<[string, object, string]>([
  ["the path of an HTTP API", { requestContext: { http: { method: "GET" } }, rawPath: `/${EVIL}` }, `GET /${SHOWN}`],
  [
    "the key of an object",
    { Records: [{ eventSource: "aws:s3", s3: { bucket: { name: "b" }, object: { key: encodeURIComponent(EVIL) } } }] },
    `b/${SHOWN}`,
  ],
  ["the type of an event", { "detail-type": EVIL, source: "app" }, `app ${SHOWN}`],
])("%s cannot write on the terminal", (_, event, subject) => {
  expect(describeEvent(JSON.stringify(event)).subject).toBe(subject);
});

test("a path with letters of any language stays as it is", () => {
  const event = { requestContext: { http: { method: "GET" } }, rawPath: "/größe/日本" };
  expect(describeEvent(JSON.stringify(event))).toEqual({ source: "http", subject: "GET /größe/日本" });
});

test.each([
  ["a token", { type: "TOKEN", authorizationToken: "t" }],
  ["a request", { type: "REQUEST", path: "/orders/7", httpMethod: "GET", requestContext: { stage: "dev" } }],
])("an authorizer's event with %s is no request", (_, event) => {
  const methodArn = "arn:aws:execute-api:us-east-1:000000000000:abc/dev/GET/orders/7";
  expect(describeEvent(JSON.stringify({ ...event, methodArn }))).toEqual({
    source: "authorizer",
    subject: "GET /orders/7",
  });
});

test("what a subscription filter delivers is of its log group, unless it cannot be unpacked", () => {
  const packed = (bytes: Buffer): string => JSON.stringify({ awslogs: { data: bytes.toString("base64") } });
  expect(describeEvent(packed(gzipSync(JSON.stringify({ logGroup: "/aws/lambda/web" }))))).toEqual({
    source: "logs",
    subject: "/aws/lambda/web",
  });
  for (const bytes of [Buffer.from("no gzip"), gzipSync(Buffer.alloc(20 * 1024 * 1024))])
    expect(describeEvent(packed(bytes))).toEqual({ source: "logs", subject: "" });
});

const KEPT = {
  kind: "invocation",
  id: "1",
  timeMs: 0,
  functionName: "web",
  event: JSON.stringify({ requestContext: { http: { method: "GET" } }, rawPath: "/" }),
  status: "success",
  durationMs: 1,
  logs: "",
} as const;

test.each([
  ["an answer", '{"body":"x","statusCode":201}', 201],
  ["an answer that was cut off", `{"statusCode":503,"body":"${"x".repeat(9)}...`, 503],
  ["an answer that was cut off before its status", '{"body":"xxx...', undefined],
  ["a streamed answer", "", undefined],
  ["a status that is none", '{"statusCode":"200"}', undefined],
])("%s to a request has the status that is in it", (_, result, httpStatus) => {
  expect(described({ ...KEPT, result }).httpStatus).toBe(httpStatus);
});

test("an answer to anything else has no status", () => {
  expect(described({ ...KEPT, event: "{}", result: '{"statusCode":200}' })).not.toHaveProperty("httpStatus");
});
