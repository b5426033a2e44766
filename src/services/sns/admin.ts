/** SNS without HTTP: what the stack declares, and what Lambda and S3 publish. The same topics, rules and errors. */
import { randomUUID } from "node:crypto";
import type { SnsContext } from "./context.js";
import { requireTopic } from "./context.js";
import type { MessageAttributes } from "./message-attributes.js";
import { publish } from "./publish.js";
import type { SubscriptionRow } from "./store.js";

export interface DeclaredSubscription {
  readonly protocol: string;
  readonly endpoint: string;
  /** As SetSubscriptionAttributes takes them. */
  readonly attributes: Readonly<Record<string, string>>;
}

export interface DeclaredTopic {
  readonly name: string;
  /** As CreateTopic takes them. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly subscriptions: readonly DeclaredSubscription[];
}

export interface SnsAdmin {
  /** Makes a topic, or gives the one that exists these attributes and these declared subscriptions; others stay. */
  ensureTopic(topic: DeclaredTopic): Promise<void>;
  /** Throws `NotFound`. */
  publish(
    topicArn: string,
    message: string,
    more?: { readonly subject?: string; readonly attributes?: MessageAttributes; readonly traceHeader?: string },
  ): Promise<{ readonly messageId: string }>;
}

export function createSnsAdmin(context: SnsContext): SnsAdmin {
  const { store, realm } = context;
  return {
    ensureTopic: ({ name, attributes, subscriptions }) =>
      store.write(() => {
        const existing = store.topic(name);
        const row = existing ?? { name, attributes, tags: {}, nextSequence: 1, deletedSubscriptions: 0 };
        store.putTopic({ ...row, attributes: { ...row.attributes, ...attributes } });
        const rows = store.subscriptionsOf(name);
        for (const old of rows)
          if (old.declared && !subscriptions.some((one) => isSame(old, one))) store.removeSubscription(old);
        for (const one of subscriptions) {
          const old = rows.find((row) => isSame(row, one));
          store.putSubscription(
            old === undefined ? declaredRow(name, one, realm.accountId) : { ...old, attributes: one.attributes },
          );
        }
      }),
    publish: (topicArn, message, { subject, attributes = {}, traceHeader } = {}) =>
      store.write(() =>
        publish(context, requireTopic(context, topicArn), {
          message,
          subject,
          byProtocol: undefined,
          attributes,
          groupId: undefined,
          deduplicationId: undefined,
          traceHeader,
        }),
      ),
  };
}

const isSame = (row: SubscriptionRow, { protocol, endpoint }: DeclaredSubscription): boolean =>
  row.protocol === protocol && row.endpoint === endpoint;

/** Confirmed from the start: when the stack is made, the endpoint it names may not be there yet. */
function declaredRow(
  topicName: string,
  { protocol, endpoint, attributes }: DeclaredSubscription,
  accountId: string,
): SubscriptionRow {
  return {
    topicName,
    id: randomUUID(),
    protocol,
    endpoint,
    attributes,
    principal: `arn:aws:iam::${accountId}:root`,
    confirmedBySignature: true,
    declared: true,
  };
}
