/** Templates that other tools write, as they write them: AWS CDK and the Serverless Framework. */
import { join } from "node:path";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { readTemplate } from "../../src/config/template/read-template.js";
import { createStack, type TestStack } from "../../src/index.js";
import { writeZip } from "../../src/stack/package/zip.js";
import { ProjectFolder } from "../cli/cli.js";
import { PATIENT } from "../until.js";

const projects: ProjectFolder[] = [];
const stacks: TestStack[] = [];
afterEach(async () => {
  for (const stack of stacks.splice(0)) await stack.close();
  for (const project of projects.splice(0)) project.remove();
});

function folderOf(files: Readonly<Record<string, string | object>>): ProjectFolder {
  const texts = Object.entries(files).map(([name, file]): [string, string] => [
    name,
    typeof file === "string" ? file : JSON.stringify(file),
  ]);
  const project = new ProjectFolder(Object.fromEntries(texts));
  projects.push(project);
  return project;
}

async function open({ folder }: ProjectFolder, template: string): Promise<TestStack> {
  const stack = await createStack({ folder, template, clock: "virtual" });
  stacks.push(stack);
  return stack;
}

const getAtt = (logicalId: string) => ({ "Fn::GetAtt": [logicalId, "Arn"] });

describe("a template of CDK", () => {
  const template = (configuration: object): object => ({
    Resources: {
      Bucket83908E77: { Type: "AWS::S3::Bucket", Properties: { BucketName: "landing" } },
      BucketNotifications8F2E257D: {
        Type: "Custom::S3BucketNotifications",
        Properties: {
          ServiceToken: getAtt("Handler886CB40B"),
          BucketName: { Ref: "Bucket83908E77" },
          NotificationConfiguration: configuration,
          Managed: true,
          SkipDestinationValidation: false,
        },
      },
      Empty: { Type: "Custom::S3AutoDeleteObjects", Properties: { BucketName: { Ref: "Bucket83908E77" } } },
      Seen: { Type: "AWS::SQS::Queue", Properties: { QueueName: "seen" } },
      Rule: {
        Type: "AWS::Events::Rule",
        Properties: { EventPattern: { source: ["aws.s3"] }, Targets: [{ Id: "t", Arn: getAtt("Seen") }] },
      },
      Handler886CB40B: {
        Type: "AWS::Lambda::Function",
        Properties: {
          FunctionName: "reader",
          Runtime: "nodejs22.x",
          Handler: "index.handler",
          Code: { S3Bucket: { "Fn::Sub": "cdk-hnb659fds-assets-${AWS::AccountId}" }, S3Key: "4f2a.zip" },
        },
        Metadata: { "aws:asset:path": "asset.4f2a", "aws:asset:property": "Code" },
      },
    },
  });
  const asset = { "cdk.out/asset.4f2a/index.js": "exports.handler = async (event) => event.Records[0].s3.object.key;" };
  const FILE = "cdk.out/App.template.json";

  it("has the bucket tell the function what its custom resource says", async () => {
    const project = folderOf({
      [FILE]: template({
        LambdaFunctionConfigurations: [
          {
            Events: ["s3:ObjectCreated:*"],
            Filter: { Key: { FilterRules: [{ Name: "prefix", Value: "in/" }] } },
            LambdaFunctionArn: getAtt("Handler886CB40B"),
          },
        ],
      }),
      ...asset,
    });
    const stack = await open(project, FILE);
    const s3 = new S3Client(stack.clientConfig);
    await s3.send(new PutObjectCommand({ Bucket: "landing", Key: "out/1", Body: "x" }));
    await s3.send(new PutObjectCommand({ Bucket: "landing", Key: "in/1", Body: "x" }));
    await stack.waitFor(() => stack.invocations("reader").length === 1, PATIENT);
    expect(stack.invocations("reader").map(({ event }) => JSON.stringify(event))).toEqual([
      expect.stringContaining('"key":"in/1"'),
    ]);
    s3.destroy();
  });

  it("has the bucket tell the bus", async () => {
    const stack = await open(folderOf({ [FILE]: template({ EventBridgeConfiguration: {} }), ...asset }), FILE);
    const s3 = new S3Client(stack.clientConfig);
    await s3.send(new PutObjectCommand({ Bucket: "landing", Key: "in/1", Body: "x" }));
    await stack.waitFor(async () => (await stack.sqs.depth("seen")).visible === 1, PATIENT);
    const [message] = await stack.sqs.receive("seen");
    expect(JSON.parse(message?.body ?? "null")).toMatchObject({ detail: { object: { key: "in/1" } } });
    s3.destroy();
  });
});

describe("a template of the Serverless Framework", () => {
  const FILE = ".serverless/cloudformation-template-update-stack.json";
  const code = (zip: string) => ({
    S3Bucket: { Ref: "ServerlessDeploymentBucket" },
    S3Key: `serverless/todos/dev/17-2026/${zip}`,
  });
  const template = {
    Resources: {
      ServerlessDeploymentBucket: { Type: "AWS::S3::Bucket" },
      CreateLambdaFunction: {
        Type: "AWS::Lambda::Function",
        Properties: {
          FunctionName: "todos-dev-create",
          Runtime: "nodejs22.x",
          Handler: "todos/create.create",
          Code: code("todos.zip"),
        },
      },
    },
  };

  it("runs the code of the project", async () => {
    const project = folderOf({
      [FILE]: template,
      "todos/create.ts": "export const create = async (): Promise<string> => 'of the project';",
    });
    const stack = await open(project, FILE);
    expect((await stack.invoke("todos-dev-create", {})).payload).toBe("of the project");
  });

  it("runs the ZIP beside the template where the project has no such module", async () => {
    const project = folderOf({ [FILE]: template });
    const bytes = Buffer.from("exports.create = async () => 'of the ZIP';");
    const file = { name: "todos/create.js", bytes, sizeBytes: bytes.length, executable: false };
    await writeZip([file], join(project.folder, ".serverless", "todos.zip"));
    expect((await (await open(project, FILE)).invoke("todos-dev-create", {})).payload).toBe("of the ZIP");
    const read = readTemplate({
      file: join(project.folder, FILE),
      realm: { region: "us-east-1", accountId: "000000000000" },
      stackName: "local",
      generatedFolder: join(project.folder, "code"),
    });
    // What was read is kept until one of these appears.
    expect(read.absent).toContain(join(project.folder, "todos/create.ts"));
  });
});
