/** A pipe that is changed while a batch of it is on its way. */
import { once } from "node:events";
import { AwsError } from "../../../src/services/kit/aws-error.js";
import { StateStore } from "../../../src/services/kit/state-store.js";
import type { KnownPipe } from "../../../src/services/pipes/index.js";
import { VirtualClock } from "../../../src/shared/clock.js";
import { silentLogger } from "../../../src/shared/logger.js";
import { Pipes } from "../../../src/sources/pipes/pipes.js";
import type { PipeServices } from "../../../src/sources/pipes/services.js";
import { until } from "../../until.js";
import type { QueueClient, QueueMessage } from "../../../src/sources/sqs/queue-client.js";

const QUEUE = "arn:aws:sqs:us-east-1:000000000000:in";
const pipe: KnownPipe = {
  name: "one",
  arn: "arn:aws:pipes:us-east-1:000000000000:pipe/one",
  description: undefined,
  desiredState: "RUNNING",
  source: QUEUE,
  sourceParameters: { SqsQueueParameters: { BatchSize: 1, MaximumBatchingWindowInSeconds: 0 } },
  enrichment: undefined,
  enrichmentParameters: undefined,
  target: "arn:aws:states:us-east-1:000000000000:stateMachine:standard",
  targetParameters: undefined,
  roleArn: "arn:aws:iam::000000000000:role/pipe",
  logConfiguration: undefined,
  kmsKeyIdentifier: undefined,
};

/** Gives each of the messages once. */
function queueOf(messages: QueueMessage[]): QueueClient {
  return {
    queueArn: QUEUE,
    maxPerReceive: 10,
    parallelReceives: 1,
    settings: () => Promise.resolve({ visibilityTimeoutSeconds: 30 }),
    receive: async ({ signal }) => {
      if (messages.length === 0 && !signal.aborted) await once(signal, "abort");
      return messages.splice(0, 1);
    },
    delete: () => Promise.resolve(),
  };
}

const message: QueueMessage = {
  messageId: "m",
  receiptHandle: "r",
  body: "1",
  bodyMd5: "",
  attributes: {},
  messageAttributes: {},
  messageAttributesMd5: undefined,
};

let store: StateStore;
beforeEach(() => (store = StateStore.ephemeral()));
afterEach(() => store.close());

test.each([
  ["stops when nothing has taken its place", false, ["one"]],
  ["goes on in its new form, whatever the old one was stopped for", true, []],
])("a pipe on a machine that it cannot wait for %s", async (_what, replaced, expected) => {
  const stopped: string[] = [];
  const messages = [message];
  let refuse = (): void => undefined;
  let called = (): void => undefined;
  const underWay = new Promise<void>((resolve) => (called = resolve));
  const services = {
    runExecution: () =>
      new Promise((_resolve, reject) => {
        refuse = () => reject(new AwsError("StateMachineTypeNotSupported", "no"));
        called();
      }),
  } as unknown as PipeServices;
  const pipes = new Pipes({
    services,
    clock: new VirtualClock(),
    log: silentLogger,
    region: "us-east-1",
    queue: () => Promise.resolve(queueOf(messages)),
    stream: () => Promise.resolve(undefined),
    filtered: () => undefined,
    positions: undefined as never,
    stopped: (name) => Promise.resolve(void stopped.push(name)),
  });
  await pipes.start(pipe);
  await underWay;
  const restarted = replaced ? pipes.start(pipe) : undefined;
  refuse();
  await (restarted ?? until(() => stopped.length > 0));
  await pipes.close();
  expect(stopped).toEqual(expected);
});
