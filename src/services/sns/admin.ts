/** SNS without HTTP: what the stack declares, and what Lambda and S3 publish. The same topics, rules and errors. */
import { randomUUID } from "node:crypto";
import type { Logger } from "../../shared/logger.js";
import { AwsError } from "../kit/aws-error.js";
import type { SnsContext } from "./context.js";
import { requireTopic } from "./context.js";
import type { MessageAttributes } from "./message-attributes.js";
import { topicNameIn } from "./names.js";
import { publish } from "./publish.js";
import type { SubscriptionRow } from "./store.js";
import { checkEndpoint, checkSubscriptionAttributes } from "./subscription-attributes.js";

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
  topicExists(arn: string): boolean;
  /** Throws `NotFound`. */
  publish(
    topicArn: string,
    message: string,
    more?: { readonly subject?: string; readonly attributes?: MessageAttributes; readonly traceHeader?: string },
  ): Promise<{ readonly messageId: string }>;
}

export function createSnsAdmin(context: SnsContext, log: Logger): SnsAdmin {
  const { store, realm } = context;
  return {
    topicExists: (arn) => store.topic(topicNameIn(arn, realm)) !== undefined,
    ensureTopic: ({ name, attributes, subscriptions }) =>
      store.write(() => {
        const existing = store.topic(name);
        const row = existing ?? { name, attributes, tags: {}, nextSequence: 1, deletedSubscriptions: 0 };
        store.putTopic({ ...row, attributes: { ...row.attributes, ...attributes } });
        const wanted = subscriptions.filter((one) => canBe(one, name, log));
        const rows = store.subscriptionsOf(name);
        for (const old of rows)
          if (old.declared && !wanted.some((one) => isSame(old, one))) store.removeSubscription(old);
        for (const one of wanted) {
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

/** What Subscribe refuses could not be deployed on AWS. Here it is left out: the rest of the stack runs, and Publish too. */
function canBe({ protocol, endpoint, attributes }: DeclaredSubscription, topicName: string, log: Logger): boolean {
  try {
    checkEndpoint(protocol, endpoint, topicName);
    checkSubscriptionAttributes(attributes, Object.keys(attributes), { protocol, endpoint, topicName, prefix: "" });
    return true;
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    log.warn({ topicName, protocol, endpoint, reason: error.message }, "AWS refuses this subscription: it is left out");
    return false;
  }
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
