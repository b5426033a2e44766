/** The whole aggregation system: bucket, queue, function, table, secret, and a store that can be made to fail. */
import { resolve } from "node:path";
import { LambdaClient, ListEventSourceMappingsCommand, UpdateEventSourceMappingCommand } from "@aws-sdk/client-lambda";
import { createStack, type TestStack } from "../../../src/index.js";
import { ProjectFolder } from "../../cli/cli.js";
import { archivesIn, type Arrived } from "./archives.js";
import { FaultyStore } from "./faulty-store.js";
import { PATIENT } from "../../until.js";

export interface SystemOptions {
  readonly timeoutSeconds?: number;
  readonly visibilitySeconds?: number;
  readonly maxReceiveCount?: number;
  readonly maximumConcurrency?: number;
  readonly env?: Readonly<Record<string, string>>;
}

const CODE = resolve(__dirname, "..", "..", "..", "src", "functions", "aggregation");

/** The same declarations as in the project's own template, with times that suit a test. */
export function templateOf(storeEndpoint: string, options: SystemOptions = {}): string {
  const {
    timeoutSeconds = 20,
    visibilitySeconds = 120,
    maxReceiveCount = 5,
    maximumConcurrency = 10,
    env = {},
  } = options;
  const variables = {
    MINIO_BUCKET: "archives",
    POWERTOOLS_SERVICE_NAME: "DataAggregator",
    POWERTOOLS_METRICS_NAMESPACE: "DataMovePipeline",
    MIN_REMAINING_TIME_MS: "0",
    ...env,
  };
  return `
Transform: AWS::Serverless-2016-10-31
Resources:
  Landing:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: landing
      NotificationConfiguration: { QueueConfigurations: [{ Event: "s3:ObjectCreated:*", Queue: !GetAtt Files.Arn }] }
  Dead: { Type: AWS::SQS::Queue, Properties: { QueueName: dead } }
  Files:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: files
      VisibilityTimeout: ${visibilitySeconds}
      RedrivePolicy: { deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: ${maxReceiveCount} }
  Once:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: once
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{ AttributeName: ObjectID, AttributeType: S }]
      KeySchema: [{ AttributeName: ObjectID, KeyType: HASH }]
      TimeToLiveSpecification: { AttributeName: ExpiresAt, Enabled: true }
  Keys:
    Type: AWS::SecretsManager::Secret
    Properties:
      Name: store-keys
      SecretString: '{"endpoint_url":"${storeEndpoint}","access_key":"minioadmin","secret_key":"minioadmin"}'
  Aggregation:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: aggregation
      Runtime: nodejs22.x
      CodeUri: ${CODE}
      Handler: handler.handler
      MemorySize: 256
      Timeout: ${timeoutSeconds}
      Environment:
        Variables:
          IDEMPOTENCY_TABLE: !Ref Once
          MINIO_SECRET_ID: !Ref Keys
${Object.entries(variables)
  .map(([name, value]) => `          ${name}: "${value}"`)
  .join("\n")}
      Events: { Files: { Type: SQS, Properties: { Queue: !GetAtt Files.Arn, FunctionResponseTypes: [ReportBatchItemFailures], ScalingConfig: { MaximumConcurrency: ${maximumConcurrency} } } } }
    Metadata: { BuildMethod: esbuild, BuildProperties: { External: ["@aws-sdk/*"] } }
`;
}

export class AggregationSystem {
  readonly stack: TestStack;
  readonly store: FaultyStore;
  /** Before DynamoDB: a function that cannot write its end is killed by its timeout. */
  readonly table: FaultyStore;
  readonly #project: ProjectFolder;
  readonly #lambda: LambdaClient;

  private constructor(stack: TestStack, store: FaultyStore, table: FaultyStore, project: ProjectFolder) {
    this.stack = stack;
    this.store = store;
    this.table = table;
    this.#project = project;
    this.#lambda = new LambdaClient(stack.clientConfig);
  }

  static async start(options: SystemOptions = {}): Promise<AggregationSystem> {
    const [store, table] = [await FaultyStore.start(), await FaultyStore.start()];
    const env = { AWS_ENDPOINT_URL_DYNAMODB: table.endpoint, ...options.env };
    const project = new ProjectFolder({ "template.yaml": templateOf(store.endpoint, { ...options, env }) });
    const stack = await createStack({
      folder: project.folder,
      clock: "virtual",
      config: { secondStores: { minio: { port: 0, buckets: ["archives"] } } },
    });
    const system = new AggregationSystem(stack, store, table, project);
    table.target = stack.endpoint;
    store.target = system.storeEndpoint;
    // The test event of the bucket's notification configuration.
    await stack.waitFor(() => stack.invocations("aggregation").length === 1, { timeoutMs: 20_000 });
    return system;
  }

  /** Of the store itself, behind the faults. */
  get storeEndpoint(): string {
    return this.stack.stack.secondStores[0]?.gateway.endpoint ?? "";
  }

  archives(): Promise<Arrived[]> {
    return archivesIn(this.storeEndpoint);
  }

  /** Puts files while the mapping pauses, so that they come in one batch. */
  async putTogether(
    files: Readonly<Record<string, string>>,
    andAlso: () => Promise<void> = () => Promise.resolve(),
  ): Promise<void> {
    await this.#enable(false);
    for (const [key, body] of Object.entries(files)) await this.stack.s3.put("landing", key, body);
    await this.stack.waitFor(
      async () => (await this.stack.sqs.depth("files")).visible === Object.keys(files).length,
      PATIENT,
    );
    await andAlso();
    await this.#enable(true);
  }

  /** Resolves when no message is left in the queue, moving time on past visibility timeouts. */
  async workOff(stepSeconds = 120): Promise<void> {
    for (let step = 0; step < 1000; step++) {
      await this.stack.stack.activity.quiet();
      const { visible, inFlight, delayed } = await this.stack.sqs.depth("files");
      if (visible + inFlight + delayed === 0) return;
      await this.stack.clock.advance(`${stepSeconds}s`);
    }
    throw new Error("the queue does not get empty");
  }

  async close(): Promise<void> {
    this.#lambda.destroy();
    await this.stack.close();
    await this.store.stop();
    await this.table.stop();
    this.#project.remove();
  }

  async #enable(Enabled: boolean): Promise<void> {
    const { EventSourceMappings = [] } = await this.#lambda.send(new ListEventSourceMappingsCommand({}));
    await this.#lambda.send(new UpdateEventSourceMappingCommand({ UUID: EventSourceMappings[0]?.UUID, Enabled }));
  }
}
