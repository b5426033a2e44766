/** The difference of two JSON values, line by line: what a save changed in an answer. */
import type { Colours } from "./colours.js";

/** Undefined when they are the same. Unchanged lines are shown beside the changed ones only. */
export function difference(before: unknown, after: unknown, colours: Colours, context = 1): string | undefined {
  const [old, now] = [linesOf(before), linesOf(after)];
  const steps = compare(old, now);
  if (steps.every(({ sign }) => sign === " ")) return undefined;
  const near = (at: number): boolean =>
    steps.slice(Math.max(0, at - context), at + context + 1).some(({ sign }) => sign !== " ");
  const shown = steps.flatMap((step, at) => (near(at) ? [step] : []));
  return shown
    .map(({ sign, text }) => {
      const line = `${sign} ${text}`;
      return sign === "-" ? colours.red(line) : sign === "+" ? colours.green(line) : colours.dim(line);
    })
    .join("\n");
}

interface Step {
  readonly sign: " " | "-" | "+";
  readonly text: string;
}

const linesOf = (value: unknown): string[] => JSON.stringify(value ?? null, null, 2).split("\n");

/** Beyond this the table of the comparison would be felt: everything in the middle counts as changed. */
const MAX_CELLS = 4_000_000;

/** Longest common subsequence, after the equal ends have been taken off. */
function compare(old: readonly string[], now: readonly string[]): Step[] {
  let start = 0;
  while (start < old.length && start < now.length && old[start] === now[start]) start += 1;
  let end = 0;
  while (end < old.length - start && end < now.length - start && old.at(-1 - end) === now.at(-1 - end)) end += 1;
  const same = (text: string): Step => ({ sign: " ", text });
  const middle = between(old.slice(start, old.length - end), now.slice(start, now.length - end));
  return [...old.slice(0, start).map(same), ...middle, ...old.slice(old.length - end).map(same)];
}

function between(old: readonly string[], now: readonly string[]): Step[] {
  const removed = (text: string): Step => ({ sign: "-", text });
  const added = (text: string): Step => ({ sign: "+", text });
  if (old.length * now.length > MAX_CELLS) return [...old.map(removed), ...now.map(added)];
  // lengths[i][j]: how many lines old from i and now from j have in common.
  const lengths = Array.from({ length: old.length + 1 }, () => new Uint32Array(now.length + 1));
  const at = (i: number, j: number): number => lengths[i]?.[j] ?? 0;
  for (let i = old.length - 1; i >= 0; i--)
    for (let j = now.length - 1; j >= 0; j--) {
      const row = lengths[i];
      if (row !== undefined) row[j] = old[i] === now[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  const steps: Step[] = [];
  let [i, j] = [0, 0];
  while (i < old.length || j < now.length) {
    const [before = "", after = ""] = [old[i], now[j]];
    if (i < old.length && j < now.length && before === after) {
      steps.push({ sign: " ", text: before });
      i += 1;
      j += 1;
    } else if (i < old.length && (j >= now.length || at(i + 1, j) >= at(i, j + 1))) {
      steps.push(removed(before));
      i += 1;
    } else {
      steps.push(added(after));
      j += 1;
    }
  }
  return steps;
}
