/** HTTP/2 on the gateway's port, for clients that speak nothing else. */
import { connect, type ClientHttp2Session } from "node:http2";
import { createServer } from "node:http";
import { connect as connectSocket, type AddressInfo, type Socket } from "node:net";
import { Http2Bridge, isHttp2Preface } from "../../src/services/http2-bridge.js";
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

test("a connection that breaks before HTTP/2 is there to hear of it harms nobody else", async () => {
  const server = createServer((_, response) => response.end("ok"));
  const portOf = () => (server.address() as AddressInfo).port;
  const bridge = new Http2Bridge(() => ({ host: "127.0.0.1", port: portOf() }));
  const broken = new Promise((resolve) => {
    server.once("clientError", (_error, socket) => {
      socket.once("close", resolve);
      socket.destroy(new Error("reset by peer"));
    });
  });
  server.prependListener("clientError", (error, socket) => {
    if (isHttp2Preface(error)) bridge.take(error, socket as Socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const first = connectSocket(portOf(), "127.0.0.1").on("error", () => undefined);
  first.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  await broken;
  session.destroy();
  session = connect(`http://127.0.0.1:${portOf()}`);
  expect(await ask({ ":path": "/" })).toEqual({ status: 200, text: "ok" });
  bridge.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
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
