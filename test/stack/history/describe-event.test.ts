import { describeEvent } from "../../../src/stack/history/describe-event.js";

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
