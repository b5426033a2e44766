/** REST APIs with a minimum compression size pack long answers and unpack requests; others hand on what they get. */
import { deflateSync, gunzipSync, gzipSync, inflateSync } from "node:zlib";
import { Doors, eventIn, HEAD, type Answer } from "./fixture.js";

const TEMPLATE = `${HEAD}
Resources:
  Packs: { Type: AWS::Serverless::Api, Properties: { StageName: v1, MinimumCompressionSize: 100 } }
  Plain: { Type: AWS::Serverless::Api, Properties: { StageName: v1, BinaryMediaTypes: ["application~1json"] } }
  Echo:
    Type: AWS::Serverless::Function
    Properties:
      Handler: echo.handler
      Events:
        A: { Type: Api, Properties: { RestApiId: !Ref Packs, Path: /x, Method: any } }
        B: { Type: Api, Properties: { RestApiId: !Ref Plain, Path: /x, Method: any } }
`;
let doors: Doors;
beforeAll(async () => {
  doors = await Doors.open(TEMPLATE);
});
afterAll(() => doors.close());

const ask = (name: string, accept: string | undefined, size: number, result?: string): Promise<Answer> =>
  doors.send(name, "/x", {
    headers: {
      ...(accept === undefined ? {} : { "accept-encoding": accept }),
      ...(result === undefined ? { "x-size": String(size) } : { "x-result": result }),
    },
  });

test.each([
  ["a long answer for a client that takes gzip", "Packs", "br, gzip", 100, "gzip"],
  ["a long answer for a client that takes deflate", "Packs", "gzip;q=0, deflate", 100, "deflate"],
  ["a short answer", "Packs", "gzip", 99, undefined],
  ["a client that says nothing", "Packs", undefined, 100, undefined],
  ["an API that does not ask for it", "Plain", "gzip", 100, undefined],
])("%s", async (_, name, accept, size, coding) => {
  const answer = await ask(name, accept, size);
  expect(answer.headers["content-encoding"]).toBe(coding);
  const plain =
    coding === "gzip" ? gunzipSync(answer.body) : coding === "deflate" ? inflateSync(answer.body) : answer.body;
  expect(plain.toString()).toBe("a".repeat(size));
  expect(answer.headers["content-length"]).toBe(String(answer.body.length));
});

test("what the function has encoded is left alone", async () => {
  const result = JSON.stringify({ statusCode: 200, headers: { "Content-Encoding": "br" }, body: "b".repeat(200) });
  const answer = await ask("Packs", "gzip", 0, result);
  expect(answer.headers["content-encoding"]).toBe("br");
  expect(answer.text).toBe("b".repeat(200));
});

test.each([
  ["gzip", gzipSync],
  ["deflate", deflateSync],
])("a request in %s reaches the function unpacked", async (coding, pack) => {
  const answer = await doors.send("Packs", "/x", {
    method: "POST",
    headers: { "content-type": "text/plain", "content-encoding": coding },
    body: pack("hello"),
  });
  const event = eventIn(answer);
  expect(event).toMatchObject({ body: "hello", isBase64Encoded: false });
  expect(event["headers"]).not.toHaveProperty("content-encoding");
});

test("a request that is not packed as it says, or that grows beyond 10 MB, is refused", async () => {
  const send = (body: Buffer | string): Promise<Answer> =>
    doors.send("Packs", "/x", { method: "POST", headers: { "content-encoding": "gzip" }, body });
  expect((await send("hello")).status).toBe(400);
  expect((await send(gzipSync(Buffer.alloc(11 * 1024 * 1024)))).status).toBe(400);
});

test("an API without compression hands a packed request on as it is", async () => {
  const packed = gzipSync("{}");
  const answer = await doors.send("Plain", "/x", {
    method: "POST",
    headers: { "content-type": "application/json", "content-encoding": "gzip" },
    body: packed,
  });
  expect(eventIn(answer)).toMatchObject({ body: packed.toString("base64"), isBase64Encoded: true });
});
