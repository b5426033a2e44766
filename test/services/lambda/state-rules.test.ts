/** What hangs together in the Lambda API: members with one another, versions, aliases, and what goes when they go. */
import {
  AddPermissionCommand,
  CreateAliasCommand,
  CreateCodeSigningConfigCommand,
  CreateEventSourceMappingCommand,
  CreateFunctionCommand,
  CreateFunctionUrlConfigCommand,
  DeleteAliasCommand,
  DeleteEventSourceMappingCommand,
  DeleteFunctionCommand,
  DeleteFunctionEventInvokeConfigCommand,
  DeleteFunctionUrlConfigCommand,
  DeleteResourcePolicyCommand,
  GetAccountSettingsCommand,
  GetAliasCommand,
  GetEventSourceMappingCommand,
  GetFunctionCodeSigningConfigCommand,
  GetFunctionCommand,
  GetFunctionConfigurationCommand,
  GetFunctionEventInvokeConfigCommand,
  GetFunctionUrlConfigCommand,
  GetPolicyCommand,
  GetProvisionedConcurrencyConfigCommand,
  GetResourcePolicyCommand,
  GetRuntimeManagementConfigCommand,
  InvokeCommand,
  InvokeWithResponseStreamCommand,
  type LambdaClient,
  ListTagsCommand,
  PublishLayerVersionCommand,
  PublishVersionCommand,
  PutFunctionConcurrencyCommand,
  PutFunctionEventInvokeConfigCommand,
  PutProvisionedConcurrencyConfigCommand,
  PutResourcePolicyCommand,
  PutRuntimeManagementConfigCommand,
  UpdateEventSourceMappingCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
  UpdateFunctionEventInvokeConfigCommand,
  type CreateFunctionCommandInput,
} from "@aws-sdk/client-lambda";
import { functionInput, ONE, QUEUE, refusalOf, startLambda, type Refusal } from "./world.js";
import { zip } from "./zip.js";

const ZipFile = ONE;
const ACCESS_POINT = "arn:aws:elasticfilesystem:us-east-1:000000000000:access-point/fsap-0123456789abcdef0";
const SIGNING = "arn:aws:lambda:us-east-1:000000000000:code-signing-config:csc-0123456789abcdef0";
const FIFO = "arn:aws:sqs:us-east-1:000000000000:work.fifo";

const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Resources:
  Work: { Type: AWS::SQS::Queue, Properties: { QueueName: work } }
  Declared:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: declared
      Runtime: nodejs20.x
      Handler: index.handler
      CodeUri: code/
      AutoPublishAlias: live
      FunctionUrlConfig: { AuthType: NONE }
      EventInvokeConfig: { MaximumRetryAttempts: 0 }
`;

let client: LambdaClient;
let names = 0;

beforeAll(async () => {
  ({ client } = await startLambda({ "template.yaml": TEMPLATE, "code/index.js": "exports.handler = async () => 1;" }));
});

const made = (change: object = {}): CreateFunctionCommandInput => functionInput("refused", change);

/** A function with version 1 and the alias `live`. */
async function create(change: object = {}): Promise<string> {
  names += 1;
  const FunctionName = `made-${names}`;
  await client.send(new CreateFunctionCommand(made({ FunctionName, ...change })));
  await client.send(new PublishVersionCommand({ FunctionName }));
  await client.send(new CreateAliasCommand({ FunctionName, Name: "live", FunctionVersion: "1" }));
  return FunctionName;
}

const refusal = (command: unknown): Promise<Refusal> => refusalOf(client, command);

const NO_VERSIONS =
  "Current operation does not support versions other than $LATEST. Please set the version to $LATEST or do not set a version in your request.";
const IMAGE = "Please don't provide Handler or Runtime or Layer when the intended function PackageType is Image.";

const REFUSED: readonly (readonly [what: string, change: object, name: string, message: string])[] = [
  ["a function under the name of a version", { FunctionName: "fn:1" }, "InvalidParameterValueException", NO_VERSIONS],
  [
    "an image with a handler",
    { PackageType: "Image", Code: { ImageUri: "x:1" }, Runtime: undefined },
    "InvalidParameterValueException",
    IMAGE,
  ],
  [
    "an image that is not said to be one",
    { Code: { ImageUri: "x:1" } },
    "InvalidParameterValueException",
    "Please provide a source for function code.",
  ],
  [
    "code from two places",
    { Code: { ZipFile, S3Bucket: "bucket", S3Key: "code.zip" } },
    "InvalidParameterValueException",
    "Please do not provide other FunctionCode parameters when providing a ZipFile.",
  ],
  [
    "SnapStart of a runtime that has none",
    { SnapStart: { ApplyOn: "PublishedVersions" } },
    "InvalidParameterValueException",
    "nodejs20.x is not supported for SnapStart enabled functions.",
  ],
  [
    "a log level of plain text",
    { LoggingConfig: { ApplicationLogLevel: "INFO" } },
    "InvalidParameterValueException",
    'LogLevel is not supported when LogFormat is set to "Text". Remove LogLevel from your request or change the LogFormat to "Json" and try again.',
  ],
  [
    "a file system without a network",
    { FileSystemConfigs: [{ Arn: ACCESS_POINT, LocalMountPath: "/mnt/data" }] },
    "InvalidParameterValueException",
    `Function must be configured to execute in a VPC to reference access point ${ACCESS_POINT}.`,
  ],
  [
    "a bucket for dead letters",
    { DeadLetterConfig: { TargetArn: "arn:aws:s3:::bucket" } },
    "InvalidParameterValueException",
    "The dead-letter target arn:aws:s3:::bucket is neither an SQS queue nor an SNS topic.",
  ],
  [
    "a code signing configuration that is not there",
    { CodeSigningConfigArn: SIGNING },
    "CodeSigningConfigNotFoundException",
    `The code signing configuration cannot be found. Check that the provided configuration is not deleted: ${SIGNING}.`,
  ],
];

test.each(REFUSED)("%s is refused, and nothing is made", async (_, change, name, message) => {
  expect(await refusal(new CreateFunctionCommand(made(change)))).toMatchObject({ name, message });
  expect((await refusal(new GetFunctionCommand({ FunctionName: "refused" }))).name).toBe("ResourceNotFoundException");
});

test("a published version cannot be changed, by whatever name it is called", async () => {
  const FunctionName = await create();
  for (const name of [`${FunctionName}:1`, `${FunctionName}:live`]) {
    for (const command of [
      new UpdateFunctionCodeCommand({ FunctionName: name, ZipFile }),
      new UpdateFunctionConfigurationCommand({ FunctionName: name, Timeout: 9 }),
      new PublishVersionCommand({ FunctionName: name }),
    ])
      expect(await refusal(command)).toMatchObject({ name: "InvalidParameterValueException", message: NO_VERSIONS });
  }
  const unchanged = await client.send(new GetFunctionConfigurationCommand({ FunctionName }));
  expect(unchanged).toMatchObject({ Version: "$LATEST", Timeout: 3 });
});

test("uploading the same code with Publish gives the version that there is", async () => {
  const FunctionName = await create();
  const same = await client.send(new UpdateFunctionCodeCommand({ FunctionName, ZipFile, Publish: true }));
  expect(same.Version).toBe("1");
  const other = zip({ "index.js": "exports.handler = async () => 2;" });
  const changed = await client.send(new UpdateFunctionCodeCommand({ FunctionName, ZipFile: other, Publish: true }));
  expect(changed.Version).toBe("2");
});

test("what hangs on an alias goes with it", async () => {
  const FunctionName = await create();
  const at = { FunctionName, Qualifier: "live" };
  const settings = { ...at, MaximumRetryAttempts: 0 };
  const provisioned = { ...at, ProvisionedConcurrentExecutions: 1 };
  const allow = { ...at, StatementId: "s", Action: "lambda:InvokeFunction", Principal: "s3.amazonaws.com" };
  await client.send(new CreateFunctionUrlConfigCommand({ ...at, AuthType: "NONE" }));
  await client.send(new PutFunctionEventInvokeConfigCommand(settings));
  await client.send(new PutProvisionedConcurrencyConfigCommand(provisioned));
  await client.send(new AddPermissionCommand(allow));
  await client.send(new DeleteAliasCommand({ FunctionName, Name: "live" }));
  await client.send(new CreateAliasCommand({ FunctionName, Name: "live", FunctionVersion: "1" }));
  for (const command of [
    new GetFunctionUrlConfigCommand(at),
    new GetFunctionEventInvokeConfigCommand(at),
    new GetProvisionedConcurrencyConfigCommand(at),
    new GetPolicyCommand(at),
  ])
    expect((await refusal(command)).name).toMatch(/NotFoundException$/);
});

test("a function is made with its code signing configuration", async () => {
  const { CodeSigningConfig } = await client.send(
    new CreateCodeSigningConfigCommand({
      AllowedPublishers: {
        SigningProfileVersionArns: ["arn:aws:signer:us-east-1:000000000000:/signing-profiles/mine"],
      },
    }),
  );
  const CodeSigningConfigArn = CodeSigningConfig?.CodeSigningConfigArn;
  const FunctionName = await create({ CodeSigningConfigArn });
  const shown = await client.send(new GetFunctionCodeSigningConfigCommand({ FunctionName }));
  expect(shown).toMatchObject({ CodeSigningConfigArn, FunctionName });
});

test("network, key and log settings are shown as AWS shows them, and an empty text takes one away", async () => {
  const FunctionName = await create({
    VpcConfig: { SubnetIds: ["subnet-1"], SecurityGroupIds: ["sg-1"] },
    KMSKeyArn: "arn:aws:kms:us-east-1:000000000000:key/k",
    LoggingConfig: { LogFormat: "JSON", ApplicationLogLevel: "DEBUG" },
  });
  const before = await client.send(new GetFunctionConfigurationCommand({ FunctionName }));
  expect(before.VpcConfig).toEqual({
    SubnetIds: ["subnet-1"],
    SecurityGroupIds: ["sg-1"],
    VpcId: expect.stringMatching(/^vpc-[0-9a-f]{17}$/),
    Ipv6AllowedForDualStack: false,
  });
  const change = {
    VpcConfig: { SubnetIds: [], SecurityGroupIds: [] },
    KMSKeyArn: "",
    LoggingConfig: { LogGroup: "/g" },
  };
  await client.send(new UpdateFunctionConfigurationCommand({ FunctionName, ...change }));
  const after = await client.send(new GetFunctionConfigurationCommand({ FunctionName }));
  expect(after.VpcConfig).toMatchObject({ SubnetIds: [], VpcId: "" });
  expect(after.KMSKeyArn).toBeUndefined();
  expect(after.LoggingConfig).toEqual({
    LogFormat: "JSON",
    ApplicationLogLevel: "DEBUG",
    SystemLogLevel: "INFO",
    LogGroup: "/g",
  });
});

test("layers are shown with the size of their packages, and count as code of the account", async () => {
  const layer = await client.send(new PublishLayerVersionCommand({ LayerName: "part", Content: { ZipFile } }));
  const before = (await client.send(new GetAccountSettingsCommand({}))).AccountUsage?.TotalCodeSize ?? 0;
  const FunctionName = await create({ Layers: [layer.LayerVersionArn] });
  const { Layers } = await client.send(new GetFunctionConfigurationCommand({ FunctionName }));
  expect(Layers).toEqual([{ Arn: layer.LayerVersionArn, CodeSize: ZipFile.length }]);
  const { AccountUsage } = await client.send(new GetAccountSettingsCommand({}));
  // `$LATEST` and version 1.
  expect(AccountUsage?.TotalCodeSize).toBe(before + 2 * ZipFile.length);
  expect(before).toBeGreaterThanOrEqual(ZipFile.length);
});

test("code and layers have one bound together, unpacked", async () => {
  const HALF_BYTES = 131_100_000;
  const half = zip({ "data.bin": Buffer.alloc(HALF_BYTES) }, undefined, { packed: true });
  const { LayerVersionArn = "" } = await client.send(
    new PublishLayerVersionCommand({ LayerName: "half", Content: { ZipFile: half } }),
  );
  const again = await client.send(new PublishLayerVersionCommand({ LayerName: "again", Content: { ZipFile: half } }));
  const FunctionName = await create({ Layers: [LayerVersionArn] });
  const Layers = [LayerVersionArn, again.LayerVersionArn ?? ""];
  const layers = "Layers consume more than the available size of 262144000 bytes";
  const both = `Function code combined with layers exceeds the maximum allowed size of 262144000 bytes. The actual size is ${2 * HALF_BYTES} bytes.`;
  for (const [command, message] of [
    [new CreateFunctionCommand(made({ Layers })), layers],
    [new CreateFunctionCommand(made({ Layers: [LayerVersionArn], Code: { ZipFile: half } })), both],
    [new UpdateFunctionCodeCommand({ FunctionName, ZipFile: half }), both],
    [new UpdateFunctionConfigurationCommand({ FunctionName, Layers }), layers],
  ] as const)
    expect(await refusal(command)).toMatchObject({ name: "InvalidParameterValueException", message });
});

test("SnapStart is on for published versions only", async () => {
  const change = { Runtime: "python3.12", Handler: "index.handler", SnapStart: { ApplyOn: "PublishedVersions" } };
  const FunctionName = await create(change);
  const shown = async (Qualifier: string): Promise<unknown> =>
    (await client.send(new GetFunctionConfigurationCommand({ FunctionName, Qualifier }))).SnapStart;
  expect(await shown("$LATEST")).toEqual({ ApplyOn: "PublishedVersions", OptimizationStatus: "Off" });
  expect(await shown("1")).toEqual({ ApplyOn: "PublishedVersions", OptimizationStatus: "On" });
});

test("each version has its own runtime management, and a manual one names its runtime", async () => {
  const FunctionName = await create();
  const RuntimeVersionArn = "arn:aws:lambda:us-east-1::runtime:0123";
  const manual = { FunctionName, Qualifier: "1", UpdateRuntimeOn: "Manual" } as const;
  expect((await refusal(new PutRuntimeManagementConfigCommand(manual))).name).toBe("InvalidParameterValueException");
  await client.send(new PutRuntimeManagementConfigCommand({ ...manual, RuntimeVersionArn }));
  const shown = (Qualifier?: string): Promise<object> =>
    client.send(
      new GetRuntimeManagementConfigCommand({ FunctionName, ...(Qualifier === undefined ? {} : { Qualifier }) }),
    );
  expect(await shown("1")).toMatchObject({ UpdateRuntimeOn: "Manual", RuntimeVersionArn });
  expect(await shown()).toMatchObject({ UpdateRuntimeOn: "Auto" });
});

test("reserved and provisioned concurrency bound each other", async () => {
  const FunctionName = await create();
  const provision = (count: number): PutProvisionedConcurrencyConfigCommand =>
    new PutProvisionedConcurrencyConfigCommand({
      FunctionName,
      Qualifier: "1",
      ProvisionedConcurrentExecutions: count,
    });
  const reserve = (count: number): PutFunctionConcurrencyCommand =>
    new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions: count });
  await client.send(reserve(3));
  expect((await refusal(provision(4))).message).toBe(
    "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function",
  );
  await client.send(provision(3));
  await client.send(provision(2));
  expect((await refusal(reserve(1))).message).toMatch(/function's total provisioned concurrency \[2\]\.$/);
});

test.each([{}, { SecurityGroupIds: ["sg-1"] }, { Ipv6AllowedForDualStack: true }])(
  "a network without subnets is none (%j)",
  async (VpcConfig) => {
    const FunctionName = await create({ VpcConfig });
    const shown = await client.send(new GetFunctionConfigurationCommand({ FunctionName }));
    expect(shown.VpcConfig?.SubnetIds ?? []).toEqual([]);
    expect(shown.VpcConfig?.VpcId ?? "").toBe("");
  },
);

test("an image may say that it has no layers", async () => {
  const image = { PackageType: "Image" as const, Code: { ImageUri: "x:1" }, Runtime: undefined, Handler: undefined };
  const FunctionName = await create({ ...image, Layers: [] });
  const shown = await client.send(new GetFunctionConfigurationCommand({ FunctionName }));
  expect(shown.PackageType).toBe("Image");
});

test("a side of the destinations that is sent empty is taken away, the other stays", async () => {
  const FunctionName = await create();
  const DestinationConfig = { OnSuccess: { Destination: QUEUE }, OnFailure: { Destination: QUEUE } };
  await client.send(new PutFunctionEventInvokeConfigCommand({ FunctionName, DestinationConfig }));
  const changed = await client.send(
    new UpdateFunctionEventInvokeConfigCommand({ FunctionName, DestinationConfig: { OnSuccess: { Destination: "" } } }),
  );
  expect(changed.DestinationConfig).toEqual({ OnSuccess: {}, OnFailure: { Destination: QUEUE } });
  const ordered = { FunctionName, DestinationConfig: { OnFailure: { Destination: FIFO } } };
  expect((await refusal(new UpdateFunctionEventInvokeConfigCommand(ordered))).message).toMatch(/ is invalid\.$/);
});

test.each([
  [{ StartingPosition: "LATEST" }, "StartingPosition is not valid for SQS event sources."],
  [{ ParallelizationFactor: 2 }, "Unsupported ParallelizationFactor parameter for given event source mapping type."],
  [{ BisectBatchOnFunctionError: true }, /^Unsupported BisectBatchOnFunctionError parameter/],
  [
    { FilterCriteria: { Filters: Array.from({ length: 6 }, () => ({ Pattern: '{"body":["x"]}' })) } },
    /at most 5 filters/,
  ],
])("a queue has no settings of streams, and few filters (%#)", async (change, message) => {
  const FunctionName = await create();
  const command = new CreateEventSourceMappingCommand({ FunctionName, EventSourceArn: QUEUE, ...(change as object) });
  expect((await refusal(command)).message).toMatch(message);
});

test("a mapping keeps what nothing here obeys, and loses it with itself", async () => {
  const FunctionName = await create();
  const kept = {
    KMSKeyArn: "arn:aws:kms:us-east-1:000000000000:key/k",
    MetricsConfig: { Metrics: ["EventCount" as const] },
    ProvisionedPollerConfig: { MinimumPollers: 2 },
  };
  const { UUID, EventSourceMappingArn: Resource } = await client.send(
    new CreateEventSourceMappingCommand({
      FunctionName,
      EventSourceArn: QUEUE,
      Enabled: false,
      Tags: { a: "b" },
      ...kept,
    }),
  );
  expect(await client.send(new GetEventSourceMappingCommand({ UUID }))).toMatchObject(kept);
  const KMSKeyArn = "arn:aws:kms:us-east-1:000000000000:key/other";
  const change = { UUID, KMSKeyArn, ProvisionedPollerConfig: {}, SourceAccessConfigurations: [] };
  await client.send(new UpdateEventSourceMappingCommand(change));
  const { ProvisionedPollerConfig: pollers, ...left } = await client.send(
    new DeleteEventSourceMappingCommand({ UUID }),
  );
  expect(left).toMatchObject({ KMSKeyArn, MetricsConfig: kept.MetricsConfig });
  expect(pollers).toBeUndefined();
  expect((await refusal(new ListTagsCommand({ Resource }))).name).toBe("ResourceNotFoundException");
});

test("a policy can be so long and no longer", async () => {
  const FunctionName = await create();
  const Principal = `arn:aws:iam::123456789012:role/${"r".repeat(1900)}`;
  const add = (StatementId: string): AddPermissionCommand =>
    new AddPermissionCommand({ FunctionName, StatementId, Action: "lambda:InvokeFunction", Principal });
  for (let number = 1; number <= 9; number += 1) await client.send(add(`s${number}`));
  expect(await refusal(add("last"))).toMatchObject({
    name: "PolicyLengthExceededException",
    message: expect.stringMatching(/^The final policy size \(2\d{4}\) is bigger than the limit \(20480\)\.$/),
  });
});

test("the policy is one, as a document or by its statements", async () => {
  const FunctionName = await create();
  const ResourceArn = `arn:aws:lambda:us-east-1:000000000000:function:${FunctionName}:live`;
  const allow = (Sid: string): object => ({
    Sid,
    Effect: "Allow",
    Principal: { Service: "s3.amazonaws.com" },
    Action: "lambda:InvokeFunction",
    Resource: ResourceArn,
  });
  const missing = await refusal(new GetResourcePolicyCommand({ ResourceArn }));
  expect(missing.name).toBe("ResourceNotFoundException");
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [allow("one")] });
  const { RevisionId } = await client.send(new PutResourcePolicyCommand({ ResourceArn, Policy }));
  const shown = await client.send(new GetResourcePolicyCommand({ ResourceArn }));
  expect(shown).toMatchObject({ RevisionId });
  expect(JSON.parse(shown.Policy ?? "")).toEqual(JSON.parse(Policy));
  const statement = { StatementId: "two", Action: "lambda:InvokeFunction", Principal: "s3.amazonaws.com" };
  await client.send(new AddPermissionCommand({ FunctionName, Qualifier: "live", ...statement }));
  const both = await client.send(new GetPolicyCommand({ FunctionName, Qualifier: "live" }));
  expect(JSON.parse(both.Policy ?? "")).toEqual({ Version: "2012-10-17", Statement: [allow("one"), allow("two")] });
  const stale = { ResourceArn, ...(RevisionId === undefined ? {} : { RevisionId }) };
  for (const command of [new PutResourcePolicyCommand({ ...stale, Policy }), new DeleteResourcePolicyCommand(stale)])
    expect((await refusal(command)).name).toBe("PreconditionFailedException");
  await client.send(new DeleteResourcePolicyCommand({ ResourceArn }));
  expect((await refusal(new GetResourcePolicyCommand({ ResourceArn }))).name).toBe("ResourceNotFoundException");
});

test.each(["[]", "{", '{"Statement":[]}', '{"Statement":[{"Effect":"Allow"}]}', '{"Statement":[null]}'])(
  "%s is no resource policy",
  async (Policy) => {
    const ResourceArn = `arn:aws:lambda:us-east-1:000000000000:function:${await create()}`;
    const error = await refusal(new PutResourcePolicyCommand({ ResourceArn, Policy }));
    expect(error.name).toBe("InvalidParameterValueException");
  },
);

test("calls about one function take turns: a name is given once, however long its code takes to unpack", async () => {
  const fresh = (text: string): CreateFunctionCommandInput["Code"] => ({
    ZipFile: zip({ "index.js": "exports.handler = async () => 1;", "data.txt": text.repeat(100_000) }),
  });
  const twice = ["first ", "second "].map((text) =>
    client.send(new CreateFunctionCommand(made({ FunctionName: "once", Code: fresh(text) }))),
  );
  const outcomes = await Promise.allSettled(twice);
  expect(outcomes.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
  expect(outcomes.find(({ status }) => status === "rejected")).toMatchObject({
    reason: { name: "ResourceConflictException", message: "Function already exist: once" },
  });
});

test("versions that are published at the same moment have different numbers", async () => {
  const FunctionName = await create();
  const published = await Promise.all(
    ["a", "b", "c"].map((text) => {
      const ZipFile = zip({ "index.js": "exports.handler = async () => 1;", "data.txt": text.repeat(100_000) });
      return client.send(new UpdateFunctionCodeCommand({ FunctionName, ZipFile, Publish: true }));
    }),
  );
  expect(published.map(({ Version = "" }) => Version).toSorted()).toEqual(["2", "3", "4"]);
  expect(new Set(published.map(({ CodeSha256 }) => CodeSha256)).size).toBe(3);
});

test("a permission for callers through the URL says so", async () => {
  const FunctionName = await create();
  const { Statement = "" } = await client.send(
    new AddPermissionCommand({
      FunctionName,
      StatementId: "url",
      Action: "lambda:InvokeFunction",
      Principal: "*",
      InvokedViaFunctionUrl: true,
    }),
  );
  expect(JSON.parse(Statement)).toMatchObject({ Condition: { Bool: { "lambda:InvokedViaFunctionUrl": "true" } } });
});

test("what the template says of a function can be taken away by the API, part by part", async () => {
  const FunctionName = "declared";
  const gone = async (command: unknown): Promise<void> =>
    expect((await refusal(command)).name).toBe("ResourceNotFoundException");
  // Those of a function with AutoPublishAlias are the alias's.
  const live = { FunctionName, Qualifier: "live" };
  await gone(new GetFunctionUrlConfigCommand({ FunctionName }));
  expect((await client.send(new GetFunctionUrlConfigCommand(live))).AuthType).toBe("NONE");
  await client.send(new DeleteFunctionUrlConfigCommand(live));
  await gone(new GetFunctionUrlConfigCommand(live));
  await gone(new GetFunctionEventInvokeConfigCommand({ FunctionName }));
  const settings = await client.send(new GetFunctionEventInvokeConfigCommand(live));
  expect(settings.MaximumRetryAttempts).toBe(0);
  await client.send(new DeleteFunctionEventInvokeConfigCommand(live));
  await gone(new GetFunctionEventInvokeConfigCommand(live));
  await client.send(new DeleteAliasCommand({ FunctionName, Name: "live" }));
  await gone(new GetAliasCommand({ FunctionName, Name: "live" }));
  await client.send(new DeleteFunctionCommand({ FunctionName, Qualifier: "1" }));
  await gone(new GetFunctionCommand({ FunctionName, Qualifier: "1" }));
  // Numbers are given out once.
  expect((await client.send(new PublishVersionCommand({ FunctionName }))).Version).toBe("2");
  const again = await client.send(new CreateFunctionUrlConfigCommand({ FunctionName, AuthType: "AWS_IAM" }));
  expect(again.AuthType).toBe("AWS_IAM");
});

/** A millisecond goes by between any two looks at the clock. */
async function whileTimePasses<T>(run: () => Promise<T>): Promise<T> {
  let nowMs = Date.now();
  const clock = jest.spyOn(Date, "now").mockImplementation(() => ++nowMs);
  try {
    return await run();
  } finally {
    clock.mockRestore();
  }
}

test("times have the forms that AWS gives each of them", async () => {
  const FunctionName = await create();
  const url = await whileTimePasses(() =>
    client.send(new CreateFunctionUrlConfigCommand({ FunctionName, AuthType: "NONE" })),
  );
  expect(url.CreationTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
  expect(url).not.toHaveProperty("LastModifiedTime");
  const shown = await client.send(new GetFunctionUrlConfigCommand({ FunctionName }));
  expect(shown.LastModifiedTime).toBe(url.CreationTime);
  const provisioned = await client.send(
    new PutProvisionedConcurrencyConfigCommand({ FunctionName, Qualifier: "1", ProvisionedConcurrentExecutions: 1 }),
  );
  expect(provisioned.LastModified).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000$/);
  const { CodeSigningConfig } = await client.send(
    new CreateCodeSigningConfigCommand({
      AllowedPublishers: {
        SigningProfileVersionArns: ["arn:aws:signer:us-east-1:000000000000:/signing-profiles/mine"],
      },
    }),
  );
  expect(CodeSigningConfig?.LastModified).toMatch(/\.\d{3}\+00:00$/);
  const { LastModified } = await client.send(new GetFunctionConfigurationCommand({ FunctionName }));
  expect(LastModified).toMatch(/\.\d{3}\+0000$/);
});

test("a streamed answer is no event's", async () => {
  const FunctionName = await create();
  const command = new InvokeWithResponseStreamCommand({ FunctionName, InvocationType: "Event" as never });
  expect((await refusal(command)).message).toMatch(
    /'invocationType' failed .* enum value set: \[RequestResponse, DryRun\]$/,
  );
});

test("functions of another account are refused without a word", async () => {
  const FunctionName = "arn:aws:lambda:us-east-1:111111111111:function:other";
  const error = await refusal(new InvokeCommand({ FunctionName }));
  // The SDK's own word where an error has no text.
  expect([error.name, error.message]).toEqual(["AccessDeniedException", "UnknownError"]);
});

test("deleting a function takes its mappings along", async () => {
  const FunctionName = await create();
  const { UUID } = await client.send(
    new CreateEventSourceMappingCommand({ FunctionName, EventSourceArn: QUEUE, Enabled: false }),
  );
  await client.send(new DeleteFunctionCommand({ FunctionName }));
  expect((await refusal(new GetEventSourceMappingCommand({ UUID }))).name).toBe("ResourceNotFoundException");
});
