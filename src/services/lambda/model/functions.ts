/** Members of the operations on functions, their versions and their settings, as the API model of November 2026 bounds them. */
import { LAMBDA } from "../../../shared/aws-limits.js";
import { DURABLE_CONFIG } from "./durable.js";
import {
  ALIAS_NAME,
  ARN,
  CODE_SIGNING_ARN,
  DESCRIPTION,
  DESTINATIONS,
  FUNCTION_NAME,
  LAYER_VERSION_ARN,
  NAMESPACED_NAME,
  NEW_FUNCTION_NAME,
  pages,
  PROVISIONED_QUALIFIER,
  QUALIFIER,
  REGION,
  RESOURCE_ARN,
  STATEMENT_ID,
  TAGS,
  UNQUALIFIED_NAME,
  URL_FUNCTION_NAME,
  URL_QUALIFIER,
  VERSION,
} from "./names.js";
import {
  blob,
  flag,
  integer,
  listOf,
  oneOf,
  query,
  required,
  structure,
  text,
  type ListShape,
  type MapShape,
  type Members,
} from "./shape.js";

/** Their `null` is not spoken of in refusals. */
const idsOf = (pattern: string, max: number): ListShape => ({
  ...listOf(text(0, 1024, pattern), 0, max),
  nullable: true,
});
/** Names and values are secrets: neither is shown. */
const VARIABLES: MapShape = {
  kind: "map",
  key: text(undefined, undefined, "[a-zA-Z]([a-zA-Z0-9_])+"),
  value: text(),
  hidden: true,
};
const FILE_SYSTEM_ARN = `arn:aws[a-zA-Z-]*:elasticfilesystem:${REGION}:\\d{12}:access-point/fsap-[a-f0-9]{17}$|^arn:aws[-a-z]*:s3files:[0-9a-z-:]+:file-system/fs-[0-9a-f]{17,40}/access-point/fsap-[0-9a-f]{17,40}`;

/**
 * What CreateFunction and UpdateFunctionConfiguration have in common. The model's higher bounds of time, memory and storage
 * are those of functions on capacity providers. `Runtime` is refused in words of its own.
 */
const SETTINGS: Members = {
  Role: text(0, 10_000, "arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+"),
  Runtime: text(),
  Handler: text(0, 128, "[^\\s]+"),
  Description: DESCRIPTION,
  Timeout: integer(LAMBDA.timeoutSeconds.min, LAMBDA.timeoutSeconds.max),
  MemorySize: integer(LAMBDA.memoryMb.min, LAMBDA.memoryMb.max),
  VpcConfig: structure({
    SubnetIds: idsOf("subnet-[0-9a-z]*", 16),
    SecurityGroupIds: idsOf("sg-[0-9a-zA-Z]*", 5),
    Ipv6AllowedForDualStack: flag,
  }),
  DeadLetterConfig: structure({ TargetArn: RESOURCE_ARN }),
  Environment: structure({ Variables: VARIABLES }),
  KMSKeyArn: RESOURCE_ARN,
  TracingConfig: structure({ Mode: oneOf("Active", "PassThrough") }),
  Layers: listOf(LAYER_VERSION_ARN),
  FileSystemConfigs: listOf(
    structure({
      Arn: required(text(0, 256, FILE_SYSTEM_ARN)),
      LocalMountPath: required(text(0, 160, "/mnt/[a-zA-Z0-9-_.]+")),
      S3FilesConfig: structure({ DirectS3Read: oneOf("ENABLED", "DISABLED", "AUTO") }),
    }),
    0,
    1,
  ),
  ImageConfig: structure({
    EntryPoint: listOf(text(), 0, 1500),
    Command: listOf(text(), 0, 1500),
    WorkingDirectory: text(0, 1000),
  }),
  EphemeralStorage: structure({
    Size: required(integer(LAMBDA.ephemeralStorageMb.min, LAMBDA.ephemeralStorageMb.max)),
  }),
  SnapStart: structure({ ApplyOn: oneOf("PublishedVersions", "None") }),
  DurableConfig: DURABLE_CONFIG,
  LoggingConfig: structure({
    LogFormat: oneOf("JSON", "Text"),
    ApplicationLogLevel: oneOf("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"),
    SystemLogLevel: oneOf("DEBUG", "INFO", "WARN"),
    LogGroup: text(1, 512, "[\\.\\-_/#A-Za-z0-9]+"),
  }),
};

/** Where a package comes from. */
export const PACKAGE: Members = {
  ZipFile: blob,
  S3Bucket: text(3, 63, "[0-9A-Za-z\\.\\-_]*(?<!\\.)"),
  S3Key: text(1, 1024, ".*"),
  S3ObjectVersion: text(1, 1024, ".*"),
  S3ObjectStorageMode: oneOf("COPY", "REFERENCE"),
};
const CODE: Members = { ...PACKAGE, ImageUri: text(), SourceKMSKeyArn: RESOURCE_ARN };
const ARCHITECTURES = listOf(oneOf("x86_64", "arm64"), 1, 1);

const NAME: Members = { FunctionName: required(FUNCTION_NAME) };
const NAMESPACED: Members = { FunctionName: required(NAMESPACED_NAME) };
const QUALIFIED: Members = { ...NAMESPACED, Qualifier: query(QUALIFIER) };
const UNQUALIFIED: Members = { FunctionName: required(UNQUALIFIED_NAME) };
const URL_PLACE: Members = { FunctionName: required(URL_FUNCTION_NAME), Qualifier: query(URL_QUALIFIER) };
const PROVISIONED: Members = { ...NAME, Qualifier: required(query(PROVISIONED_QUALIFIER)) };

const ALIAS: Members = {
  FunctionVersion: VERSION,
  Description: DESCRIPTION,
  RoutingConfig: structure({
    AdditionalVersionWeights: {
      kind: "map",
      key: text(1, 1024, "[0-9]+"),
      value: { kind: "decimal", min: 0, max: 1 },
    },
  }),
};
const HEADERS: ListShape = { ...listOf(text(0, 1024, ".*"), 0, 100), nullable: true };
const URL: Members = {
  AuthType: oneOf("NONE", "AWS_IAM"),
  Cors: structure({
    AllowCredentials: flag,
    AllowHeaders: HEADERS,
    AllowMethods: { ...listOf(text(0, 6, ".*"), 0, 6), nullable: true },
    AllowOrigins: listOf(text(1, 253, ".*"), 0, 100),
    ExposeHeaders: HEADERS,
    MaxAge: integer(0, 86_400),
  }),
  InvokeMode: oneOf("BUFFERED", "RESPONSE_STREAM"),
};
const EVENT_INVOKE: Members = {
  ...QUALIFIED,
  MaximumRetryAttempts: integer(0, 2),
  MaximumEventAgeInSeconds: integer(60, 21_600),
  DestinationConfig: DESTINATIONS,
};

export const FUNCTION_INPUTS: Readonly<Record<string, Members>> = {
  CreateFunction: {
    FunctionName: required(NEW_FUNCTION_NAME),
    ...SETTINGS,
    Role: required(SETTINGS["Role"] ?? text()),
    Code: required(structure(CODE)),
    Publish: flag,
    PackageType: oneOf("Image", "Zip"),
    Tags: TAGS,
    CodeSigningConfigArn: CODE_SIGNING_ARN,
    Architectures: ARCHITECTURES,
  },
  ListFunctions: {
    MasterRegion: query(text(1, 50, `ALL|${REGION}`)),
    FunctionVersion: query(oneOf("ALL")),
    ...pages(10_000),
  },
  GetFunction: QUALIFIED,
  GetFunctionConfiguration: QUALIFIED,
  DeleteFunction: QUALIFIED,
  UpdateFunctionCode: {
    ...NAME,
    ...CODE,
    Architectures: ARCHITECTURES,
    Publish: flag,
    DryRun: flag,
    RevisionId: text(),
  },
  UpdateFunctionConfiguration: { ...NAME, ...SETTINGS, RevisionId: text() },
  PublishVersion: { ...NAME, CodeSha256: text(), Description: DESCRIPTION, RevisionId: text() },
  ListVersionsByFunction: { ...NAMESPACED, ...pages(10_000) },
  CreateAlias: { ...NAME, Name: required(ALIAS_NAME), ...ALIAS, FunctionVersion: required(VERSION) },
  UpdateAlias: { ...NAME, Name: ALIAS_NAME, ...ALIAS, RevisionId: text() },
  GetAlias: { ...NAME, Name: ALIAS_NAME },
  DeleteAlias: { ...NAME, Name: ALIAS_NAME },
  ListAliases: { ...NAME, FunctionVersion: query(VERSION), ...pages(10_000) },
  PutFunctionConcurrency: { ...NAME, ReservedConcurrentExecutions: required(integer(0)) },
  GetFunctionConcurrency: NAME,
  DeleteFunctionConcurrency: NAME,
  PutProvisionedConcurrencyConfig: { ...PROVISIONED, ProvisionedConcurrentExecutions: required(integer(1)) },
  GetProvisionedConcurrencyConfig: PROVISIONED,
  DeleteProvisionedConcurrencyConfig: PROVISIONED,
  ListProvisionedConcurrencyConfigs: { ...NAME, ...pages(50) },
  PutFunctionRecursionConfig: { ...UNQUALIFIED, RecursiveLoop: required(oneOf("Terminate", "Allow")) },
  GetFunctionRecursionConfig: UNQUALIFIED,
  PutRuntimeManagementConfig: {
    ...QUALIFIED,
    UpdateRuntimeOn: required(oneOf("Auto", "Manual", "FunctionUpdate")),
    RuntimeVersionArn: text(
      26,
      2048,
      `((arn:(aws[a-zA-Z-]*):lambda:${REGION}::runtime:.+)|(arn:(aws[a-zA-Z-]*):lambda:${REGION}:\\d{12}:runtime/[A-Za-z0-9_.-]{1,128}/version/[A-Za-z0-9_.-]{1,128}))`,
    ),
  },
  GetRuntimeManagementConfig: QUALIFIED,
  CreateFunctionUrlConfig: { ...URL_PLACE, ...URL, AuthType: required(oneOf("NONE", "AWS_IAM")) },
  UpdateFunctionUrlConfig: { ...URL_PLACE, ...URL },
  GetFunctionUrlConfig: URL_PLACE,
  DeleteFunctionUrlConfig: URL_PLACE,
  ListFunctionUrlConfigs: { FunctionName: required(URL_FUNCTION_NAME), ...pages(50) },
  PutFunctionEventInvokeConfig: EVENT_INVOKE,
  UpdateFunctionEventInvokeConfig: EVENT_INVOKE,
  GetFunctionEventInvokeConfig: QUALIFIED,
  DeleteFunctionEventInvokeConfig: QUALIFIED,
  ListFunctionEventInvokeConfigs: { ...NAMESPACED, ...pages(50) },
  AddPermission: {
    ...QUALIFIED,
    StatementId: required(STATEMENT_ID),
    Action: required(text(0, 10_000, "(lambda:[*]|lambda:[a-zA-Z]+|[*])")),
    Principal: required(text(0, 2048, "[^\\s]+")),
    SourceArn: ARN,
    FunctionUrlAuthType: oneOf("NONE", "AWS_IAM"),
    InvokedViaFunctionUrl: flag,
    SourceAccount: text(0, 12, "\\d{12}"),
    EventSourceToken: text(0, 256, "[a-zA-Z0-9._\\-]+"),
    RevisionId: text(),
    PrincipalOrgID: text(12, 34, "o-[a-z0-9]{10,32}"),
  },
  GetPolicy: QUALIFIED,
  RemovePermission: {
    ...QUALIFIED,
    StatementId: required(text(1, 100, "([a-zA-Z0-9-_.]+)")),
    RevisionId: query(text()),
  },
  PutFunctionCodeSigningConfig: { ...NAMESPACED, CodeSigningConfigArn: required(CODE_SIGNING_ARN) },
  GetFunctionCodeSigningConfig: NAMESPACED,
  DeleteFunctionCodeSigningConfig: NAMESPACED,
};
