/**
 * The functions that Step Functions adds to JSONata, and `$eval`, which it takes away. Numbers are cut off towards zero;
 * what was seen to give nothing on AWS gives nothing here.
 * https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html#jsonata-functions-provided-by-sfn
 */
import { createHash, randomUUID } from "node:crypto";
import { JavaRandom } from "../java.js";

/** The most that AWS makes in one call. */
const MAX_RANGE_ITEMS = 360_145;
const HASHES: Readonly<Record<string, string>> = {
  "SHA-1": "sha1",
  "SHA-384": "sha384",
  "SHA-256": "sha256",
  "SHA-512": "sha512",
  MD5: "md5",
};

/** What the library makes causes of. */
class JsonataError extends Error {
  readonly code: string;
  /** Of the argument. */
  readonly index: number | undefined;

  constructor(code: string, message: string, index?: number) {
    super(message);
    this.code = code;
    this.index = index;
  }
}

/** The library finds the words for its own codes. */
const misfit = (place: number): JsonataError => new JsonataError("T0410", "", place);

const refused = (message: string): JsonataError => new JsonataError("D3137", message);

function whole(value: unknown, place: number): number {
  if (typeof value !== "number") throw misfit(place);
  return Math.trunc(value) + 0;
}

/** Refuses more arguments than the function has. */
function bounded(most: number, call: (...args: unknown[]) => unknown): (...args: unknown[]) => unknown {
  return (...args) => {
    if (args.length > most && args[most] !== undefined) throw misfit(most + 1);
    return call(...args);
  };
}

function partition(items: unknown, size: unknown): unknown {
  if (items === undefined) return undefined;
  if (!Array.isArray(items)) throw new JsonataError("T0412", "", 1);
  if (items.length === 0) return undefined;
  if (size === undefined) return [items];
  const step = whole(size, 2);
  if (step < 0) throw refused("Second argument must be zero or greater");
  if (step === 0) return undefined;
  return Array.from({ length: Math.ceil(items.length / step) }, (_, index) =>
    items.slice(index * step, (index + 1) * step),
  );
}

/** One number alone is no list. */
function range(first: unknown, last: unknown, by: unknown): unknown {
  const start = whole(first, 1);
  const end = whole(last, 2);
  if (by === undefined) return undefined;
  const step = whole(by, 3);
  const count = step === 0 ? 0 : Math.floor((end - start) / step) + 1;
  if (count < 1) return undefined;
  // The library's code of a list that is too long; the cause is AWS's for memory.
  if (count > MAX_RANGE_ITEMS) throw new JsonataError("D2015", "");
  return count === 1 ? start : Array.from({ length: count }, (_, index) => start + index * step);
}

function hash(data: unknown, algorithm: unknown): unknown {
  if (typeof data !== "string") throw misfit(1);
  if (algorithm === undefined) return undefined;
  if (typeof algorithm !== "string") throw misfit(2);
  const known = Object.hasOwn(HASHES, algorithm) ? HASHES[algorithm] : undefined;
  if (known === undefined)
    throw refused(`Hash algorithm '${algorithm}' must be one of ${Object.keys(HASHES).join(", ")}`);
  return createHash(known).update(data).digest("hex");
}

function random(seed: unknown): unknown {
  return seed === undefined ? Math.random() : new JavaRandom(whole(seed, 1)).nextDouble();
}

function parse(text: unknown): unknown {
  if (text === undefined) return undefined;
  if (typeof text !== "string") throw misfit(1);
  try {
    return JSON.parse(text);
  } catch {
    throw refused("Invalid JSON");
  }
}

export const FUNCTIONS: Readonly<Record<string, unknown>> = {
  partition: bounded(2, partition),
  range: bounded(3, range),
  hash: bounded(2, hash),
  random: bounded(1, random),
  uuid: bounded(0, () => randomUUID()),
  parse: bounded(1, parse),
  // A call of what is bound to nothing fails with T1006, as on AWS.
  eval: undefined,
};
