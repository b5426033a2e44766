/** What an alarm has to do is done, also by the next process, and in the order of its changes. */
import {
  CloudWatchClient,
  DescribeAlarmsCommand,
  PutMetricAlarmCommand,
  SetAlarmStateCommand,
} from "@aws-sdk/client-cloudwatch";
import { createCloudWatchService, type CloudWatchService } from "../../src/services/cloudwatch/index.js";
import { AwsError } from "../../src/services/kit/aws-error.js";
import { silentLogger } from "../../src/shared/logger.js";
import { AlarmActions } from "../../src/sources/alarm-actions.js";
import { serveService, type ServedService } from "../services/harness.js";

const TOPIC = "arn:aws:sns:us-east-1:000000000000:alerts";

let served: ServedService<CloudWatchService>;
let client: CloudWatchClient;
const published: string[] = [];
const publish = (_topic: string, _message: string, subject: string): Promise<void> => {
  published.push(subject);
  return Promise.resolve();
};

beforeEach(async () => {
  published.length = 0;
  served = await serveService(createCloudWatchService);
  client = new CloudWatchClient(served.client);
  await client.send(
    new PutMetricAlarmCommand({
      AlarmName: "dlq",
      Namespace: "App",
      MetricName: "depth",
      Statistic: "Maximum",
      Period: 60,
      EvaluationPeriods: 1,
      Threshold: 0,
      ComparisonOperator: "GreaterThanThreshold",
      OKActions: [TOPIC],
      AlarmActions: ["arn:aws:automate:us-east-1:ec2:stop", TOPIC],
    }),
  );
});
afterEach(async () => {
  client.destroy();
  await served.stop();
});

const actions = (how: typeof publish): AlarmActions => {
  const { bus, clock, context } = served;
  return new AlarmActions({ store: context.store, bus, clock, log: silentLogger, publish: how });
};
const set = (StateValue: "OK" | "ALARM") =>
  client.send(new SetAlarmStateCommand({ AlarmName: "dlq", StateValue, StateReason: "drill" }));

test("an action that could not be carried out is left to the next process, before those of later changes", async () => {
  const failing: typeof publish = (topic, message, subject) =>
    subject.startsWith("ALARM") ? Promise.reject(new Error("away")) : publish(topic, message, subject);
  const first = actions(failing);
  await set("ALARM");
  await set("OK");
  await first.close();
  const second = actions(failing);
  await second.idle();
  expect(published).toEqual([]);
  await second.close();
  const next = actions(publish);
  await next.idle();
  expect(published).toEqual(['ALARM: "dlq" in us-east-1', 'OK: "dlq" in us-east-1']);
  await next.close();
});

test("a topic that refuses for good is not asked again", async () => {
  const refusing = actions((...given) =>
    publish(...given).then(() => Promise.reject(new AwsError("NotFound", "gone"))),
  );
  await set("ALARM");
  await refusing.idle();
  await served.clock.advance(5000);
  await refusing.idle();
  expect(published).toHaveLength(1);
  await refusing.close();
});

test("a change whose actions cannot be kept is none", async () => {
  const off = served.bus.on("AlarmActionDue", () => {
    throw new Error("disk full");
  });
  await expect(set("ALARM")).rejects.toMatchObject({ $metadata: { httpStatusCode: 500 } });
  off();
  const { MetricAlarms = [] } = await client.send(new DescribeAlarmsCommand({ AlarmNames: ["dlq"] }));
  expect(MetricAlarms[0]?.StateValue).toBe("INSUFFICIENT_DATA");
});
