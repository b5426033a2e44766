/** The queue of asynchronous events as a table: what is taken in which order, and that nothing in it is passed over. */
import { StateStore } from "../../../src/services/kit/state-store.js";
import { AsyncQueueStore, type AsyncEvent, type QueuedEvent } from "../../../src/sources/async/queue-store.js";

let state: StateStore;
let queue: AsyncQueueStore;
beforeEach(() => {
  state = StateStore.ephemeral();
  queue = new AsyncQueueStore(state);
});
afterEach(() => state.close());

const event = (payload: string, rest: Partial<AsyncEvent> = {}): AsyncEvent => ({
  requestId: `request-${payload}`,
  functionName: "fn",
  payload,
  enqueuedMs: 1,
  attempts: 0,
  refusals: 0,
  ...rest,
});
const payloads = (taken: readonly QueuedEvent[]): string[] => taken.map(({ event: { payload } }) => payload);
const take = (limit: number, nowMs: number): string[] => payloads(queue.take(limit, nowMs).due);

it("gives each of many events once, in order of time", async () => {
  const names = Array.from({ length: 250 }, (_, at) => `e${at}`);
  for (const [at, name] of names.entries()) await queue.add(event(name), 1000 - (at % 2));
  const odd = names.filter((_, at) => at % 2 === 1);
  const even = names.filter((_, at) => at % 2 === 0);
  expect([...take(30, 1000), ...take(150, 1000), ...take(150, 1000)]).toEqual([...odd, ...even]);
  expect(queue.take(1, 1000)).toEqual({ due: [] });
  expect([queue.taken, queue.size]).toEqual([250, 250]);
});

it("keeps what is not due and tells when it will be", async () => {
  await queue.add(event("now"), 5);
  await queue.add(event("later"), 9);
  expect(queue.take(10, 8)).toMatchObject({ due: [{ event: event("now") }], nextMs: 9 });
  expect(queue.take(10, 9)).toMatchObject({ due: [{ event: event("later") }] });
});

it("keeps every field of an event, in this process and the next", async () => {
  const full = event("é", {
    qualifier: "live",
    clientContext: "e30=",
    traceHeader: "Root=1-0-0",
    attempts: 2,
    refusals: 3,
    outcome: { condition: "RetriesExhausted", invokeCount: 3 },
  });
  await queue.add(full, 1);
  await queue.add(event("plain"), 2);
  for (const each of [queue, new AsyncQueueStore(state)])
    expect(each.take(2, 2).due.map((queued) => queued.event)).toEqual([full, event("plain")]);
});

it("gives an event again that was put back, before those behind it", async () => {
  for (const name of ["a", "b", "c"]) await queue.add(event(name), 1);
  const [a, b] = queue.take(2, 1).due;
  if (a === undefined || b === undefined) throw new Error("two were there");
  queue.putBack(a.key);
  expect(take(3, 1)).toEqual(["a", "c"]);
  await queue.settle(b.key);
  expect([queue.taken, queue.size]).toEqual([2, 2]);
});

it("gives an event again that was settled for a time which has come, though later ones were taken since", async () => {
  await queue.add(event("a"), 1);
  const [a] = queue.take(1, 1).due;
  if (a === undefined) throw new Error("one was there");
  await queue.add(event("b"), 7);
  expect(take(1, 7)).toEqual(["b"]);
  await queue.settle(a.key, { event: event("a", { attempts: 1 }), dueMs: 6 });
  expect(queue.take(1, 7).due).toMatchObject([{ event: { payload: "a", attempts: 1 } }]);
});

it("finds an event that is due before those already looked up: the clock may have been set back", async () => {
  for (const name of ["a", "b"]) await queue.add(event(name), 10);
  expect(take(1, 10)).toEqual(["a"]);
  await queue.add(event("early"), 5);
  expect(take(5, 10)).toEqual(["early", "b"]);
});

it("gives nothing of what was cleared, and what ran meanwhile does not come back", async () => {
  for (const name of ["a", "b"]) await queue.add(event(name), 1);
  const [a] = queue.take(1, 1).due;
  if (a === undefined) throw new Error("one was there");
  await queue.clear();
  await queue.settle(a.key, { event: a.event, dueMs: 2 });
  await queue.add(event("new"), 1);
  expect(take(5, 3)).toEqual(["new"]);
  expect([queue.taken, queue.size]).toEqual([1, 1]);
});
