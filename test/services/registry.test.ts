import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { CloudWatchClient, ListMetricsCommand } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogsClient, DescribeLogGroupsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { ListSecretsCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { ListQueuesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { DescribeParametersCommand, SSMClient } from "@aws-sdk/client-ssm";
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { SERVICES } from "../../src/services/registry.js";
import { startEmbedded, type Embedded } from "./embedded.js";

let embedded: Embedded;
beforeAll(async () => {
  embedded = await startEmbedded();
});
afterAll(() => embedded.close());

type Config = {
  endpoint: string;
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
};
const config = (): Config => embedded.client();

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
    await expect(embedded.gateway.service(name)).resolves.toBeDefined();
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
