/** The M-of-N rules, row by row. `0` is a point within the threshold, `X` one over it, `-` none; oldest first. */
import {
  evaluationRange,
  nextAlarmState,
  type AlarmPoint,
  type AlarmState,
  type TreatMissingData,
} from "../../src/observe/alarm-state.js";

const POINTS: Record<string, AlarmPoint> = { "0": "ok", X: "breaching", "-": "missing" };
const TREATMENTS: TreatMissingData[] = ["missing", "ignore", "breaching", "notBreaching"];
type Outcome = AlarmState | "keep";

const next = (range: string, m: number, treatMissingData: TreatMissingData, current: AlarmState, n = 3) =>
  nextAlarmState(
    { evaluationPeriods: n, datapointsToAlarm: m, treatMissingData },
    range.split(" ").map((point) => POINTS[point] ?? "missing"),
    current,
  );

const TABLE: readonly (readonly [range: string, m: number, ...outcomes: Outcome[]])[] = [
  ["0 - X - X", 3, "OK", "OK", "OK", "OK"],
  ["0 - - - -", 3, "OK", "OK", "OK", "OK"],
  ["- - - - -", 3, "INSUFFICIENT_DATA", "keep", "ALARM", "OK"],
  ["0 X X - X", 3, "ALARM", "ALARM", "ALARM", "ALARM"],
  ["- - X - -", 3, "ALARM", "keep", "ALARM", "OK"],
  ["0 - X - X", 2, "ALARM", "ALARM", "ALARM", "ALARM"],
  ["0 - X - -", 2, "OK", "OK", "ALARM", "OK"],
  ["- - - - 0", 2, "OK", "OK", "ALARM", "OK"],
  ["- - - X -", 2, "ALARM", "keep", "ALARM", "OK"],
  ["X X X 0 0", 2, "OK", "OK", "OK", "OK"],
  ["0 0 X 0 X", 2, "ALARM", "ALARM", "ALARM", "ALARM"],
];

describe("the state of an alarm with N = 3", () => {
  const rows = TABLE.flatMap(([range, m, ...outcomes]) =>
    outcomes.map((outcome, index) => [range, m, TREATMENTS[index] ?? "missing", outcome] as const),
  );
  test.each(rows)("%s with M = %i and missing points treated as %s: %s", (range, m, treatment, outcome) => {
    for (const current of ["OK", "ALARM", "INSUFFICIENT_DATA"] as const) {
      expect(next(range, m, treatment, current)).toBe(outcome === "keep" ? current : outcome);
    }
  });

  test("a single fresh breaching point does not alarm before it is M periods old", () => {
    expect(next("- - - - X", 2, "missing", "OK")).toBe("OK");
    expect(next("- - - X -", 2, "missing", "OK")).toBe("ALARM");
  });

  test("the evaluation looks back further than N", () => {
    expect(evaluationRange(3)).toBe(5);
  });
});
