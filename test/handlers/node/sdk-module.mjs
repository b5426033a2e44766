import { SQSClient, SendMessageCommand } from "@aws-sdk/client-sqs";
export const handler = async () => ({ client: typeof SQSClient, command: new SendMessageCommand({ QueueUrl: "u", MessageBody: "b" }).constructor.name });
