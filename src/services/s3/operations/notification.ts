/**
 * PutBucketNotificationConfiguration and its counterpart. Who is told is decided by `sources`, which reads the same
 * configuration; the s3:TestEvent is sent there too.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html
 */
import { child, childrenNamed, childText, type XmlContent, type XmlElement } from "../../kit/xml.js";
import type { Operation, S3Context } from "../context.js";
import { invalidDestinations, malformedXml } from "../errors.js";
import {
  checkNotification,
  type NotificationRule,
  type NotificationRuleInput,
  type TargetKind,
} from "../notification.js";
import { readXml } from "../xml-body.js";

/** Element of the rule, and of the target in it. */
const ELEMENTS: Readonly<Record<TargetKind, readonly [rule: string, target: string]>> = {
  sns: ["TopicConfiguration", "Topic"],
  sqs: ["QueueConfiguration", "Queue"],
  lambda: ["CloudFunctionConfiguration", "CloudFunction"],
};
const KINDS: readonly TargetKind[] = ["sns", "sqs", "lambda"];

const NAMES: Readonly<Record<TargetKind, string>> = { sns: "topic", sqs: "queue", lambda: "Lambda" };

export const putBucketNotification: Operation = async (context, request) => {
  const { store, bus, namespace } = context;
  store.bucket(request.bucket);
  const root = await readXml(request, "NotificationConfiguration");
  const inputs = KINDS.flatMap((kind) => {
    const [ruleName, targetName] = ELEMENTS[kind];
    return childrenNamed(root, ruleName).map((rule) => parseRule(kind, rule, targetName));
  });
  const notification = checkNotification(inputs, child(root, "EventBridgeConfiguration") !== undefined);
  if (request.header("x-amz-skip-destination-validation") !== "true") await checkTargets(context, notification.rules);
  await store.write(() => {
    const bucket = store.bucket(request.bucket);
    store.putBucket({ ...bucket, notification });
  });
  bus.emit("NotificationsConfigured", { namespace, bucket: request.bucket, requestId: request.raw.requestId });
  return {};
};

async function checkTargets({ targetExists }: S3Context, rules: readonly NotificationRule[]): Promise<void> {
  if (targetExists === undefined) return;
  const faults: [arn: string, reason: string][] = [];
  for (const { kind, targetArn } of rules)
    if (!(await targetExists(targetArn))) faults.push([targetArn, `The destination ${NAMES[kind]} does not exist`]);
  if (faults.length > 0) throw invalidDestinations(faults);
}

function parseRule(kind: TargetKind, rule: XmlElement, targetName: string): NotificationRuleInput {
  const targetArn = childText(rule, targetName);
  if (targetArn === undefined) throw malformedXml();
  const filter = child(rule, "Filter");
  const s3Key = filter && child(filter, "S3Key");
  const id = childText(rule, "Id");
  return {
    ...(id === undefined ? {} : { id }),
    kind,
    targetArn,
    events: childrenNamed(rule, "Event").map(({ text }) => text),
    filterRules: (s3Key ? childrenNamed(s3Key, "FilterRule") : []).map((filterRule) => {
      const name = childText(filterRule, "Name");
      if (name === undefined) throw malformedXml();
      return { name, value: childText(filterRule, "Value") ?? "" };
    }),
  };
}

export const getBucketNotification: Operation = ({ store }, request) => {
  const { notification } = store.bucket(request.bucket);
  const rules = notification?.rules ?? [];
  const content: Record<string, XmlContent> = {};
  for (const kind of KINDS) {
    const [ruleName, targetName] = ELEMENTS[kind];
    content[ruleName] = rules.filter((rule) => rule.kind === kind).map((rule) => showRule(rule, targetName));
  }
  content["EventBridgeConfiguration"] = notification?.eventBridge === true ? "" : undefined;
  return { xml: ["NotificationConfiguration", content] };
};

function showRule(rule: NotificationRule, targetName: string): XmlContent {
  const filterRules = [
    ...(rule.prefix === undefined ? [] : [{ Name: "Prefix", Value: rule.prefix }]),
    ...(rule.suffix === undefined ? [] : [{ Name: "Suffix", Value: rule.suffix }]),
  ];
  return {
    Id: rule.id,
    [targetName]: rule.targetArn,
    Event: rule.events,
    Filter: filterRules.length === 0 ? undefined : { S3Key: { FilterRule: filterRules } },
  };
}
