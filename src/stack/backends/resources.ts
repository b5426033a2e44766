/**
 * Makes what the template declares on foreign endpoints, through the AWS SDK. What exists stays as it is, settings and
 * data: nothing is changed or deleted on a server that is not ours.
 */
import type { Application } from "../../config/application.js";
import { AppError, messageOf } from "../../shared/errors.js";
import { queueAttributes } from "../queue-attributes.js";
import { createTableInput } from "../resources.js";
import type { ForeignEndpoints, ServiceAddress, ServiceName } from "./endpoints.js";

/** A queue as the foreign server names it. */
export interface ForeignQueue {
  readonly url: string;
  readonly arn: string;
}

type Maker = (address: ServiceAddress, application: Application) => Promise<void>;

const MAKERS: Partial<Record<ServiceName, Maker>> = {
  s3: async (address, { buckets }) => {
    const { CreateBucketCommand, HeadBucketCommand, S3Client } = await import("@aws-sdk/client-s3");
    const client = new S3Client({ ...address, forcePathStyle: true });
    const place = address.region === "us-east-1" ? undefined : { LocationConstraint: address.region as "eu-west-1" };
    for (const { name: Bucket } of buckets) {
      await unlessThere(
        () => client.send(new HeadBucketCommand({ Bucket })),
        ["NotFound", "NoSuchBucket"],
        () => client.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration: place })),
      );
    }
    client.destroy();
  },
  dynamodb: async (address, { tables }) => {
    const sdk = await import("@aws-sdk/client-dynamodb");
    const client = new sdk.DynamoDBClient(address);
    for (const table of tables) {
      const TableName = table.name;
      await unlessThere(
        () => client.send(new sdk.DescribeTableCommand({ TableName })),
        ["ResourceNotFoundException"],
        async () => {
          await client.send(new sdk.CreateTableCommand({ ...createTableInput(table), TableName }));
          await sdk.waitUntilTableExists({ client, maxWaitTime: 60, minDelay: 1 }, { TableName });
          if (table.ttlAttribute === undefined) return;
          const TimeToLiveSpecification = { AttributeName: table.ttlAttribute, Enabled: true };
          await client.send(new sdk.UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }));
        },
      );
    }
    client.destroy();
  },
  secretsmanager: async (address, { secrets }) => {
    const sdk = await import("@aws-sdk/client-secrets-manager");
    const client = new sdk.SecretsManagerClient(address);
    for (const { name: Name, description, secretString } of secrets) {
      const value = secretString === undefined ? {} : { SecretString: secretString };
      await unlessThere(
        () => client.send(new sdk.DescribeSecretCommand({ SecretId: Name })),
        ["ResourceNotFoundException"],
        () => client.send(new sdk.CreateSecretCommand({ Name, Description: description, ...value })),
      );
    }
    client.destroy();
  },
  ssm: async (address, { parameters }) => {
    const { GetParameterCommand, PutParameterCommand, SSMClient } = await import("@aws-sdk/client-ssm");
    const client = new SSMClient(address);
    for (const { name: Name, type: Type, value: Value, description: Description } of parameters) {
      await unlessThere(
        () => client.send(new GetParameterCommand({ Name })),
        ["ParameterNotFound"],
        () => client.send(new PutParameterCommand({ Name, Type, Value, Description })),
      );
    }
    client.destroy();
  },
};

/** Answers the queues by their names, when it is SQS that is elsewhere. Throws LR5008. */
export async function makeForeignResources(
  foreign: ForeignEndpoints,
  application: Application,
): Promise<ReadonlyMap<string, ForeignQueue>> {
  const queues = new Map<string, ForeignQueue>();
  await Promise.all(
    [...foreign].map(async ([name, address]) => {
      try {
        if (name === "sqs") await makeQueues(address, application, queues);
        else await MAKERS[name]?.(address, application);
      } catch (error) {
        throw new AppError("LR5008", {
          what: `What the template declares for ${name} cannot be made`,
          where: address.endpoint,
          why: `${error instanceof Error ? error.name : "Error"}: ${messageOf(error)}`,
          cause: error,
        });
      }
    }),
  );
  return queues;
}

async function makeQueues(
  address: ServiceAddress,
  { queues }: Application,
  made: Map<string, ForeignQueue>,
): Promise<void> {
  const sdk = await import("@aws-sdk/client-sqs");
  const client = new sdk.SQSClient(address);
  // Dead-letter queues first, since a redrive policy names one by an ARN that only the server knows.
  const targets = new Set(queues.map(({ redrive }) => redrive?.deadLetterTargetArn));
  for (const queue of [...queues].sort((a, b) => Number(targets.has(b.arn)) - Number(targets.has(a.arn)))) {
    const QueueName = queue.name;
    const deadLetters = queues.find(({ arn }) => arn === queue.redrive?.deadLetterTargetArn);
    const target = deadLetters === undefined ? undefined : made.get(deadLetters.name);
    const redrive =
      target === undefined || queue.redrive === undefined
        ? queue.redrive
        : { ...queue.redrive, deadLetterTargetArn: target.arn };
    const Attributes = queueAttributes({ ...queue, redrive });
    const { QueueUrl = "" } = await unlessThere(
      () => client.send(new sdk.GetQueueUrlCommand({ QueueName })),
      ["QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"],
      () => client.send(new sdk.CreateQueueCommand({ QueueName, Attributes, tags: queue.tags })),
    );
    const known = await client.send(new sdk.GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["QueueArn"] }));
    made.set(queue.name, { url: QueueUrl, arn: known.Attributes?.["QueueArn"] ?? queue.arn });
  }
  client.destroy();
}

/** Asks, and makes it only when the answer is one of these refusals. */
async function unlessThere<T>(
  ask: () => Promise<T>,
  missing: readonly string[],
  make: () => Promise<T | void>,
): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof Error) || !missing.includes(error.name)) throw error;
  }
  await make();
  return ask();
}
