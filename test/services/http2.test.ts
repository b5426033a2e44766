/** HTTP/2 on the gateway's port, for clients that speak nothing else. */
import { connect, type ClientHttp2Session } from "node:http2";
import { connect as connectSocket } from "node:net";
import { startEmbedded, type Embedded } from "./embedded.js";

let embedded: Embedded;
let session: ClientHttp2Session;

beforeEach(async () => {
  embedded = await startEmbedded();
  session = connect(embedded.gateway.endpoint);
});
afterEach(async () => {
  session.destroy();
  await embedded.close();
});

const ask = (headers: Record<string, string>, body = ""): Promise<{ status: number; text: string }> =>
  new Promise((resolve, reject) => {
    const stream = session.request(headers);
    let status = 0;
    let text = "";
    stream.on("response", (answer) => (status = Number(answer[":status"])));
    stream.on("data", (data: Buffer) => (text += data.toString()));
    stream.on("end", () => resolve({ status, text }));
    stream.on("error", reject);
    if (body !== "") stream.end(body);
  });

test("requests of one connection are answered side by side, by the front door of all others", async () => {
  const health = { ":path": "/_lambda-run/health" };
  const answers = await Promise.all([ask(health), ask(health), ask(health)]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(JSON.parse(answers[0]?.text ?? "")).toMatchObject({ status: "ok" });
  const foreign = await ask({ ...health, ":authority": "rebound.example" });
  expect(foreign.status).toBe(403);
  const unsigned = await ask(
    { ":path": "/", ":method": "POST", "x-amz-target": "Kinesis_20131202.ListStreams" },
    JSON.stringify({ text: "x".repeat(1_000_000) }),
  );
  expect(unsigned).toMatchObject({ status: 400, text: expect.stringContaining("MissingAuthenticationToken") });
});

test("a gateway that closes ends the connection, and keeps nothing waiting", async () => {
  await ask({ ":path": "/_lambda-run/health" });
  const ended = new Promise((resolve) => session.once("close", resolve));
  await embedded.gateway.close();
  await ended;
  expect(session.destroyed).toBe(true);
});

test("what is neither HTTP/1 nor HTTP/2 is refused as before", async () => {
  const socket = connectSocket(embedded.gateway.port, "127.0.0.1");
  const answer = new Promise<string>((resolve) => {
    let text = "";
    socket.on("data", (data) => (text += data.toString()));
    socket.on("close", () => resolve(text));
  });
  socket.write("PRIVATE / NONSENSE\r\n\r\n");
  expect(await answer).toBe("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
});
