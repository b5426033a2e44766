/** Records as the API shows them. Shapes: Lambda API reference, "FunctionConfiguration"; texts as recorded on AWS. */
import { createHash, randomUUID } from "node:crypto";
import type { CodeSource, FunctionConfig } from "../../config/function-config.js";
import { arnOf, type Realm } from "../../shared/arn.js";
import { objectMember } from "../kit/json-input.js";
import type { JsonObject } from "../kit/json-protocol.js";
import { LATEST } from "./directory.js";
import type { AliasRecord, EventInvokeRecord, FunctionRecord, LayerRecord, UrlRecord } from "./records.js";
import { hasNetwork } from "./rules.js";

type ImageSource = Extract<CodeSource, { kind: "image" }>;

/** Just made or changed: clients then wait for the steady state, which the next question shows. */
export type Moment = "steady" | "creating" | "updating";

const CREATING = { StateReason: "The function is being created.", StateReasonCode: "Creating" };
const UPDATING = { LastUpdateStatusReason: "The function is being created.", LastUpdateStatusReasonCode: "Creating" };

export function configurationView(
  record: FunctionRecord,
  realm: Realm,
  options: { readonly moment?: Moment; readonly arn?: string } = {},
): JsonObject {
  const { config } = record;
  const { ImageConfig: _sent, ...asSent } = record.asSent;
  const { moment = "steady", arn = config.arn } = options;
  const isImage = config.code.kind === "image";
  return {
    FunctionName: config.name,
    FunctionArn: arn,
    ...(isImage ? {} : { Runtime: config.runtime, Handler: config.handler }),
    Role: config.role,
    CodeSize: record.codeSizeBytes,
    Description: config.description,
    Timeout: config.timeoutSeconds,
    MemorySize: config.memoryMb,
    LastModified: record.lastModified,
    CodeSha256: record.codeSha256,
    Version: config.version,
    ...(Object.keys(config.environment).length === 0 ? {} : { Environment: { Variables: config.environment } }),
    ...(config.deadLetterTargetArn === undefined
      ? {}
      : { DeadLetterConfig: { TargetArn: config.deadLetterTargetArn } }),
    TracingConfig: { Mode: config.tracing ?? "PassThrough" },
    // What the answer to a change names is no longer the revision once the change is through (aws/aws-sdk#377).
    RevisionId: moment === "steady" ? record.revisionId : randomUUID(),
    ...(record.layerArns.length === 0
      ? {}
      : { Layers: record.layerArns.map((Arn, at) => ({ Arn, CodeSize: record.layerSizes?.[at] ?? 0 })) }),
    ...(moment === "creating" ? { State: "Pending", ...CREATING } : { State: "Active" }),
    ...(moment === "updating"
      ? { LastUpdateStatus: "InProgress", ...UPDATING }
      : moment === "steady"
        ? { LastUpdateStatus: "Successful" }
        : {}),
    PackageType: isImage ? "Image" : "Zip",
    Architectures: [config.architecture],
    EphemeralStorage: { Size: config.ephemeralStorageMb },
    LoggingConfig: loggingView(record),
    ...durableView(config.durable),
    ...asSent,
    ...networkView(asSent),
    SnapStart: snapStartView(record),
    ...(config.code.kind === "image" ? imageConfigView(config.code) : {}),
    ...(isImage ? {} : { RuntimeVersionConfig: { RuntimeVersionArn: runtimeVersionArn(config.runtime, realm) } }),
  };
}

function durableView(durable: FunctionConfig["durable"]): JsonObject {
  if (durable === undefined) return {};
  const { executionTimeoutSeconds: ExecutionTimeout, retentionDays: RetentionPeriodInDays, kmsKeyArn } = durable;
  const key = kmsKeyArn === undefined ? {} : { KMSKeyArn: kmsKeyArn };
  return { DurableConfig: { ExecutionTimeout, RetentionPeriodInDays, ...key } };
}

/** The network that the subnets are said to be in has a made-up id: there is no EC2 to ask. */
function networkView(asSent: JsonObject): JsonObject {
  const sent = objectMember(asSent, "VpcConfig");
  if (sent === undefined) return {};
  const id = createHash("sha256")
    .update(JSON.stringify(sent["SubnetIds"] ?? []))
    .digest("hex")
    .slice(0, 17);
  return {
    VpcConfig: {
      SubnetIds: [],
      SecurityGroupIds: [],
      Ipv6AllowedForDualStack: false,
      ...sent,
      VpcId: hasNetwork(asSent) ? `vpc-${id}` : "",
    },
  };
}

/** Only published versions are ever optimized. */
function snapStartView({ asSent, config }: FunctionRecord): JsonObject {
  const ApplyOn = objectMember(asSent, "SnapStart")?.["ApplyOn"] ?? "None";
  const isOn = ApplyOn === "PublishedVersions" && config.version !== LATEST;
  return { ApplyOn, OptimizationStatus: isOn ? "On" : "Off" };
}

/** What the function says beside its image; absent when it says nothing. */
function imageConfigView({ command, entryPoint, workingDirectory }: ImageSource): JsonObject {
  if (command === undefined && entryPoint === undefined && workingDirectory === undefined) return {};
  return {
    ImageConfigResponse: {
      ImageConfig: {
        ...(entryPoint === undefined ? {} : { EntryPoint: [...entryPoint] }),
        ...(command === undefined ? {} : { Command: [...command] }),
        ...(workingDirectory === undefined ? {} : { WorkingDirectory: workingDirectory }),
      },
    },
  };
}

function loggingView({ config: { logging } }: FunctionRecord): JsonObject {
  const levels =
    logging.format === "JSON"
      ? { ApplicationLogLevel: logging.applicationLogLevel, SystemLogLevel: logging.systemLogLevel }
      : {};
  return { LogFormat: logging.format, LogGroup: logging.logGroup, ...levels };
}

function runtimeVersionArn(runtime: string, realm: Realm): string {
  return `arn:aws:lambda:${realm.region}::runtime:${createHash("sha256").update(runtime).digest("hex")}`;
}

export function aliasView(functionName: string, alias: AliasRecord, realm: Realm): JsonObject {
  return {
    AliasArn: arnOf.function(realm, functionName, alias.name),
    Name: alias.name,
    FunctionVersion: alias.version,
    Description: alias.description,
    ...(Object.keys(alias.weights).length === 0 ? {} : { RoutingConfig: { AdditionalVersionWeights: alias.weights } }),
    RevisionId: alias.revisionId,
  };
}

export function eventInvokeView(functionArn: string, row: EventInvokeRecord): JsonObject {
  return {
    LastModified: row.lastModifiedMs / 1000,
    FunctionArn: functionArn,
    ...(row.maximumRetryAttempts === undefined ? {} : { MaximumRetryAttempts: row.maximumRetryAttempts }),
    ...(row.maximumEventAgeSeconds === undefined ? {} : { MaximumEventAgeInSeconds: row.maximumEventAgeSeconds }),
    DestinationConfig: {
      OnSuccess: row.onSuccessArn === undefined ? {} : { Destination: row.onSuccessArn },
      OnFailure: row.onFailureArn === undefined ? {} : { Destination: row.onFailureArn },
    },
  };
}

/** Function URLs tell their times as `2026-01-01T00:00:00.000000000Z`, everything else with `+0000`. */
const inNanoseconds = (time: string): string => time.replace("+0000", "000000Z");

/** The answer to the creation leaves `LastModifiedTime` out. */
export function urlView(
  functionArn: string,
  url: UrlRecord,
  address: string,
  options: { readonly isNew?: boolean } = {},
): JsonObject {
  return {
    FunctionUrl: address,
    FunctionArn: functionArn,
    AuthType: url.authType,
    ...(url.cors === undefined ? {} : { Cors: url.cors }),
    CreationTime: inNanoseconds(url.createdAt),
    ...(options.isNew === true ? {} : { LastModifiedTime: inNanoseconds(url.lastModified) }),
    InvokeMode: url.invokeMode,
  };
}

export function layerView(layer: LayerRecord, realm: Realm): JsonObject {
  const arn = arnOf.layer(realm, layer.name, layer.version);
  return {
    LayerArn: arn.slice(0, arn.lastIndexOf(":")),
    LayerVersionArn: arn,
    Description: layer.description,
    CreatedDate: layer.createdAt,
    Version: layer.version,
    ...(layer.compatibleRuntimes.length === 0 ? {} : { CompatibleRuntimes: layer.compatibleRuntimes }),
    ...(layer.compatibleArchitectures.length === 0 ? {} : { CompatibleArchitectures: layer.compatibleArchitectures }),
    ...(layer.licenseInfo === undefined ? {} : { LicenseInfo: layer.licenseInfo }),
  };
}
