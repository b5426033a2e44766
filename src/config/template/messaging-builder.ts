/** Topics and subscriptions. */
import * as z from "zod";
import type { SnsSource } from "../event-source.js";
import { append, functionTargetOf, identify } from "./build-context.js";
import type { BuildContext, Builder } from "./build-context.js";
import { flag, ignored, jsonObject, list, oneOf, readProperties, text } from "./property.js";

const topicProperties = z.object({
  TopicName: text().optional(),
  DisplayName: text().default(""),
  FifoTopic: flag().default(false),
  ContentBasedDeduplication: flag().default(false),
  Subscription: list(z.object({ Endpoint: text(), Protocol: text() })).default([]),
  ...ignored(
    "ArchivePolicy",
    "DataProtectionPolicy",
    "DeliveryStatusLogging",
    "FifoThroughputScope",
    "KmsMasterKeyId",
    "SignatureVersion",
    "Tags",
    "TracingConfig",
  ),
});

export const buildTopic: Builder = (resource, context) => {
  const properties = readProperties(resource, topicProperties, context.scope);
  const identity = identify(resource, context);
  const plain = {
    rawMessageDelivery: false,
    filterPolicy: undefined,
    filterPolicyScope: "MessageAttributes",
    deadLetterTargetArn: undefined,
  } as const;
  for (const { Endpoint: endpoint, Protocol: protocol } of properties.Subscription) {
    append(context.draft.subscriptions, identity.arn, { protocol, endpoint, ...plain });
    addSnsSource(resource.logicalId, identity.arn, protocol, endpoint, plain, context);
  }
  const {
    ContentBasedDeduplication: contentBasedDeduplication,
    DisplayName: displayName,
    FifoTopic: fifo,
  } = properties;
  context.draft.topics.push({ ...identity, fifo, contentBasedDeduplication, displayName, subscriptions: [] });
};

type SnsFilter = Pick<SnsSource, "filterPolicy" | "filterPolicyScope" | "deadLetterTargetArn">;

function addSnsSource(
  eventId: string,
  topicArn: string,
  protocol: string,
  endpoint: string,
  filter: SnsFilter,
  context: BuildContext,
): void {
  const fn = protocol === "lambda" ? functionTargetOf(endpoint, context) : undefined;
  if (fn === undefined) return;
  const { deadLetterTargetArn, filterPolicy, filterPolicyScope } = filter;
  context.draft.eventSources.push({
    kind: "sns",
    ...fn,
    eventId,
    topicArn,
    filterPolicy,
    filterPolicyScope,
    deadLetterTargetArn,
  });
}

const subscriptionProperties = z.object({
  TopicArn: text(),
  Protocol: text(),
  Endpoint: text(),
  RawMessageDelivery: flag().default(false),
  FilterPolicy: jsonObject().optional(),
  FilterPolicyScope: oneOf(["MessageAttributes", "MessageBody"]).default("MessageAttributes"),
  RedrivePolicy: z.looseObject({ deadLetterTargetArn: text().optional() }).optional(),
  ...ignored("DeliveryPolicy", "Region", "ReplayPolicy", "SubscriptionRoleArn"),
});

export const buildSubscription: Builder = (resource, context) => {
  const properties = readProperties(resource, subscriptionProperties, context.scope);
  const { Endpoint: endpoint, Protocol: protocol, TopicArn: topicArn } = properties;
  const filter = {
    filterPolicy: properties.FilterPolicy,
    filterPolicyScope: properties.FilterPolicyScope,
    deadLetterTargetArn: properties.RedrivePolicy?.deadLetterTargetArn,
  };
  append(context.draft.subscriptions, topicArn, {
    protocol,
    endpoint,
    rawMessageDelivery: properties.RawMessageDelivery,
    ...filter,
  });
  addSnsSource(resource.logicalId, topicArn, protocol, endpoint, filter, context);
};

export function finishTopics({ draft, scope }: BuildContext): void {
  const declared = new Set(draft.topics.map(({ arn }) => arn));
  for (const [arn, subscriptions] of draft.subscriptions)
    if (!declared.has(arn))
      for (const { endpoint } of subscriptions)
        scope.problems.notice(`${endpoint} gets nothing from ${arn}: the template does not declare this topic.`);
  draft.topics.forEach((topic, i) => {
    draft.topics[i] = { ...topic, subscriptions: draft.subscriptions.get(topic.arn) ?? [] };
  });
}
