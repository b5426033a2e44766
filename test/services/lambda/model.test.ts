/** Every request to the Lambda API is held against the API model, before the operation looks for anything. */
import {
  AddLayerVersionPermissionCommand,
  AddPermissionCommand,
  CreateAliasCommand,
  CreateCodeSigningConfigCommand,
  CreateEventSourceMappingCommand,
  CreateFunctionCommand,
  CreateFunctionUrlConfigCommand,
  DeleteFunctionUrlConfigCommand,
  GetAliasCommand,
  GetCapacityProviderCommand,
  GetFunctionScalingConfigCommand,
  GetCodeSigningConfigCommand,
  GetEventSourceMappingCommand,
  GetFunctionCommand,
  GetFunctionRecursionConfigCommand,
  GetLayerVersionByArnCommand,
  InvokeCommand,
  type LambdaClient,
  ListAliasesCommand,
  ListEventSourceMappingsCommand,
  ListFunctionsCommand,
  ListLayersCommand,
  ListProvisionedConcurrencyConfigsCommand,
  ListTagsCommand,
  PublishLayerVersionCommand,
  PublishVersionCommand,
  PutFunctionConcurrencyCommand,
  PutProvisionedConcurrencyConfigCommand,
  PutResourcePolicyCommand,
  PutRuntimeManagementConfigCommand,
  RemovePermissionCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateAliasCommand,
  UpdateEventSourceMappingCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
  UpdateFunctionEventInvokeConfigCommand,
} from "@aws-sdk/client-lambda";
import { functionInput, refusalOf, startLambda, type Refusal } from "./world.js";

const FunctionName = "none";
const Code = { ZipFile: Buffer.from("no zip") };
const UUID = "00000000-0000-4000-8000-000000000000";
const LONG = "a".repeat(10_001);

let client: LambdaClient;

beforeAll(async () => {
  ({ client } = await startLambda());
});

const refusal = (command: unknown): Promise<Refusal> => refusalOf(client, command);

const create = (change: object): CreateFunctionCommand =>
  new CreateFunctionCommand(functionInput(FunctionName, { Code, ...change }));
const settings = (change: object): UpdateFunctionConfigurationCommand =>
  new UpdateFunctionConfigurationCommand({ FunctionName, ...change });
const mapping = (change: object): UpdateEventSourceMappingCommand =>
  new UpdateEventSourceMappingCommand({ UUID, ...change });

const atMost = (length: number): string => `Member must have length less than or equal to ${length}`;
const atLeast = (length: number): string => `Member must have length greater than or equal to ${length}`;
const upTo = (value: number): string => `Member must have value less than or equal to ${value}`;
const from = (value: number): string => `Member must have value greater than or equal to ${value}`;
const like = (pattern: string): string => `Member must satisfy regular expression pattern: ${pattern}`;
const anyOf = (...allowed: readonly string[]): string => `Member must satisfy enum value set: [${allowed.join(", ")}]`;
const each = (...constraints: readonly string[]): string =>
  `Member must satisfy constraint: [${constraints.join(", ")}]`;
const NOT_NULL = "Member must not be null";

/** The command, and what it is refused for: value as it is shown, place, constraint. */
const BROKEN: readonly (readonly [command: unknown, shown: string, at: string, constraint: string])[] = [
  [create({ FunctionName: undefined }), "null", "functionName", NOT_NULL],
  [create({ Code: undefined }), "null", "code", NOT_NULL],
  [create({ Role: "me" }), "'me'", "role", like("arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+")],
  [create({ Handler: "a b" }), "'a b'", "handler", like("[^\\s]+")],
  [create({ Handler: "h".repeat(129) }), `'${"h".repeat(129)}'`, "handler", atMost(128)],
  [create({ Timeout: 901 }), "'901'", "timeout", upTo(900)],
  [create({ MemorySize: 127 }), "'127'", "memorySize", from(128)],
  [create({ EphemeralStorage: { Size: 511 } }), "'511'", "ephemeralStorage.size", from(512)],
  [create({ EphemeralStorage: {} }), "null", "ephemeralStorage.size", NOT_NULL],
  [create({ Code: { S3Bucket: "ab", S3Key: "k" } }), "'ab'", "code.s3Bucket", atLeast(3)],
  [create({ Code: { S3Bucket: "abc.", S3Key: "k" } }), "'abc.'", "code.s3Bucket", like("[0-9A-Za-z\\.\\-_]*(?<!\\.)")],
  [create({ PackageType: "Tar" }), "'Tar'", "packageType", anyOf("Image", "Zip")],
  [create({ Architectures: [] }), "'[]'", "architectures", atLeast(1)],
  [
    create({ VpcConfig: { SecurityGroupIds: ["sg-1", "group"] } }),
    "'[sg-1, group]'",
    "vpcConfig.securityGroupIds",
    each(atMost(1024), atLeast(0), like("sg-[0-9a-zA-Z]*")),
  ],
  [
    create({ Tags: { a$: "1" } }),
    "'{a$=1}'",
    "tags",
    `Map keys must satisfy constraint: [${[atMost(128), atLeast(1), like("([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)"), NOT_NULL].join(", ")}]`,
  ],
  [
    create({
      FileSystemConfigs: [
        {
          Arn: "arn:aws:elasticfilesystem:us-east-1:000000000000:access-point/fsap-0123456789abcdef0",
          LocalMountPath: "/data",
        },
      ],
    }),
    "'/data'",
    "fileSystemConfigs.1.member.localMountPath",
    like("/mnt/[a-zA-Z0-9-_.]+"),
  ],
  [settings({ TracingConfig: { Mode: "Some" } }), "'Some'", "tracingConfig.mode", anyOf("Active", "PassThrough")],
  [settings({ LoggingConfig: { LogGroup: "a b" } }), "'a b'", "loggingConfig.logGroup", like("[\\.\\-_/#A-Za-z0-9]+")],
  [
    settings({ ImageConfig: { WorkingDirectory: "d".repeat(1001) } }),
    `'${"d".repeat(1001)}'`,
    "imageConfig.workingDirectory",
    atMost(1000),
  ],
  [settings({ KMSKeyArn: "key" }), "'key'", "kMSKeyArn", like("(arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()")],
  [settings({ Description: "d".repeat(257) }), `'${"d".repeat(257)}'`, "description", atMost(256)],
  [new UpdateFunctionCodeCommand({ FunctionName, S3Bucket: "abc", S3Key: "" }), "''", "s3Key", atLeast(1)],
  [
    new PublishVersionCommand({ FunctionName, Description: "d".repeat(257) }),
    `'${"d".repeat(257)}'`,
    "description",
    atMost(256),
  ],
  [new ListFunctionsCommand({ MaxItems: 10_001 }), "'10001'", "maxItems", upTo(10_000)],
  [new ListLayersCommand({ MaxItems: 51 }), "'51'", "maxItems", upTo(50)],
  [new ListProvisionedConcurrencyConfigsCommand({ FunctionName, MaxItems: 51 }), "'51'", "maxItems", upTo(50)],
  [
    new ListAliasesCommand({ FunctionName, FunctionVersion: "x" }),
    "'x'",
    "functionVersion",
    like("(\\$LATEST(\\.PUBLISHED)?|[0-9]+)"),
  ],
  [new GetAliasCommand({ FunctionName, Name: "12" }), "'12'", "name", like("(?!^[0-9]+$)([a-zA-Z0-9-_]+)")],
  [new CreateAliasCommand({ FunctionName, Name: "live" } as never), "null", "functionVersion", NOT_NULL],
  [
    new UpdateAliasCommand({ FunctionName, Name: "live", RoutingConfig: { AdditionalVersionWeights: { 1: 2 } } }),
    "'{1=2.0}'",
    "routingConfig.additionalVersionWeights",
    `Map value must satisfy constraint: [${upTo(1)}.0, ${from(0)}.0, ${NOT_NULL}]`,
  ],
  [
    new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions: -1 }),
    "'-1'",
    "reservedConcurrentExecutions",
    from(0),
  ],
  [
    new PutProvisionedConcurrencyConfigCommand({ FunctionName, Qualifier: "live", ProvisionedConcurrentExecutions: 0 }),
    "'0'",
    "provisionedConcurrentExecutions",
    from(1),
  ],
  [new PutRuntimeManagementConfigCommand({ FunctionName } as never), "null", "updateRuntimeOn", NOT_NULL],
  [
    new UpdateFunctionEventInvokeConfigCommand({ FunctionName, MaximumEventAgeInSeconds: 59 }),
    "'59'",
    "maximumEventAgeInSeconds",
    from(60),
  ],
  [
    new CreateFunctionUrlConfigCommand({ FunctionName, AuthType: "NONE", Cors: { AllowOrigins: [""] } }),
    "'[]'",
    "cors.allowOrigins",
    each(atMost(253), atLeast(1), like(".*"), NOT_NULL),
  ],
  [
    new DeleteFunctionUrlConfigCommand({ FunctionName, Qualifier: "7" }),
    "'7'",
    "qualifier",
    like("((?!^\\d+$)^[0-9a-zA-Z-_]+$)"),
  ],
  [
    new AddPermissionCommand({
      FunctionName,
      StatementId: "s",
      Action: "lambda:*",
      Principal: "*",
      SourceAccount: "1",
    }),
    "'1'",
    "sourceAccount",
    like("\\d{12}"),
  ],
  [
    new AddPermissionCommand({
      FunctionName,
      StatementId: "s",
      Action: "lambda:*",
      Principal: "*",
      FunctionUrlAuthType: "ALL" as never,
    }),
    "'ALL'",
    "functionUrlAuthType",
    anyOf("NONE", "AWS_IAM"),
  ],
  [
    new RemovePermissionCommand({ FunctionName, StatementId: "a b" }),
    "'a b'",
    "statementId",
    like("([a-zA-Z0-9-_.]+)"),
  ],
  [
    new GetFunctionCommand({ FunctionName, Qualifier: "a b" }),
    "'a b'",
    "qualifier",
    like("\\$(LATEST(\\.PUBLISHED)?)|[a-zA-Z0-9-_$]+"),
  ],
  [
    new InvokeCommand({ FunctionName, Qualifier: "a b" }),
    "'a b'",
    "qualifier",
    like("\\$(LATEST(\\.PUBLISHED)?)|[a-zA-Z0-9-_$]+"),
  ],
  [new PublishLayerVersionCommand({ LayerName: "part" } as never), "null", "content", NOT_NULL],
  [
    new PublishLayerVersionCommand({ LayerName: "part", Content: Code, LicenseInfo: "l".repeat(513) }),
    `'${"l".repeat(513)}'`,
    "licenseInfo",
    atMost(512),
  ],
  [
    new AddLayerVersionPermissionCommand({
      LayerName: "part",
      VersionNumber: 1,
      StatementId: "s",
      Action: "lambda:GetLayerVersion",
      Principal: "*",
      OrganizationId: "x",
    }),
    "'x'",
    "organizationId",
    like("o-[a-z0-9]{10,32}"),
  ],
  [
    new CreateCodeSigningConfigCommand({ AllowedPublishers: {} as never }),
    "null",
    "allowedPublishers.signingProfileVersionArns",
    NOT_NULL,
  ],
  [
    new CreateCodeSigningConfigCommand({ AllowedPublishers: { SigningProfileVersionArns: [] } }),
    "'[]'",
    "allowedPublishers.signingProfileVersionArns",
    atLeast(1),
  ],
  [
    new GetCodeSigningConfigCommand({ CodeSigningConfigArn: "csc" }),
    "'csc'",
    "codeSigningConfigArn",
    like(
      "arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:\\d{12}:code-signing-config:csc-[a-z0-9]{17}",
    ),
  ],
  [
    new PutResourcePolicyCommand({
      ResourceArn: "arn:aws:lambda:us-east-1:000000000000:function:none",
      Policy: LONG + LONG + LONG,
    }),
    `'${LONG + LONG + LONG}'`,
    "policy",
    atMost(20_480),
  ],
  [new GetEventSourceMappingCommand({ UUID: "abc" }), "'abc'", "uUID", atLeast(36)],
  [mapping({ BatchSize: 10_001 }), "'10001'", "batchSize", upTo(10_000)],
  [mapping({ ScalingConfig: { MaximumConcurrency: 1 } }), "'1'", "scalingConfig.maximumConcurrency", from(2)],
  [mapping({ TumblingWindowInSeconds: 901 }), "'901'", "tumblingWindowInSeconds", upTo(900)],
  [
    mapping({ ProvisionedPollerConfig: { MinimumPollers: 0 } }),
    "'0'",
    "provisionedPollerConfig.minimumPollers",
    from(1),
  ],
  [
    mapping({ FilterCriteria: { Filters: [{ Pattern: "{}" }, { Pattern: LONG }] } }),
    `'${LONG}'`,
    "filterCriteria.filters.2.member.pattern",
    atMost(4096),
  ],
  [
    new CreateEventSourceMappingCommand({ FunctionName, StartingPosition: "MIDDLE" as never }),
    "'MIDDLE'",
    "startingPosition",
    anyOf("LATEST", "AT_TIMESTAMP", "TRIM_HORIZON"),
  ],
  [
    new ListEventSourceMappingsCommand({ EventSourceArn: "queue" }),
    "'queue'",
    "eventSourceArn",
    like(
      "arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\\-])+:((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1})?:(\\d{12})?:(.*)",
    ),
  ],
  [
    new UntagResourceCommand({ Resource: "arn:aws:lambda:us-east-1:000000000000:function:none", TagKeys: ["a", "b$"] }),
    "'[a, b$]'",
    "tagKeys",
    each(atMost(128), atLeast(1), like("([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)"), NOT_NULL),
  ],
  [
    new TagResourceCommand({ Resource: "arn:aws:lambda:us-east-1:000000000000:function:none" } as never),
    "null",
    "tags",
    NOT_NULL,
  ],
];

const NAMED = BROKEN.map(([command, shown, at, constraint]) => [at, command, shown, constraint] as const);

test.each(NAMED)(
  "%s is held to its constraint before anything is looked for",
  async (at, command, shown, constraint) => {
    const { name, message, Type } = await refusal(command);
    expect(message).toBe(
      `1 validation error detected: Value ${shown} at '${at}' failed to satisfy constraint: ${constraint}`,
    );
    expect([name, Type]).toEqual(["ValidationException", undefined]);
  },
);

test("all broken constraints are named in one answer, the pattern of a member before its length", async () => {
  const { message } = await refusal(create({ Timeout: 0, MemorySize: 1, Description: "d".repeat(257) }));
  expect(message).toMatch(/^3 validation errors detected: Value '.*' at 'description' .*; Value '0' at 'timeout' .*; /);
  const wrong = { CompatibleArchitectures: ["vax" as never], CompatibleRuntimes: ["cobol" as never] };
  const layer = await refusal(new PublishLayerVersionCommand({ LayerName: "part", Content: Code, ...wrong }));
  expect(layer.message).toMatch(
    /^2 validation .* at 'compatibleRuntimes' .*; Value '\[vax\]' at 'compatibleArchitectures' /,
  );
  const FunctionName = `${"a".repeat(140)}!`;
  const both = await refusal(create({ FunctionName }));
  expect(both.message).toMatch(
    /^2 validation errors detected: Value .* pattern: .*; Value .* less than or equal to 140$/,
  );
  const one = await refusal(new GetFunctionRecursionConfigCommand({ FunctionName }));
  expect(one.message).toMatch(/^1 validation error detected: Value .* pattern: .*$/);
  const tooLong = await refusal(create({ FunctionName: "a".repeat(65) }));
  expect(tooLong).toMatchObject({ name: "InvalidParameterValueException", Type: "User" });
  expect(tooLong.message).toMatch(
    /^1 validation error detected: Value 'a+' at 'functionName' .* less than or equal to 64$/,
  );
});

test("environment variables are not shown when their names are refused", async () => {
  expect((await refusal(settings({ Environment: { Variables: { "a-b": "secret" } } }))).message).toBe(
    `1 validation error detected: Value at 'environment.variables' failed to satisfy constraint: Map keys must satisfy constraint: [${like("[a-zA-Z]([a-zA-Z0-9_])+")}]`,
  );
});

test.each([
  [settings({ Timeout: "3" }), "STRING_VALUE can not be converted to an Integer"],
  [settings({ Timeout: 1.5 }), "NUMBER_VALUE can not be converted to an Integer"],
  [settings({ Description: 3 }), "NUMBER_VALUE can not be converted to a String"],
  [settings({ TracingConfig: true, Timeout: 901 }), "TRUE_VALUE can not be converted to a Structure"],
  [new ListFunctionsCommand({ MaxItems: "some" as never }), "STRING_VALUE can not be converted to an Integer"],
])("a value of the wrong type ends it at once (%#)", async (command, message) => {
  expect(await refusal(command)).toMatchObject({ name: "SerializationException", message });
});

test("a name may be any part of the ARN, and its region and account have to be those of the stack", async () => {
  const named = async (text: string): Promise<string> =>
    (await refusal(new GetFunctionCommand({ FunctionName: text }))).message;
  const missing = "Function not found: arn:aws:lambda:us-east-1:000000000000:function:none";
  for (const text of ["none", "function:none", "000000000000:none", "us-east-1:000000000000:function:none"])
    expect(await named(text)).toBe(missing);
  expect(await named("000000000000:function:none:live")).toBe(`${missing}:live`);
  expect(await named("eu-west-1:000000000000:function:none")).toMatch(/^Functions from 'eu-west-1' are not reachable/);
  expect(await named("a:b:c")).toMatch(/^1 validation error detected: Value 'a:b:c' at 'functionName'/);
});

test("a marker that no list gave is refused", async () => {
  const Marker = Buffer.from("elsewhere").toString("base64url");
  expect((await refusal(new ListFunctionsCommand({ Marker }))).name).toBe("InvalidParameterValueException");
});

test.each([
  [new GetCapacityProviderCommand({ CapacityProviderName: "big" }), "GetCapacityProvider"],
  [new GetFunctionScalingConfigCommand({ FunctionName, Qualifier: "$LATEST.PUBLISHED" }), "GetFunctionScalingConfig"],
])("what is not emulated is refused by its name (%#)", async (command, operation) => {
  expect(await refusal(command)).toMatchObject({
    name: "UnknownOperationException",
    message: `The operation ${operation} is not emulated by lambda-run.`,
  });
});

test("two operations that share a path are told apart by the query string", async () => {
  const Arn = "arn:aws:lambda:us-east-1:000000000000:layer:part";
  expect((await refusal(new GetLayerVersionByArnCommand({ Arn }))).message).toMatch(/Value '.*' at 'arn' failed/);
  expect((await refusal(new ListTagsCommand({ Resource: `${Arn}:1` }))).message).toMatch(/at 'resource' failed/);
  expect(await client.send(new ListLayersCommand({}))).toMatchObject({ Layers: [] });
});
