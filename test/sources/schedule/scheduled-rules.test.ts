/** Rules with a schedule, by a virtual clock; which rules there are and what they do is EventBridge's. */
import type { ScheduledRule } from "../../../src/services/events/admin.js";
import { StateStore } from "../../../src/services/kit/state-store.js";
import { Bus } from "../../../src/shared/bus.js";
import { VirtualClock } from "../../../src/shared/clock.js";
import { silentLogger } from "../../../src/shared/logger.js";
import { ScheduledRules } from "../../../src/sources/schedule/scheduled-rules.js";

const MINUTE = 60_000;

describe("scheduled rules", () => {
  let store: StateStore;
  let clock: VirtualClock;
  let bus: Bus;
  let running: ScheduledRules;
  let rules: ScheduledRule[];
  let fired: string[];

  const begin = (): void => {
    running = new ScheduledRules({
      events: {
        scheduledRules: () => rules,
        fire: ({ name }, timeMs) => fired.push(`${name} ${new Date(timeMs).toISOString().slice(11, 19)}`) > 0,
      },
      store,
      bus,
      clock,
      log: silentLogger,
    });
  };
  const put = async (name: string, scheduleExpression: string | undefined): Promise<void> => {
    rules = rules.filter((rule) => rule.name !== name);
    if (scheduleExpression !== undefined)
      rules.push({
        busName: "default",
        name,
        arn: `arn:aws:events:us-east-1:000000000000:rule/${name}`,
        scheduleExpression,
      });
    bus.emit("ScheduledRuleChanged", { busName: "default", ruleName: name });
    await running.idle();
  };

  beforeEach(() => {
    store = StateStore.ephemeral();
    clock = new VirtualClock(Date.parse("2026-03-01T10:00:20Z"));
    bus = new Bus();
    rules = [];
    fired = [];
    begin();
  });
  afterEach(async () => {
    await running.close();
    await store.close();
  });

  it("fire at the minutes of their cron expression, in UTC, and at their rate from when they were put", async () => {
    await put("cron", "cron(0/2 * * * ? *)");
    await put("rate", "rate(3 minutes)");
    await clock.advance(6 * MINUTE);
    expect(fired).toEqual(["cron 10:02:00", "rate 10:03:20", "cron 10:04:00", "cron 10:06:00", "rate 10:06:20"]);
  });

  it("keep their count when another rule changes, and begin anew when theirs does", async () => {
    await put("a", "rate(2 minutes)");
    await clock.advance(MINUTE);
    await put("b", "rate(1 hour)");
    await clock.advance(MINUTE);
    expect(fired).toEqual(["a 10:02:20"]);
    await put("a", "rate(4 minutes)");
    await clock.advance(4 * MINUTE);
    expect(fired).toEqual(["a 10:02:20", "a 10:06:20"]);
  });

  it("do not fire once they are disabled or gone", async () => {
    await put("a", "rate(1 minute)");
    await put("a", undefined);
    await clock.advance(5 * MINUTE);
    expect(fired).toEqual([]);
  });

  it("make nothing up for the time when nothing ran, and keep the count of their rate", async () => {
    await put("rate", "rate(1 hour)");
    await put("cron", "cron(30 * * * ? *)");
    await running.close();
    await clock.advance(90 * MINUTE);
    begin();
    await running.idle();
    await clock.advance(45 * MINUTE);
    expect(fired).toEqual(["rate 12:00:20"]);
    await clock.advance(30 * MINUTE);
    expect(fired).toEqual(["rate 12:00:20", "cron 12:30:00"]);
  });
});
