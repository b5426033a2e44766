/**
 * The JSONPath that EventBridge knows: names after a dot, in brackets, numbers of elements, and `*` for all of them.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
 */

const STEP = /\.([\p{L}\p{N}_$-]+|\*)|\[(?:'([^']*)'|"([^"]*)"|(\d+)|(\*))\]/uy;
const ALL = Symbol("all");

export type Path = readonly (string | number | typeof ALL)[];

/** Undefined when it is none. */
export function parsePath(text: string): Path | undefined {
  if (!text.startsWith("$")) return undefined;
  const steps: (string | number | typeof ALL)[] = [];
  for (let at = 1; at < text.length;) {
    STEP.lastIndex = at;
    const step = STEP.exec(text);
    if (step === null) return undefined;
    const [whole, dotted, single, double, index, star] = step;
    if (dotted === "*" || star !== undefined) steps.push(ALL);
    else steps.push(index === undefined ? (dotted ?? single ?? double ?? "") : Number(index));
    at += whole.length;
  }
  return steps;
}

/** What a path finds; undefined when nothing. */
export function readPath(path: Path, value: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  if (typeof value !== "object" || value === null) return undefined;
  if (step === ALL) return Object.values(value).map((item) => readPath(rest, item));
  return Object.hasOwn(value, step) ? readPath(rest, (value as Record<string | number, unknown>)[step]) : undefined;
}
