/** How log events lie in the store: small, and found again in order. */
import { randomUUID } from "node:crypto";
import { packEvents, unpackEvents, type BlockEvent } from "../../../src/services/logs/blocks.js";
import { LogStore } from "../../../src/services/logs/store.js";
import { StateStore } from "../../../src/services/kit/state-store.js";
import { VirtualClock } from "../../../src/shared/clock.js";

const event = (timestampMs: number, sequence: number, message = `${timestampMs}`): BlockEvent => ({
  timestampMs,
  sequence,
  message,
});

test("no row reaches over the end of its second", () => {
  const blocks = packEvents([event(999, 0), event(1000, 1), event(1999, 2), event(500, 3)], 7);
  expect(blocks.map(({ startMs, sequence, row }) => [startMs, sequence, unpackEvents(row).length])).toEqual([
    [0, 0, 2],
    [1000, 1, 2],
  ]);
  expect(blocks.every(({ row }) => row.ingestedMs === 7)).toBe(true);
});

test("the lines of a hundred invocations take less than a quarter of their length", () => {
  const lines = Array.from({ length: 100 }, (_, index) => {
    const id = randomUUID();
    const report = `REPORT RequestId: ${id}\tDuration: ${index}.12 ms\tBilled Duration: ${index + 1} ms\tMemory Size: 512 MB\t`;
    return [`START RequestId: ${id} Version: $LATEST`, `END RequestId: ${id}`, report];
  }).flat();
  const events = lines.map((message, index) => event(0, index, message));
  const [block, ...others] = packEvents(events, 0);
  expect(others).toEqual([]);
  expect(block?.row.events.length).toBeLessThan(lines.join("").length / 4);
  expect(block === undefined ? [] : unpackEvents(block.row)).toEqual(events);
});

test("a megabyte is cut into rows, and text of every kind comes back as it was", () => {
  const strange = "\ud800 \u0000 ü 😀";
  const events = Array.from({ length: 1000 }, (_, index) => event(0, index, `${strange}${"x".repeat(1000)}`));
  const blocks = packEvents(events, 0);
  expect(blocks.length).toBeGreaterThan(3);
  expect(blocks.flatMap(({ row }) => unpackEvents(row))).toEqual(events);
});

test("arrivals that overlap in time are read in order of time, in both directions and from any place", async () => {
  const state = StateStore.ephemeral();
  const store = new LogStore(state, new VirtualClock(10_000));
  for (const times of [
    [100, 1500, 1500, 3000],
    [200, 1400, 1600, 2999],
    [50, 5000],
  ]) {
    const events = times.map((timestampMs) => ({ timestampMs, message: `${timestampMs}` }));
    await store.write(() => store.append("g", "s", events, true));
  }
  const group = store.requireGroup("g");
  const stream = store.requireStream(group, "s");
  const end = { timestampMs: Number.MAX_SAFE_INTEGER, sequence: 0 };
  const read = (from = 0, to = end, reverse = false, sequence = 0): number[] =>
    [...store.events(group, stream, { timestampMs: from, sequence }, to, reverse)].map(
      ({ timestampMs }) => timestampMs,
    );
  const all = [50, 100, 200, 1400, 1500, 1500, 1600, 2999, 3000, 5000];
  expect(read()).toEqual(all);
  expect(read(0, end, true)).toEqual(all.toReversed());
  expect(read(1400, { timestampMs: 2999, sequence: 0 })).toEqual([1400, 1500, 1500, 1600]);
  // The second of the two at 1500 has the sequence 2.
  expect(read(1500, end, false, 2)).toEqual([1500, 1600, 2999, 3000, 5000]);
  expect(read(0, { timestampMs: 1500, sequence: 2 }, true)).toEqual([1500, 1400, 200, 100, 50]);
  await state.close();
});
