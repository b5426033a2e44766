/** Metrics inside log lines. */
import { parseEmf } from "../../src/observe/emf.js";

const emf = (directive: object, members: object, timestamp: unknown = 1_700_000_000_000) =>
  JSON.stringify({ _aws: { Timestamp: timestamp, CloudWatchMetrics: [directive] }, ...members });

describe("embedded metric format", () => {
  test("one value becomes one metric with its dimensions, unit and time", () => {
    const line = emf(
      {
        Namespace: "App",
        Dimensions: [["Environment"]],
        Metrics: [{ Name: "Latency", Unit: "Milliseconds", StorageResolution: 1 }],
      },
      { Environment: "dev", Latency: 12.5 },
    );
    expect(parseEmf(line)).toEqual([
      {
        namespace: "App",
        name: "Latency",
        dimensions: { Environment: "dev" },
        values: [12.5],
        unit: "Milliseconds",
        storageResolution: 1,
        timestampMs: 1_700_000_000_000,
      },
    ]);
  });

  test("the text that Lambda puts before a message does no harm", () => {
    const line = emf({ Namespace: "App", Dimensions: [[]], Metrics: [{ Name: "Hits" }] }, { Hits: 1 });
    expect(parseEmf(`2026-01-01T00:00:00.000Z\t8f5e7a3c-0000-4000-8000-000000000000\tINFO\t${line}\n`)).toMatchObject([
      { name: "Hits", dimensions: {}, unit: "None", storageResolution: 60 },
    ]);
  });

  test("each dimension set is a series of its own", () => {
    const line = emf(
      { Namespace: "App", Dimensions: [["A"], ["A", "B"]], Metrics: [{ Name: "N" }] },
      { A: "1", B: "2", N: [1, 2] },
    );
    expect(parseEmf(line).map(({ dimensions, values }) => ({ dimensions, values }))).toEqual([
      { dimensions: { A: "1" }, values: [1, 2] },
      { dimensions: { A: "1", B: "2" }, values: [1, 2] },
    ]);
  });

  test.each([
    ["a line that is no JSON", '{"_aws": broken'],
    ["a line without metadata", '{"message":"hello"}'],
    ["a missing timestamp", emf({ Namespace: "App", Dimensions: [[]], Metrics: [{ Name: "N" }] }, { N: 1 }, "soon")],
    ["an empty namespace", emf({ Namespace: "", Dimensions: [[]], Metrics: [{ Name: "N" }] }, { N: 1 })],
    [
      "a metric that is not a root member",
      emf({ Namespace: "App", Dimensions: [[]], Metrics: [{ Name: "N" }] }, { deep: { N: 1 } }),
    ],
    [
      "a metric named like an inherited member",
      emf({ Namespace: "App", Dimensions: [[]], Metrics: [{ Name: "toString" }] }, {}),
    ],
    ["a value that is text", emf({ Namespace: "App", Dimensions: [[]], Metrics: [{ Name: "N" }] }, { N: "1" })],
    [
      "a dimension that is not there",
      emf({ Namespace: "App", Dimensions: [["A"]], Metrics: [{ Name: "N" }] }, { N: 1 }),
    ],
    [
      "101 values",
      emf(
        { Namespace: "App", Dimensions: [[]], Metrics: [{ Name: "N" }] },
        { N: Array.from({ length: 101 }, () => 1) },
      ),
    ],
    [
      "101 metrics in one directive",
      emf(
        { Namespace: "App", Dimensions: [[]], Metrics: Array.from({ length: 101 }, () => ({ Name: "N" })) },
        { N: 1 },
      ),
    ],
  ])("%s yields nothing", (_what, line) => {
    expect(parseEmf(line)).toEqual([]);
  });
});
