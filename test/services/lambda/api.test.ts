/** The Lambda API through the official SDK, with functions that the API makes and real execution environments. */
import {
  AddPermissionCommand,
  CreateAliasCommand,
  CreateEventSourceMappingCommand,
  CreateFunctionCommand,
  CreateFunctionUrlConfigCommand,
  DeleteAliasCommand,
  DeleteEventSourceMappingCommand,
  DeleteFunctionCommand,
  DeleteFunctionConcurrencyCommand,
  DeleteFunctionUrlConfigCommand,
  DeleteLayerVersionCommand,
  GetAccountSettingsCommand,
  GetAliasCommand,
  GetEventSourceMappingCommand,
  GetFunctionCommand,
  GetFunctionConcurrencyCommand,
  GetFunctionConfigurationCommand,
  GetFunctionEventInvokeConfigCommand,
  GetFunctionRecursionConfigCommand,
  GetFunctionUrlConfigCommand,
  GetLayerVersionCommand,
  GetPolicyCommand,
  GetProvisionedConcurrencyConfigCommand,
  InvokeCommand,
  InvokeWithResponseStreamCommand,
  LambdaClient,
  ListAliasesCommand,
  ListEventSourceMappingsCommand,
  ListFunctionEventInvokeConfigsCommand,
  ListFunctionsCommand,
  ListFunctionUrlConfigsCommand,
  ListLayersCommand,
  ListLayerVersionsCommand,
  ListTagsCommand,
  ListVersionsByFunctionCommand,
  PublishLayerVersionCommand,
  PublishVersionCommand,
  PutFunctionConcurrencyCommand,
  PutFunctionEventInvokeConfigCommand,
  PutFunctionRecursionConfigCommand,
  PutProvisionedConcurrencyConfigCommand,
  RemovePermissionCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateAliasCommand,
  UpdateEventSourceMappingCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
  UpdateFunctionEventInvokeConfigCommand,
  UpdateFunctionUrlConfigCommand,
  waitUntilFunctionActiveV2,
  waitUntilFunctionUpdatedV2,
  type CreateFunctionCommandInput,
} from "@aws-sdk/client-lambda";
import { createStack, type TestStack } from "../../../src/index.js";
import { loadApplication } from "../../../src/config/load-application.js";
import { Stack } from "../../../src/stack/stack.js";
import { ProjectFolder } from "../../cli/cli.js";
import { zip } from "./zip.js";

const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Resources:
  Declared:
    Type: AWS::Serverless::Function
    Properties: { FunctionName: declared, Runtime: nodejs20.x, Handler: index.handler, CodeUri: code/, AutoPublishAlias: live, RecursiveLoop: ALLOW, FunctionUrlConfig: { AuthType: NONE } }
  Raw: { Type: AWS::Lambda::Function, Properties: { FunctionName: raw, Runtime: nodejs20.x, Handler: index.handler, Role: r, Code: code/ } }
  First: { Type: AWS::Lambda::Version, Properties: { FunctionName: !Ref Raw } }
  Stable: { Type: AWS::Lambda::Alias, Properties: { FunctionName: !GetAtt Raw.Arn, Name: stable, FunctionVersion: !GetAtt First.Version } }
  Canary: { Type: AWS::Lambda::Alias, Properties: { FunctionName: !Ref Raw, Name: canary, FunctionVersion: "1", Description: some, RoutingConfig: { AdditionalVersionWeights: [{ FunctionVersion: "4", FunctionWeight: 0.2 }] } } }
  Work: { Type: AWS::SQS::Queue, Properties: { QueueName: work, VisibilityTimeout: 30 } }
`;
const CODE =
  "exports.handler = async (event, context) => ({ event, arn: context.invokedFunctionArn, version: context.functionVersion, env: process.env.STAGE });";
const Role = "arn:aws:iam::000000000000:role/test";

let project: ProjectFolder;
let stack: TestStack;
let client: LambdaClient;
let names = 0;

beforeAll(async () => {
  project = new ProjectFolder({ "template.yaml": TEMPLATE, "code/index.js": CODE });
  stack = await createStack({ folder: project.folder });
  client = new LambdaClient(stack.clientConfig);
});
afterAll(async () => {
  client.destroy();
  await stack.close();
  project.remove();
});

const arnOf = (name: string, qualifier = ""): string =>
  `arn:aws:lambda:us-east-1:000000000000:function:${name}${qualifier && `:${qualifier}`}`;

async function create(code: string | Buffer = CODE, more: Partial<CreateFunctionCommandInput> = {}): Promise<string> {
  names += 1;
  const FunctionName = `made-${names}`;
  const ZipFile = typeof code === "string" ? zip({ "index.js": code }) : code;
  await client.send(
    new CreateFunctionCommand({
      FunctionName,
      Role,
      Runtime: "nodejs20.x",
      Handler: "index.handler",
      Code: { ZipFile },
      ...more,
    }),
  );
  return FunctionName;
}

async function call(FunctionName: string, event: unknown = {}, Qualifier?: string): Promise<Record<string, unknown>> {
  const { Payload } = await client.send(
    new InvokeCommand({
      FunctionName,
      Payload: JSON.stringify(event),
      ...(Qualifier === undefined ? {} : { Qualifier }),
    }),
  );
  return JSON.parse(Buffer.from(Payload ?? []).toString()) as Record<string, unknown>;
}

describe("functions", () => {
  test("are made, waited for, shown, run and deleted", async () => {
    const FunctionName = await create(CODE, {
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
      Role,
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
    const Code = { ZipFile: zip({ "index.js": CODE }) };
    expect(
      await client.send(
        new CreateFunctionCommand({ FunctionName, Role, Runtime: "nodejs20.x", Handler: "index.handler", Code }),
      ),
    ).toMatchObject({ State: "Pending", StateReasonCode: "Creating", $metadata: { httpStatusCode: 201 } });
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
    await stack.s3.put("packages", "code.zip", zip({ "index.js": CODE }));
    const name = "made-from-s3";
    await client.send(
      new CreateFunctionCommand({
        FunctionName: name,
        Role,
        Runtime: "nodejs20.x",
        Handler: "index.handler",
        Code: { S3Bucket: "packages", S3Key: "code.zip" },
      }),
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
      new CreateFunctionCommand({
        FunctionName: "kept",
        Role,
        Runtime: "nodejs20.x",
        Handler: "index.handler",
        Code: { ZipFile: zip({ "index.js": CODE }) },
        Publish: true,
      }),
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
    client
      .send(
        new CreateFunctionCommand({
          FunctionName: "never",
          Role,
          Runtime: "nodejs20.x",
          Handler: "index.handler",
          Code: { ZipFile },
        }),
      )
      .catch((error: unknown) => error);

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

describe("refusals have AWS's names, texts and statuses", () => {
  const refusal = async (send: Promise<unknown>): Promise<unknown> =>
    send.then(
      () => "no refusal",
      (error: unknown) => error,
    );
  const base = {
    FunctionName: "refused",
    Role,
    Runtime: "nodejs20.x",
    Handler: "index.handler",
    Code: { ZipFile: zip({ "index.js": CODE }) },
  } as const;

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
    const error = await refusal(
      client.send(new CreateFunctionCommand({ ...base, ...(change as Partial<CreateFunctionCommandInput>) })),
    );
    expect(error).toMatchObject({
      name,
      message: typeof message === "string" ? message : expect.stringMatching(message),
    });
  });

  test("of qualifiers that disagree, other regions and other accounts", async () => {
    expect(
      await refusal(client.send(new GetFunctionCommand({ FunctionName: "declared:live", Qualifier: "1" }))),
    ).toMatchObject({
      message: "The derived qualifier from the function name does not match the specified qualifier.",
    });
    expect(
      await refusal(
        client.send(
          new GetFunctionCommand({ FunctionName: "arn:aws:lambda:eu-west-1:000000000000:function:declared" }),
        ),
      ),
    ).toMatchObject({
      name: "ResourceNotFoundException",
      message: "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')",
    });
    expect(
      await refusal(
        client.send(
          new GetFunctionCommand({ FunctionName: "arn:aws:lambda:us-east-1:111111111111:function:declared" }),
        ),
      ),
    ).toMatchObject({ name: "AccessDeniedException" });
  });

  test("tells what is not there in the words of each call", async () => {
    const FunctionName = await create();
    const gone = `arn:aws:lambda:us-east-1:000000000000:function:gone`;
    expect(await refusal(client.send(new GetFunctionCommand({ FunctionName: "gone" })))).toMatchObject({
      message: `Function not found: ${gone}`,
    });
    expect(
      await refusal(
        client.send(new PutFunctionConcurrencyCommand({ FunctionName: "gone", ReservedConcurrentExecutions: 1 })),
      ),
    ).toMatchObject({ message: `Function not found: ${gone}:$LATEST` });
    expect(await refusal(client.send(new GetPolicyCommand({ FunctionName: "gone" })))).toMatchObject({
      message: "The resource you requested does not exist.",
    });
    expect(
      await refusal(client.send(new UpdateFunctionUrlConfigCommand({ FunctionName: "gone", AuthType: "NONE" }))),
    ).toMatchObject({ message: "Function does not exist" });
    expect(
      await refusal(client.send(new UpdateFunctionUrlConfigCommand({ FunctionName, AuthType: "NONE" }))),
    ).toMatchObject({ message: "The resource you requested does not exist." });
  });

  test("of a client context that is no JSON object", async () => {
    const ClientContext = Buffer.from("[1]").toString("base64");
    expect(await refusal(client.send(new InvokeCommand({ FunctionName: "declared", ClientContext })))).toMatchObject({
      name: "InvalidRequestContentException",
      message: "Client context must be a valid Base64-encoded JSON object.",
    });
  });

  test("of a revision that is old", async () => {
    const FunctionName = await create();
    expect(
      await refusal(
        client.send(new UpdateFunctionConfigurationCommand({ FunctionName, Timeout: 4, RevisionId: "old" })),
      ),
    ).toMatchObject({ name: "PreconditionFailedException", $metadata: { httpStatusCode: 412 } });
  });
});

describe("Invoke", () => {
  test("takes every form of a name", async () => {
    const id = "000000000000:function:declared";
    for (const form of ["declared", "declared:$LATEST", id, `arn:aws:lambda:us-east-1:${id}`])
      expect(await call(form)).toMatchObject({ version: "$LATEST" });
    expect(await call("declared:live")).toMatchObject({ version: "1", arn: arnOf("declared", "live") });
  });

  test("gives version, request id, log tail and the function's error", async () => {
    const FunctionName = await create(
      "exports.handler = async () => { console.log('seen'); throw new TypeError('no'); };",
    );
    const answer = await client.send(new InvokeCommand({ FunctionName, LogType: "Tail" }));
    expect(answer).toMatchObject({ StatusCode: 200, FunctionError: "Unhandled", ExecutedVersion: "$LATEST" });
    expect(JSON.parse(Buffer.from(answer.Payload ?? []).toString())).toMatchObject({
      errorType: "TypeError",
      errorMessage: "no",
    });
    const log = Buffer.from(answer.LogResult ?? "", "base64").toString();
    expect(log).toContain("seen");
    expect(log).toContain(`RequestId: ${answer.$metadata.requestId}`);
  });

  test("gives the last 4 KB of the log and no more", async () => {
    const FunctionName = await create(
      "exports.handler = async () => { for (let n = 100; n < 200; n++) console.log(n + '-' + 'x'.repeat(96)); };",
    );
    const { LogResult = "" } = await client.send(new InvokeCommand({ FunctionName, LogType: "Tail" }));
    const log = Buffer.from(LogResult, "base64");
    expect(log).toHaveLength(4096);
    expect(log.toString()).toMatch(/199-x{96}\nEND RequestId: .*\nREPORT RequestId: .*\n$/);
  });

  test("checks a call without running it", async () => {
    expect(await client.send(new InvokeCommand({ FunctionName: "declared", InvocationType: "DryRun" }))).toMatchObject({
      StatusCode: 204,
    });
  });

  test("says in AWS's words what is wrong with the payload", async () => {
    const invoke = (Payload: string | Uint8Array): Promise<unknown> =>
      client.send(new InvokeCommand({ FunctionName: "declared", Payload })).catch((error: unknown) => error);
    expect(await invoke("{not json")).toMatchObject({
      name: "InvalidRequestContentException",
      message: expect.stringMatching(
        /^Could not parse request body into json: Could not parse payload into json: Unexpected character \('n' \(code 110\)\)/,
      ) as string,
    });
    expect(await invoke(Buffer.from([0x99, 0xeb]))).toMatchObject({
      message: expect.stringContaining("Unexpected character ((CTRL-CHAR, code 153))") as string,
    });
    expect(await invoke(JSON.stringify("a".repeat(6 * 1024 * 1024)))).toMatchObject({
      $metadata: { httpStatusCode: 413 },
      message: "Request must be smaller than 6291456 bytes for the InvokeFunction operation",
    });
  });

  test("streams what the handler streams, and sends the rest in one chunk", async () => {
    const streaming = await create(
      "exports.handler = awslambda.streamifyResponse(async (event, out) => { out.write('a'); await new Promise((w) => setTimeout(w, 20)); out.write('b'); out.end(); });",
    );
    const read = async (FunctionName: string): Promise<{ text: string; complete: unknown }> => {
      const { EventStream = [] } = await client.send(
        new InvokeWithResponseStreamCommand({ FunctionName, LogType: "Tail" }),
      );
      let text = "";
      let complete: unknown;
      for await (const { PayloadChunk, InvokeComplete } of EventStream as AsyncIterable<{
        PayloadChunk?: { Payload?: Uint8Array };
        InvokeComplete?: object;
      }>) {
        text += Buffer.from(PayloadChunk?.Payload ?? []).toString();
        complete = InvokeComplete ?? complete;
      }
      return { text, complete };
    };
    expect(await read(streaming)).toMatchObject({ text: "ab", complete: { LogResult: expect.any(String) as string } });
    expect(JSON.parse((await read("declared")).text)).toMatchObject({ version: "$LATEST" });
    const failing = await create("exports.handler = async () => { throw new Error('no'); };");
    expect(await read(failing)).toMatchObject({
      text: "",
      complete: { ErrorCode: "Error", ErrorDetails: expect.stringContaining('"no"') as string },
    });
  });

  test("cuts a function that calls itself, unless it is allowed to", async () => {
    const code = `
      const { InvokeCommand, LambdaClient } = require("@aws-sdk/client-lambda");
      const lambda = new LambdaClient({ maxAttempts: 1 });
      exports.handler = async ({ left }, context) => {
        if (left === 0) return "through";
        try {
          const { Payload } = await lambda.send(new InvokeCommand({ FunctionName: context.functionName, Payload: JSON.stringify({ left: left - 1 }) }));
          return JSON.parse(Buffer.from(Payload).toString());
        } catch (error) { return error.name; }
      };`;
    const FunctionName = await create(code, { Timeout: 60 });
    expect(await call(FunctionName, { left: 3 })).toBe("through");
    expect(await call(FunctionName, { left: 20 })).toBe("RecursiveInvocationException");
    expect(
      await client.send(new PutFunctionRecursionConfigCommand({ FunctionName, RecursiveLoop: "Allow" })),
    ).toMatchObject({ RecursiveLoop: "Allow" });
    expect(await client.send(new GetFunctionRecursionConfigCommand({ FunctionName }))).toMatchObject({
      RecursiveLoop: "Allow",
    });
    expect(await call(FunctionName, { left: 20 })).toBe("through");
    expect(await client.send(new GetFunctionRecursionConfigCommand({ FunctionName: "declared" }))).toMatchObject({
      RecursiveLoop: "Allow",
    });
  }, 60_000);
});

describe("versions and aliases", () => {
  test("a version is frozen, and published once", async () => {
    const FunctionName = await create("exports.handler = async () => 1;");
    const { Version, FunctionArn } = await client.send(new PublishVersionCommand({ FunctionName, Description: "one" }));
    expect([Version, FunctionArn]).toEqual(["1", arnOf(FunctionName, "1")]);
    expect(await client.send(new PublishVersionCommand({ FunctionName }))).toMatchObject({ Version: "1" });
    await client.send(
      new UpdateFunctionCodeCommand({ FunctionName, ZipFile: zip({ "index.js": "exports.handler = async () => 2;" }) }),
    );
    expect([await call(FunctionName, {}, "1"), await call(FunctionName)]).toEqual([1, 2]);
    expect(await client.send(new PublishVersionCommand({ FunctionName }))).toMatchObject({ Version: "2" });
    const { Versions = [] } = await client.send(new ListVersionsByFunctionCommand({ FunctionName }));
    expect(Versions.map((version) => version.Version)).toEqual(["$LATEST", "1", "2"]);
    await client.send(new DeleteFunctionCommand({ FunctionName, Qualifier: "1" }));
    await expect(call(FunctionName, {}, "1")).rejects.toMatchObject({ name: "ResourceNotFoundException" });
    await expect(client.send(new DeleteFunctionCommand({ FunctionName, Qualifier: "$LATEST" }))).rejects.toMatchObject({
      message: "$LATEST version cannot be deleted without deleting the function.",
    });
  });

  test("an alias names a version, moves, and shares calls out by weight", async () => {
    const FunctionName = await create("exports.handler = async (e, c) => c.functionVersion;", { Publish: true });
    await client.send(new UpdateFunctionConfigurationCommand({ FunctionName, Timeout: 7 }));
    await client.send(new PublishVersionCommand({ FunctionName }));
    expect(
      await client.send(new CreateAliasCommand({ FunctionName, Name: "prod", FunctionVersion: "1" })),
    ).toMatchObject({ AliasArn: arnOf(FunctionName, "prod"), FunctionVersion: "1" });
    expect(await call(FunctionName, {}, "prod")).toBe("1");
    await client.send(
      new UpdateAliasCommand({ FunctionName, Name: "prod", RoutingConfig: { AdditionalVersionWeights: { "2": 1 } } }),
    );
    expect((await client.send(new InvokeCommand({ FunctionName, Qualifier: "prod" }))).ExecutedVersion).toBe("2");
    expect(await client.send(new GetAliasCommand({ FunctionName, Name: "prod" }))).toMatchObject({
      RoutingConfig: { AdditionalVersionWeights: { "2": 1 } },
    });
    await expect(client.send(new DeleteFunctionCommand({ FunctionName, Qualifier: "1" }))).rejects.toMatchObject({
      name: "ResourceConflictException",
    });
    await expect(
      client.send(new CreateAliasCommand({ FunctionName, Name: "7", FunctionVersion: "1" })),
    ).rejects.toMatchObject({ name: "ValidationException" });
    const { Aliases = [] } = await client.send(new ListAliasesCommand({ FunctionName }));
    expect(Aliases.map(({ Name }) => Name)).toEqual(["prod"]);
    await client.send(new DeleteAliasCommand({ FunctionName, Name: "prod" }));
    await expect(client.send(new GetAliasCommand({ FunctionName, Name: "prod" }))).rejects.toMatchObject({
      message: `Cannot find alias arn: ${arnOf(FunctionName, "prod")}`,
    });
  });

  test("the template's AutoPublishAlias is there", async () => {
    expect(await client.send(new GetAliasCommand({ FunctionName: "declared", Name: "live" }))).toMatchObject({
      FunctionVersion: "1",
    });
  });

  test("the template's versions and aliases are there", async () => {
    const { Aliases } = await client.send(new ListAliasesCommand({ FunctionName: "raw" }));
    expect(Aliases).toEqual([
      expect.objectContaining({
        Name: "canary",
        AliasArn: arnOf("raw", "canary"),
        Description: "some",
        FunctionVersion: "1",
        RoutingConfig: { AdditionalVersionWeights: { "4": 0.2 } },
      }),
      expect.objectContaining({ Name: "stable", FunctionVersion: "1" }),
    ]);
    const { Versions = [] } = await client.send(new ListVersionsByFunctionCommand({ FunctionName: "raw" }));
    expect(Versions.map(({ Version }) => Version)).toEqual(["$LATEST", "1", "4"]);
    expect(await call("raw", {}, "stable")).toMatchObject({ arn: arnOf("raw", "stable"), version: "1" });
  });
});

describe("settings of a function", () => {
  test("reserved concurrency throttles with its reason", async () => {
    const FunctionName = await create();
    expect(
      await client.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions: 0 })),
    ).toMatchObject({ ReservedConcurrentExecutions: 0 });
    await expect(call(FunctionName)).rejects.toMatchObject({
      name: "TooManyRequestsException",
      $metadata: { httpStatusCode: 429 },
      Reason: "ReservedFunctionConcurrentInvocationLimitExceeded",
      message: "Rate Exceeded.",
      // The header Retry-After.
      retryAfterSeconds: "1",
    });
    expect(await client.send(new GetFunctionConcurrencyCommand({ FunctionName }))).toMatchObject({
      ReservedConcurrentExecutions: 0,
    });
    await client.send(new DeleteFunctionConcurrencyCommand({ FunctionName }));
    expect(await call(FunctionName)).toMatchObject({ version: "$LATEST" });
    await expect(
      client.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions: 950 })),
    ).rejects.toMatchObject({
      message:
        "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100].",
    });
    expect((await client.send(new GetAccountSettingsCommand({}))).AccountLimit).toMatchObject({
      ConcurrentExecutions: 1000,
      UnreservedConcurrentExecutions: 1000,
    });
  });

  test("reserved concurrency is shared by all versions and aliases", async () => {
    const slow = "exports.handler = async ({ ms }) => { await new Promise((done) => setTimeout(done, ms)); };";
    const FunctionName = await create(slow, { Publish: true });
    await client.send(new CreateAliasCommand({ FunctionName, Name: "live", FunctionVersion: "1" }));
    await client.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions: 1 }));
    const busy = call(FunctionName, { ms: 700 }, "live");
    await stack.waitFor(() => stack.stack.activity.running > 0);
    for (const qualifier of [undefined, "1", "live"])
      await expect(call(FunctionName, { ms: 0 }, qualifier)).rejects.toMatchObject({
        name: "TooManyRequestsException",
      });
    await busy;
  });

  test("provisioned concurrency is kept for versions and aliases", async () => {
    const FunctionName = await create(CODE, { Publish: true });
    await expect(
      client.send(new GetProvisionedConcurrencyConfigCommand({ FunctionName, Qualifier: "1" })),
    ).rejects.toMatchObject({ name: "ProvisionedConcurrencyConfigNotFoundException" });
    await client.send(
      new PutProvisionedConcurrencyConfigCommand({ FunctionName, Qualifier: "1", ProvisionedConcurrentExecutions: 2 }),
    );
    expect(
      await client.send(new GetProvisionedConcurrencyConfigCommand({ FunctionName, Qualifier: "1" })),
    ).toMatchObject({ Status: "READY", AllocatedProvisionedConcurrentExecutions: 2 });
  });

  test("event invoke configs are put, changed and listed", async () => {
    const FunctionName = await create();
    await expect(client.send(new GetFunctionEventInvokeConfigCommand({ FunctionName }))).rejects.toMatchObject({
      message: `The function ${arnOf(FunctionName, "$LATEST")} doesn't have an EventInvokeConfig`,
    });
    const Destination = "arn:aws:sqs:us-east-1:000000000000:work";
    await client.send(
      new PutFunctionEventInvokeConfigCommand({
        FunctionName,
        MaximumRetryAttempts: 1,
        DestinationConfig: { OnFailure: { Destination } },
      }),
    );
    await client.send(new UpdateFunctionEventInvokeConfigCommand({ FunctionName, MaximumEventAgeInSeconds: 60 }));
    const config = {
      FunctionArn: arnOf(FunctionName, "$LATEST"),
      MaximumRetryAttempts: 1,
      MaximumEventAgeInSeconds: 60,
      DestinationConfig: { OnFailure: { Destination }, OnSuccess: {} },
    };
    expect(await client.send(new GetFunctionEventInvokeConfigCommand({ FunctionName }))).toMatchObject(config);
    expect(
      (await client.send(new ListFunctionEventInvokeConfigsCommand({ FunctionName }))).FunctionEventInvokeConfigs,
    ).toMatchObject([config]);
    await expect(
      client.send(new PutFunctionEventInvokeConfigCommand({ FunctionName, MaximumRetryAttempts: 3 })),
    ).rejects.toMatchObject({ name: "ValidationException" });
  });

  test("a function URL answers as soon as it is made", async () => {
    const FunctionName = await create("exports.handler = async (event) => event.rawPath;");
    const { FunctionUrl = "" } = await client.send(
      new CreateFunctionUrlConfigCommand({ FunctionName, AuthType: "NONE" }),
    );
    const url = new URL(FunctionUrl);
    expect(url.hostname).toMatch(/\.lambda-url\.localhost$/);
    expect(await textAt(url, "/a/b")).toBe("/a/b");
    await client.send(new UpdateFunctionUrlConfigCommand({ FunctionName, AuthType: "AWS_IAM" }));
    expect(await client.send(new GetFunctionUrlConfigCommand({ FunctionName }))).toMatchObject({
      AuthType: "AWS_IAM",
      FunctionUrl,
    });
    expect(await textAt(url, "/")).toContain("Forbidden");
    await expect(
      client.send(new CreateFunctionUrlConfigCommand({ FunctionName, AuthType: "NONE" })),
    ).rejects.toMatchObject({ name: "ResourceConflictException" });
    await client.send(new DeleteFunctionUrlConfigCommand({ FunctionName }));
    expect((await client.send(new ListFunctionUrlConfigsCommand({ FunctionName }))).FunctionUrlConfigs).toEqual([]);
    expect((await client.send(new GetFunctionUrlConfigCommand({ FunctionName: "declared" }))).FunctionUrl).toMatch(
      /^http:\/\/127\.0\.0\.1:\d+\/$/,
    );
  });

  test("permissions make a policy", async () => {
    const FunctionName = await create();
    const permission = {
      FunctionName,
      StatementId: "s1",
      Action: "lambda:InvokeFunction",
      Principal: "s3.amazonaws.com",
      SourceArn: "arn:aws:s3:::b",
    };
    await client.send(new AddPermissionCommand(permission));
    const { Policy = "" } = await client.send(new GetPolicyCommand({ FunctionName }));
    expect(JSON.parse(Policy)).toMatchObject({
      Statement: [
        {
          Sid: "s1",
          Effect: "Allow",
          Principal: { Service: "s3.amazonaws.com" },
          Resource: arnOf(FunctionName),
          Condition: { ArnLike: { "AWS:SourceArn": "arn:aws:s3:::b" } },
        },
      ],
    });
    await expect(client.send(new AddPermissionCommand(permission))).rejects.toMatchObject({
      message:
        "The statement id (s1) provided already exists. Please provide a new statement id, or remove the existing statement.",
    });
    await client.send(new RemovePermissionCommand({ FunctionName, StatementId: "s1" }));
    await expect(client.send(new GetPolicyCommand({ FunctionName }))).rejects.toMatchObject({
      name: "ResourceNotFoundException",
    });
  });

  test("tags are set and taken off", async () => {
    const Resource = arnOf(await create());
    await client.send(new TagResourceCommand({ Resource, Tags: { a: "1", b: "2" } }));
    await client.send(new UntagResourceCommand({ Resource, TagKeys: ["a"] }));
    expect((await client.send(new ListTagsCommand({ Resource }))).Tags).toEqual({ b: "2" });
    await expect(
      client.send(
        new TagResourceCommand({
          Resource,
          Tags: Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`k${n}`, ""])),
        }),
      ),
    ).rejects.toMatchObject({ message: "Number of tags exceeds resource tag limit." });
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

test("an event source mapping that is made disabled says so at once", async () => {
  const FunctionName = await create("exports.handler = async () => 1;");
  const EventSourceArn = "arn:aws:sqs:us-east-1:000000000000:work";
  const { UUID, State } = await client.send(
    new CreateEventSourceMappingCommand({ FunctionName, EventSourceArn, Enabled: false }),
  );
  expect(State).toBe("Disabled");
  await client.send(new DeleteEventSourceMappingCommand({ UUID }));
});

test("an event source mapping feeds the function until it is taken away", async () => {
  const FunctionName = await create("exports.handler = async (event) => event.Records.map((record) => record.body);");
  const EventSourceArn = "arn:aws:sqs:us-east-1:000000000000:work";
  const { UUID } = await client.send(
    new CreateEventSourceMappingCommand({ FunctionName, EventSourceArn, BatchSize: 1 }),
  );
  expect(await client.send(new GetEventSourceMappingCommand({ UUID }))).toMatchObject({
    State: "Enabled",
    BatchSize: 1,
    FunctionArn: arnOf(FunctionName),
  });
  await stack.sqs.send("work", { n: 1 });
  await stack.waitFor(() => stack.invocations().some(({ payload }) => JSON.stringify(payload) === '["{\\"n\\":1}"]'));
  await expect(
    client.send(new CreateEventSourceMappingCommand({ FunctionName, EventSourceArn })),
  ).rejects.toMatchObject({
    name: "ResourceConflictException",
    message: expect.stringContaining(
      `already exists. Please update or delete the existing mapping with UUID ${UUID}`,
    ) as string,
  });
  await expect(
    client.send(new CreateEventSourceMappingCommand({ FunctionName, EventSourceArn: `${EventSourceArn}-none` })),
  ).rejects.toThrow("SQS Error Code: AWS.SimpleQueueService.NonExistentQueue");
  await expect(
    client.send(new CreateEventSourceMappingCommand({ FunctionName, EventSourceArn, BatchSize: 100 })),
  ).rejects.toMatchObject({ name: "InvalidParameterValueException" });
  expect(await client.send(new UpdateEventSourceMappingCommand({ UUID, Enabled: false }))).toMatchObject({
    State: "Disabling",
  });
  expect((await client.send(new ListEventSourceMappingsCommand({ FunctionName }))).EventSourceMappings).toMatchObject([
    { UUID, State: "Disabled" },
  ]);
  await client.send(new DeleteEventSourceMappingCommand({ UUID }));
  expect((await client.send(new ListEventSourceMappingsCommand({}))).EventSourceMappings).toEqual([]);
});

/** `*.localhost` does not resolve everywhere: the name goes into the Host header. */
async function textAt(url: URL, path: string): Promise<string> {
  const { request } = await import("node:http");
  return new Promise((resolve, reject) => {
    request({ host: "127.0.0.1", port: url.port, path, headers: { host: url.host } }, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => (text += chunk.toString()));
      response.on("end", () => resolve(text));
    })
      .on("error", reject)
      .end();
  });
}
