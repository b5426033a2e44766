/** The queue of asynchronous events by itself, with real functions on a virtual clock: what is given up for its age. */
import type { FunctionConfig } from "../../../src/config/function-config.js";
import { StateStore } from "../../../src/services/kit/state-store.js";
import { VirtualClock } from "../../../src/shared/clock.js";
import { silentLogger } from "../../../src/shared/logger.js";
import { DurableInvoker, type AsyncOutcome } from "../../../src/sources/async/durable-invoker.js";
import { FunctionHost } from "../../runtime/function-host.js";
import { until } from "../../until.js";

const AGE_SECONDS = 90;

let functions: FunctionHost;
let store: StateStore;
let clock: VirtualClock;
let outcomes: AsyncOutcome[];
beforeEach(() => {
  functions = new FunctionHost();
  store = StateStore.ephemeral();
  clock = new VirtualClock();
  outcomes = [];
});
afterEach(async () => {
  await functions.close();
  await store.close();
});

const invokerOf = (config: FunctionConfig): DurableInvoker =>
  new DurableInvoker({
    store,
    clock,
    host: functions.host,
    log: silentLogger,
    realm: { region: "us-east-1", accountId: "000000000000" },
    functions: {
      resolve: () => config,
      asyncSettings: () => ({
        maximumRetryAttempts: 2,
        maximumEventAgeSeconds: AGE_SECONDS,
        onSuccessArn: undefined,
        onFailureArn: undefined,
        deadLetterTargetArn: undefined,
      }),
      endsRecursion: () => true,
    },
    onOutcome: async (outcome) => void outcomes.push(outcome),
  });

test("an event that is throttled until it is too old is given up unrun", async () => {
  const config = functions.function("node", "sleeps.handler", { reservedConcurrency: 1, timeoutSeconds: 60 });
  const invoker = invokerOf(config);
  const busy = functions.invoke(config, { ms: 60_000 });
  await until(() => functions.lines(config).some((line) => line.includes("sleeping")));
  await invoker.enqueue(config.name, Buffer.from("{}"));
  for (const waitSeconds of [1, 2, 4, 8, 16, 32]) {
    await invoker.idle();
    expect([outcomes, invoker.size]).toEqual([[], 1]);
    await clock.advance(waitSeconds * 1000);
  }
  await invoker.idle();
  // After 63 seconds: 64 more would be too late.
  expect(outcomes).toMatchObject([{ condition: "EventAgeExceeded", invokeCount: 0 }]);
  expect(invoker.size).toBe(0);
  await invoker.close();
  await functions.close();
  await busy;
});

test.each([
  ["a moment before its age runs again", AGE_SECONDS * 1000 - 1, 2],
  ["at its age does not run again", AGE_SECONDS * 1000, 1],
])("an event that the next process finds %s", async (_when, laterMs, invokeCount) => {
  const config = functions.function("node", "throws-error.handler");
  const first = invokerOf(config);
  await first.enqueue(config.name, Buffer.from("{}"));
  await first.idle();
  await first.close();
  await clock.advance(laterMs);
  const second = invokerOf(config);
  await second.idle();
  expect(outcomes).toMatchObject([{ condition: "EventAgeExceeded", invokeCount }]);
  expect(functions.lines(config).filter((line) => line.startsWith("REPORT"))).toHaveLength(invokeCount);
  await second.close();
});
