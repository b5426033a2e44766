import { afterPrefix, grouped, orderedBytes } from "../../../src/services/dynamodb/values/ordered-bytes.js";
import { normaliseNumber } from "../../../src/services/dynamodb/values/number.js";
import { randomFrom } from "./random.js";

test("the bytes of two numbers compare as the numbers do", () => {
  const random = randomFrom(7);
  const number = (): string => {
    const digits = Array.from({ length: 1 + Math.floor(random() * 15) }, () => Math.floor(random() * 10)).join("");
    return normaliseNumber(`${random() < 0.5 ? "-" : ""}${digits}E${Math.floor(random() * 12) - 6}`);
  };
  for (let i = 0; i < 5000; i++) {
    const [a, b] = [number(), number()];
    const order = Math.sign(orderedBytes({ N: a }).compare(orderedBytes({ N: b })));
    expect([a, b, order]).toEqual([a, b, Math.sign(Number(a) - Number(b))]);
  }
});

test("grouping keeps the order of any two byte strings, and none is the beginning of another", () => {
  const random = randomFrom(11);
  const bytes = (): Buffer =>
    Buffer.from(
      Array.from(
        { length: Math.floor(random() * 20) },
        () => [0, 1, 8, 9, 254, 255][Math.floor(random() * 6)] as number,
      ),
    );
  for (let i = 0; i < 5000; i++) {
    const [a, b] = [bytes(), bytes()];
    const [ga, gb] = [grouped(a), grouped(b)];
    expect(Math.sign(ga.compare(gb))).toBe(Math.sign(a.compare(b)));
    if (!a.equals(b)) expect(ga.subarray(0, gb.length).equals(gb)).toBe(false);
  }
});

test("the longest sort key still leaves room in a row key", () => {
  expect(grouped(Buffer.alloc(1024)).length).toBeLessThanOrEqual(1978 - 6 - 16 - 16);
});

test("what comes after a prefix is above all that starts with it", () => {
  expect(afterPrefix(Buffer.from([1, 2]))).toEqual(Buffer.from([1, 3]));
  expect(afterPrefix(Buffer.from([1, 255, 255]))).toEqual(Buffer.from([2]));
  expect(afterPrefix(Buffer.from([255]))).toBeUndefined();
});
