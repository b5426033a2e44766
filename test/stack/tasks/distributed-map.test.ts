/** A distributed Map in a stack: its items come from S3, its results go there, its children are executions of their own. */
import { DescribeMapRunCommand, ListExecutionsCommand, ListMapRunsCommand } from "@aws-sdk/client-sfn";
import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import type { JsonObject } from "../../../src/config/json.js";
import { textOf } from "../../../src/config/json.js";
import { functionArn, TasksStack } from "./tasks-stack.js";

const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Resources:
  Data: { Type: AWS::S3::Bucket, Properties: { BucketName: data } }
  Double:
    Type: AWS::Serverless::Function
    Properties: { FunctionName: double, Runtime: nodejs22.x, CodeUri: code/, Handler: double.handler }
`;
const DOUBLE = `
exports.handler = async ({ Items, BatchInput }) => {
  if (Items.some((item) => item.n === "bad")) throw new TypeError("no number");
  return Items.map((item) => item.n * BatchInput.by);
};`;

let stack: TasksStack;
let s3: S3Client;
beforeAll(async () => {
  stack = await TasksStack.start({ "template.yaml": TEMPLATE, "code/double.js": DOUBLE });
  s3 = new S3Client({ ...stack.stack.clientConfig, forcePathStyle: true });
});
afterAll(async () => {
  s3.destroy();
  await stack.close();
});

const put = (Key: string, Body: string) => s3.send(new PutObjectCommand({ Bucket: "data", Key, Body }));
const read = async (Key: string): Promise<unknown> => {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: "data", Key }));
  return JSON.parse((await Body?.transformToString()) ?? "");
};

const machine = (members: JsonObject): JsonObject => ({
  StartAt: "Each",
  States: {
    Each: {
      Type: "Map",
      Label: "Rows",
      ItemReader: {
        Resource: "arn:aws:states:::s3:getObject",
        ReaderConfig: { InputType: "CSV", CSVHeaderLocation: "FIRST_ROW" },
        Parameters: { Bucket: "data", "Key.$": "$.key" },
      },
      ItemBatcher: { MaxItemsPerBatch: 2, BatchInput: { "by.$": "$.by" } },
      ItemProcessor: {
        ProcessorConfig: { Mode: "DISTRIBUTED", ExecutionType: "STANDARD" },
        StartAt: "Double",
        States: { Double: { Type: "Task", Resource: functionArn("double"), End: true } },
      },
      End: true,
      ...members,
    },
  },
});

test("rows of a file are worked on in batches by children, which the Map Run counts", async () => {
  await put("rows.csv", "n,name\n1,a\n2,b\n3,c\n");
  const arn = await stack.start(await stack.create(machine({})), { key: "rows.csv", by: 10 });
  expect(await stack.end(arn)).toMatchObject({ status: "SUCCEEDED", output: [[10, 20], [30]] });
  const { mapRuns = [] } = await stack.sfn.send(new ListMapRunsCommand({ executionArn: arn }));
  const mapRunArn = mapRuns[0]?.mapRunArn ?? "";
  expect(mapRunArn).toContain("/Rows:");
  expect(await stack.sfn.send(new DescribeMapRunCommand({ mapRunArn }))).toMatchObject({
    status: "SUCCEEDED",
    itemCounts: { total: 3, succeeded: 3, failed: 0 },
    executionCounts: { total: 2, succeeded: 2 },
  });
  const { executions = [] } = await stack.sfn.send(new ListExecutionsCommand({ mapRunArn }));
  expect(executions.map(({ status }) => status)).toEqual(["SUCCEEDED", "SUCCEEDED"]);
});

test("results go to S3 with a manifest, failures that are tolerated beside the others", async () => {
  await put("some.csv", "n\n1\n2\nbad\n");
  const definition = machine({
    ToleratedFailurePercentage: 50,
    ResultWriter: { Resource: "arn:aws:states:::s3:putObject", Parameters: { Bucket: "data", Prefix: "out" } },
  });
  const { output } = await stack.end(await stack.start(await stack.create(definition), { key: "some.csv", by: 2 }));
  const { Key: key } = output["ResultWriterDetails"] as JsonObject;
  const manifest = (await read(textOf(key))) as { ResultFiles: Record<string, { Key: string }[]> };
  const { SUCCEEDED: succeeded = [], FAILED: failed = [], PENDING: pending } = manifest.ResultFiles;
  expect(pending).toEqual([]);
  expect(await read(succeeded[0]?.Key ?? "")).toEqual([
    expect.objectContaining({ Status: "SUCCEEDED", Output: "[2,4]" }),
  ]);
  expect(await read(failed[0]?.Key ?? "")).toEqual([expect.objectContaining({ Status: "FAILED", Error: "TypeError" })]);
});

test("a file that is not there fails the Map Run with the words of S3", async () => {
  const arn = await stack.start(await stack.create(machine({})), { key: "gone.csv", by: 1 });
  expect(await stack.end(arn)).toMatchObject({ status: "FAILED", error: "States.ItemReaderFailed" });
  const types = (await stack.history(arn)).map(({ type }) => type);
  expect(types.slice(-3)).toEqual(["MapRunFailed", "MapStateFailed", "ExecutionFailed"]);
});
