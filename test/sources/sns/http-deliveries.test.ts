/** What is due to HTTP endpoints: bounded, kept until it has come to its end, forgotten by a reset. */
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { StateStore } from "../../../src/services/kit/state-store.js";
import type { TopicDelivery } from "../../../src/shared/bus.js";
import { VirtualClock } from "../../../src/shared/clock.js";
import { silentLogger } from "../../../src/shared/logger.js";
import { HttpDeliveries } from "../../../src/sources/sns/http-deliveries.js";
import { until } from "../../until.js";

let server: Server;
let store: StateStore;
let clock: VirtualClock;
let deliveries: HttpDeliveries;
let held: ServerResponse[];
let failed: (delivery: TopicDelivery) => Promise<void>;

const begin = (): HttpDeliveries =>
  new HttpDeliveries({
    store,
    clock,
    log: silentLogger,
    body: ({ message }) => message.body,
    failed: (delivery) => failed(delivery),
  });

beforeEach(async () => {
  held = [];
  failed = () => Promise.resolve();
  server = createServer((request, response) => {
    request.resume();
    held.push(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  store = StateStore.ephemeral();
  clock = new VirtualClock();
  deliveries = begin();
});
afterEach(async () => {
  await deliveries.close();
  await store.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const delivery = (body: string): TopicDelivery => ({
  topicArn: "arn:aws:sns:us-east-1:000000000000:news",
  subscriptionArn: "arn:aws:sns:us-east-1:000000000000:news:1",
  protocol: "http",
  endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
  rawMessageDelivery: false,
  deadLetterTargetArn: undefined,
  message: { type: "Notification", messageId: body, body, attributes: {}, timeMs: 0 },
});
const answer = (statusCode: number): void => {
  for (const response of held.splice(0)) response.writeHead(statusCode).end();
};
const rows = (): number => store.table("sns-http-deliveries").getCount();

test("a burst takes twenty connections at a time", async () => {
  for (let i = 0; i < 50; i += 1) deliveries.put(delivery(String(i)));
  const rounds: number[] = [];
  for (const expected of [20, 20, 10]) {
    await until(() => held.length >= expected);
    // One more would have had as long to come as all of these.
    await new Promise<void>((resolve, reject) => server.getConnections((error) => (error ? reject(error) : resolve())));
    rounds.push(held.length);
    answer(200);
  }
  await deliveries.idle();
  expect(rounds).toEqual([20, 20, 10]);
  expect(rows()).toBe(0);
});

test("what an older state folder holds goes on in the next process, with the attempts that it has left", async () => {
  await deliveries.close();
  await store.table("sns-http-deliveries").put(7, { delivery: delivery("older"), attempts: 3 });
  deliveries = begin();
  await until(() => held.length === 1);
  // Kept while it is on its way: whatever ends this process, the next one has it.
  expect(rows()).toBe(1);
  answer(500);
  await deliveries.idle();
  expect(rows()).toBe(0);
});

test("what a reset forgets while it is on its way does not come back", async () => {
  deliveries.put(delivery("forgotten"));
  await until(() => held.length === 1);
  await deliveries.reset();
  answer(500);
  await deliveries.idle();
  expect(rows()).toBe(0);
  await clock.advance(60_000);
  expect(deliveries.busy).toBe(false);
});

test("a delivery whose dead letters cannot be reached is tried again in the same process", async () => {
  const reached: string[] = [];
  failed = () => Promise.reject(new Error("connect ECONNREFUSED"));
  deliveries.put(delivery("refused"));
  await until(() => held.length === 1);
  answer(403);
  await deliveries.idle();
  expect(rows()).toBe(1);
  failed = ({ message }) => {
    reached.push(message.body);
    return Promise.resolve();
  };
  await clock.advance(20_000);
  await until(() => held.length === 1);
  answer(403);
  await deliveries.idle();
  expect(reached).toEqual(["refused"]);
  expect(rows()).toBe(0);
});

test.each([
  ["breaks off within its answer", (response: ServerResponse) => response.writeHead(500).write("half")],
  ["breaks off before it", () => true],
])("an endpoint that %s is asked again", async (_, begin) => {
  deliveries.put(delivery("again"));
  await until(() => held.length === 1);
  begin(held[0] as ServerResponse);
  server.closeAllConnections();
  await deliveries.idle();
  held = [];
  await clock.advance(20_000);
  await until(() => held.length === 1);
  answer(200);
  await deliveries.idle();
  expect(rows()).toBe(0);
});

test("an endpoint that fails is asked at once and three times more, 20 seconds apart, and no more", async () => {
  const given: string[] = [];
  failed = async ({ message }) => void given.push(message.body);
  deliveries.put(delivery("fails"));
  for (let attempt = 1; attempt <= 4; attempt += 1) {
    await until(() => held.length === 1);
    expect(given).toEqual([]);
    answer(500);
    await deliveries.idle();
    await clock.advance(19_999);
    expect(deliveries.busy).toBe(false);
    await clock.advance(1);
    expect(deliveries.busy).toBe(attempt < 4);
  }
  expect(given).toEqual(["fails"]);
  expect(rows()).toBe(0);
});

test.each([
  [404, "is not", false],
  [400, "is not", false],
  [429, "is", true],
  [301, "is", true],
  [503, "is", true],
])("an endpoint that answers %i %s asked again", async (status, _, again) => {
  deliveries.put(delivery("once"));
  await until(() => held.length === 1);
  answer(status);
  await deliveries.idle();
  expect(rows()).toBe(again ? 1 : 0);
});
