/**
 * The intrinsic functions. What the pages of AWS leave open was seen on AWS: sizes and bounds are cut off, not rounded,
 * while MathAdd rounds half up; StringSplit drops empty parts; Format prints objects as Java does.
 * https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html
 */
import { createHash, randomInt, randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { Json } from "../../../../../config/json.js";
import { distinct } from "../distinct.js";
import { JavaRandom, javaText } from "../java.js";
import { IntrinsicRefusal, type Arguments } from "./arguments.js";

export interface IntrinsicFunction {
  readonly least: number;
  readonly most: number;
  readonly call: (args: Arguments) => Json;
}

const MAX_RANGE_ITEMS = 1000;
const MAX_TEXT_CHARS = 10_000;
const INT_MIN = -(2 ** 31);
const INT_MAX = 2 ** 31 - 1;
const HASHES: Readonly<Record<string, string>> = {
  MD5: "md5",
  "SHA-1": "sha1",
  "SHA-256": "sha256",
  "SHA-384": "sha384",
  "SHA-512": "sha512",
};

const exactly = (count: number, call: IntrinsicFunction["call"]): IntrinsicFunction => ({
  least: count,
  most: count,
  call,
});

export const INTRINSIC_FUNCTIONS: Readonly<Record<string, IntrinsicFunction>> = {
  "States.Array": { least: 0, most: Number.POSITIVE_INFINITY, call: (args) => args.values },
  "States.ArrayPartition": exactly(2, partition),
  "States.ArrayContains": exactly(2, (args) => has(args.list(0), args.any(1))),
  "States.ArrayRange": exactly(3, range),
  "States.ArrayGetItem": exactly(2, (args) => args.list(0)[args.whole(1)] ?? nullOrRefuse(args)),
  "States.ArrayLength": exactly(1, (args) => args.list(0).length),
  "States.ArrayUnique": exactly(1, (args) => distinct(args.list(0))),
  "States.Base64Encode": exactly(1, (args) => Buffer.from(args.text(0, MAX_TEXT_CHARS)).toString("base64")),
  "States.Base64Decode": exactly(1, decode),
  "States.Hash": exactly(2, hash),
  "States.JsonMerge": exactly(3, merge),
  "States.JsonToString": exactly(1, (args) => JSON.stringify(args.any(0))),
  "States.StringToJson": exactly(1, parseJson),
  "States.MathRandom": { least: 2, most: 3, call: random },
  "States.MathAdd": exactly(2, add),
  "States.StringSplit": exactly(2, split),
  "States.UUID": exactly(0, () => randomUUID()),
  "States.Format": { least: 1, most: Number.POSITIVE_INFINITY, call: (args) => format(args.text(0), args) },
};

const has = (list: readonly Json[], item: Json): boolean => list.some((each) => isDeepStrictEqual(each, item));

function partition(args: Arguments): Json {
  const items = args.list(0);
  const size = args.whole(1);
  if (size < 1) args.refuse();
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}

function range(args: Arguments): Json {
  const [first, last, step] = [args.whole(0), args.whole(1), args.whole(2)];
  const count = step === 0 ? args.refuse() : Math.max(0, Math.floor((last - first) / step) + 1);
  if (count > MAX_RANGE_ITEMS) args.refuse();
  return Array.from({ length: count }, (_, index) => first + index * step);
}

/** An element may be null; behind the ends of the list there is none. */
function nullOrRefuse(args: Arguments): null {
  const index = args.whole(1);
  return index >= 0 && index < args.list(0).length ? null : args.refuse();
}

function decode(args: Arguments): Json {
  const text = args.text(0, MAX_TEXT_CHARS);
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/.test(text)) args.refuse();
  return Buffer.from(text, "base64").toString("utf8");
}

function hash(args: Arguments): Json {
  const data = args.text(0, MAX_TEXT_CHARS);
  const algorithm = args.text(1);
  const known = Object.hasOwn(HASHES, algorithm) ? HASHES[algorithm] : undefined;
  return known === undefined ? args.refuse() : createHash(known).update(data).digest("hex");
}

/** Only the shallow merge exists; the third argument has to say so. */
function merge(args: Arguments): Json {
  if (args.any(2) !== false) args.refuse();
  return Object.fromEntries([...Object.entries(args.object(0)), ...Object.entries(args.object(1))]);
}

function parseJson(args: Arguments): Json {
  try {
    return JSON.parse(args.text(0)) as Json;
  } catch {
    return args.refuse();
  }
}

/** The start may come out, the end may not; the same seed gives the same number. */
function random(args: Arguments): Json {
  const [start, end] = [args.whole(0), args.whole(1)];
  if (start >= end) args.refuse();
  return start + (args.count > 2 ? new JavaRandom(args.whole(2)).nextInt(end - start) : randomInt(end - start));
}

function add(args: Arguments): Json {
  const sum = [args.number(0), args.number(1)].map(toInt).reduce((left, right) => left + right);
  return toInt(sum);

  function toInt(value: number): number {
    const rounded = Math.round(value) + 0;
    return rounded >= INT_MIN && rounded <= INT_MAX ? rounded : args.refuse();
  }
}

/** Every character of the second argument parts the text. */
function split(args: Arguments): Json {
  const separators = new Set(args.text(1));
  const parts = [""];
  for (const sign of args.text(0)) {
    if (separators.has(sign)) parts.push("");
    else parts[parts.length - 1] += sign;
  }
  return parts.filter((part) => part !== "");
}

/** `{}` is the next argument; braces that are meant as they are have a backslash before them. */
export function format(template: string, args: Arguments): string {
  let taken = 0;
  const text = template.replace(/\\(['{}\\])|\{\}|[{}]/g, (found, escaped: string | undefined) => {
    if (escaped !== undefined) return escaped;
    if (found !== "{}") {
      const missing = found === "{" ? "matching '}' not found for '{'." : "matching '{' not found for '}'.";
      throw new IntrinsicRefusal(`Invalid template in States.Format: ${missing}`);
    }
    taken += 1;
    return javaText(args.any(taken));
  });
  if (taken !== args.count - 1) args.refuse(": number of arguments do not match the occurrences of {}.");
  return text;
}
