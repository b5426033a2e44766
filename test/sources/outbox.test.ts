/** What a service has said is told, in order, and nobody waits behind one who cannot be told. */
import { StateStore } from "../../src/services/kit/state-store.js";
import { VirtualClock } from "../../src/shared/clock.js";
import { silentLogger } from "../../src/shared/logger.js";
import { Outbox } from "../../src/sources/outbox.js";

test("rows that fail keep nobody behind them from his turn, and are tried again", async () => {
  const store = StateStore.ephemeral();
  const clock = new VirtualClock();
  const delivered: string[] = [];
  let away = true;
  const outbox = new Outbox<string>({
    store,
    clock,
    log: silentLogger,
    table: "outbox",
    deliver: (item) => {
      if (away && item.startsWith("fails")) return Promise.reject(new Error("away"));
      delivered.push(item);
      return Promise.resolve();
    },
  });
  for (let i = 0; i < 250; i++) outbox.put(`fails ${i}`);
  outbox.put("last");
  await outbox.idle();
  expect(delivered).toEqual(["last"]);
  away = false;
  await clock.advance(1000);
  await outbox.idle();
  expect(delivered).toEqual(["last", ...Array.from({ length: 250 }, (_, i) => `fails ${i}`)]);
  await outbox.close();
  await store.close();
});
