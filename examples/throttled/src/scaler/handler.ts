/**
 * Moves the reserved concurrency of the processor with the depth of the queue, between a floor and a ceiling. It is the one
 * bound of the whole system: the machine asks for it at each round and has no number of its own. Out and in have cooldowns of
 * their own: out at once, in only after calm. By the time of the schedule's event, so that it can be tried in virtual time.
 */
import { DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { GetFunctionConcurrencyCommand, LambdaClient, PutFunctionConcurrencyCommand } from "@aws-sdk/client-lambda";
import { GetQueueAttributesCommand, SQSClient } from "@aws-sdk/client-sqs";

interface Answer {
  readonly depth: number;
  readonly from: number;
  readonly to: number;
}

const sqs = new SQSClient({});
const lambda = new LambdaClient({});
const dynamodb = new DynamoDBClient({});
const { JOBS_URL, FUNCTION_NAME, RECORDS_TABLE } = process.env;
const FLOOR = Number(process.env["FLOOR"] ?? 3);
const CEILING = Number(process.env["CEILING"] ?? 10);
const MESSAGES_PER_FUNCTION = Number(process.env["MESSAGES_PER_FUNCTION"] ?? 10);
const OUT_COOLDOWN_SECONDS = Number(process.env["OUT_COOLDOWN_SECONDS"] ?? 60);
const IN_COOLDOWN_SECONDS = Number(process.env["IN_COOLDOWN_SECONDS"] ?? 300);
const RECORD = { id: { S: "scaler" } };

export async function handler({ time }: { readonly time: string }): Promise<Answer> {
  const now = Math.floor(Date.parse(time) / 1000);
  const depth = await depthOfQueue();
  const { ReservedConcurrentExecutions: from = FLOOR } = await lambda.send(
    new GetFunctionConcurrencyCommand({ FunctionName: FUNCTION_NAME }),
  );
  const wanted = Math.min(CEILING, Math.max(FLOOR, Math.ceil(depth / MESSAGES_PER_FUNCTION)));
  const changed = await lastChange();
  const cooldownSeconds = wanted > from ? OUT_COOLDOWN_SECONDS : IN_COOLDOWN_SECONDS;
  const to = wanted === from || now - changed < cooldownSeconds ? from : wanted;
  if (to !== from) {
    await lambda.send(
      new PutFunctionConcurrencyCommand({ FunctionName: FUNCTION_NAME, ReservedConcurrentExecutions: to }),
    );
    await dynamodb.send(
      new PutItemCommand({ TableName: RECORDS_TABLE, Item: { ...RECORD, changed: { N: String(now) } } }),
    );
    process.stdout.write(`${JSON.stringify({ action: "scale", depth, from, to })}\n`);
  }
  return { depth, from, to };
}

/** What waits and what is worked on: a queue whose messages are all in flight is not empty. */
async function depthOfQueue(): Promise<number> {
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: JOBS_URL,
      AttributeNames: ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
    }),
  );
  return (
    Number(Attributes["ApproximateNumberOfMessages"] ?? 0) +
    Number(Attributes["ApproximateNumberOfMessagesNotVisible"] ?? 0)
  );
}

async function lastChange(): Promise<number> {
  const { Item } = await dynamodb.send(
    new GetItemCommand({ TableName: RECORDS_TABLE, Key: RECORD, ConsistentRead: true }),
  );
  return Number(Item?.["changed"]?.N ?? 0);
}
