import { nextFiring, parseSchedule, type ScheduleDialect } from "../../../src/shared/schedule/expression.js";
import { isTimeZone } from "../../../src/shared/schedule/time-zone.js";

/** The next firings after a moment, as `2026-03-01T09:00Z`. */
function firings(expression: string, after: string, count: number, timezone = "UTC"): string[] {
  const schedule = parseSchedule(expression, "scheduler");
  if (schedule === undefined) throw new Error(`${expression} is refused`);
  const result: string[] = [];
  const anchorMs = Date.parse(after);
  for (let at: number | undefined = anchorMs; result.length < count;) {
    at = nextFiring(schedule, at, { timezone, anchorMs });
    if (at === undefined) break;
    result.push(new Date(at).toISOString().replace(/:00\.000Z$/, "Z"));
  }
  return result;
}

const accepts = (expression: string, dialect: ScheduleDialect = "rule"): boolean =>
  parseSchedule(expression, dialect) !== undefined;

describe("cron", () => {
  it.each([
    ["cron(15 10 * * ? *)", ["2026-02-27T10:15Z", "2026-02-28T10:15Z"]],
    ["cron(*/20 9 * * ? *)", ["2026-02-27T09:00Z", "2026-02-27T09:20Z", "2026-02-27T09:40Z", "2026-02-28T09:00Z"]],
    ["cron(50/5 9 * * ? *)", ["2026-02-27T09:50Z", "2026-02-27T09:55Z", "2026-02-28T09:50Z"]],
    ["cron(0 22-1 * * ? *)", ["2026-02-27T01:00Z", "2026-02-27T22:00Z", "2026-02-27T23:00Z", "2026-02-28T00:00Z"]],
    ["cron(0 8 ? * MON-FRI *)", ["2026-02-27T08:00Z", "2026-03-02T08:00Z"]],
    ["cron(0 8 ? * 1,7 *)", ["2026-02-28T08:00Z", "2026-03-01T08:00Z"]],
    ["cron(0 8 ? * SAT-MON *)", ["2026-02-28T08:00Z", "2026-03-01T08:00Z", "2026-03-02T08:00Z", "2026-03-07T08:00Z"]],
    ["cron(0 0 L * ? *)", ["2026-02-28T00:00Z", "2026-03-31T00:00Z"]],
    ["cron(0 0 L-2 * ? *)", ["2026-03-29T00:00Z", "2026-04-28T00:00Z"]],
    ["cron(0 0 LW * ? *)", ["2026-03-31T00:00Z", "2026-04-30T00:00Z", "2026-05-29T00:00Z"]],
    ["cron(0 0 ? * 6L *)", ["2026-03-27T00:00Z", "2026-04-24T00:00Z"]],
    ["cron(0 0 ? * L *)", ["2026-02-28T00:00Z", "2026-03-07T00:00Z"]],
    ["cron(0 0 ? * 3#2 *)", ["2026-03-10T00:00Z", "2026-04-14T00:00Z"]],
    ["cron(0 0 ? * MON#5 *)", ["2026-03-30T00:00Z", "2026-06-29T00:00Z"]],
    // The 1st of March and the 31st of May are Sundays, the 1st of August a Saturday.
    ["cron(0 0 1W 3,8 ? *)", ["2026-03-02T00:00Z", "2026-08-03T00:00Z"]],
    ["cron(0 0 31W 5 ? *)", ["2026-05-29T00:00Z"]],
    ["cron(0 0 7W 3 ? *)", ["2026-03-06T00:00Z"]],
    ["cron(0 0 29 2 ? *)", ["2028-02-29T00:00Z", "2032-02-29T00:00Z"]],
    ["cron(30 6 1 JAN ? 2027-2028)", ["2027-01-01T06:30Z", "2028-01-01T06:30Z"]],
    ["cron(0 0 1 1 ? 2030/50)", ["2030-01-01T00:00Z", "2080-01-01T00:00Z"]],
  ])("fires %s when it says", (expression, expected) => {
    expect(firings(expression, "2026-02-27T00:00:00Z", expected.length)).toEqual(expected);
  });

  it("comes to an end when its years are over, and never fires on a day that there is not", () => {
    expect(firings("cron(0 0 1 1 ? 2027)", "2026-01-01T00:00:00Z", 5)).toEqual(["2027-01-01T00:00Z"]);
    expect(firings("cron(0 0 30 2 ? *)", "2026-01-01T00:00:00Z", 5)).toEqual([]);
  });

  it.each([
    "cron()",
    "cron(INVALID)",
    "cron(0 12 * * ?)",
    "cron(0 12 * * ? * *)",
    "cron(0 12 * * * *)",
    "cron(0 12 ? * ? *)",
    "cron(0 12 1 * MON *)",
    "cron(60 12 * * ? *)",
    "cron(0 24 * * ? *)",
    "cron(0 0 0 * ? *)",
    "cron(0 0 32 * ? *)",
    "cron(0 0 1 13 ? *)",
    "cron(0 0 ? * 0 *)",
    "cron(0 0 ? * 8 *)",
    "cron(0 0 ? * -1 *)",
    "cron(0 0 ? * 3#6 *)",
    "cron(0 0 ? * 3#2,4#2 *)",
    "cron(0 0 1,L * ? *)",
    "cron(0 0 1W,5 * ? *)",
    "cron(*/0 * * * ? *)",
    "cron(*/60 * * * ? *)",
    "cron(1-2-3 * * * ? *)",
    "cron(, * * * ? *)",
    "cron(0 0 1 1 ? 1969)",
    "cron(0 0 1 1 ? 2030-2027)",
    "cron(0 0 * * ? *) ",
    "CRON(0 0 * * ? *)",
  ])("refuses %s", (expression) => {
    expect(accepts(expression)).toBe(false);
    expect(accepts(expression, "scheduler")).toBe(false);
  });

  it.each(["cron(0-15/1 8-8 ? * 2,3,4,5,6,7 *)", "cron(1-31/30 1-1 ? * 1,7 *)", "cron(0/5, 9-18, ? * MON-FRI, *)"])(
    "takes %s as AWS does",
    (expression) => expect(accepts(expression)).toBe(true),
  );
});

describe("rate", () => {
  it("counts from its anchor, whenever it is asked", () => {
    const schedule = parseSchedule("rate(5 minutes)", "rule");
    const anchorMs = Date.parse("2026-01-01T10:02:30Z");
    const next = (after: string): string | undefined => {
      const at = schedule && nextFiring(schedule, Date.parse(after), { timezone: "UTC", anchorMs });
      return at === undefined ? undefined : new Date(at).toISOString();
    };
    expect(next("2026-01-01T09:00:00Z")).toBe("2026-01-01T10:02:30.000Z");
    expect(next("2026-01-01T10:02:30Z")).toBe("2026-01-01T10:07:30.000Z");
    expect(next("2026-01-09T23:58:00Z")).toBe("2026-01-10T00:02:30.000Z");
  });

  it("counts 24 hours for a day when clocks are changed", () => {
    expect(firings("rate(1 day)", "2026-03-28T11:00:00Z", 2, "Europe/Berlin")).toEqual([
      "2026-03-29T11:00Z",
      "2026-03-30T11:00Z",
    ]);
  });

  it("is written in the singular for one and in the plural for more in rules, either way in the Scheduler", () => {
    expect(["rate(1 minute)", "rate(2 hours)", "rate(30 days)"].map((one) => accepts(one))).toEqual([true, true, true]);
    expect(["rate(1 minutes)", "rate(2 hour)"].map((one) => accepts(one))).toEqual([false, false]);
    expect(["rate(1 minutes)", "rate(2 hour)"].map((one) => accepts(one, "scheduler"))).toEqual([true, true]);
  });

  it.each([
    "rate(30 seconds)",
    "rate(0 minutes)",
    "rate(-1 minutes)",
    "rate(1.5 hours)",
    "rate( 5 minutes )",
    "rate(5)",
  ])("refuses %s", (expression) => expect(accepts(expression, "scheduler")).toBe(false));
});

describe("at", () => {
  it("fires once, by the clock of its time zone", () => {
    expect(firings("at(2026-07-01T09:30:15)", "2026-01-01T00:00:00Z", 3, "America/New_York")).toEqual([
      "2026-07-01T13:30:15.000Z",
    ]);
    expect(firings("at(2025-07-01T09:30:15)", "2026-01-01T00:00:00Z", 3)).toEqual([]);
  });

  it("is there in the Scheduler alone, and names a day that there is", () => {
    expect(accepts("at(2026-07-01T09:30:15)", "scheduler")).toBe(true);
    expect(accepts("at(2026-07-01T09:30:15)", "rule")).toBe(false);
    expect(accepts("at(2026-02-30T09:30:15)", "scheduler")).toBe(false);
    expect(accepts("at(2026-07-01T09:30:15Z)", "scheduler")).toBe(false);
    expect(accepts("at(2026-07-01 09:30:15)", "scheduler")).toBe(false);
  });
});

describe("time zones", () => {
  it("leave out what falls on an hour that clocks are put forward over", () => {
    // Berlin goes from 02:00 to 03:00 on the 29th of March 2026.
    expect(firings("cron(30 2 * * ? *)", "2026-03-27T12:00:00Z", 3, "Europe/Berlin")).toEqual([
      "2026-03-28T01:30Z",
      "2026-03-30T00:30Z",
      "2026-03-31T00:30Z",
    ]);
  });

  it("fire once what falls on an hour that clocks show twice", () => {
    // New York goes from 02:00 back to 01:00 on the 1st of November 2026.
    expect(firings("cron(0/30 0-2 1 11 ? 2026)", "2026-10-31T00:00:00Z", 9, "America/New_York")).toEqual([
      "2026-11-01T04:00Z",
      "2026-11-01T04:30Z",
      "2026-11-01T05:00Z",
      "2026-11-01T05:30Z",
      "2026-11-01T07:00Z",
      "2026-11-01T07:30Z",
    ]);
  });

  it("fire on the other side of the world, where it is tomorrow", () => {
    expect(firings("cron(0 9 ? * MON *)", "2026-01-01T00:00:00Z", 1, "Pacific/Auckland")).toEqual([
      "2026-01-04T20:00Z",
    ]);
  });

  it("have names, not offsets", () => {
    expect(["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires"].map(isTimeZone)).toEqual([true, true, true]);
    expect(["", "+01:00", "Mars/Olympus", "CET+1"].map(isTimeZone)).toEqual([false, false, false, false]);
  });
});
