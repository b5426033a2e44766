/**
 * The state of a CloudWatch alarm, from the points in its evaluation range: M of N, with the rules for missing points.
 * Pure. https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
 */

export type AlarmState = "OK" | "ALARM" | "INSUFFICIENT_DATA";
export type TreatMissingData = "missing" | "ignore" | "breaching" | "notBreaching";

/** A point of one period: over the threshold, not over it, or not there. */
export type AlarmPoint = "breaching" | "ok" | "missing";

export interface AlarmRule {
  /** N. */
  readonly evaluationPeriods: number;
  /** M. */
  readonly datapointsToAlarm: number;
  readonly treatMissingData: TreatMissingData;
}

/**
 * How many periods an evaluation looks back. AWS takes "more than N" without a formula; its example for N = 3 has five.
 */
export function evaluationRange(evaluationPeriods: number): number {
  return evaluationPeriods + 2;
}

/** `range` is oldest first and may be longer than N; `current` is kept where the rules say so. */
export function nextAlarmState(rule: AlarmRule, range: readonly AlarmPoint[], current: AlarmState): AlarmState {
  const { evaluationPeriods, datapointsToAlarm, treatMissingData } = rule;
  const real = range.filter((point) => point !== "missing");
  // Enough real points: the newest N decide, and missing ones do not matter.
  const used = real.slice(-evaluationPeriods);
  const breaching = used.filter((point) => point === "breaching").length;
  if (breaching >= datapointsToAlarm) return "ALARM";
  const gaps = evaluationPeriods - used.length;
  if (gaps === 0) return "OK";

  switch (treatMissingData) {
    case "breaching":
      return breaching + gaps >= datapointsToAlarm ? "ALARM" : "OK";
    case "notBreaching":
      return "OK";
    case "ignore":
      return breaching < used.length ? "OK" : current;
    case "missing":
      if (used.length === 0) return "INSUFFICIENT_DATA";
      if (breaching < used.length) return "OK";
      // Only breaching points, fewer than M: an alarm once the oldest of them is M periods old, until then no change.
      return range.length - range.indexOf("breaching") >= datapointsToAlarm ? "ALARM" : current;
  }
}
