/** Deliveries of FIFO topics to queues on a server that is away for a moment. */
import { StateStore } from "../../../src/services/kit/state-store.js";
import { Bus, type TopicDelivery } from "../../../src/shared/bus.js";
import { VirtualClock } from "../../../src/shared/clock.js";
import { silentLogger } from "../../../src/shared/logger.js";
import { SnsDeliveries } from "../../../src/sources/sns/deliveries.js";

const ACCOUNT = "us-east-1:000000000000";

function delivery(subscription: string, groupId: string, body: string): TopicDelivery {
  const topicArn = `arn:aws:sns:${ACCOUNT}:orders.fifo`;
  return {
    topicArn,
    subscriptionArn: `${topicArn}:${subscription}`,
    protocol: "sqs",
    endpoint: `arn:aws:sqs:${ACCOUNT}:${subscription}.fifo`,
    rawMessageDelivery: true,
    deadLetterTargetArn: undefined,
    message: { type: "Notification", messageId: body, body, attributes: {}, timeMs: 0, groupId, deduplicationId: body },
  };
}

test("a message of a FIFO topic is not overtaken by a later one of its group, and holds up no other", async () => {
  const store = StateStore.ephemeral();
  const clock = new VirtualClock();
  const bus = new Bus();
  const sent: string[] = [];
  let isAway = true;
  const deliveries = new SnsDeliveries({
    store,
    bus,
    clock,
    log: silentLogger,
    realm: { region: "us-east-1", accountId: "000000000000" },
    queues: () =>
      Promise.resolve({
        sendMessage: (queueArn, { body }) => {
          if (isAway && body === "red 1") return Promise.reject(new Error("connect ECONNREFUSED"));
          sent.push(`${queueArn.split(":").at(-1)} ${body}`);
          return Promise.resolve();
        },
      }),
    invoker: { enqueue: () => Promise.reject(new Error("nothing is invoked here")) },
    knowsFunction: () => false,
    mail: () => Promise.resolve(),
    endpoint: () => "http://127.0.0.1:4566",
  });
  await store.write(() => {
    for (const [subscription, group, n] of [
      ["a", "red", 1],
      ["a", "red", 2],
      ["a", "blue", 1],
      ["a", "red", 3],
      ["b", "red", 2],
    ] as const)
      bus.emit("NotificationDue", delivery(subscription, group, `${group} ${n}`));
  });
  await deliveries.idle();
  expect(sent.toSorted()).toEqual(["a.fifo blue 1", "b.fifo red 2"]);
  isAway = false;
  await clock.advance(1000);
  await deliveries.idle();
  expect(sent.slice(2)).toEqual(["a.fifo red 1", "a.fifo red 2", "a.fifo red 3"]);
  await deliveries.close();
  await store.close();
});
