/** The poller through the AWS SDK, as it works on any other endpoint; here that endpoint is the embedded SQS. */
import { createHash } from "node:crypto";
import { CreateQueueCommand, GetQueueAttributesCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { realClock } from "../../../src/shared/clock.js";
import { silentLogger } from "../../../src/shared/logger.js";
import { SqsPoller } from "../../../src/sources/sqs/poller.js";
import { remoteQueue } from "../../../src/sources/sqs/remote-queue.js";
import { startEmbedded, type Embedded } from "../../services/embedded.js";

let embedded: Embedded;
let client: SQSClient;

beforeAll(async () => {
  embedded = await startEmbedded();
  client = new SQSClient(embedded.client());
});
afterAll(async () => {
  client.destroy();
  await embedded.close();
});

interface Record {
  readonly messageId: string;
  readonly body: string;
  readonly md5OfBody: string;
  readonly attributes: object;
  readonly messageAttributes: object;
}

it("gives a function the same records, deletes what succeeded and leaves what failed", async () => {
  const { QueueUrl = "" } = await client.send(
    new CreateQueueCommand({ QueueName: "remote", Attributes: { VisibilityTimeout: "600" } }),
  );
  const MessageAttributes = {
    kind: { DataType: "String", StringValue: "pdf" },
    raw: { DataType: "Binary", BinaryValue: Buffer.from([0, 1]) },
  };
  for (let i = 0; i < 12; i++)
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody: `m${i}`, MessageAttributes }));
  const records: Record[] = [];
  let finished = (): void => undefined;
  const all = new Promise<void>((resolve) => (finished = resolve));
  const arn = "arn:aws:sqs:us-east-1:000000000000:remote";
  const poller = new SqsPoller({
    queue: remoteQueue(client, arn, () => Promise.resolve(QueueUrl), realClock),
    settings: {
      batchSize: 10,
      maximumBatchingWindowSeconds: 0,
      reportBatchItemFailures: true,
      filter: undefined,
      maximumConcurrency: 10,
      functionTimeoutSeconds: 3,
    },
    region: "us-east-1",
    clock: realClock,
    log: silentLogger,
    endless: () => false,
    invoke: (payload) => {
      const { Records } = JSON.parse(payload.toString("utf8")) as { Records: Record[] };
      records.push(...Records);
      if (records.length === 12) finished();
      const batchItemFailures = Records.filter(({ body }) => body === "m7").map(({ messageId }) => ({
        itemIdentifier: messageId,
      }));
      return Promise.resolve({
        requestId: "r",
        executedVersion: "$LATEST",
        payload: Buffer.from(JSON.stringify({ batchItemFailures })),
        report: {
          requestId: "r",
          durationMs: 1,
          billedDurationMs: 1,
          memorySizeMb: 128,
          maxMemoryUsedMb: 40,
          status: "success",
        },
        logs: "",
      });
    },
  });
  poller.start();
  await all;
  await poller.close();
  expect(new Set(records.map(({ body }) => body)).size).toBe(12);
  const [first] = records;
  expect(first).toMatchObject({
    md5OfBody: createHash("md5")
      .update(first?.body ?? "")
      .digest("hex"),
    attributes: {
      ApproximateReceiveCount: "1",
      SentTimestamp: expect.stringMatching(/^\d{13}$/),
      SenderId: expect.any(String),
    },
    messageAttributes: {
      kind: { stringValue: "pdf", dataType: "String" },
      raw: { binaryValue: "AAE=", dataType: "Binary" },
    },
    eventSourceARN: arn,
  });
  const { Attributes } = await client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] }));
  expect(Attributes).toMatchObject({ ApproximateNumberOfMessages: "0", ApproximateNumberOfMessagesNotVisible: "1" });
});
