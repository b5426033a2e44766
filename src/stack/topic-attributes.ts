/** A declared topic in the attributes of CreateTopic and Subscribe. */
import type { TopicConfig, TopicSubscription } from "../config/application.js";
import type { DeclaredSubscription, DeclaredTopic } from "../services/sns/index.js";

export function declaredTopic({
  name,
  fifo,
  contentBasedDeduplication,
  displayName,
  subscriptions,
}: TopicConfig): DeclaredTopic {
  return {
    name,
    attributes: {
      DisplayName: displayName,
      ...(fifo ? { FifoTopic: "true", ContentBasedDeduplication: String(contentBasedDeduplication) } : {}),
    },
    subscriptions: subscriptions.map(declaredSubscription),
  };
}

function declaredSubscription({
  protocol,
  endpoint,
  rawMessageDelivery,
  filterPolicy,
  filterPolicyScope,
  deadLetterTargetArn,
}: TopicSubscription): DeclaredSubscription {
  return {
    protocol,
    endpoint,
    attributes: {
      ...(rawMessageDelivery ? { RawMessageDelivery: "true" } : {}),
      ...(filterPolicy === undefined
        ? {}
        : { FilterPolicy: JSON.stringify(filterPolicy), FilterPolicyScope: filterPolicyScope }),
      ...(deadLetterTargetArn === undefined ? {} : { RedrivePolicy: JSON.stringify({ deadLetterTargetArn }) }),
    },
  };
}
