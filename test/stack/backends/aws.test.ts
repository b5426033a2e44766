/**
 * The user's own AWS account as the backend. A second lambda-run plays AWS: the SDK is led there as it is led anywhere,
 * by AWS_ENDPOINT_URL or the profile, so the credential chain, STS and every call of a client are real. AWS itself was
 * never called.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { CreateQueueCommand, ListQueuesCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { createStack } from "../../../src/index.js";
import { VirtualClock } from "../../../src/shared/clock.js";
import { AwsAccount } from "../../../src/stack/backends/aws-account.js";
import { ProjectFolder, type CliResult } from "../../cli/cli.js";
import { PATIENT, until } from "../../until.js";
import { startForeignServer, type ForeignServer } from "./foreign-server.js";

const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: { Runtime: nodejs22.x, CodeUri: src/, Timeout: 10 }
Resources:
  Look:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: look
      Handler: look.handler
      Environment: { Variables: { ORDERS_ARN: !GetAtt Orders.Arn, ORDERS: !Ref Orders } }
  Put: { Type: AWS::Serverless::Function, Properties: { FunctionName: put, Handler: put.handler } }
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: worker
      Handler: look.handler
      Events: { Orders: { Type: SQS, Properties: { Queue: !GetAtt Orders.Arn } } }
  Store: { Type: AWS::S3::Bucket, Properties: { BucketName: real-store } }
  Orders: { Type: AWS::SQS::Queue, Properties: { QueueName: orders } }
`;
const FILES = {
  "template.yaml": TEMPLATE,
  "src/look.js": `
    exports.handler = async () => Object.fromEntries(
      Object.entries(process.env).filter(([name]) => /^(AWS_(ENDPOINT|ACCESS|SECRET|SESSION|REGION)|ORDERS)/.test(name)));`,
  "src/put.js": `
    const { S3Client, PutObjectCommand } = require("@aws-sdk/client-s3");
    exports.handler = async () => {
      const { $metadata } = await new S3Client({ forcePathStyle: true }).send(
        new PutObjectCommand({ Bucket: "real-store", Key: "k", Body: "b" }));
      return $metadata.httpStatusCode;
    };`,
};
const REALM = { region: "eu-west-1", accountId: "111122223333" };
const SECRET = "far-away";

let aws: ForeignServer;
let project: ProjectFolder;
let home: string;

beforeEach(async () => {
  aws = await startForeignServer(REALM);
  project = new ProjectFolder(FILES);
  home = mkdtempSync(join(tmpdir(), "lambda-run-home-"));
});
afterEach(async () => {
  await aws.close();
  project.remove();
  rmSync(home, { recursive: true, force: true });
});

/** What the user's shell has set; nothing of the machine that runs the test. */
const shell = (variables: Record<string, string> = {}): Record<string, string> => ({
  HOME: home,
  AWS_CONFIG_FILE: join(home, "config"),
  AWS_SHARED_CREDENTIALS_FILE: join(home, "credentials"),
  AWS_EC2_METADATA_DISABLED: "true",
  ...variables,
});
const withKeys = (variables: Record<string, string> = {}): Record<string, string> =>
  shell({
    AWS_ACCESS_KEY_ID: "FARKEY",
    AWS_SECRET_ACCESS_KEY: SECRET,
    AWS_REGION: REALM.region,
    AWS_ENDPOINT_URL: aws.gateway.endpoint,
    ...variables,
  });
const run = (args: readonly string[], env = withKeys()): Promise<CliResult> =>
  project.run([...args, "--port", "0"], { env });
const onAws = (...args: string[]): readonly string[] => [...args, "--backend", "aws"];
const payloadOf = ({ stdout, stderr, exitCode }: CliResult): unknown => {
  if (exitCode !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
};

const made = async (): Promise<readonly string[]> => {
  const { Buckets = [] } = await new S3Client({ ...aws.client(), forcePathStyle: true }).send(
    new ListBucketsCommand({}),
  );
  const { QueueUrls = [] } = await new SQSClient(aws.client()).send(new ListQueuesCommand({}));
  return [...Buckets.map(({ Name = "" }) => Name), ...QueueUrls.map((url) => url.split("/").pop() ?? "")];
};

jest.setTimeout(60_000);

describe("functions on the account's real resources", () => {
  it("have the keys, the region and the endpoints of the user, and ARNs of the account", async () => {
    const result = await run(onAws("invoke", "look"));
    expect(payloadOf(result)).toEqual({
      AWS_ACCESS_KEY_ID: "FARKEY",
      AWS_SECRET_ACCESS_KEY: SECRET,
      AWS_REGION: "eu-west-1",
      AWS_ENDPOINT_URL: aws.gateway.endpoint,
      ORDERS_ARN: "arn:aws:sqs:eu-west-1:111122223333:orders",
      ORDERS: "https://sqs.eu-west-1.amazonaws.com/111122223333/orders",
    });
    expect(result.stderr).toContain(
      `functions work on real resources: the AWS account 111122223333, eu-west-1, by AWS_ENDPOINT_URL=${aws.gateway.endpoint} of your environment`,
    );
  });

  it("are told of what is missing there, and it is made with --create-resources alone, after the list", async () => {
    const without = await run(onAws("invoke", "look"));
    expect(without.stderr).toContain(
      "the template declares, and nobody has made: bucket real-store, queue orders in the AWS account 111122223333, eu-west-1. Pass --create-resources",
    );
    await run(onAws("seed", "--count", "1"));
    expect(await made()).toEqual([]);
    const refused = await run(onAws("invoke", "put"));
    expect(refused.stdout).toContain("NoSuchBucket");
    const wanted = await run([...onAws("invoke", "put"), "--create-resources"]);
    expect(wanted.stderr).toContain("making bucket real-store, queue orders in the AWS account 111122223333");
    expect(payloadOf(wanted)).toBe(200);
    expect(await made()).toEqual(["real-store", "orders"]);
    const again = await run(onAws("invoke", "look"));
    expect(again.stderr).not.toContain("nobody has made");
    expect(payloadOf(again)).toMatchObject({ ORDERS: `${aws.gateway.endpoint}/111122223333/orders` });
  });

  it("are found by a profile, with its endpoints for single services", async () => {
    const { endpoint } = aws.gateway;
    const files = new ProjectFolder({
      config: `[profile work]\nregion = eu-west-1\nendpoint_url = ${endpoint}\nservices = own\n[services own]\ns3 =\n  endpoint_url = ${endpoint}/\n`,
      credentials: `[work]\naws_access_key_id = FARKEY\naws_secret_access_key = ${SECRET}\n`,
    });
    const env = {
      ...shell({ AWS_PROFILE: "work" }),
      AWS_CONFIG_FILE: join(files.folder, "config"),
      AWS_SHARED_CREDENTIALS_FILE: join(files.folder, "credentials"),
    };
    expect(payloadOf(await run(onAws("invoke", "look"), env))).toMatchObject({
      AWS_ACCESS_KEY_ID: "FARKEY",
      AWS_REGION: "eu-west-1",
      AWS_ENDPOINT_URL: endpoint,
      AWS_ENDPOINT_URL_S3: `${endpoint}/`,
      ORDERS_ARN: "arn:aws:sqs:eu-west-1:111122223333:orders",
    });
    files.remove();
  });

  it("may be so for single services, while embedded ones take the same keys", async () => {
    const config = { backends: { sqs: "aws", states: "aws", cloudwatch: "aws" }, ports: { gateway: 0, http: 0 } };
    project.write("lambda-run.config.json", JSON.stringify(config));
    const { AWS_ENDPOINT_URL: endpoint = "", ...rest } = withKeys();
    const env = { ...rest, AWS_ENDPOINT_URL_STS: endpoint, AWS_ENDPOINT_URL_SQS: endpoint };
    const seen = payloadOf(await run(["invoke", "look", "--ephemeral"], env)) as Record<string, string>;
    expect(seen).toMatchObject({
      AWS_ENDPOINT_URL_SQS: endpoint,
      AWS_ENDPOINT_URL_SFN: "https://states.eu-west-1.amazonaws.com",
      AWS_ENDPOINT_URL_CLOUDWATCH: "https://monitoring.eu-west-1.amazonaws.com",
    });
    expect(seen["AWS_ENDPOINT_URL"]).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(seen["AWS_ENDPOINT_URL"]).not.toBe(endpoint);
    expect(payloadOf(await run(["invoke", "put", "--ephemeral"], env))).toBe(200);
    expect(await made()).toEqual([]);
  });

  it("are fired by messages of a real queue", async () => {
    const sqs = new SQSClient(aws.client());
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "orders" }));
    const before = { ...process.env };
    Object.assign(process.env, withKeys());
    const notices: string[] = [];
    try {
      const stack = await createStack({
        folder: project.folder,
        config: { backend: "aws" },
        onNotice: (text) => notices.push(text),
      });
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "real" }));
      const [{ event }] = await stack.waitFor(() => {
        const all = stack.invocations("worker");
        return all.length > 0 && (all as [(typeof all)[number]]);
      }, PATIENT);
      expect(event).toMatchObject({
        Records: [
          { body: "real", eventSourceARN: "arn:aws:sqs:eu-west-1:111122223333:orders", awsRegion: "eu-west-1" },
        ],
      });
      await stack.close();
    } finally {
      for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
      Object.assign(process.env, before);
      sqs.destroy();
    }
    expect(notices).toContainEqual(
      expect.stringContaining("takes messages off arn:aws:sqs:eu-west-1:111122223333:orders"),
    );
  });
});

describe("the user's credentials", () => {
  const filesBelow = (folder: string): string[] =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));

  it("are written nowhere: not to the state folder, not to a cache, not to the terminal", async () => {
    const env = withKeys();
    const result = await run(onAws("invoke", "put", "--create-resources"), env);
    expect(payloadOf(result)).toBe(200);
    await run(onAws("queues", "--json"), env);
    const files = filesBelow(project.folder);
    expect(files.length).toBeGreaterThan(5);
    expect(files.filter((file) => readFileSync(file).includes(SECRET))).toEqual([]);
    expect(result.stderr + result.stdout).not.toContain(SECRET);
  });

  it("are warned of where others could use them", async () => {
    const open = await run(onAws("invoke", "look", "--host", "0.0.0.0"));
    expect(open.stderr).toContain("whoever reaches 0.0.0.0 may run functions, and functions have your AWS keys");
    expect((await run(onAws("invoke", "look"))).stderr).not.toContain("whoever reaches");
  });

  it("are looked at by doctor, when the project wants them", async () => {
    project.write("lambda-run.config.json", JSON.stringify({ backend: "aws" }));
    const good = await run(["doctor", "--json"]);
    expect(JSON.parse(good.stdout)).toMatchObject({ account: REALM });
    expect(good.stdout).not.toContain(SECRET);
    const bad = await run(["doctor"], shell({ AWS_REGION: "eu-west-1" }));
    expect(bad.stdout).toMatch(/^AWS account\nNo AWS credentials were found\n {2}fix {3}Log in/m);
  });

  it("are not asked for by commands that run nothing", async () => {
    project.write("lambda-run.config.json", JSON.stringify({ backend: "aws" }));
    const { exitCode, stdout } = await run(["list", "--json"], shell());
    expect(exitCode).toBe(0);
    expect(stdout).toContain("look");
  });

  it.each<[string, () => Record<string, string>, RegExp]>([
    [
      "are missing",
      () => shell({ AWS_REGION: "eu-west-1" }),
      /error LR5013 No AWS credentials were found.*^fix {3}Log in/ms,
    ],
    [
      "lack a region",
      () => shell({ AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" }),
      /error LR5013 No AWS region is set/,
    ],
    [
      "name a profile that is not there",
      () => shell({ AWS_PROFILE: "gone", AWS_REGION: "eu-west-1" }),
      /error LR5013 No AWS credentials were found.*AWS_PROFILE is gone/s,
    ],
    [
      "are refused",
      () => withKeys({ AWS_ACCESS_KEY_ID: "OTHER" }),
      /error LR5013 AWS refuses the credentials \(InvalidClientTokenId\)/,
    ],
    [
      "are not those of the account that the config names",
      () => withKeys(),
      /error LR2005 The credentials are of the account 111122223333, and the config says 999999999999/,
    ],
    [
      "cannot be tried since nothing answers",
      () => withKeys({ AWS_ENDPOINT_URL: "http://127.0.0.1:1" }),
      /error LR5007 AWS does not answer/,
    ],
  ])("are told of in one sentence when they %s", async (why, env, expected) => {
    const config = why.includes("the config names") ? { accountId: "999999999999" } : {};
    project.write("lambda-run.config.json", JSON.stringify(config));
    const { stderr, exitCode } = await run(onAws("invoke", "look"), env());
    expect(stderr).toMatch(expected);
    expect(stderr).not.toContain("    at ");
    expect(exitCode).not.toBe(0);
  });

  it("are told of when they have expired", async () => {
    const { accessKeyId, secretAccessKey, sessionToken } = aws.gateway.credentials.issueSession({
      roleArn: "arn:aws:iam::111122223333:role/me",
      sessionName: "me",
      expiresAtMs: Date.now() - 1000,
    });
    const env = withKeys({
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_SESSION_TOKEN: sessionToken,
    });
    const { stderr } = await run(onAws("invoke", "look"), env);
    expect(stderr).toMatch(/error LR5013 The AWS credentials have expired.*^fix {3}Log in/ms);
  });

  it("are renewed before their end, and new environments have the new ones", async () => {
    const counter = join(home, "count");
    const script = `const fs=require("fs");const n=fs.existsSync(${JSON.stringify(counter)})?1:0;fs.writeFileSync(${JSON.stringify(counter)},"");
      console.log(JSON.stringify({Version:1,AccessKeyId:"KEY"+n,SecretAccessKey:"s",SessionToken:"t",Expiration:new Date(Date.now()+250000).toISOString()}))`;
    const files = new ProjectFolder({
      "print.js": script,
    });
    files.write(
      "config",
      `[default]\nregion = eu-west-1\ncredential_process = ${process.execPath} ${join(files.folder, "print.js")}\n`,
    );
    const before = { ...process.env };
    Object.assign(process.env, shell(), { AWS_CONFIG_FILE: join(files.folder, "config") });
    for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"]) delete process.env[name];
    const clock = new VirtualClock(Date.now());
    try {
      const account = await AwsAccount.open("eu-west-1");
      expect(account.keys.accessKeyId).toBe("KEY0");
      const renewals: string[] = [];
      const failures: unknown[] = [];
      const told = (): number => renewals.push(account.keys.accessKeyId);
      account.onRenewed(clock, told, (error) => failures.push(error));
      // So close to the end the SDK gives the old keys while it asks for new ones.
      await until(async () => {
        await clock.advance(30_000);
        return renewals.length + failures.length > 0;
      });
      expect(failures).toEqual([]);
      expect(account.keys).toEqual({ accessKeyId: "KEY1", secretAccessKey: "s", sessionToken: "t" });
      // Closed while the next renewal is under way, it plans no other.
      const underWay = clock.advance(60_000);
      account.close();
      await Promise.all([underWay, account.credentials()]);
      await new Promise((resolve) => setImmediate(resolve));
      expect(clock.nextTimerAtMs()).toBeUndefined();
    } finally {
      for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
      Object.assign(process.env, before);
      files.remove();
    }
  });
});

it("is not made by a config file that somebody has checked in", async () => {
  project.write("lambda-run.config.json", JSON.stringify({ backend: "aws", createResources: true }));
  const { stderr, exitCode } = await run(["invoke", "look"]);
  expect(stderr).toMatch(/error LR2005 The option "createResources" is for the command line only/);
  expect(exitCode).toBe(2);
});
