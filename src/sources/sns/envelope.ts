/**
 * What a message of a topic looks like to its receivers. Shapes as recorded on AWS between August 2023 and October 2025.
 * https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
 */
import type { Realm } from "../../shared/arn.js";
import type { TopicDelivery, TopicMessage } from "../../shared/bus.js";

const API_VERSION = "2010-03-31";
/** Says what it is: nothing here holds AWS's key. */
const SIGNATURE = "not-signed-by-lambda-run";

interface Signed {
  readonly SignatureVersion: "1";
  readonly Signature: string;
  readonly certificate: string;
}

const signed = ({ region }: Realm): Signed => ({
  SignatureVersion: "1",
  Signature: SIGNATURE,
  certificate: `https://sns.${region}.amazonaws.com/SimpleNotificationService-00000000000000000000000000000000.pem`,
});

const timestamp = ({ timeMs }: TopicMessage): string => new Date(timeMs).toISOString();

export function link(endpoint: string, action: string, parameters: Readonly<Record<string, string>>): string {
  const query = Object.entries(parameters).map(([name, value]) => `${name}=${value}`);
  return `${endpoint}/?${[`Action=${action}`, ...query, `Version=${API_VERSION}`].join("&")}`;
}

function attributeValues({ attributes }: TopicMessage): Record<string, { Type: string; Value: string }> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, { dataType, stringValue, binaryValue }]) => [
      name,
      { Type: dataType, Value: stringValue ?? binaryValue ?? "" },
    ]),
  );
}

/** The body for queues and HTTP endpoints; `endpoint` is where SNS is reached. */
export function notificationBody(
  { message, topicArn, subscriptionArn }: TopicDelivery,
  realm: Realm,
  endpoint: string,
): string {
  const { certificate, ...signature } = signed(realm);
  const lines: Record<string, unknown> = { Type: message.type, MessageId: message.messageId };
  if (message.sequenceNumber !== undefined) lines["SequenceNumber"] = message.sequenceNumber;
  if (message.token !== undefined) lines["Token"] = message.token;
  lines["TopicArn"] = topicArn;
  if (message.subject !== undefined) lines["Subject"] = message.subject;
  lines["Message"] = message.body;
  if (message.token !== undefined)
    lines["SubscribeURL"] = link(endpoint, "ConfirmSubscription", { TopicArn: topicArn, Token: message.token });
  lines["Timestamp"] = timestamp(message);
  // Messages of FIFO topics carry no signature.
  if (message.sequenceNumber === undefined) Object.assign(lines, signature, { SigningCertURL: certificate });
  if (message.type === "Notification")
    lines["UnsubscribeURL"] = link(endpoint, "Unsubscribe", { SubscriptionArn: subscriptionArn });
  const attributes = Object.entries(attributeValues(message));
  const members = Object.entries(lines).map(([name, value]) => `  ${JSON.stringify(name)} : ${JSON.stringify(value)}`);
  if (attributes.length > 0) {
    const values = attributes.map(([name, value]) => `    ${JSON.stringify(name)} : ${JSON.stringify(value)}`);
    members.push(`  "MessageAttributes" : {\n${values.join(",\n")}\n  }`);
  }
  return `{\n${members.join(",\n")}\n}`;
}

/** The event of a function. https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html */
export function snsEvent(
  { message, topicArn, subscriptionArn }: TopicDelivery,
  realm: Realm,
  endpoint: string,
): Record<string, unknown> {
  const { certificate, ...signature } = signed(realm);
  return {
    Records: [
      {
        EventSource: "aws:sns",
        EventVersion: "1.0",
        EventSubscriptionArn: subscriptionArn,
        Sns: {
          Type: message.type,
          MessageId: message.messageId,
          TopicArn: topicArn,
          Subject: message.subject ?? null,
          Message: message.body,
          Timestamp: timestamp(message),
          ...signature,
          SigningCertUrl: certificate,
          UnsubscribeUrl: link(endpoint, "Unsubscribe", { SubscriptionArn: subscriptionArn }),
          MessageAttributes: attributeValues(message),
        },
      },
    ],
  };
}
