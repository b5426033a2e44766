/** Members of the operations on layers, tags, code signing and event source mappings, as the API model bounds them. */
import {
  ARN,
  CODE_SIGNING_ARN,
  DESCRIPTION,
  DESTINATIONS,
  LAYER_NAME,
  LAYER_VERSION_ARN,
  NAMESPACED_NAME,
  pages,
  POLICY_RESOURCE,
  RESOURCE_ARN,
  REVISION_ID,
  STATEMENT_ID,
  TAG_KEYS,
  TAGGABLE_ARN,
  TAGS,
  UUID,
} from "./names.js";
import { PACKAGE } from "./functions.js";
import {
  flag,
  integer,
  listOf,
  oneOf,
  query,
  required,
  structure,
  text,
  time,
  type Members,
  type TextShape,
} from "./shape.js";
import { FORMER_RUNTIMES, RUNTIMES } from "./runtimes.js";

const ARCHITECTURE = oneOf("x86_64", "arm64");
const RUNTIME = oneOf(...RUNTIMES, ...FORMER_RUNTIMES);
const URI = text(1, 200, "[ a-zA-Z0-9-\\/*:_+=.@-]*");

const ENDPOINT =
  "(([a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9\\-]*[a-zA-Z0-9])\\.)*([A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9\\-]*[A-Za-z0-9]):[0-9]{1,5}";

const LAYER: Members = { LayerName: required(LAYER_NAME) };
const LAYER_VERSION: Members = { ...LAYER, VersionNumber: required(integer()) };
/** Refusals name runtimes before architectures. */
const LAYERS_FOR: Members = {
  CompatibleRuntime: query(RUNTIME),
  CompatibleArchitecture: query(ARCHITECTURE),
  ...pages(50),
};

const SIGNING: Members = {
  Description: DESCRIPTION,
  AllowedPublishers: structure({ SigningProfileVersionArns: required(listOf(ARN, 1, 20)) }),
  CodeSigningPolicies: structure({ UntrustedArtifactOnDeployment: oneOf("Warn", "Enforce") }),
};
const SIGNING_ARN: Members = { CodeSigningConfigArn: required(CODE_SIGNING_ARN) };

const anyOf = (texts: string): TextShape => oneOf(...texts.split(" "));
const KAFKA: Members = {
  ConsumerGroupId: URI,
  SchemaRegistryConfig: structure({
    SchemaRegistryURI: text(1, 10_000, "[a-zA-Z0-9-\\/*:_+=.@-]*"),
    EventRecordFormat: oneOf("JSON", "SOURCE"),
    AccessConfigs: listOf(
      structure({
        Type: anyOf("BASIC_AUTH CLIENT_CERTIFICATE_TLS_AUTH SERVER_ROOT_CA_CERTIFICATE OAUTHBEARER_AUTH"),
        URI: ARN,
      }),
    ),
    SchemaValidationConfigs: listOf(structure({ Attribute: oneOf("KEY", "VALUE") })),
  }),
};

/** What creating and updating a mapping have in common, for whatever source it is. */
const MAPPING: Members = {
  FunctionName: NAMESPACED_NAME,
  Enabled: flag,
  BatchSize: integer(1, 10_000),
  FilterCriteria: structure({ Filters: listOf(structure({ Pattern: text(0, 4096, "[\\s\\S]*") })) }),
  KMSKeyArn: RESOURCE_ARN,
  MetricsConfig: structure({ Metrics: listOf(oneOf("EventCount", "ErrorCount", "KafkaMetrics"), 0, 3) }),
  LoggingConfig: structure({ SystemLogLevel: oneOf("DEBUG", "INFO", "WARN") }),
  ScalingConfig: structure({ MaximumConcurrency: integer(2, 1000) }),
  MaximumBatchingWindowInSeconds: integer(0, 300),
  ParallelizationFactor: integer(1, 10),
  DestinationConfig: DESTINATIONS,
  MaximumRecordAgeInSeconds: integer(-1, 604_800),
  BisectBatchOnFunctionError: flag,
  MaximumRetryAttempts: integer(-1, 10_000),
  TumblingWindowInSeconds: integer(0, 900),
  SourceAccessConfigurations: listOf(
    structure({
      Type: anyOf(
        "BASIC_AUTH VPC_SUBNET VPC_SECURITY_GROUP SASL_SCRAM_512_AUTH SASL_SCRAM_256_AUTH VIRTUAL_HOST " +
          "CLIENT_CERTIFICATE_TLS_AUTH SERVER_ROOT_CA_CERTIFICATE OAUTHBEARER_AUTH OAUTHBEARER_SCOPE " +
          "OAUTHBEARER_AUDIENCE OAUTHBEARER_LOGICAL_CLUSTER OAUTHBEARER_IDENTITY_POOL IAM_AUTH IAM_OAUTHBEARER_AUTH",
      ),
      URI,
    }),
    0,
    23,
  ),
  FunctionResponseTypes: listOf(oneOf("ReportBatchItemFailures"), 0, 1),
  AmazonManagedKafkaEventSourceConfig: structure(KAFKA),
  SelfManagedKafkaEventSourceConfig: structure({ ...KAFKA, ConsumptionMode: oneOf("Stream", "Queue") }),
  DocumentDBEventSourceConfig: structure({
    DatabaseName: text(1, 63, "[^ /\\.$\\x22]*"),
    CollectionName: text(1, 57, "(^(?!(system\\x2e)))(^[_a-zA-Z0-9])([^$]*)"),
    FullDocument: oneOf("UpdateLookup", "Default"),
  }),
  ProvisionedPollerConfig: structure({
    MinimumPollers: integer(1, 200),
    MaximumPollers: integer(1, 10_000),
    PollerGroupName: text(0, 128, "[a-zA-Z0-9-_]*"),
  }),
};

export const RESOURCE_INPUTS: Readonly<Record<string, Members>> = {
  PublishLayerVersion: {
    ...LAYER,
    Description: DESCRIPTION,
    Content: required(structure(PACKAGE)),
    CompatibleRuntimes: listOf(RUNTIME, 0, 15),
    CompatibleArchitectures: listOf(ARCHITECTURE, 0, 2),
    LicenseInfo: text(0, 512, ".*"),
  },
  GetLayerVersion: LAYER_VERSION,
  GetLayerVersionByArn: { Arn: required(query(LAYER_VERSION_ARN)) },
  DeleteLayerVersion: LAYER_VERSION,
  ListLayers: LAYERS_FOR,
  ListLayerVersions: { ...LAYER, ...LAYERS_FOR },
  AddLayerVersionPermission: {
    ...LAYER_VERSION,
    StatementId: required(STATEMENT_ID),
    Action: required(text(0, 22, "lambda:GetLayerVersion")),
    Principal: required(text(0, 10_000, "\\d{12}|\\*|arn:(aws[a-zA-Z-]*):iam::\\d{12}:root")),
    OrganizationId: text(0, 34, "o-[a-z0-9]{10,32}"),
    RevisionId: query(text()),
  },
  GetLayerVersionPolicy: LAYER_VERSION,
  RemoveLayerVersionPermission: {
    ...LAYER_VERSION,
    StatementId: required(STATEMENT_ID),
    RevisionId: query(text()),
  },
  GetResourcePolicy: { ResourceArn: required(POLICY_RESOURCE) },
  PutResourcePolicy: {
    ResourceArn: required(POLICY_RESOURCE),
    Policy: required(text(1, 20_480, "[\\s\\S]+")),
    RevisionId: REVISION_ID,
  },
  DeleteResourcePolicy: { ResourceArn: required(POLICY_RESOURCE), RevisionId: query(REVISION_ID) },
  CreateCodeSigningConfig: {
    ...SIGNING,
    AllowedPublishers: required(SIGNING["AllowedPublishers"] ?? structure({})),
    Tags: TAGS,
  },
  UpdateCodeSigningConfig: { ...SIGNING_ARN, ...SIGNING },
  GetCodeSigningConfig: SIGNING_ARN,
  DeleteCodeSigningConfig: SIGNING_ARN,
  ListCodeSigningConfigs: pages(10_000),
  ListFunctionsByCodeSigningConfig: { ...SIGNING_ARN, ...pages(10_000) },
  ListTags: { Resource: required(TAGGABLE_ARN) },
  TagResource: { Resource: required(TAGGABLE_ARN), Tags: required(TAGS) },
  UntagResource: { Resource: required(TAGGABLE_ARN), tagKeys: required(query(TAG_KEYS)) },
  CreateEventSourceMapping: {
    ...MAPPING,
    EventSourceArn: ARN,
    FunctionName: required(NAMESPACED_NAME),
    StartingPosition: oneOf("LATEST", "AT_TIMESTAMP", "TRIM_HORIZON"),
    StartingPositionTimestamp: time,
    Tags: TAGS,
    Topics: listOf(text(1, 249, "[^.]([a-zA-Z0-9\\-_.]+)"), 1, 1),
    Queues: listOf(text(1, 1000, "[\\s\\S]*"), 1, 1),
    SelfManagedEventSource: structure({
      Endpoints: {
        kind: "map",
        key: oneOf("KAFKA_BOOTSTRAP_SERVERS"),
        value: listOf(text(1, 300, ENDPOINT), 1, 10),
        max: 2,
      },
    }),
  },
  UpdateEventSourceMapping: { UUID: required(UUID), ...MAPPING },
  GetEventSourceMapping: { UUID: required(UUID) },
  DeleteEventSourceMapping: { UUID: required(UUID) },
  ListEventSourceMappings: { EventSourceArn: query(ARN), FunctionName: query(NAMESPACED_NAME), ...pages(10_000) },
};
