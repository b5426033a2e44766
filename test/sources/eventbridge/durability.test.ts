/** What PutEvents has acknowledged is delivered, though the process is killed in the middle of its work. */
import { join } from "node:path";
import { StateStore } from "../../../src/services/kit/state-store.js";
import { Bus } from "../../../src/shared/bus.js";
import { realClock } from "../../../src/shared/clock.js";
import { silentLogger } from "../../../src/shared/logger.js";
import { killableProgram } from "../../killed-program.js";
import { RuleDeliveries } from "../../../src/sources/eventbridge/deliveries.js";

const QUEUE = "arn:aws:sqs:us-east-1:000000000000:q";
const ACKNOWLEDGED = 50;
const source = (path: string): string => JSON.stringify(join(process.cwd(), "src", path));

/** Puts events one after the other and tells their ids; the queue takes every other one and never answers for the rest. */
const PROGRAM = `
import { createEventsService } from ${source("services/events/index.ts")};
import { StateStore } from ${source("services/kit/state-store.ts")};
import { Bus } from ${source("shared/bus.ts")};
import { realClock } from ${source("shared/clock.ts")};
import { silentLogger } from ${source("shared/logger.ts")};
import { RuleDeliveries } from ${source("sources/eventbridge/deliveries.ts")};
const store = StateStore.open({ folder: process.argv[2] });
const bus = new Bus();
const realm = { region: "us-east-1", accountId: "000000000000" };
const service = createEventsService({ store, bus, realm, clock: realClock, log: silentLogger });
let taken = 0;
const sendMessage = async (_, { body }) => {
  if (++taken % 2 === 0) return new Promise(() => {});
  process.send({ delivered: JSON.parse(body).id });
};
new RuleDeliveries({ queues: async () => ({ sendMessage }), store, bus, clock: realClock, log: silentLogger });
const rule = { name: "r", eventPattern: '{"source":["s"]}', targets: [{ Id: "t", Arn: ${JSON.stringify(QUEUE)} }] };
(async () => {
  await service.declare({ buses: [], rules: [rule] });
  for (;;) {
    const { Entries } = await service.putEvents([{ Source: "s", DetailType: "d", Detail: "{}" }]);
    process.send({ acknowledged: Entries[0].EventId });
    await new Promise((resolve) => setImmediate(resolve));
  }
})();
`;

const program = killableProgram("events-kill", PROGRAM);
afterAll(() => program.remove());

test("a process that is killed loses no event that it has acknowledged", async () => {
  const state = join(program.folder, "state");
  const acknowledged = new Set<string>();
  const delivered = new Set<string>();
  const { child, exited } = program.start([state]);
  await new Promise<void>((resolve) => {
    child.on("message", (message: { acknowledged?: string; delivered?: string }) => {
      if (message.delivered !== undefined) delivered.add(message.delivered);
      if (message.acknowledged !== undefined) acknowledged.add(message.acknowledged);
      if (acknowledged.size === ACKNOWLEDGED) resolve();
    });
    child.once("exit", () => resolve());
  });
  child.kill("SIGKILL");
  await exited;
  const before = delivered.size;

  const store = StateStore.open({ folder: state });
  const unused = (): Promise<never> => Promise.reject(new Error("not part of this test"));
  const deliveries = new RuleDeliveries({
    store,
    bus: new Bus(),
    clock: realClock,
    log: silentLogger,
    queues: () =>
      Promise.resolve({
        sendMessage: (_arn, { body }) =>
          Promise.resolve(delivered.add((JSON.parse(body) as { readonly id: string }).id)),
      }),
    invoker: { enqueue: unused },
    knowsFunction: () => false,
    publish: unused,
    startExecution: unused,
    putEvent: unused,
    putRecord: unused,
    writeLog: unused,
    destinations: { clock: realClock, find: unused, access: unused, refused: unused, call: unused, localUrl: String },
  });
  await deliveries.idle();
  await deliveries.close();
  await store.close();
  expect(acknowledged.size).toBeGreaterThanOrEqual(ACKNOWLEDGED);
  expect(before).toBeGreaterThan(0);
  expect([...acknowledged].filter((id) => !delivered.has(id))).toEqual([]);
});
