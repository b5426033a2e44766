/** Dead letters of durable executions that cannot be sent at once. */
import type { FunctionConfig } from "../../src/config/function-config.js";
import { StateStore } from "../../src/services/kit/state-store.js";
import type { DurableContext } from "../../src/services/lambda/durable/context.js";
import { DurableExecutions } from "../../src/services/lambda/durable/executions.js";
import { VirtualClock } from "../../src/shared/clock.js";
import { silentLogger } from "../../src/shared/logger.js";
import { FunctionHost, REALM } from "../runtime/function-host.js";

const host = new FunctionHost();
const clock = new VirtualClock();
const store = StateStore.ephemeral();
afterAll(async () => {
  await host.close();
  await store.close();
});

const config: FunctionConfig = host.function("node", "counts.handler", {
  durable: { executionTimeoutSeconds: 60, retentionDays: 1 },
  deadLetterTargetArn: "arn:aws:sqs:eu-west-1:123456789012:letters",
});

/** The function is not there any more, so that each execution fails; `send` is how its letter goes. */
function executionsWith(send: () => Promise<void>): DurableExecutions {
  return new DurableExecutions({
    clock,
    realm: REALM,
    host: host.host,
    log: silentLogger,
    store: () => store,
    directory: { version: () => undefined } as unknown as DurableContext["directory"],
    surroundings: {
      putEvent: () => Promise.resolve(),
      sendLetter: send,
      ended: () => undefined,
      suspended: () => undefined,
    },
  });
}

const failed = async (executions: DurableExecutions) => {
  const row = await executions.ended(await executions.start(config, { input: "{}", isAsync: true }));
  expect(row.status).toBe("FAILED");
  // A turn of the event loop, in which the letter goes out.
  await clock.advance(0);
  return row;
};

test("a letter that could not be sent is sent a minute later", async () => {
  let sent = 0;
  const executions = executionsWith(async () => {
    sent += 1;
    if (sent === 1) throw new Error("nobody is there");
  });
  const { id } = await failed(executions);
  await clock.advance(59_000);
  expect([sent, executions.row(id)?.owesLetter]).toEqual([1, true]);
  await clock.advance(1000);
  expect([sent, executions.row(id)?.owesLetter]).toEqual([2, false]);
});

test("after a reset it is not, and its execution does not come back", async () => {
  let sent = 0;
  const executions = executionsWith(async () => {
    sent += 1;
    throw new Error("nobody is there");
  });
  await failed(executions);
  await executions.reset();
  await clock.advance(120_000);
  expect(sent).toBe(1);
});

test("one that is on its way during a reset leaves no execution behind", async () => {
  let arrived: () => void = () => undefined;
  const executions = executionsWith(() => new Promise((resolve) => (arrived = resolve)));
  const { id } = await failed(executions);
  await executions.reset();
  arrived();
  await clock.advance(0);
  expect(executions.row(id)).toBeUndefined();
});
