/**
 * What SNS sends to e-mail addresses. The subjects without one of the message's own are AWS's, the words at the foot are ours.
 * https://docs.aws.amazon.com/sns/latest/dg/sns-email-notifications.html
 */
import type { Realm } from "../../shared/arn.js";
import type { TopicDelivery } from "../../shared/bus.js";
import { link, notificationBody } from "./envelope.js";

export interface OutgoingMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
}

const SENDER = "no-reply@sns.amazonaws.com";

export function mailOf(delivery: TopicDelivery, realm: Realm, endpoint: string): OutgoingMail {
  const { protocol, message } = delivery;
  const isNotification = message.type === "Notification";
  const byDefault = isNotification ? "AWS Notification Message" : "AWS Notification - Subscription Confirmation";
  const text = protocol === "email-json" ? notificationBody(delivery, realm, endpoint) : plainText(delivery, endpoint);
  return { from: SENDER, to: [delivery.endpoint], subject: message.subject ?? byDefault, text };
}

function plainText({ message, topicArn, subscriptionArn }: TopicDelivery, endpoint: string): string {
  if (message.token === undefined) {
    const unsubscribe = link(endpoint, "Unsubscribe", { SubscriptionArn: subscriptionArn });
    return `${message.body}\n\n--\nNo more of these: ${unsubscribe}\n`;
  }
  const confirm = link(endpoint, "ConfirmSubscription", { TopicArn: topicArn, Token: message.token });
  return `You have chosen to subscribe to the topic ${topicArn}.\nTo confirm it, open this link: ${confirm}\n`;
}
