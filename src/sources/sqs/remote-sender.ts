/** Sends to queues behind any SQS endpoint, through the AWS SDK. */
import { SendMessageCommand, SQSServiceException, type SQSClient } from "@aws-sdk/client-sqs";
import { AwsError } from "../../services/kit/aws-error.js";
import type { OutgoingMessage, QueueSender } from "./queue-sender.js";

/** Refusals that another try may not get: of credentials that are renewed, clocks, and too many requests. */
const PASSING = /expired|throttl|limit|clock|skew|toomany|unavailable|timeout/i;

export function remoteSender(client: SQSClient, urlOf: (queueArn: string) => Promise<string>): QueueSender {
  return {
    async sendMessage(queueArn, { body, delaySeconds, groupId, deduplicationId, traceHeader, attributes }) {
      try {
        await client.send(
          new SendMessageCommand({
            QueueUrl: await urlOf(queueArn),
            MessageBody: body,
            DelaySeconds: delaySeconds,
            MessageGroupId: groupId,
            MessageDeduplicationId: deduplicationId,
            MessageAttributes: attributesOf(attributes ?? {}),
            ...(traceHeader === undefined
              ? {}
              : { MessageSystemAttributes: { AWSTraceHeader: { DataType: "String", StringValue: traceHeader } } }),
          }),
        );
      } catch (error) {
        if (!(error instanceof SQSServiceException) || error.$fault !== "client" || PASSING.test(error.name))
          throw error;
        const statusCode = error.$metadata.httpStatusCode ?? 400;
        throw new AwsError(error.name, error.message, { statusCode, cause: error });
      }
    },
  };
}

function attributesOf(
  attributes: NonNullable<OutgoingMessage["attributes"]>,
): Record<string, { DataType: string; StringValue?: string; BinaryValue?: Uint8Array }> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, { dataType, stringValue, binaryValue }]) => [
      name,
      {
        DataType: dataType,
        ...(stringValue === undefined ? {} : { StringValue: stringValue }),
        ...(binaryValue === undefined ? {} : { BinaryValue: Buffer.from(binaryValue, "base64") }),
      },
    ]),
  );
}
