/**
 * Time zones of the IANA database, as Node carries them. A reading of a wall clock is given as milliseconds of a UTC
 * that shows the same.
 */

const DAY_MS = 86_400_000;

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    formats.set(zone, format);
  }
  return format;
}

/** Whether there is a time zone of this name. Offsets such as `+01:00`, which newer Node takes too, are none. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    formatOf(name);
    return true;
  } catch {
    return false;
  }
}

/** What a clock of the zone shows at a moment. */
export function readingAt(ms: number, zone: string): number {
  if (zone === "UTC") return ms;
  const shown = new Map<string, number>();
  for (const { type, value } of formatOf(zone).formatToParts(ms)) shown.set(type, Number(value));
  const part = (type: Intl.DateTimeFormatPartTypes): number => shown.get(type) ?? 0;
  const fractionMs = ((ms % 1000) + 1000) % 1000;
  return (
    Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second")) + fractionMs
  );
}

/** The moment at which a clock of the zone first shows a reading; undefined when it is put forward over it. */
export function momentOf(readingMs: number, zone: string): number | undefined {
  if (zone === "UTC") return readingMs;
  const moments = [readingMs - DAY_MS, readingMs + DAY_MS]
    .map((near) => readingMs - (readingAt(near, zone) - near))
    .filter((moment) => readingAt(moment, zone) === readingMs);
  return moments.length === 0 ? undefined : Math.min(...moments);
}
