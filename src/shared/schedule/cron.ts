/**
 * The six fields of `cron(minutes hours day-of-month month day-of-week year)` as EventBridge takes them.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
 *
 * Not `croner`: it lets `?` stand for the present moment's day, reads `3#2` and `6L` with Sunday as 0, and refuses
 * `20-2`; a translation would have to read every field as this does. AWS's reader behaves as Quartz in what was seen of
 * it (names, Sunday as 1, an empty member of a list passes), so Quartz decides where the page is silent: `L`, `W` and
 * `#` stand alone in their field, `LW` and `L-3` exist, and a step is not larger than its field.
 */

export interface Cron {
  /** Ascending. */
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly months: ReadonlySet<number>;
  readonly years: ReadonlySet<number>;
  readonly isDay: DayTest;
}

interface Day {
  /** Of the month, from 1. */
  readonly day: number;
  /** Of the week, Sunday is 1. */
  readonly weekday: number;
  readonly lastDay: number;
}

type DayTest = (day: Day) => boolean;

interface Field {
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
  /** `20-2` goes on at the lower end. */
  readonly wraps: boolean;
  readonly maxStep: number;
}

const FIRST_YEAR = 1970;
const LAST_YEAR = 2199;
const DAYS_OF_WEEK = 7;
const SUNDAY = 1;
const SATURDAY = 7;

const MINUTES: Field = { min: 0, max: 59, wraps: true, maxStep: 59 };
const HOURS: Field = { min: 0, max: 23, wraps: true, maxStep: 23 };
const DAYS: Field = { min: 1, max: 31, wraps: true, maxStep: 31 };
const MONTH_NAMES = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const MONTHS: Field = { min: 1, max: 12, names: MONTH_NAMES, wraps: true, maxStep: 12 };
const WEEKDAY_NAMES = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const WEEKDAYS: Field = { min: 1, max: DAYS_OF_WEEK, names: WEEKDAY_NAMES, wraps: true, maxStep: DAYS_OF_WEEK };
const YEARS: Field = { min: FIRST_YEAR, max: LAST_YEAR, wraps: false, maxStep: LAST_YEAR - FIRST_YEAR };

/** Reads what stands between the brackets; undefined when EventBridge would refuse it. */
export function parseCron(text: string): Cron | undefined {
  const fields = text.trim().split(/ +/);
  const [minuteField = "", hourField = "", dayField = "", monthField = "", weekdayField = "", yearField = ""] = fields;
  if (fields.length !== 6 || (dayField === "?") === (weekdayField === "?")) return undefined;
  const minutes = values(minuteField, MINUTES);
  const hours = values(hourField, HOURS);
  const months = values(monthField, MONTHS);
  const years = values(yearField, YEARS);
  const isDay = weekdayField === "?" ? dayOfMonth(dayField) : dayOfWeek(weekdayField.toUpperCase());
  if (!minutes || !hours || !months || !years || !isDay) return undefined;
  return { minutes: ascending(minutes), hours: ascending(hours), months, years, isDay };
}

const ascending = (numbers: ReadonlySet<number>): number[] => [...numbers].sort((a, b) => a - b);

/** A list of numbers, ranges and steps; undefined when one of them is none. */
function values(text: string, field: Field): ReadonlySet<number> | undefined {
  const members = text.split(",").filter((member) => member !== "");
  const found = new Set<number>();
  for (const member of members) {
    const some = membersOf(member, field);
    if (some === undefined) return undefined;
    for (const value of some) found.add(value);
  }
  return found.size === 0 ? undefined : found;
}

const MEMBER = /^(?:(?<all>\*)|(?<from>\w+)(?:-(?<to>\w+))?)(?:\/(?<step>\d{1,4}))?$/;

function membersOf(text: string, field: Field): number[] | undefined {
  const groups = MEMBER.exec(text)?.groups;
  if (groups === undefined) return undefined;
  const { all, from = "", to, step } = groups;
  const first = all === undefined ? numberOf(from, field) : field.min;
  // `5` is one value, `5/10` goes on to the end of the field.
  const openEnded = all !== undefined || (to === undefined && step !== undefined);
  const last = openEnded ? field.max : to === undefined ? first : numberOf(to, field);
  const by = step === undefined ? 1 : Number(step);
  if (first === undefined || last === undefined || by < 1 || by > field.maxStep) return undefined;
  if (first > last && !field.wraps) return undefined;
  const size = field.max - field.min + 1;
  const end = first > last ? last + size : last;
  const result: number[] = [];
  for (let value = first; value <= end; value += by) result.push(value > field.max ? value - size : value);
  return result;
}

/** A number or name within the bounds of its field. */
function numberOf(text: string, { min, max, names = [] }: Field): number | undefined {
  const index = names.indexOf(text.toUpperCase());
  const value = index >= 0 ? index + 1 : /^\d{1,4}$/.test(text) ? Number(text) : NaN;
  return value >= min && value <= max ? value : undefined;
}

function dayOfMonth(text: string): DayTest | undefined {
  const fromLast = /^L(?:-(\d{1,2}))?$/.exec(text);
  if (fromLast) {
    const back = Number(fromLast[1] ?? 0);
    return back < DAYS.max ? ({ day, lastDay }) => day === lastDay - back : undefined;
  }
  if (text === "LW") return (today) => isNearestWeekday(today, today.lastDay);
  const nearest = /^(\d{1,2})W$/.exec(text);
  if (nearest) {
    const wanted = numberOf(nearest[1] ?? "", DAYS);
    return wanted === undefined ? undefined : (today) => isNearestWeekday(today, wanted);
  }
  const days = values(text, DAYS);
  return days && (({ day }) => days.has(day));
}

/** Whether this is the weekday nearest to a day of the same month: `1W` is never in the month before. */
function isNearestWeekday({ day, weekday, lastDay }: Day, wanted: number): boolean {
  if (wanted > lastDay) return false;
  const weekdayOfWanted = ((((weekday - 1 + wanted - day) % DAYS_OF_WEEK) + DAYS_OF_WEEK) % DAYS_OF_WEEK) + 1;
  if (weekdayOfWanted === SATURDAY) return day === (wanted === 1 ? wanted + 2 : wanted - 1);
  if (weekdayOfWanted === SUNDAY) return day === (wanted === lastDay ? wanted - 2 : wanted + 1);
  return day === wanted;
}

function dayOfWeek(text: string): DayTest | undefined {
  // Alone it is the last day of the week.
  if (text === "L") return ({ weekday }) => weekday === SATURDAY;
  const last = /^(\w+)L$/.exec(text);
  if (last) {
    const wanted = numberOf(last[1] ?? "", WEEKDAYS);
    if (wanted === undefined) return undefined;
    return ({ day, weekday, lastDay }) => weekday === wanted && day > lastDay - DAYS_OF_WEEK;
  }
  const nth = /^(\w+)#([1-5])$/.exec(text);
  if (nth) {
    const wanted = numberOf(nth[1] ?? "", WEEKDAYS);
    if (wanted === undefined) return undefined;
    return ({ day, weekday }) => weekday === wanted && Math.ceil(day / DAYS_OF_WEEK) === Number(nth[2]);
  }
  const weekdays = values(text, WEEKDAYS);
  return weekdays && (({ weekday }) => weekdays.has(weekday));
}

/**
 * The first minute after a moment that fits. Both are readings of a wall clock, as milliseconds of a UTC that shows the
 * same; undefined when there is none until 2199.
 */
export function nextReading(cron: Cron, afterMs: number): number | undefined {
  const after = new Date(afterMs);
  let at = new Date(
    Date.UTC(
      after.getUTCFullYear(),
      after.getUTCMonth(),
      after.getUTCDate(),
      after.getUTCHours(),
      after.getUTCMinutes() + 1,
    ),
  );
  while (at.getUTCFullYear() <= LAST_YEAR) {
    const [year, month, day] = [at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate()];
    const [hour, minute] = [at.getUTCHours(), at.getUTCMinutes()];
    if (!cron.years.has(year)) {
      at = new Date(Date.UTC(year + 1, 0));
      continue;
    }
    if (!cron.months.has(month + 1)) {
      at = new Date(Date.UTC(year, month + 1));
      continue;
    }
    const lastDay = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
    const nextHour = cron.hours.find((one) => one >= hour);
    if (nextHour === undefined || !cron.isDay({ day, weekday: at.getUTCDay() + 1, lastDay })) {
      at = new Date(Date.UTC(year, month, day + 1));
      continue;
    }
    const nextMinute = cron.minutes.find((one) => one >= (nextHour > hour ? 0 : minute));
    if (nextMinute !== undefined) return Date.UTC(year, month, day, nextHour, nextMinute);
    at = new Date(Date.UTC(year, month, day, nextHour + 1));
  }
  return undefined;
}
