/** The Runtime API's port under raw bytes: pipelines, chunks, halves and garbage. */
import { connect, type Socket } from "node:net";
import { onEnd, startRuntimeApi, type ApiRoutes, type RuntimeApi } from "../../src/runtime/runtime-api.js";
import { RuntimeSession, type Outcome } from "../../src/runtime/runtime-session.js";
import { until } from "../until.js";

const NEXT = "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n";
const post = (path: string, body: string): string =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
const respond = (id: string, body: string): string => post(`/2018-06-01/runtime/invocation/${id}/response`, body);

class Client {
  readonly #socket: Socket;
  #text = "";
  closed = false;

  constructor(address: string) {
    const [host = "", port = ""] = address.split(":");
    this.#socket = connect(Number(port), host);
    this.#socket.on("data", (data) => (this.#text += data.toString("latin1")));
    this.#socket.on("close", () => (this.closed = true));
    this.#socket.on("error", () => undefined);
  }

  send(text: string): this {
    this.#socket.write(text, "latin1");
    return this;
  }

  /** Resolves when the system has taken what was sent. */
  sent(): Promise<void> {
    return new Promise((resolve) => this.#socket.write("", () => resolve()));
  }

  end(): void {
    this.#socket.destroy();
  }

  /** Everything received once it holds `wanted`, or once the server has closed. */
  async receive(wanted: string | RegExp): Promise<string> {
    const isThere = (): boolean => (typeof wanted === "string" ? this.#text.includes(wanted) : wanted.test(this.#text));
    await until(() => isThere() || this.closed);
    return this.#text;
  }
}

let api: RuntimeApi;
let session: RuntimeSession;
let outcomes: Outcome[];
let happened: string[];

beforeEach(async () => {
  outcomes = [];
  happened = [];
  const note = (what: string) => (): void => void happened.push(what);
  session = new RuntimeSession({
    ready: note("ready"),
    initError: note("initError"),
    outcome: (outcome) => void outcomes.push(outcome),
    done: note("done"),
  });
  const unused = ({ reply }: { readonly reply: { send(status: number, body: string): void } }) =>
    onEnd(() => reply.send(404, ""));
  const routes: ApiRoutes = {
    runtimeNext: session.next,
    runtimeResponse: session.response,
    runtimeError: session.error,
    initError: session.initError,
    restoreNext: unused,
    extensionRegister: unused,
    extensionNext: unused,
    extensionInitError: unused,
    extensionExitError: unused,
    telemetrySubscribe: unused,
    logsSubscribe: unused,
    standby: unused,
    warm: unused,
    noteExit: unused,
  };
  api = await startRuntimeApi(routes);
});
afterEach(() => api.close());

function deliver(requestId: string, payload = "{}"): void {
  session.deliver({ requestId, deadlineMs: 1, functionArn: "arn", request: { payload: Buffer.from(payload) } });
}

async function running(requestId = "a"): Promise<Client> {
  const client = new Client(api.address).send(NEXT);
  await until(() => happened.includes("ready"));
  deliver(requestId, '{"event":1}');
  await client.receive('{"event":1}');
  return client;
}

const payloadOf = (outcome: Outcome | undefined): string | undefined =>
  outcome?.kind === "response" ? outcome.payload.toString() : undefined;
const failureOf = (outcome: Outcome | undefined): string | undefined =>
  outcome?.kind === "failure" ? outcome.failure.errorType : undefined;

test("an answer and the next question may come in one write", async () => {
  const client = await running();
  client.send(respond("a", "1") + NEXT);
  await until(() => happened.includes("done"));
  expect(payloadOf(outcomes[0])).toBe("1");
  expect(await client.receive('{"status":"OK"}')).toContain("HTTP/1.1 202 Accepted\r\n");
  deliver("b", '{"event":2}');
  expect(await client.receive('{"event":2}')).toContain("Lambda-Runtime-Aws-Request-Id: b\r\n");
});

test("an invocation is over when the runtime asks for the next one: its id is known no more", async () => {
  const client = await running();
  client.send(respond("a", "1") + NEXT);
  await until(() => happened.includes("done"));
  const late = new Client(api.address).send(respond("a", "2"));
  expect(await late.receive("InvalidRequestID")).toMatch(/^HTTP\/1.1 400 /);
  expect(outcomes).toHaveLength(1);
});

test("an answer may come byte by byte", async () => {
  const client = await running();
  for (const byte of respond("a", '"slow"')) {
    client.send(byte);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await until(() => outcomes.length === 1);
  expect(payloadOf(outcomes[0])).toBe('"slow"');
});

test("chunks with extensions and trailers are put together", async () => {
  const client = await running();
  client.send(
    "POST /2018-06-01/runtime/invocation/a/response HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
  );
  client.send("3;x=y\r\nabc\r\n").send("0A\r\n0123456789\r\n0\r\nTrailer-Field: v\r\n\r\n");
  await until(() => outcomes.length === 1);
  expect(payloadOf(outcomes[0])).toBe("abc0123456789");
});

test("a client that goes away in the middle of its answer has cut it", async () => {
  const client = await running();
  await client.send(respond("a", '"half of it"').slice(0, -5)).sent();
  client.end();
  await until(() => outcomes.length === 1);
  expect(failureOf(outcomes[0])).toBe("Runtime.TruncatedResponse");
});

test("garbage in the middle of chunks cuts the answer and ends the connection", async () => {
  const client = await running();
  client.send(
    "POST /2018-06-01/runtime/invocation/a/response HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n",
  );
  expect(await client.receive(/(?!)/)).toContain("HTTP/1.1 400 Bad Request");
  expect(failureOf(outcomes[0])).toBe("Runtime.TruncatedResponse");
});

test.each([
  ["no HTTP at all", "\x16\x03\x01\x02garbage\r\n\r\n", 400],
  ["two lengths", "POST /x HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400],
  ["a length and chunks", "POST /x HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400],
  ["a folded header", "GET /x HTTP/1.1\r\nA: b\r\n c\r\n\r\n", 400],
  ["a space before the colon", "GET /x HTTP/1.1\r\nA : b\r\n\r\n", 400],
  ["a head without end", `GET /x HTTP/1.1\r\nA: ${"b".repeat(140_000)}`, 431],
  ["another version", "GET /x HTTP/2.0\r\n\r\n", 505],
  ["another coding", "POST /x HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 501],
])("%s is refused and the connection ends, while others go on", async (_what, bytes, status) => {
  const other = await running();
  const client = new Client(api.address).send(bytes);
  expect(await client.receive(/(?!)/)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  other.send(respond("a", "1"));
  await until(() => outcomes.length === 1);
  expect(payloadOf(outcomes[0])).toBe("1");
});

test("a client that floods a connection which waits for an event is held back, not stored", async () => {
  const client = new Client(api.address).send(NEXT);
  await until(() => happened.includes("ready"));
  const before = process.memoryUsage().rss;
  const flood = `GET /flood HTTP/1.1\r\nX: ${"x".repeat(8000)}\r\n\r\n`.repeat(64);
  for (let i = 0; i < 200; i++) client.send(flood);
  // Real time: what the server would take in cannot be waited for when it takes in nothing.
  await new Promise((resolve) => setTimeout(resolve, 100));
  // The flood waits in the client's own buffers: 100 MB, which this process holds for it once.
  expect(process.memoryUsage().rss - before).toBeLessThan(180 * 1024 * 1024);
  client.end();
});

test("after a reset nothing of the old runtime counts", async () => {
  const client = await running();
  session.close({ errorType: "Sandbox.Timedout", payload: Buffer.from("{}") });
  client.send(respond("a", "1") + NEXT);
  await client.receive('{"status":"OK"}');
  expect([outcomes, happened]).toEqual([[], ["ready"]]);
});
