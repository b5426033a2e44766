/**
 * Timestamps as Wait and Choice states take them: RFC 3339 with an upper-case `T`, and an upper-case `Z` or an offset. A day
 * or an hour that the calendar has not is no timestamp.
 * https://states-language.net/spec.html#timestamps
 */

const FORM = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})(?::(\d{2})(\.\d{1,9})?)?(?:Z|([+-])(\d{2}):(\d{2}))$/;
const MINUTE_MS = 60_000;

/** Milliseconds since 1970, with what is below a millisecond as a fraction; `undefined` when the text is no timestamp. */
export function parseTimestamp(text: string): number | undefined {
  const match = FORM.exec(text);
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map((part) => Number(part ?? 0));
  const offsetMinutes = Number(match[9] ?? 0) * 60 + Number(match[10] ?? 0);
  if (hour > 23 || minute > 59 || second > 59 || offsetMinutes > 18 * 60) return undefined;
  const date = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  // Date goes on into another month where a day is too many.
  if (date.getUTCMonth() !== month - 1) return undefined;
  const offset = (match[8] === "-" ? -offsetMinutes : offsetMinutes) * MINUTE_MS;
  return date.getTime() + Number(match[7] ?? 0) * 1000 - offset;
}
