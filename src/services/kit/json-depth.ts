/** How deeply a JSON text may nest: as deeply as Jackson, AWS's parser, reads by default since its version 2.15. */
const MAX_JSON_DEPTH = 1000;

/** One that does not end is one up to the end: it would be looked for anew behind each of its escaped quotes. */
const TEXTS = /"[^"\\]*(?:\\[^][^"\\]*)*(?:"|\\?$)/g;

/** What recurses through a text that is none can do so without a thought for the stack. */
export function isTooDeep(json: string): boolean {
  // Each level takes two brackets.
  if (json.length <= 2 * MAX_JSON_DEPTH) return false;
  let depth = 0;
  for (const [bracket] of json.replaceAll(TEXTS, "").matchAll(/[[\]{}]/g)) {
    depth += bracket === "{" || bracket === "[" ? 1 : -1;
    if (depth > MAX_JSON_DEPTH) return true;
  }
  return false;
}

/** Jackson's words. */
export const TOO_DEEP =
  `Document nesting depth (${MAX_JSON_DEPTH + 1}) exceeds the maximum allowed ` +
  `(${MAX_JSON_DEPTH}, from \`StreamReadConstraints.getMaxNestingDepth()\`)`;
