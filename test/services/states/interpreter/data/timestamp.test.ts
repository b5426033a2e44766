/** Timestamps of Wait and Choice states. */
import { parseTimestamp } from "../../../../../src/services/states/interpreter/data/timestamp.js";

describe("a timestamp", () => {
  it.each([
    ["2024-05-06T07:08:09Z", Date.UTC(2024, 4, 6, 7, 8, 9)],
    ["2024-05-06T07:08:09.25+01:30", Date.UTC(2024, 4, 6, 5, 38, 9, 250)],
    ["2024-05-06T07:08:09-11:00", Date.UTC(2024, 4, 6, 18, 8, 9)],
    ["2024-05-06T07:08Z", Date.UTC(2024, 4, 6, 7, 8)],
  ])("is read: %s", (text, time) => {
    expect(parseTimestamp(text)).toBe(time);
  });

  it("keeps what is below a millisecond", () => {
    const whole = parseTimestamp("2024-05-06T07:08:09.000Z") ?? 0;
    expect(parseTimestamp("2024-05-06T07:08:09.0005Z")).toBe(whole + 0.5);
  });

  it.each([
    "2024-05-06",
    "2024-05-06T07:08:09",
    "2024-05-06 07:08:09Z",
    "2024-05-06t07:08:09z",
    "2024-13-06T07:08:09Z",
    "2023-02-29T07:08:09Z",
    "2024-05-06T25:08:09Z",
    "2024-05-06T07:60:09Z",
    "2024-05-06T07:08:09+0100",
    "soon",
  ])("is not: %s", (text) => {
    expect(parseTimestamp(text)).toBeUndefined();
  });
});
