import { BoundedQueue } from "../../../src/functions/manifest/queue.js";

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

async function drain(queue: BoundedQueue<number>): Promise<number[]> {
  const taken: number[] = [];
  for (let batch = await queue.takeAll(); batch.length > 0; batch = await queue.takeAll()) taken.push(...batch);
  return taken;
}

test("everything comes out once, in the order it went in", async () => {
  const queue = new BoundedQueue<number>(7);
  const drained = drain(queue);
  await queue.putAll(numbers(100));
  await queue.putAll([]);
  await queue.putAll([100]);
  queue.end();
  expect(await drained).toEqual(numbers(101));
});

test("a full queue makes its producer wait until there is room, and never holds more than its bound", async () => {
  const queue = new BoundedQueue<number>(2000);
  let finished = false;
  const putting = queue.putAll(numbers(5000)).then(() => (finished = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(finished).toBe(false);
  expect(await queue.takeAll()).toHaveLength(2000);
  expect(await queue.takeAll()).toHaveLength(2000);
  await putting;
  expect(await queue.takeAll()).toHaveLength(1000);
  expect(queue.highWater).toBe(2000);
});

test("an empty queue makes its consumer wait, and ends it when the producer ends", async () => {
  const queue = new BoundedQueue<number>(10);
  const taking = queue.takeAll();
  await queue.putAll([1]);
  expect(await taking).toEqual([1]);
  const atEnd = queue.takeAll();
  queue.end();
  expect(await atEnd).toEqual([]);
});

test("a consumer that fails frees a producer waiting at a full queue", async () => {
  const queue = new BoundedQueue<number>(1);
  const putting = queue.putAll([1, 2]);
  const failure = new Error("disk full");
  queue.fail(failure);
  await expect(putting).rejects.toBe(failure);
  await expect(queue.putAll([3])).rejects.toBe(failure);
});

test("a producer that fails frees a consumer waiting at an empty queue, and the first reason stays", async () => {
  const queue = new BoundedQueue<number>(1);
  const taking = queue.takeAll();
  const failure = new Error("access denied");
  queue.fail(failure);
  queue.fail(new Error("later"));
  await expect(taking).rejects.toBe(failure);
  await expect(queue.takeAll()).rejects.toBe(failure);
});

test("items left in a failed queue are dropped", async () => {
  const queue = new BoundedQueue<number>(10);
  await queue.putAll([1, 2, 3]);
  queue.fail(new Error("stop"));
  await expect(queue.takeAll()).rejects.toThrow("stop");
});
