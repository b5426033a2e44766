/**
 * Finds what the template declares and foreign endpoints lack, and makes it, through the AWS SDK. What exists stays as it
 * is, settings and data: nothing is changed or deleted on a server that is not ours.
 */
import type { Application } from "../../config/application.js";
import { AppError, messageOf } from "../../shared/errors.js";
import { queueAttributes } from "../queue-attributes.js";
import { createTableInput } from "../resources.js";
import { clientOptions, placeOf, type ForeignEndpoints, type ServiceAddress, type ServiceName } from "./endpoints.js";

/** A queue as the foreign server names it. */
export interface ForeignQueue {
  readonly url: string;
  readonly arn: string;
}

/** What only the server knows of what is declared. */
export interface ForeignResources {
  /** By name. */
  readonly queues: ReadonlyMap<string, ForeignQueue>;
  /** ARNs of secrets by those of the template: each has letters at its end that nobody chooses. */
  readonly secretArns: ReadonlyMap<string, string>;
}

/** Something declared, as a server sees it. */
interface Declared {
  /** `bucket reports`. */
  readonly name: string;
  /** Resolves when it is there. */
  readonly look: () => Promise<unknown>;
  /** Names of the errors that say that it is not. */
  readonly absent: readonly string[];
  readonly make: () => Promise<unknown>;
}

interface Survey {
  /** In the order in which they can be made. */
  readonly declared: readonly Declared[];
  readonly close: () => void;
}

type Surveyor = (
  address: ServiceAddress,
  application: Application,
  found: { readonly queues: Map<string, ForeignQueue>; readonly secretArns: Map<string, string> },
) => Promise<Survey>;

const SURVEYORS: Partial<Record<ServiceName, Surveyor>> = {
  s3: async (address, { buckets }) => {
    const { CreateBucketCommand, HeadBucketCommand, S3Client } = await import("@aws-sdk/client-s3");
    // AWS wants the bucket in the host name, other servers have it in the path.
    const client = new S3Client({ ...clientOptions(address), forcePathStyle: address.endpoint !== undefined });
    const place = address.region === "us-east-1" ? undefined : { LocationConstraint: address.region as "eu-west-1" };
    const declared = buckets.map(({ name: Bucket }) => ({
      name: `bucket ${Bucket}`,
      look: () => client.send(new HeadBucketCommand({ Bucket })),
      absent: ["NotFound", "NoSuchBucket"],
      make: () => client.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration: place })),
    }));
    return { declared, close: () => client.destroy() };
  },
  dynamodb: async (address, { tables }) => {
    const sdk = await import("@aws-sdk/client-dynamodb");
    const client = new sdk.DynamoDBClient(clientOptions(address));
    const declared = tables.map((table) => {
      const TableName = table.name;
      return {
        name: `table ${TableName}`,
        look: () => client.send(new sdk.DescribeTableCommand({ TableName })),
        absent: ["ResourceNotFoundException"],
        make: async () => {
          await client.send(new sdk.CreateTableCommand({ ...createTableInput(table), TableName }));
          await sdk.waitUntilTableExists({ client, maxWaitTime: 60, minDelay: 1 }, { TableName });
          if (table.ttlAttribute === undefined) return;
          const TimeToLiveSpecification = { AttributeName: table.ttlAttribute, Enabled: true };
          await client.send(new sdk.UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }));
        },
      };
    });
    return { declared, close: () => client.destroy() };
  },
  secretsmanager: async (address, { secrets }, { secretArns }) => {
    const sdk = await import("@aws-sdk/client-secrets-manager");
    const client = new sdk.SecretsManagerClient(clientOptions(address));
    const declared = secrets.map(({ name: Name, arn, description, secretString }) => {
      const value = secretString === undefined ? {} : { SecretString: secretString };
      const keep = ({ ARN }: { readonly ARN?: string | undefined }): void => void secretArns.set(arn, ARN ?? arn);
      return {
        name: `secret ${Name}`,
        look: async () => keep(await client.send(new sdk.DescribeSecretCommand({ SecretId: Name }))),
        absent: ["ResourceNotFoundException"],
        make: async () =>
          keep(await client.send(new sdk.CreateSecretCommand({ Name, Description: description, ...value }))),
      };
    });
    return { declared, close: () => client.destroy() };
  },
  ssm: async (address, { parameters }) => {
    const { GetParameterCommand, PutParameterCommand, SSMClient } = await import("@aws-sdk/client-ssm");
    const client = new SSMClient(clientOptions(address));
    const declared = parameters.map(({ name: Name, type: Type, value: Value, description: Description }) => ({
      name: `parameter ${Name}`,
      look: () => client.send(new GetParameterCommand({ Name })),
      absent: ["ParameterNotFound"],
      make: () => client.send(new PutParameterCommand({ Name, Type, Value, Description })),
    }));
    return { declared, close: () => client.destroy() };
  },
  states: async (address, { stateMachines, activities }) => {
    const sdk = await import("@aws-sdk/client-sfn");
    const client = new sdk.SFNClient(clientOptions(address));
    const machines = stateMachines.map(({ arn: stateMachineArn, name, type, definition, roleArn }) => ({
      name: `state machine ${name}`,
      look: () => client.send(new sdk.DescribeStateMachineCommand({ stateMachineArn })),
      absent: ["StateMachineDoesNotExist"],
      make: () => client.send(new sdk.CreateStateMachineCommand({ name, type, definition, roleArn })),
    }));
    const declared = activities.map(({ arn: activityArn, name }) => ({
      name: `activity ${name}`,
      look: () => client.send(new sdk.DescribeActivityCommand({ activityArn })),
      absent: ["ActivityDoesNotExist"],
      make: () => client.send(new sdk.CreateActivityCommand({ name })),
    }));
    return { declared: [...declared, ...machines], close: () => client.destroy() };
  },
  sqs: async (address, { queues }, { queues: found }) => {
    const sdk = await import("@aws-sdk/client-sqs");
    const client = new sdk.SQSClient(clientOptions(address));
    // Dead-letter queues first, since a redrive policy names one by an ARN that only the server knows.
    const targets = new Set(queues.map(({ redrive }) => redrive?.deadLetterTargetArn));
    const inOrder = [...queues].sort((a, b) => Number(targets.has(b.arn)) - Number(targets.has(a.arn)));
    const declared = inOrder.map((queue) => {
      const QueueName = queue.name;
      const look = async (): Promise<void> => {
        const { QueueUrl = "" } = await client.send(new sdk.GetQueueUrlCommand({ QueueName }));
        const known = await client.send(new sdk.GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["QueueArn"] }));
        found.set(QueueName, { url: QueueUrl, arn: known.Attributes?.["QueueArn"] ?? queue.arn });
      };
      return {
        name: `queue ${QueueName}`,
        look,
        absent: ["QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"],
        make: async () => {
          const deadLetters = queues.find(({ arn }) => arn === queue.redrive?.deadLetterTargetArn);
          const target = deadLetters === undefined ? undefined : found.get(deadLetters.name);
          const redrive =
            target === undefined || queue.redrive === undefined
              ? queue.redrive
              : { ...queue.redrive, deadLetterTargetArn: target.arn };
          const Attributes = queueAttributes({ ...queue, redrive });
          await client.send(new sdk.CreateQueueCommand({ QueueName, Attributes, tags: queue.tags }));
          await look();
        },
      };
    });
    return { declared, close: () => client.destroy() };
  },
};

export interface ForeignResourceOptions {
  readonly foreign: ForeignEndpoints;
  readonly application: Application;
  /** Asked before anything is made: what is missing in the user's AWS account, where a person has to want it. */
  readonly mayMake: (missing: readonly string[]) => boolean;
  readonly notice: (text: string) => void;
}

/** Throws LR5008. */
export async function makeForeignResources(options: ForeignResourceOptions): Promise<ForeignResources> {
  const found = { queues: new Map<string, ForeignQueue>(), secretArns: new Map<string, string>() };
  const onAws: { readonly address: ServiceAddress; readonly name: string; readonly missing: readonly Declared[] }[] =
    [];
  const closers: (() => void)[] = [];
  try {
    await Promise.all(
      [...options.foreign].map(async ([name, address]) => {
        const survey = await SURVEYORS[name]?.(address, options.application, found);
        if (survey === undefined) return;
        closers.push(survey.close);
        const missing = await guarded(name, address, () => missingOf(survey.declared, address, options.notice));
        if (address.endpoint === undefined) onAws.push({ name, address, missing });
        else await guarded(name, address, () => makeAll(missing));
      }),
    );
    const names = onAws.flatMap(({ missing }) => missing.map((one) => one.name)).sort();
    if (names.length > 0 && options.mayMake(names))
      for (const { name, address, missing } of onAws) await guarded(name, address, () => makeAll(missing));
    return found;
  } finally {
    for (const close of closers) close();
  }
}

async function missingOf(
  declared: readonly Declared[],
  address: ServiceAddress,
  notice: (text: string) => void,
): Promise<Declared[]> {
  const answers = await Promise.all(
    declared.map(async (one): Promise<Declared[]> => {
      try {
        await one.look();
        return [];
      } catch (error) {
        if (error instanceof Error && one.absent.includes(error.name)) return [one];
        // In an account with rules of its own a function may be let in where we may not look.
        if (address.endpoint !== undefined) throw error;
        notice(`whether ${one.name} is on AWS could not be found out: ${reasonOf(error)}`);
        return [];
      }
    }),
  );
  return answers.flat();
}

async function makeAll(missing: readonly Declared[]): Promise<void> {
  for (const { make } of missing) await make();
}

const reasonOf = (error: unknown): string => `${error instanceof Error ? error.name : "Error"}: ${messageOf(error)}`;

async function guarded<T>(name: string, address: ServiceAddress, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new AppError("LR5008", {
      what: `What the template declares for ${name} cannot be made`,
      where: placeOf(address),
      why: reasonOf(error),
      cause: error,
    });
  }
}
