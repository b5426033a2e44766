/** What clients should not send to the gateway: it refuses, in bounded time, and stays up. */
import { connect, type Socket } from "node:net";
import type { EmbeddedService } from "../../src/services/service.js";
import { element, startFixture, type Fixture } from "./gateway-fixture.js";

let fixture: Fixture;
const WINDOW_MS = 150;
beforeAll(async () => {
  fixture = await startFixture({ bodyWindowMs: WINDOW_MS });
  fixture.gateway.addService("rest", collecting(), { anonymous: true, paths: ["/rest/"], protocol: "rest-json" });
});
afterAll(() => fixture.stop());

/** Answers with the body, once it is whole. */
function collecting(): EmbeddedService {
  return {
    reset: () => Promise.resolve(),
    close: () => Promise.resolve(),
    async handle({ body }, response) {
      const pieces: Buffer[] = [];
      for await (const piece of body) pieces.push(piece as Buffer);
      response.end(Buffer.concat(pieces));
    },
  };
}

/** Sends bytes as they are and keeps its side open; resolves when the gateway has closed the connection. */
function talk(text: string, afterwards?: (socket: Socket) => void): Promise<string> {
  return new Promise((resolve) => {
    let received = "";
    const socket = connect(fixture.gateway.port, "127.0.0.1", () => {
      socket.write(text);
      afterwards?.(socket);
    });
    socket.on("data", (data) => (received += data.toString("latin1")));
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(received));
  });
}

const head = (path: string, ...lines: readonly string[]): string =>
  [`PUT ${path} HTTP/1.1`, "Host: localhost", ...lines, "", ""].join("\r\n");
const isUp = async (): Promise<boolean> => (await fixture.send({ path: "/_lambda-run/health" })).status === 200;

test.each([
  ["two lengths", head("/b/k", "Content-Length: 3", "Content-Length: 4") + "abcd"],
  ["a length and chunks", head("/b/k", "Content-Length: 4", "Transfer-Encoding: chunked") + "0\r\n\r\n"],
  ["chunks twice", head("/b/k", "Transfer-Encoding: chunked, chunked") + "0\r\n\r\n"],
  ["chunks under another name", head("/b/k", "Transfer-Encoding: xchunked") + "0\r\n\r\n"],
  ["a chunk size that is no number", head("/rest/a", "Transfer-Encoding: chunked") + "zz\r\nab\r\n0\r\n\r\n"],
  ["a chunk larger than it says", head("/rest/a", "Transfer-Encoding: chunked") + "1\r\nabc\r\n0\r\n\r\n"],
  ["a length that is no number", head("/b/k", "Content-Length: +4") + "abcd"],
  ["two hosts", head("/b/k", "Host: evil.example.org", "Content-Length: 0", "Connection: close")],
  ["a space before the colon", head("/b/k", "X-A : 1", "Content-Length: 0")],
  ["a folded header", head("/b/k", "X-A: 1", " 2", "Content-Length: 0")],
  ["a line that ends with LF alone in a header", "PUT /b/k HTTP/1.1\nHost: localhost\nX-A: 1\rX-B: 2\n\n"],
  ["a zero byte in a header", head("/b/k", "X-A: 1\0 2", "Content-Length: 0")],
  ["headers that never end their size", head("/b/k", `X-A: ${"a".repeat(80 * 1024)}`)],
  ["nonsense", "what is this\r\n\r\n"],
])("%s is refused and the connection closed", async (_, text) => {
  expect(await talk(text)).toMatch(/^HTTP\/1\.1 4\d\d /);
  expect(fixture.s3.received).toEqual([]);
  expect(await isUp()).toBe(true);
});

test("extensions of chunks are no part of the body, and a second request is none of the first's", async () => {
  const answers = await talk(
    head("/rest/a", "Transfer-Encoding: chunked") +
      '3;name="v"\r\nabc\r\n0\r\nX-Trailer: 1\r\n\r\n' +
      head("/rest/b", "Content-Length: 2", "Connection: close") +
      "de",
  );
  expect(answers.split("HTTP/1.1 200 OK").length - 1).toBe(2);
  expect(answers).toContain("\r\nabc");
  expect(answers).toMatch(/de(\r\n0\r\n\r\n)?$/);
});

describe("a body that hardly moves", () => {
  test("ends in S3's RequestTimeout", async () => {
    const answer = await talk(head("/b/k", "Content-Length: 1000") + "a");
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(element(answer, "Code")).toBe("RequestTimeout");
    expect(fixture.s3.received).toEqual([]);
  });

  test("ends in 408 before other services, chunks too", async () => {
    const answer = await talk(head("/rest/a", "Transfer-Encoding: chunked") + "1\r\na\r\n");
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer).toContain("x-amzn-ErrorType: RequestTimeoutException");
  });

  test("is not saved by a byte now and then", async () => {
    let drips: NodeJS.Timeout | undefined;
    const answer = await talk(head("/rest/a", "Content-Length: 100000"), (socket) => {
      // In real time, as the window is: it guards a real connection.
      drips = setInterval(() => socket.write("a"), WINDOW_MS / 8);
    });
    clearInterval(drips);
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  });

  test("holds nobody else up, however many there are", async () => {
    const slow = Array.from({ length: 100 }, () => talk(head("/rest/a", "Content-Length: 1000") + "a"));
    expect(await isUp()).toBe(true);
    for (const answer of await Promise.all(slow)) expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  });

  test("is the service's to wait for when it does not read", async () => {
    let read: (() => void) | undefined;
    const mayRead = new Promise<void>((resolve) => (read = resolve));
    const patient = collecting();
    fixture.gateway.addService(
      "later",
      {
        ...patient,
        async handle(request, response) {
          await mayRead;
          await patient.handle(request, response);
        },
      },
      { anonymous: true, paths: ["/later/"], protocol: "rest-json" },
    );
    const size = 3 * 1024 * 1024;
    const waiting = fixture.send({ method: "PUT", path: "/later/a", body: "x".repeat(size) });
    // Whoever sends slowly meanwhile is given up: windows have passed.
    await talk(head("/rest/a", "Content-Length: 1000") + "a");
    read?.();
    expect((await waiting).body.length).toBe(size);
  });
});

test("a client that goes away in the middle leaves the gateway up", async () => {
  await talk(head("/rest/a", "Content-Length: 1000") + "a", (socket) => socket.destroy());
  await talk(head("/b/k", "Content-Length: 1000") + "a", (socket) => socket.resetAndDestroy());
  expect(await isUp()).toBe(true);
});
