/** Timestamps as Wait and Choice states take them: RFC 3339 with an upper-case `T`, and `Z` or an offset. */

const FORM = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;

/** Milliseconds since 1970, or `undefined` when the text is no timestamp. */
export function parseTimestamp(text: string): number | undefined {
  const time = FORM.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}
