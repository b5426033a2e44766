/** Functions that the Lambda API makes, through the official SDK: their life, their packages and layers, and what is refused. */
import {
  CreateAliasCommand,
  CreateFunctionCommand,
  DeleteFunctionCommand,
  DeleteLayerVersionCommand,
  GetFunctionCommand,
  GetFunctionConfigurationCommand,
  GetLayerVersionCommand,
  GetPolicyCommand,
  InvokeCommand,
  LambdaClient,
  ListFunctionsCommand,
  ListLayerVersionsCommand,
  ListLayersCommand,
  PublishLayerVersionCommand,
  PutFunctionConcurrencyCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
  UpdateFunctionUrlConfigCommand,
  waitUntilFunctionActiveV2,
  waitUntilFunctionUpdatedV2,
  type CreateFunctionCommandInput,
} from "@aws-sdk/client-lambda";
import type { TestStack } from "../../../src/index.js";
import { loadApplication } from "../../../src/config/load-application.js";
import { Stack } from "../../../src/stack/stack.js";
import { ProjectFolder } from "../../cli/cli.js";
import {
  arnOf,
  callFunction,
  DECLARED,
  ECHO,
  functionInput,
  makeFunction,
  refusalOf,
  ROLE,
  startLambda,
  type Refusal,
} from "./world.js";
import { zip } from "./zip.js";

let stack: TestStack;
let client: LambdaClient;

beforeAll(async () => {
  ({ stack, client } = await startLambda(DECLARED));
});

const create = (code?: string, change?: Partial<CreateFunctionCommandInput>): Promise<string> =>
  makeFunction(client, code, change);
const call = (name: string, event?: unknown, qualifier?: string): Promise<Record<string, unknown>> =>
  callFunction(client, name, event, qualifier);
const refusal = (command: unknown): Promise<Refusal> => refusalOf(client, command);

describe("functions", () => {
  test("are made, waited for, shown, run and deleted", async () => {
    const FunctionName = await create(ECHO, {
      Environment: { Variables: { STAGE: "a" } },
      Tags: { team: "x" },
      Description: "d",
      Timeout: 5,
      MemorySize: 256,
    });
    await waitUntilFunctionActiveV2({ client, maxWaitTime: 10 }, { FunctionName });
    const { Configuration, Code, Tags } = await client.send(new GetFunctionCommand({ FunctionName }));
    expect(Configuration).toMatchObject({
      FunctionName,
      FunctionArn: arnOf(FunctionName),
      Runtime: "nodejs20.x",
      Handler: "index.handler",
      Role: ROLE,
      Timeout: 5,
      MemorySize: 256,
      Description: "d",
      State: "Active",
      LastUpdateStatus: "Successful",
      Version: "$LATEST",
      PackageType: "Zip",
      Architectures: ["x86_64"],
      EphemeralStorage: { Size: 512 },
      TracingConfig: { Mode: "PassThrough" },
      LoggingConfig: { LogFormat: "Text", LogGroup: `/aws/lambda/${FunctionName}` },
      Environment: { Variables: { STAGE: "a" } },
    });
    expect(Code?.Location).toMatch(/^file:.*\.zip$/);
    expect(Tags).toEqual({ team: "x" });
    expect(await call(FunctionName, { a: 1 })).toEqual({
      event: { a: 1 },
      arn: arnOf(FunctionName),
      version: "$LATEST",
      env: "a",
    });
    const { Functions = [] } = await client.send(new ListFunctionsCommand({}));
    expect(Functions.map((fn) => fn.FunctionName)).toEqual(expect.arrayContaining(["declared", FunctionName]));
    await client.send(new DeleteFunctionCommand({ FunctionName }));
    await expect(call(FunctionName)).rejects.toMatchObject({
      name: "ResourceNotFoundException",
      message: `Function not found: ${arnOf(FunctionName)}`,
      $metadata: { httpStatusCode: 404 },
    });
  });

  test("say Pending and InProgress in the answer that causes it", async () => {
    const FunctionName = "made-states";
    const Code = { ZipFile: zip({ "index.js": ECHO }) };
    expect(await client.send(new CreateFunctionCommand(functionInput(FunctionName, { Code })))).toMatchObject({
      State: "Pending",
      StateReasonCode: "Creating",
      $metadata: { httpStatusCode: 201 },
    });
    expect(await client.send(new UpdateFunctionCodeCommand({ FunctionName, ...Code }))).toMatchObject({
      State: "Active",
      LastUpdateStatus: "InProgress",
    });
    await waitUntilFunctionUpdatedV2({ client, maxWaitTime: 10 }, { FunctionName });
  });

  test("run on what they were updated to", async () => {
    const FunctionName = await create();
    await call(FunctionName);
    await client.send(
      new UpdateFunctionConfigurationCommand({ FunctionName, Environment: { Variables: { STAGE: "b" } }, Timeout: 9 }),
    );
    expect(await call(FunctionName)).toMatchObject({ env: "b" });
    await client.send(
      new UpdateFunctionCodeCommand({
        FunctionName,
        ZipFile: zip({ "index.js": "exports.handler = async () => ({ now: 2 });" }),
      }),
    );
    expect(await call(FunctionName)).toEqual({ now: 2 });
    expect(await client.send(new GetFunctionConfigurationCommand({ FunctionName }))).toMatchObject({ Timeout: 9 });
  });

  test("take their code from S3", async () => {
    const { S3Client, CreateBucketCommand } = await import("@aws-sdk/client-s3");
    const s3 = new S3Client(stack.clientConfig);
    await s3.send(new CreateBucketCommand({ Bucket: "packages" }));
    s3.destroy();
    await stack.s3.put("packages", "code.zip", zip({ "index.js": ECHO }));
    const name = "made-from-s3";
    await client.send(
      new CreateFunctionCommand(functionInput(name, { Code: { S3Bucket: "packages", S3Key: "code.zip" } })),
    );
    expect(await call(name)).toMatchObject({ version: "$LATEST" });
    await expect(
      client.send(new UpdateFunctionCodeCommand({ FunctionName: name, S3Bucket: "packages", S3Key: "nothing" })),
    ).rejects.toMatchObject({ name: "InvalidParameterValueException" });
  });

  test("survive the end of the stack, with versions, aliases and layers", async () => {
    const state = new ProjectFolder({ "template.yaml": "Transform: AWS::Serverless-2016-10-31\nResources: {}\n" });
    const start = async (): Promise<Stack> => {
      const { application, config } = await loadApplication({
        folder: state.folder,
        flags: { ports: { gateway: 0, http: 0 } },
      });
      return Stack.start({ application, config, projectRoot: state.folder, kind: "stack" });
    };
    const first = await start();
    const connectTo = ({ endpoint }: { readonly endpoint: string }): LambdaClient =>
      new LambdaClient({ ...stack.clientConfig, endpoint });
    const before = connectTo(first);
    await before.send(
      new CreateFunctionCommand(functionInput("kept", { Code: { ZipFile: zip({ "index.js": ECHO }) }, Publish: true })),
    );
    await before.send(new CreateAliasCommand({ FunctionName: "kept", Name: "prod", FunctionVersion: "1" }));
    before.destroy();
    await first.close();
    const second = await start();
    const after = connectTo(second);
    const { Payload, ExecutedVersion } = await after.send(
      new InvokeCommand({ FunctionName: "kept", Qualifier: "prod" }),
    );
    expect([ExecutedVersion, JSON.parse(Buffer.from(Payload ?? []).toString())]).toEqual([
      "1",
      expect.objectContaining({ version: "1", arn: arnOf("kept", "prod") }),
    ]);
    after.destroy();
    await second.close();
    state.remove();
  });
});

describe("a package", () => {
  const refused = (ZipFile: Buffer): Promise<unknown> =>
    refusalOf(client, new CreateFunctionCommand(functionInput("never", { Code: { ZipFile } })));

  test.each([
    ["that is no ZIP", Buffer.from("nothing")],
    ["with a name that climbs out", zip({ "../../evil.js": "x" })],
    ["with an absolute name", zip({ "/tmp/evil.js": "x" })],
    ["with a symbolic link", zip({ link: "/etc" }, 0o120777)],
  ])("%s is refused", async (_, bytes) => {
    expect(await refused(bytes)).toMatchObject({
      name: "InvalidParameterValueException",
      $metadata: { httpStatusCode: 400 },
    });
  });

  test("larger than 50 MB is refused", async () => {
    expect(await refused(Buffer.alloc(50 * 1024 * 1024 + 1))).toMatchObject({
      $metadata: { httpStatusCode: 413 },
      message: "Zipped size must be smaller than 52428800 bytes",
    });
  });
});

test("a layer is published, laid under a function and listed", async () => {
  const LayerName = "greetings";
  const Content = {
    ZipFile: zip({ "nodejs/node_modules/greet/index.js": "module.exports = 'hello from the layer';" }),
  };
  const { Version, LayerVersionArn = "" } = await client.send(
    new PublishLayerVersionCommand({ LayerName, Content, CompatibleRuntimes: ["nodejs20.x"] }),
  );
  expect(Version).toBe(1);
  const name = await create("exports.handler = async () => require('greet');", { Layers: [LayerVersionArn] });
  expect(await call(name)).toBe("hello from the layer");
  expect((await client.send(new GetLayerVersionCommand({ LayerName, VersionNumber: 1 }))).LayerVersionArn).toBe(
    LayerVersionArn,
  );
  expect((await client.send(new ListLayersCommand({}))).Layers?.map((layer) => layer.LayerName)).toEqual([LayerName]);
  await client.send(new DeleteLayerVersionCommand({ LayerName, VersionNumber: 1 }));
  expect((await client.send(new ListLayerVersionsCommand({ LayerName }))).LayerVersions).toEqual([]);
  expect(await client.send(new PublishLayerVersionCommand({ LayerName, Content }))).toMatchObject({ Version: 2 });
});

test("two functions can be made of one package at the same moment", async () => {
  const code = `exports.handler = async () => "of one package";`;
  const names = await Promise.all([create(code), create(code), create(code)]);
  expect(await Promise.all(names.map((name) => call(name)))).toEqual(names.map(() => "of one package"));
});

describe("refusals have AWS's names, texts and statuses", () => {
  test.each([
    [
      "a timeout",
      { Timeout: 901 },
      "ValidationException",
      "1 validation error detected: Value '901' at 'timeout' failed to satisfy constraint: Member must have value less than or equal to 900",
    ],
    [
      "a memory size",
      { MemorySize: 64 },
      "ValidationException",
      /Value '64' at 'memorySize' failed to satisfy constraint: Member must have value greater than or equal to 128/,
    ],
    [
      "a runtime that was",
      { Runtime: "nodejs14.x" },
      "InvalidParameterValueException",
      /^The runtime parameter of nodejs14\.x is no longer supported for creating or updating AWS Lambda functions\./,
    ],
    [
      "a runtime that never was",
      { Runtime: "cobol1" },
      "InvalidParameterValueException",
      /^Value cobol1 at 'runtime' failed to satisfy constraint/,
    ],
    [
      "a long name",
      { FunctionName: "a".repeat(65) },
      "InvalidParameterValueException",
      /Member must have length less than or equal to 64$/,
    ],
    ["a role that is none", { Role: "me" }, "ValidationException", /'role' failed to satisfy constraint/],
    [
      "a reserved variable",
      { Environment: { Variables: { AWS_REGION: "x" } } },
      "InvalidParameterValueException",
      /reserved keys/,
    ],
    [
      "a large environment",
      { Environment: { Variables: { A_LONG_ONE: "x".repeat(4096) } } },
      "InvalidParameterValueException",
      /exceeded the 4KB limit/,
    ],
    [
      "six layers",
      { Layers: [1, 2, 3, 4, 5, 6].map((n) => `arn:aws:lambda:us-east-1:000000000000:layer:l${n}:1`) },
      "InvalidParameterValueException",
      "Cannot reference more than 5 layers.",
    ],
    [
      "a layer that is not there",
      { Layers: ["arn:aws:lambda:us-east-1:000000000000:layer:none:1"] },
      "InvalidParameterValueException",
      "Layer version arn:aws:lambda:us-east-1:000000000000:layer:none:1 does not exist.",
    ],
    [
      "a name that is taken",
      { FunctionName: "declared" },
      "ResourceConflictException",
      "Function already exist: declared",
    ],
  ])("of %s", async (_, change, name, message) => {
    const error = await refusal(new CreateFunctionCommand(functionInput("refused", change)));
    expect(error).toMatchObject({
      name,
      message: typeof message === "string" ? message : expect.stringMatching(message),
    });
  });

  test("of qualifiers that disagree, other regions and other accounts", async () => {
    expect(await refusal(new GetFunctionCommand({ FunctionName: "declared:live", Qualifier: "1" }))).toMatchObject({
      message: "The derived qualifier from the function name does not match the specified qualifier.",
    });
    expect(
      await refusal(
        new GetFunctionCommand({ FunctionName: "arn:aws:lambda:eu-west-1:000000000000:function:declared" }),
      ),
    ).toMatchObject({
      name: "ResourceNotFoundException",
      message: "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')",
    });
    expect(
      await refusal(
        new GetFunctionCommand({ FunctionName: "arn:aws:lambda:us-east-1:111111111111:function:declared" }),
      ),
    ).toMatchObject({ name: "AccessDeniedException" });
  });

  test("tells what is not there in the words of each call", async () => {
    const FunctionName = await create();
    const gone = `arn:aws:lambda:us-east-1:000000000000:function:gone`;
    expect(await refusal(new GetFunctionCommand({ FunctionName: "gone" }))).toMatchObject({
      message: `Function not found: ${gone}`,
    });
    expect(
      await refusal(new PutFunctionConcurrencyCommand({ FunctionName: "gone", ReservedConcurrentExecutions: 1 })),
    ).toMatchObject({ message: `Function not found: ${gone}:$LATEST` });
    expect(await refusal(new GetPolicyCommand({ FunctionName: "gone" }))).toMatchObject({
      message: "The resource you requested does not exist.",
    });
    expect(await refusal(new UpdateFunctionUrlConfigCommand({ FunctionName: "gone", AuthType: "NONE" }))).toMatchObject(
      { message: "Function does not exist" },
    );
    expect(await refusal(new UpdateFunctionUrlConfigCommand({ FunctionName, AuthType: "NONE" }))).toMatchObject({
      message: "The resource you requested does not exist.",
    });
  });

  test("of a client context that is no JSON object", async () => {
    const ClientContext = Buffer.from("[1]").toString("base64");
    expect(await refusal(new InvokeCommand({ FunctionName: "declared", ClientContext }))).toMatchObject({
      name: "InvalidRequestContentException",
      message: "Client context must be a valid Base64-encoded JSON object.",
    });
  });

  test("of a revision that is old", async () => {
    const FunctionName = await create();
    expect(
      await refusal(new UpdateFunctionConfigurationCommand({ FunctionName, Timeout: 4, RevisionId: "old" })),
    ).toMatchObject({ name: "PreconditionFailedException", $metadata: { httpStatusCode: 412 } });
  });
});
