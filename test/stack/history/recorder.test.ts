/** What the history keeps of many invocations. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Application } from "../../../src/config/application.js";
import { recordLine } from "../../../src/cli/render/history.js";
import { coloursFor } from "../../../src/cli/render/colours.js";
import type { InvokeResult } from "../../../src/runtime/types.js";
import { Bus } from "../../../src/shared/bus.js";
import { VirtualClock } from "../../../src/shared/clock.js";
import { explain } from "../../../src/stack/history/explain.js";
import { readHistory } from "../../../src/stack/history/history-file.js";
import { HistoryRecorder } from "../../../src/stack/history/recorder.js";
import type { HistoryRecord, ObjectRecord } from "../../../src/stack/history/records.js";
import { FunctionHost } from "../../runtime/function-host.js";

const BURST = 5000;
const folder = mkdtempSync(join(tmpdir(), "lambda-run-history-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const fn = new FunctionHost().function("node", "counts.handler");
const payload = Buffer.from("{}");
const result: InvokeResult = {
  requestId: "id",
  executedVersion: "$LATEST",
  payload,
  logs: "",
  report: {
    requestId: "id",
    durationMs: 1,
    billedDurationMs: 1,
    memorySizeMb: 128,
    maxMemoryUsedMb: 64,
    status: "success",
  },
};

test("keeps a burst of successes and a thousand a second, every failure, and says how many it has left out", async () => {
  const clock = new VirtualClock();
  const bus = new Bus();
  const recorder = new HistoryRecorder(folder, bus, () => undefined, clock);
  const run = (id: string, outcome = result): void =>
    recorder.observer.ended(fn, id, { payload }, { result: { ...outcome, requestId: id } });

  for (let count = 0; count < BURST + 3; count += 1) run(`first-${count}`);
  run("failed", { ...result, functionError: "Unhandled" });
  await clock.advance(1000);
  for (let count = 0; count < 1001; count += 1) run(`second-${count}`);
  await recorder.close();

  const records = readHistory(folder);
  const kept = records.flatMap(({ kind, id }) => (kind === "invocation" ? [id] : []));
  expect(kept.filter((id) => id.startsWith("first-"))).toHaveLength(BURST);
  expect(kept).toContain("failed");
  expect(kept.filter((id) => id.startsWith("second-"))).toHaveLength(1000);
  const leftOut = records.filter((record) => record.kind === "left-out");
  expect(leftOut.map(({ count }) => count)).toEqual([3, 1]);
  const [first] = leftOut;
  expect(first === undefined ? "" : recordLine(first, coloursFor({ isTTY: false }), [])).toMatch(
    /3 more invocations succeeded within a second; their events are not kept$/,
  );
});

test("who asks what an event started is told that it may have been left out", () => {
  const bucket = { name: "b", logicalId: "B", notifications: [], eventBridge: true };
  const realm = { region: "us-east-1", accountId: "000000000000" };
  const application = { buckets: [bucket], rules: [], realm } as unknown as Application;
  const object: ObjectRecord = {
    kind: "object",
    id: "1",
    timeMs: 1000,
    name: "s3:ObjectCreated:Put",
    bucket: "b",
    key: "k",
    sequencer: "00",
  };
  const leftOut = (timeMs: number): HistoryRecord => ({ kind: "left-out", id: "2", timeMs, count: 9 });
  const rules = (...others: HistoryRecord[]): string[] =>
    explain(object, application, [object, ...others]).reasons.map(({ rule }) => rule);
  expect(rules()).toEqual(["B to EventBridge"]);
  expect(rules(leftOut(1500))).toEqual(["B to EventBridge", "the history"]);
  expect(rules(leftOut(500), leftOut(100_000))).toEqual(["B to EventBridge"]);
});
