import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { CloudWatchClient, ListMetricsCommand } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogsClient, DescribeLogGroupsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { ListSecretsCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { ListQueuesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { DescribeParametersCommand, SSMClient } from "@aws-sdk/client-ssm";
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { DEFAULT_ACCOUNT_ID, DEFAULT_REGION } from "../../src/shared/arn.js";
import { Bus } from "../../src/shared/bus.js";
import { realClock } from "../../src/shared/clock.js";
import { silentLogger } from "../../src/shared/logger.js";
import { startGateway, type Gateway } from "../../src/services/gateway.js";
import { StateStore } from "../../src/services/kit/state-store.js";
import { SERVICES } from "../../src/services/registry.js";

let gateway: Gateway;
let store: StateStore;
beforeAll(async () => {
  store = StateStore.ephemeral();
  const realm = { region: DEFAULT_REGION, accountId: DEFAULT_ACCOUNT_ID };
  gateway = await startGateway({
    port: 0,
    store: () => store,
    clock: realClock,
    bus: new Bus(),
    realm,
    log: silentLogger,
  });
});
afterAll(async () => {
  await gateway.close();
  await store.close();
});

type Config = {
  endpoint: string;
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
};
const config = (): Config => ({
  endpoint: gateway.endpoint,
  region: DEFAULT_REGION,
  credentials: { accessKeyId: "test", secretAccessKey: "test" },
});

describe("the one list of services", () => {
  it.each<[name: string, call: (config: Config) => Promise<unknown>]>([
    ["s3", (c) => new S3Client(c).send(new ListBucketsCommand({}))],
    ["sqs", (c) => new SQSClient(c).send(new ListQueuesCommand({}))],
    ["dynamodb", (c) => new DynamoDBClient(c).send(new ListTablesCommand({}))],
    ["secretsmanager", (c) => new SecretsManagerClient(c).send(new ListSecretsCommand({}))],
    ["ssm", (c) => new SSMClient(c).send(new DescribeParametersCommand({}))],
    ["sts", (c) => new STSClient(c).send(new GetCallerIdentityCommand({}))],
    ["logs", (c) => new CloudWatchLogsClient(c).send(new DescribeLogGroupsCommand({}))],
    ["cloudwatch", (c) => new CloudWatchClient(c).send(new ListMetricsCommand({}))],
  ])("%s answers its official client on the one port", async (name, call) => {
    await call(config());
    await expect(gateway.service(name)).resolves.toBeDefined();
  });

  it("names nothing twice", () => {
    for (const part of ["scopes", "targets", "queryVersions", "paths"] as const) {
      const names = SERVICES.flatMap((entry) => entry[part]);
      expect(new Set(names).size).toBe(names.length);
    }
  });

  it("lets a role assumed from STS sign for another service", async () => {
    const sts = new STSClient(config());
    const { Credentials } = await sts.send(
      new AssumeRoleCommand({ RoleArn: "arn:aws:iam::000000000000:role/reader", RoleSessionName: "me" }),
    );
    const credentials = {
      accessKeyId: Credentials?.AccessKeyId ?? "",
      secretAccessKey: Credentials?.SecretAccessKey ?? "",
      sessionToken: Credentials?.SessionToken ?? "",
    };
    const { Arn } = await new STSClient({ ...config(), credentials }).send(new GetCallerIdentityCommand({}));
    expect(Arn).toBe("arn:aws:sts::000000000000:assumed-role/reader/me");
    await expect(new SQSClient({ ...config(), credentials }).send(new ListQueuesCommand({}))).resolves.toBeDefined();
  });
});
