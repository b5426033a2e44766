/** When a server that waits gives memory back: what it has worked is counted in CPU time, which the test makes up. */
import { collectWhenIdle } from "../../src/cli/idle-memory.js";
import { VirtualClock } from "../../src/shared/clock.js";

const LOOK_MS = 2_000;
const COLLECTION_US = 10_000;

class Worker {
  used = 0;
  collections = 0;

  usedUs(): number {
    return this.used;
  }

  collect(): void {
    this.collections += 1;
    this.used += COLLECTION_US;
  }
}

describe("the collection of an idle server", () => {
  const started = (usedUs: number) => {
    const worker = new Worker();
    worker.used = usedUs;
    const clock = new VirtualClock();
    collectWhenIdle(worker, clock);
    /** The work of the time between two looks, and the collections so far. */
    const after = async (workUs: number): Promise<number> => {
      worker.used += workUs;
      await clock.advance(LOOK_MS);
      return worker.collections;
    };
    return { worker, clock, after };
  };

  it("follows the start at the first look that finds nothing to do", async () => {
    const { worker, clock } = started(900_000);
    await clock.advance(LOOK_MS - 1);
    expect(worker.collections).toBe(0);
    await clock.advance(1);
    expect(worker.collections).toBe(1);
  });

  it("waits while there is work, down to a hundredth of a core", async () => {
    const { after } = started(900_000);
    expect(await after(1_500_000)).toBe(0);
    expect(await after(20_000)).toBe(0);
    expect(await after(19_999)).toBe(1);
  });

  it("comes again only when 100 ms of work are behind it, its own time not counted", async () => {
    const { after } = started(900_000);
    expect(await after(0)).toBe(1);
    expect(await after(19_999)).toBe(1);
    // 99,998 µs since the collection: 10,000 more would be those of the collection itself.
    expect(await after(79_999)).toBe(1);
    expect(await after(0)).toBe(1);
    expect(await after(2)).toBe(2);
    for (let look = 0; look < 10; look++) expect(await after(0)).toBe(2);
  });

  it("does not trouble a server that has done next to nothing", async () => {
    const { after } = started(99_999);
    expect(await after(0)).toBe(0);
    expect(await after(1)).toBe(1);
  });
});

it("gives the garbage of this process back", async () => {
  const makeGarbage = () => new WeakRef<object>({});
  const garbage = makeGarbage();
  const clock = new VirtualClock();
  // To load the tests was work enough for a collection.
  collectWhenIdle(undefined, clock);
  for (let look = 0; look < 10 && garbage.deref() !== undefined; look++) {
    // What was looked at stays until the turn of the event loop ends.
    await clock.advance(0);
    await clock.advance(LOOK_MS);
  }
  expect(garbage.deref()).toBeUndefined();
});
