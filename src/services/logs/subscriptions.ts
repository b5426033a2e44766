/**
 * What a subscription filter delivers.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
 */
import { gzipSync } from "node:zlib";

export interface SubscribedEvent {
  readonly id: string;
  readonly timestamp: number;
  readonly message: string;
}

/** The document before compression, its members in AWS's order. */
export interface SubscriptionMessage {
  readonly messageType: "DATA_MESSAGE" | "CONTROL_MESSAGE";
  readonly owner: string;
  readonly logGroup: string;
  readonly logStream: string;
  readonly subscriptionFilters: readonly string[];
  readonly logEvents: readonly SubscribedEvent[];
}

/** Matching events on their way to the destination of one filter. */
export interface SubscriptionDelivery {
  readonly filterName: string;
  readonly destinationArn: string;
  /** Of a stream: by the name of the log stream, or at random. */
  readonly distribution: string;
  readonly message: SubscriptionMessage;
}

/** A subscription filter of the template. */
export interface DeclaredSubscription {
  readonly logGroupName: string;
  readonly filterName: string;
  readonly filterPattern: string;
  readonly destinationArn: string;
}

/** The record that a Kinesis destination gets. */
export const subscriptionData = (message: SubscriptionMessage): Buffer => gzipSync(JSON.stringify(message));

/** The event that a Lambda destination gets: the same in base64 under `awslogs.data`. */
export function subscriptionPayload(message: SubscriptionMessage): { readonly awslogs: { readonly data: string } } {
  return { awslogs: { data: subscriptionData(message).toString("base64") } };
}
