/** What a service has said is told, in order, and nobody waits behind one who cannot be told. */
import { StateStore } from "../../src/services/kit/state-store.js";
import { VirtualClock } from "../../src/shared/clock.js";
import { silentLogger } from "../../src/shared/logger.js";
import { Outbox, type OutboxOptions } from "../../src/sources/outbox.js";

let store: StateStore;
let clock: VirtualClock;
let outbox: Outbox<string> | undefined;
beforeEach(() => {
  store = StateStore.ephemeral();
  clock = new VirtualClock();
});
afterEach(async () => {
  await outbox?.close();
  await store.close();
});

function open(options: Pick<OutboxOptions<string>, "deliver" | "groupOf">): Outbox<string> {
  outbox = new Outbox<string>({ store, clock, log: silentLogger, table: "outbox", ...options });
  return outbox;
}

test("rows that fail keep nobody behind them from his turn, and are tried again", async () => {
  const delivered: string[] = [];
  let away = true;
  const box = open({
    deliver: (item) => {
      if (away && item.startsWith("fails")) return Promise.reject(new Error("away"));
      delivered.push(item);
      return Promise.resolve();
    },
  });
  for (let i = 0; i < 250; i++) box.put(`fails ${i}`);
  box.put("last");
  await box.idle();
  expect(delivered).toEqual(["last"]);
  away = false;
  await clock.advance(1000);
  await box.idle();
  expect(delivered).toEqual(["last", ...Array.from({ length: 250 }, (_, i) => `fails ${i}`)]);
});

test("within a group nothing is overtaken: not by a faster delivery, and not after a failure", async () => {
  const delivered: string[] = [];
  let away = true;
  const box = open({
    groupOf: (item) => item.split(" ")[0],
    deliver: async (item) => {
      // The earlier, the slower.
      for (let turns = 3 - (Number(item.split(" ")[1]) % 3); turns > 0; turns--) await new Promise(setImmediate);
      if (away && item === "a 1") throw new Error("away");
      delivered.push(item);
    },
  });
  const ofA = Array.from({ length: 250 }, (_, i) => `a ${i}`);
  const ofB = Array.from({ length: 5 }, (_, i) => `b ${i}`);
  for (const item of [...ofB, ...ofA]) box.put(item);
  await box.idle();
  expect(delivered.filter((item) => item.startsWith("b"))).toEqual(ofB);
  expect(delivered.filter((item) => item.startsWith("a"))).toEqual(["a 0"]);
  away = false;
  await clock.advance(1000);
  await box.idle();
  expect(delivered.filter((item) => item.startsWith("a"))).toEqual(ofA);
});
