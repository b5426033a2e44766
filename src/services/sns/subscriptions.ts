/** Operations on subscriptions. https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html */
import { randomBytes, randomUUID } from "node:crypto";
import { arnOf } from "../../shared/arn.js";
import { booleanMember, stringMember } from "../kit/json-input.js";
import type { JsonObject } from "../kit/json-protocol.js";
import type { ServiceRequest } from "../service.js";
import { attributesMember, keyIn, page, requireTopic, type Operations, type SnsContext } from "./context.js";
import { snsError } from "./errors.js";
import { subscriptionArn, subscriptionNameIn, topicNameIn } from "./names.js";
import type { SubscriptionRow } from "./store.js";
import { checkEndpoint, checkSubscriptionAttributes, CONFIRMED, shownSubscription } from "./subscription-attributes.js";

const TOKEN_BYTES = 144;
/** What stands for the ARN of a subscription that has not been confirmed. */
const PENDING = "pending confirmation";
const PENDING_IN_LISTS = "PendingConfirmation";

export function subscriptionOperations(context: SnsContext): Operations {
  const { store, realm } = context;

  const find = (input: JsonObject): SubscriptionRow => {
    const name = subscriptionNameIn(stringMember(input, "SubscriptionArn"), realm);
    if (name === undefined) throw snsError.invalidParameter("SubscriptionId");
    const row = store.subscription(name.topicName, name.id);
    if (row === undefined) throw snsError.subscriptionNotFound();
    return row;
  };
  const listed = (row: SubscriptionRow): JsonObject => ({
    SubscriptionArn: row.token === undefined ? subscriptionArn(realm, row) : PENDING_IN_LISTS,
    Owner: realm.accountId,
    Protocol: row.protocol,
    Endpoint: row.endpoint,
    TopicArn: arnOf.topic(realm, row.topicName),
  });
  const list = (rows: Iterable<SubscriptionRow>, input: JsonObject): JsonObject => {
    const key = keyIn(stringMember(input, "NextToken"));
    const keyOf = ({ topicName, id }: SubscriptionRow): string => `${topicName}:${id}`;
    const { items, ...next } = page(after(rows, key), keyOf);
    return { Subscriptions: items.map(listed), ...next };
  };

  return {
    Subscribe: (input, request) => subscribe(context, input, request),
    ConfirmSubscription: (input, request) => confirm(context, input, request),
    Unsubscribe: async (input) => {
      const name = subscriptionNameIn(stringMember(input, "SubscriptionArn"), realm);
      if (name === undefined) throw snsError.invalidParameter("SubscriptionId");
      await store.write(() => {
        const topic = store.topic(name.topicName);
        const row = store.subscription(name.topicName, name.id);
        // Idempotent: one that is not there is gone.
        if (row === undefined || topic === undefined) return;
        store.removeSubscription(row);
        store.putTopic({ ...topic, deletedSubscriptions: topic.deletedSubscriptions + 1 });
      });
      return {};
    },
    GetSubscriptionAttributes: (input) => ({ Attributes: shownSubscription(find(input), realm) }),
    SetSubscriptionAttributes: (input) =>
      store.write(() => {
        const row = find(input);
        const name = stringMember(input, "AttributeName");
        if (name === undefined) throw snsError.missing("attributeName");
        const attributes = { ...row.attributes, [name]: stringMember(input, "AttributeValue") ?? "" };
        checkSubscriptionAttributes(attributes, [name], { ...row, prefix: "" });
        store.putSubscription({ ...row, attributes });
        return {};
      }),
    ListSubscriptions: (input) => list(store.subscriptions(), input),
    ListSubscriptionsByTopic: (input) => {
      const topic = requireTopic(context, stringMember(input, "TopicArn"));
      return list(store.subscriptionsOf(topic.name), input);
    },
  };
}

/** The rows behind a key, also when the row that had it is gone. In the store's order: by topic, then by id. */
function* after(rows: Iterable<SubscriptionRow>, key: string): Generator<SubscriptionRow> {
  const [topicName = "", id = ""] = key.split(":");
  for (const row of rows) if (row.topicName > topicName || (row.topicName === topicName && row.id > id)) yield row;
}

function subscribe(context: SnsContext, input: JsonObject, request: ServiceRequest): Promise<JsonObject> {
  const { store, realm, bus, clock } = context;
  const topicArn = stringMember(input, "TopicArn");
  const topicName = requireTopic(context, topicArn).name;
  const protocol = stringMember(input, "Protocol") ?? "";
  const endpoint = checkEndpoint(protocol, stringMember(input, "Endpoint"), topicName);
  const attributes = attributesMember(input);
  checkSubscriptionAttributes(attributes, Object.keys(attributes), {
    protocol,
    endpoint,
    topicName,
    prefix: "Attributes Reason: ",
  });
  return store.write(() => {
    requireTopic(context, topicArn);
    const existing = store
      .subscriptionsOf(topicName)
      .find((row) => row.protocol === protocol && row.endpoint === endpoint);
    if (existing !== undefined && !sameAttributes(attributes, existing.attributes))
      throw snsError.invalidParameter("Attributes Reason: Subscription already exists with different attributes");
    const row: SubscriptionRow = existing ?? {
      topicName,
      id: randomUUID(),
      protocol,
      endpoint,
      attributes,
      principal: request.caller?.arn ?? "",
      confirmedBySignature: true,
      declared: false,
      ...(CONFIRMED.has(protocol) ? { token: randomBytes(TOKEN_BYTES).toString("hex") } : {}),
    };
    store.putSubscription(row);
    const arn = subscriptionArn(realm, row);
    if (row.token === undefined) return { SubscriptionArn: arn };
    // Inside the transaction: who listens keeps the message together with the subscription.
    bus.emit("NotificationDue", {
      topicArn: arnOf.topic(realm, topicName),
      subscriptionArn: arn,
      protocol,
      endpoint,
      rawMessageDelivery: false,
      deadLetterTargetArn: undefined,
      message: {
        type: "SubscriptionConfirmation",
        messageId: randomUUID(),
        body:
          `You have chosen to subscribe to the topic ${arnOf.topic(realm, topicName)}.\n` +
          "To confirm the subscription, visit the SubscribeURL included in this message.",
        attributes: {},
        timeMs: clock.now(),
        token: row.token,
      },
    });
    return { SubscriptionArn: booleanMember(input, "ReturnSubscriptionArn") === true ? arn : PENDING };
  });
}

/** What the second request leaves out does not count. */
function sameAttributes(given: Readonly<Record<string, string>>, existing: Readonly<Record<string, string>>): boolean {
  return Object.entries(given).every(([name, value]) => (existing[name] ?? "") === value);
}

function confirm(context: SnsContext, input: JsonObject, request: ServiceRequest): Promise<JsonObject> {
  const { store, realm } = context;
  const topicName = topicNameIn(stringMember(input, "TopicArn"), realm);
  const token = stringMember(input, "Token") ?? "";
  if (!/^[0-9a-f]+$/.test(token)) throw snsError.invalidToken();
  return store.write(() => {
    const rows = topicName === "" ? [] : store.subscriptionsOf(topicName);
    const row = rows.find((one) => one.token === token || one.confirmedToken === token);
    if (row === undefined) throw snsError.invalidParameter("Token");
    if (row.token !== undefined) {
      const { token: _, ...confirmed } = row;
      store.putSubscription({
        ...confirmed,
        confirmedToken: token,
        // "true" only when whoever confirms signs and asks that unsubscribing be signed, too.
        confirmedBySignature:
          request.caller !== undefined && stringMember(input, "AuthenticateOnUnsubscribe")?.toLowerCase() === "true",
      });
    }
    return { SubscriptionArn: subscriptionArn(realm, row) };
  });
}
