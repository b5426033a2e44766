/** A bucket as the destination of asynchronous invocations that fail. */
import {
  InvokeCommand,
  LambdaClient,
  PutFunctionEventInvokeConfigCommand,
  type PutFunctionEventInvokeConfigCommandInput,
} from "@aws-sdk/client-lambda";
import { GetObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { createStack, type TestStack } from "../../../src/index.js";
import { ProjectFolder } from "../../cli/cli.js";
import { startForeignServer } from "../../stack/backends/foreign-server.js";
import { PATIENT } from "../../until.js";

const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Resources:
  Lost: { Type: AWS::S3::Bucket, Properties: { BucketName: lost } }
  Seen: { Type: AWS::SQS::Queue, Properties: { QueueName: seen } }
  Sees:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: nodejs20.x
      CodeUri: code/
      Handler: index.sees
      EventInvokeConfig: { DestinationConfig: { OnSuccess: { Type: SQS, Destination: !GetAtt Seen.Arn } } }
      Events: { Put: { Type: S3, Properties: { Bucket: !Ref Lost, Events: s3:ObjectCreated:* } } }
  Later: { Type: AWS::S3::Bucket, Properties: { BucketName: later } }
  Fails:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: fails
      Runtime: nodejs20.x
      CodeUri: code/
      Handler: index.handler
      EventInvokeConfig:
        MaximumRetryAttempts: 0
        DestinationConfig: { OnFailure: { Type: S3Bucket, Destination: !GetAtt Lost.Arn } }
`;
const CODE = `
exports.handler = async () => { throw new Error(process.env._X_AMZN_TRACE_ID.split(";")[0]); };
exports.sees = async () => process.env._X_AMZN_TRACE_ID.split(";")[0];
`;
const BUCKET = "arn:aws:s3:::later";

const project = new ProjectFolder({ "template.yaml": TEMPLATE, "code/index.js": CODE });
let stack: TestStack;
let lambda: LambdaClient;
let s3: S3Client;
let sqs: SQSClient;

beforeAll(async () => {
  stack = await createStack({ folder: project.folder });
  lambda = new LambdaClient(stack.clientConfig);
  s3 = new S3Client({ ...stack.clientConfig, forcePathStyle: true });
  sqs = new SQSClient(stack.clientConfig);
});

afterAll(async () => {
  lambda.destroy();
  s3.destroy();
  sqs.destroy();
  await stack.close();
  project.remove();
});

const invoke = (): Promise<unknown> =>
  lambda.send(new InvokeCommand({ FunctionName: "fails", InvocationType: "Event", Payload: '{"n":1}' }));

const put = (DestinationConfig: PutFunctionEventInvokeConfigCommandInput["DestinationConfig"]): Promise<unknown> =>
  lambda.send(
    new PutFunctionEventInvokeConfigCommand({ FunctionName: "fails", MaximumRetryAttempts: 0, DestinationConfig }),
  );

const keyIn = (Bucket: string): Promise<string> =>
  stack.waitFor(async () => (await s3.send(new ListObjectsV2Command({ Bucket }))).Contents?.[0]?.Key, PATIENT);

test("gets the record under a name of function and time", async () => {
  await invoke();
  const Key = await keyIn("lost");
  expect(Key).toMatch(
    /^aws\/lambda\/async\/fails\/(\d{4})\/(\d\d)\/(\d\d)\/\1-\2-\3T\d\d\.\d\d\.\d\d-[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/,
  );
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: "lost", Key }));
  const record = JSON.parse((await Body?.transformToString()) ?? "") as { responsePayload: { errorMessage: string } };
  expect(record).toMatchObject({
    requestContext: { condition: "RetriesExhausted", approximateInvokeCount: 1 },
    requestPayload: { n: 1 },
  });
  // The put belongs to the trace of the event: by that endless chains are found.
  const seen = await stack.waitFor(async () => {
    const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: `${stack.endpoint}/000000000000/seen` }));
    return Messages?.[0]?.Body;
  }, PATIENT);
  expect(JSON.parse(seen)).toMatchObject({ responsePayload: record.responsePayload.errorMessage });
});

test("can be set through the API, for failures alone", async () => {
  await expect(put({ OnSuccess: { Destination: BUCKET }, OnFailure: { Destination: BUCKET } })).rejects.toMatchObject({
    name: "InvalidParameterValueException",
  });
  await put({ OnFailure: { Destination: BUCKET } });
  await invoke();
  expect(await keyIn("later")).toMatch(/^aws\/lambda\/async\/fails\//);
});

test("may be on another server", async () => {
  const far = await startForeignServer();
  const farS3 = new S3Client({ ...far.client(), forcePathStyle: true });
  const config = { ports: { gateway: 0, http: 0 }, backends: { s3: far.backend } };
  const other = new ProjectFolder({
    "template.yaml": TEMPLATE,
    "code/index.js": CODE,
    "lambda-run.config.json": JSON.stringify(config),
  });
  const near = await createStack({ folder: other.folder });
  const client = new LambdaClient(near.clientConfig);
  try {
    await client.send(new InvokeCommand({ FunctionName: "fails", InvocationType: "Event" }));
    const Key = await near.waitFor(
      async () => (await farS3.send(new ListObjectsV2Command({ Bucket: "lost" }))).Contents?.[0]?.Key,
      PATIENT,
    );
    expect(Key).toMatch(/^aws\/lambda\/async\/fails\//);
  } finally {
    client.destroy();
    farS3.destroy();
    await near.close();
    await far.close();
    other.remove();
  }
});
