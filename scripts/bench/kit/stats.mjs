/** Medians, spreads and bounds, and how a table prints them. */

/** @param {readonly number[]} values */
export function summary(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return { p50: percentile(sorted, 0.5), min: sorted[0] ?? Number.NaN, max: sorted.at(-1) ?? Number.NaN };
}

/** Of sorted values. */
export function percentile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** What two series measured in turns say of each other: the ratio of each round. */
export function ratios(ours, theirs) {
  return ours.map((value, round) => value / theirs[round]);
}

export const atMost = (limit, unit = "") => ({ text: `<= ${limit}${unit}`, unit, holds: (value) => value <= limit });
export const atLeast = (limit, unit = "") => ({ text: `>= ${limit}${unit}`, unit, holds: (value) => value >= limit });
/** Told for orientation; nothing is promised. */
export const noBound = (unit = "") => ({ text: "-", unit, holds: () => true });

/** Three significant digits, whole numbers from 100 on. */
export function number(value) {
  if (!Number.isFinite(value)) return "-";
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(3)));
}
