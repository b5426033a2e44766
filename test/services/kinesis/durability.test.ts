/** What PutRecord has acknowledged is there, though the process is killed in the middle of its work. */
import { join } from "node:path";
import { createKinesisService } from "../../../src/services/kinesis/index.js";
import { createCredentials } from "../../../src/services/kit/credentials.js";
import { StateStore } from "../../../src/services/kit/state-store.js";
import { Bus } from "../../../src/shared/bus.js";
import { realClock } from "../../../src/shared/clock.js";
import { silentLogger } from "../../../src/shared/logger.js";
import { killableProgram } from "../../killed-program.js";

const ACKNOWLEDGED = 200;
const source = (path: string): string => JSON.stringify(join(process.cwd(), "src", path));

/** Puts records one after the other and tells what was acknowledged. */
const PROGRAM = `
import { createKinesisService } from ${source("services/kinesis/index.ts")};
import { StateStore } from ${source("services/kit/state-store.ts")};
import { Bus } from ${source("shared/bus.ts")};
import { realClock } from ${source("shared/clock.ts")};
import { silentLogger } from ${source("shared/logger.ts")};
const store = StateStore.open({ folder: process.argv[2] });
const realm = { region: "us-east-1", accountId: "000000000000" };
const service = createKinesisService({ store, bus: new Bus(), realm, clock: realClock, log: silentLogger });
(async () => {
  await service.ensureStream({ name: "s", mode: "PROVISIONED", shardCount: 1, tags: {} });
  for (let n = 0; ; n++) {
    await service.putRecord("arn:aws:kinesis:us-east-1:000000000000:stream/s", { partitionKey: "k", data: Buffer.from(String(n)) });
    process.send(n);
    await new Promise((resolve) => setImmediate(resolve));
  }
})();
`;

const program = killableProgram("kinesis-kill", PROGRAM);
afterAll(() => program.remove());

test("a process that is killed loses no record that it has acknowledged, and numbers go on behind them", async () => {
  const folder = join(program.folder, "state");
  let acknowledged = -1;
  const { child, exited } = program.start([folder]);
  await new Promise<void>((resolve) => {
    child.on("message", (n: number) => {
      acknowledged = n;
      if (n >= ACKNOWLEDGED) resolve();
    });
    child.once("exit", () => resolve());
  });
  child.kill("SIGKILL");
  await exited;
  expect(acknowledged).toBeGreaterThanOrEqual(ACKNOWLEDGED);
  const store = StateStore.open({ folder });
  const realm = { region: "us-east-1", accountId: "000000000000" };
  const credentials = createCredentials({ realm, clock: realClock, secret: () => store.secret });
  const context = { store, bus: new Bus(), realm, clock: realClock, log: silentLogger, credentials };
  const service = createKinesisService({ ...context, endpoint: () => "" });
  const arn = "arn:aws:kinesis:us-east-1:000000000000:stream/s";
  await service.putRecord(arn, { partitionKey: "k", data: Buffer.from("later") });
  const records = service.recordsBehind(arn, "shardId-000000000000", undefined, 10_000);
  const texts = records.map(({ data }) => data.toString());
  expect(texts.length).toBeGreaterThan(acknowledged + 1);
  expect(texts).toEqual([...texts.slice(0, -1).map((_, n) => String(n)), "later"]);
  const numbers = records.map(({ sequenceNumber }) => sequenceNumber);
  expect([...numbers].sort()).toEqual(numbers);
  expect(new Set(numbers).size).toBe(numbers.length);
  await service.close();
  await store.close();
});
