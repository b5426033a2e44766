/** Deliveries of rules: kept with the event, tried again by the clock, given up by their policy. */
import { AwsError } from "../../../src/services/kit/aws-error.js";
import { StateStore } from "../../../src/services/kit/state-store.js";
import { Bus, type RuleMatch } from "../../../src/shared/bus.js";
import { VirtualClock } from "../../../src/shared/clock.js";
import { silentLogger } from "../../../src/shared/logger.js";
import { RuleDeliveries } from "../../../src/sources/eventbridge/deliveries.js";
import type { TargetServices } from "../../../src/sources/eventbridge/targets.js";
import type { OutgoingMessage } from "../../../src/sources/sqs/queue-sender.js";

const QUEUE = "arn:aws:sqs:us-east-1:000000000000:";
const DAY_MS = 86_400_000;

let store: StateStore;
let clock: VirtualClock;
let bus: Bus;
let sent: (OutgoingMessage & { readonly queueArn: string })[];
let fault: Error | undefined;
let tries: number;
let deliveries: RuleDeliveries;

const unused = (): Promise<never> => Promise.reject(new Error("not part of this test"));
const services: TargetServices = {
  queues: () =>
    Promise.resolve({
      sendMessage: (queueArn, message) => {
        if (queueArn === `${QUEUE}dead`) return Promise.resolve(sent.push({ queueArn, ...message }));
        tries += 1;
        return fault === undefined ? Promise.resolve(sent.push({ queueArn, ...message })) : Promise.reject(fault);
      },
    }),
  invoker: { enqueue: unused },
  knowsFunction: () => false,
  publish: unused,
  startExecution: unused,
  putEvent: unused,
  putRecord: unused,
  writeLog: unused,
  destinations: {
    clock: new VirtualClock(),
    find: unused,
    access: unused,
    refused: unused,
    call: unused,
    localUrl: String,
  },
};
const begin = (): RuleDeliveries => new RuleDeliveries({ ...services, store, bus, clock, log: silentLogger });
const matched = (target: object = {}): Promise<void> =>
  store.write(() => {
    const match: RuleMatch = {
      ruleArn: "arn:aws:events:us-east-1:000000000000:rule/r",
      ruleName: "r",
      busName: "default",
      target: { Id: "t", Arn: `${QUEUE}q`, DeadLetterConfig: { Arn: `${QUEUE}dead` }, ...target },
      event: "{}",
      eventId: "i",
      ingestionTimeMs: clock.now(),
      forwarded: false,
    };
    bus.emit("RuleMatched", match);
  });
const condition = (): unknown => sent[0]?.attributes?.["EXHAUSTED_RETRY_CONDITION"]?.stringValue;
const retries = (): unknown => sent[0]?.attributes?.["RETRY_ATTEMPTS"]?.stringValue;
const advance = async (ms: number): Promise<void> => {
  const endMs = clock.now() + ms;
  for (let next = clock.nextTimerAtMs(); next !== undefined && next <= endMs; next = clock.nextTimerAtMs()) {
    await clock.advance(Math.max(0, next - clock.now()));
    await deliveries.idle();
  }
  await clock.advance(endMs - clock.now());
};

beforeEach(() => {
  store = StateStore.ephemeral();
  clock = new VirtualClock();
  bus = new Bus();
  sent = [];
  tries = 0;
  fault = undefined;
  deliveries = begin();
});
afterEach(async () => {
  await deliveries.close();
  await store.close();
});

test("a fault of the target is tried again, later each time, until it is through", async () => {
  fault = new Error("connection refused");
  await matched();
  await deliveries.idle();
  expect(tries).toBe(1);
  await advance(999);
  expect(tries).toBe(1);
  await advance(1);
  expect(tries).toBe(2);
  fault = undefined;
  await advance(2000);
  expect([tries, sent.map(({ queueArn }) => queueArn)]).toEqual([3, [`${QUEUE}q`]]);
  await advance(DAY_MS);
  expect(tries).toBe(3);
});

test("a throttle is tried again, too", async () => {
  fault = new AwsError("ThrottlingException", "slow down");
  await matched();
  await deliveries.idle();
  fault = undefined;
  await advance(1000);
  expect(sent.map(({ queueArn }) => queueArn)).toEqual([`${QUEUE}q`]);
});

test("the number of retries of the policy is the end", async () => {
  fault = new Error("connection refused");
  await matched({ RetryPolicy: { MaximumRetryAttempts: 2 } });
  await deliveries.idle();
  await advance(10_000);
  expect([tries, condition(), retries()]).toEqual([3, "MaximumRetryAttempts", "2"]);
});

test("the age of the policy is the end", async () => {
  fault = new Error("connection refused");
  await matched({ RetryPolicy: { MaximumEventAgeInSeconds: 60 } });
  await deliveries.idle();
  await advance(120_000);
  expect([condition(), Number(retries()) > 2]).toEqual(["MaximumEventAgeInSeconds", true]);
});

test("without a policy it is a day or 185 retries", async () => {
  fault = new Error("connection refused");
  await matched();
  await deliveries.idle();
  await advance(DAY_MS + 1);
  expect(["MaximumEventAgeInSeconds", "MaximumRetryAttempts"]).toContain(condition());
  expect(tries).toBeGreaterThan(100);
});

test("what was kept and not delivered when the process ended is delivered by the next one", async () => {
  await matched();
  // Killed before the delivery had its turn.
  await deliveries.close();
  expect(sent).toEqual([]);
  deliveries = begin();
  await deliveries.idle();
  expect(sent.map(({ queueArn }) => queueArn)).toEqual([`${QUEUE}q`]);
});

test("what was put in a transaction that failed is not delivered", async () => {
  await expect(
    store.write(() => {
      void matched();
      throw new Error("the call failed");
    }),
  ).rejects.toThrow("the call failed");
  await deliveries.idle();
  expect(sent).toEqual([]);
});
