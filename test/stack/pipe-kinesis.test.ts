/** Streams of Kinesis as sources and targets of pipes. */
import { KinesisClient, PutRecordsCommand } from "@aws-sdk/client-kinesis";
import { createStack, type TestStack } from "../../src/index.js";
import { ProjectFolder } from "../cli/cli.js";
import { PATIENT, repeatUntil } from "../until.js";

const ROLE = "arn:aws:iam::000000000000:role/pipe";
const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Globals: { Function: { Timeout: 30 } }
Resources:
  Clicks: { Type: AWS::Kinesis::Stream, Properties: { Name: clicks, ShardCount: 2 } }
  Copies: { Type: AWS::Kinesis::Stream, Properties: { Name: copies, ShardCount: 1 } }
  In: { Type: AWS::SQS::Queue, Properties: { QueueName: in } }
  Dead: { Type: AWS::SQS::Queue, Properties: { QueueName: dead } }
  Work: { Type: AWS::Serverless::Function, Properties: { FunctionName: work, Handler: index.work, Runtime: nodejs22.x, CodeUri: code/ } }
  Picky: { Type: AWS::Serverless::Function, Properties: { FunctionName: picky, Handler: index.picky, Runtime: nodejs22.x, CodeUri: code/ } }
  FromStream:
    Type: AWS::Pipes::Pipe
    Properties:
      Name: from-stream
      RoleArn: ${ROLE}
      Source: !GetAtt Clicks.Arn
      SourceParameters:
        KinesisStreamParameters: { StartingPosition: TRIM_HORIZON, ParallelizationFactor: 2 }
        FilterCriteria: { Filters: [{ Pattern: '{"data":{"kind":["order"]}}' }] }
      Target: !GetAtt Work.Arn
      TargetParameters: { InputTemplate: '{"id": <$.data.id>, "key": <$.partitionKey>, "role": <$.invokeIdentityArn>, "data": <aws.pipes.event.json>}' }
  ToStream:
    Type: AWS::Pipes::Pipe
    Properties:
      Name: to-stream
      RoleArn: ${ROLE}
      Source: !GetAtt In.Arn
      Target: !GetAtt Copies.Arn
      TargetParameters: { InputTemplate: <$.body>, KinesisStreamParameters: { PartitionKey: $.body.id } }
  Fails:
    Type: AWS::Pipes::Pipe
    Properties:
      Name: fails
      RoleArn: ${ROLE}
      Source: !GetAtt Copies.Arn
      SourceParameters:
        KinesisStreamParameters:
          StartingPosition: AT_TIMESTAMP
          StartingPositionTimestamp: "2026-01-01T00:00:00Z"
          MaximumRetryAttempts: 0
          DeadLetterConfig: { Arn: !GetAtt Dead.Arn }
      Target: !GetAtt Picky.Arn
`;
const CODE = `
exports.work = async (events) => events;
exports.picky = async (records) => ({ batchItemFailures: records.map(({ eventID }) => ({ itemIdentifier: eventID })) });
`;

describe("pipes and streams of Kinesis", () => {
  let project: ProjectFolder;
  let stack: TestStack;

  beforeAll(async () => {
    project = new ProjectFolder({ "template.yaml": TEMPLATE, "code/index.js": CODE });
    stack = await createStack({ folder: project.folder, clock: new Date("2026-01-02T03:04:05Z") });
  });
  afterAll(async () => {
    await stack.close();
    project.remove();
  });

  it("bring records of all shards with their data opened, and only those that the filter lets pass", async () => {
    const kinesis = new KinesisClient(stack.clientConfig);
    const Records = ["order", "else", "order", "order"].map((kind, id) => ({
      PartitionKey: `k${id}`,
      Data: Buffer.from(JSON.stringify({ kind, id })),
    }));
    await kinesis.send(new PutRecordsCommand({ StreamName: "clicks", Records }));
    kinesis.destroy();
    const events = () => stack.invocations("work").flatMap(({ event }) => event as { readonly id: number }[]);
    await stack.waitFor(() => events().length === 3, PATIENT);
    expect(events().toSorted((a, b) => a.id - b.id)).toMatchObject([
      { id: 0, key: "k0", role: ROLE, data: { eventSource: "aws:kinesis", data: { kind: "order", id: 0 } } },
      { id: 2, key: "k2" },
      { id: 3, key: "k3" },
    ]);
  });

  it("put records with the key of their event; what fails at the other end is told in the dead-letter queue", async () => {
    await stack.sqs.send("in", { id: "a" });
    const dead: string[] = [];
    await repeatUntil(
      () => dead.length === 1,
      async () => {
        await stack.clock.advance("2s");
        dead.push(...(await stack.sqs.receive("dead")).map(({ body }) => body));
      },
    );
    expect(stack.invocations("picky").map(({ event }) => event)).toMatchObject([
      [
        {
          kinesisSchemaVersion: "1.0",
          partitionKey: "a",
          data: Buffer.from('{"id":"a"}').toString("base64"),
          eventSourceARN: "arn:aws:kinesis:us-east-1:000000000000:stream/copies",
        },
      ],
    ]);
    expect(JSON.parse(dead[0] ?? "")).toMatchObject({
      context: { condition: "RetryAttemptsExhausted" },
      KinesisBatchInfo: { batchSize: 1, shardId: "shardId-000000000000" },
    });
  });
});
