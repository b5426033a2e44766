/**
 * Short ways to the data of a stack for tests and tools: objects, messages and items through the official SDK, so that
 * what a test sees is what a client sees. Buckets, queues and tables may be named by logical id. The SDK is loaded at the first use.
 */
import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import type { S3Client } from "@aws-sdk/client-s3";
import type { SQSClient } from "@aws-sdk/client-sqs";
import type { Application } from "../config/application.js";
import type { clientOptions } from "./backends/endpoints.js";

/** Spread into the constructor of any SDK client: `new S3Client(stack.clientConfig)`. */
export interface ClientConfig {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Read by the S3 client; the others take no notice. */
  readonly forcePathStyle: true;
  readonly maxAttempts: number;
}

/** The same for any server; on AWS the SDK finds the endpoint and renews the credentials. */
type AnyClientConfig = Omit<ClientConfig, "endpoint" | "credentials"> & ReturnType<typeof clientOptions>;

type Content = string | Uint8Array;
export type Item = Record<string, unknown>;

export interface ObjectHelpers {
  put(bucket: string, key: string, body: Content): Promise<void>;
  /** Undefined when there is no such object. */
  get(bucket: string, key: string): Promise<Buffer | undefined>;
  /** Keys, sorted as S3 sorts them. */
  list(bucket: string, prefix?: string): Promise<string[]>;
}

export interface MessageHelpers {
  /** A body that is no string is sent as JSON. Resolves to the message's id. */
  send(
    queue: string,
    body: unknown,
    options?: { readonly groupId?: string; readonly delaySeconds?: number },
  ): Promise<string>;
  /** Takes messages off the queue: they are deleted. */
  receive(queue: string, max?: number): Promise<{ readonly messageId: string; readonly body: string }[]>;
  depth(queue: string): Promise<{ readonly visible: number; readonly inFlight: number; readonly delayed: number }>;
}

export interface ItemHelpers {
  put(table: string, item: Item): Promise<void>;
  get(table: string, key: Item): Promise<Item | undefined>;
  delete(table: string, key: Item): Promise<void>;
  /** Every item. */
  scan(table: string): Promise<Item[]>;
}

const MAX_BATCH = 10;

/** Clients are made at first use and ended by `close`. */
export class ServiceClients {
  readonly #config: (service: "s3" | "sqs" | "dynamodb") => AnyClientConfig;
  readonly #application: () => Application;
  #s3: Promise<S3Client> | undefined;
  #sqs: Promise<SQSClient> | undefined;
  #dynamodb: Promise<DynamoDBDocumentClient> | undefined;

  constructor(config: (service: "s3" | "sqs" | "dynamodb") => AnyClientConfig, application: () => Application) {
    this.#config = config;
    this.#application = application;
  }

  readonly s3: ObjectHelpers = {
    put: async (bucket, key, body) => {
      const { PutObjectCommand } = await import("@aws-sdk/client-s3");
      const client = await this.#s3Client();
      await client.send(new PutObjectCommand({ Bucket: this.#name("buckets", bucket), Key: key, Body: body }));
    },
    get: async (bucket, key) => {
      const { GetObjectCommand, NoSuchKey } = await import("@aws-sdk/client-s3");
      const client = await this.#s3Client();
      try {
        const { Body } = await client.send(new GetObjectCommand({ Bucket: this.#name("buckets", bucket), Key: key }));
        return Buffer.from((await Body?.transformToByteArray()) ?? []);
      } catch (error) {
        if (error instanceof NoSuchKey) return undefined;
        throw error;
      }
    },
    list: async (bucket, prefix = "") => {
      const { paginateListObjectsV2 } = await import("@aws-sdk/client-s3");
      const client = await this.#s3Client();
      const keys: string[] = [];
      for await (const { Contents = [] } of paginateListObjectsV2(
        { client },
        { Bucket: this.#name("buckets", bucket), Prefix: prefix },
      ))
        for (const { Key } of Contents) if (Key !== undefined) keys.push(Key);
      return keys;
    },
  };

  readonly sqs: MessageHelpers = {
    send: async (queue, body, { groupId, delaySeconds } = {}) => {
      const { SendMessageCommand } = await import("@aws-sdk/client-sqs");
      const client = await this.#sqsClient();
      const { MessageId } = await client.send(
        new SendMessageCommand({
          QueueUrl: await this.#queueUrl(queue),
          MessageBody: typeof body === "string" ? body : JSON.stringify(body),
          ...(groupId === undefined ? {} : { MessageGroupId: groupId }),
          ...(delaySeconds === undefined ? {} : { DelaySeconds: delaySeconds }),
        }),
      );
      return MessageId ?? "";
    },
    receive: async (queue, max = MAX_BATCH) => {
      const { DeleteMessageCommand, ReceiveMessageCommand } = await import("@aws-sdk/client-sqs");
      const client = await this.#sqsClient();
      const QueueUrl = await this.#queueUrl(queue);
      const received: { messageId: string; body: string }[] = [];
      while (received.length < max) {
        const MaxNumberOfMessages = Math.min(MAX_BATCH, max - received.length);
        const { Messages = [] } = await client.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages }));
        if (Messages.length === 0) break;
        for (const { MessageId = "", Body = "", ReceiptHandle } of Messages) {
          await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
          received.push({ messageId: MessageId, body: Body });
        }
      }
      return received;
    },
    depth: async (queue) => {
      const { GetQueueAttributesCommand } = await import("@aws-sdk/client-sqs");
      const client = await this.#sqsClient();
      const { Attributes = {} } = await client.send(
        new GetQueueAttributesCommand({ QueueUrl: await this.#queueUrl(queue), AttributeNames: ["All"] }),
      );
      return {
        visible: Number(Attributes["ApproximateNumberOfMessages"] ?? 0),
        inFlight: Number(Attributes["ApproximateNumberOfMessagesNotVisible"] ?? 0),
        delayed: Number(Attributes["ApproximateNumberOfMessagesDelayed"] ?? 0),
      };
    },
  };

  readonly dynamodb: ItemHelpers = {
    put: async (table, item) => {
      const { PutCommand } = await import("@aws-sdk/lib-dynamodb");
      const client = await this.#dynamodbClient();
      await client.send(new PutCommand({ TableName: this.#name("tables", table), Item: item }));
    },
    get: async (table, key) => {
      const { GetCommand } = await import("@aws-sdk/lib-dynamodb");
      const client = await this.#dynamodbClient();
      const input = { TableName: this.#name("tables", table), Key: key, ConsistentRead: true };
      return (await client.send(new GetCommand(input))).Item;
    },
    delete: async (table, key) => {
      const { DeleteCommand } = await import("@aws-sdk/lib-dynamodb");
      const client = await this.#dynamodbClient();
      await client.send(new DeleteCommand({ TableName: this.#name("tables", table), Key: key }));
    },
    scan: async (table) => {
      const { paginateScan } = await import("@aws-sdk/lib-dynamodb");
      const client = await this.#dynamodbClient();
      const items: Item[] = [];
      for await (const { Items = [] } of paginateScan(
        { client },
        { TableName: this.#name("tables", table), ConsistentRead: true },
      ))
        items.push(...Items);
      return items;
    },
  };

  async close(): Promise<void> {
    for (const client of [this.#s3, this.#sqs, this.#dynamodb]) (await client)?.destroy();
    this.#s3 = this.#sqs = this.#dynamodb = undefined;
  }

  #name(kind: "buckets" | "queues" | "tables", wanted: string): string {
    return this.#application()[kind].find(({ logicalId }) => logicalId === wanted)?.name ?? wanted;
  }

  async #queueUrl(queue: string): Promise<string> {
    if (/^https?:/.test(queue)) return queue;
    const { GetQueueUrlCommand } = await import("@aws-sdk/client-sqs");
    const client = await this.#sqsClient();
    return (await client.send(new GetQueueUrlCommand({ QueueName: this.#name("queues", queue) }))).QueueUrl ?? "";
  }

  #s3Client(): Promise<S3Client> {
    return (this.#s3 ??= import("@aws-sdk/client-s3").then(({ S3Client }) => new S3Client(this.#config("s3"))));
  }

  #sqsClient(): Promise<SQSClient> {
    return (this.#sqs ??= import("@aws-sdk/client-sqs").then(({ SQSClient }) => new SQSClient(this.#config("sqs"))));
  }

  #dynamodbClient(): Promise<DynamoDBDocumentClient> {
    return (this.#dynamodb ??= (async () => {
      const [{ DynamoDBClient }, { DynamoDBDocumentClient }] = await Promise.all([
        import("@aws-sdk/client-dynamodb"),
        import("@aws-sdk/lib-dynamodb"),
      ]);
      return DynamoDBDocumentClient.from(new DynamoDBClient(this.#config("dynamodb")), {
        marshallOptions: { removeUndefinedValues: true },
      });
    })());
  }
}
