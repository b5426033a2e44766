/** "Did you mean": the candidate that a typing slip would have turned into the given word. */

/** Slips between two words: letters put in, left out, replaced, or swapped with their neighbour (optimal string alignment). */
export function distance(a: string, b: string): number {
  let before: readonly number[] = [];
  let previous: readonly number[] = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swapped = isSwap ? (before[j - 2] ?? 0) + 1 : Infinity;
      row.push(Math.min(replaced, swapped, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    before = previous;
    previous = row;
  }
  return previous[b.length] ?? 0;
}

/** The nearest candidate, or undefined when none is near enough to be meant. A slip of letter case costs nothing. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = word.toLowerCase();
  // Two slips in a short word, one more for every four letters beyond.
  const allowed = Math.max(2, Math.floor(wanted.length / 4) + 1);
  let best: { readonly name: string; readonly cost: number } | undefined;
  for (const name of candidates) {
    const candidate = name.toLowerCase();
    const shorter = Math.min(wanted.length, candidate.length);
    const contained = shorter >= 4 && (candidate.includes(wanted) || wanted.includes(candidate));
    // Of two that are as near, the one that goes on where the word stops is meant.
    const bonus = candidate.startsWith(wanted) ? 0.5 : 0;
    const cost = Math.min(distance(wanted, candidate), contained ? allowed : Infinity) - bonus;
    if (cost <= allowed && cost < shorter && (best === undefined || cost < best.cost)) best = { name, cost };
  }
  return best?.name;
}

/** ` Did you mean "X"?`, or nothing. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const name = nearest(word, candidates);
  return name === undefined ? "" : ` Did you mean "${name}"?`;
}
