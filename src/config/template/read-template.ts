/**
 * START HERE for templates: text in, application out. Parse, take parameters, merge Globals, add what SAM generates,
 * check circles, then build each resource type that runs here; the others are announced and skipped.
 */
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, resolve as resolvePath } from "node:path";
import type { Realm } from "../../shared/arn.js";
import { AppError, errnoOf } from "../../shared/errors.js";
import type { Application } from "../application.js";
import type { FunctionConfig } from "../function-config.js";
import type { Json } from "../json.js";
import { distance, nearest } from "../nearest.js";
import { buildRestApi, buildSamApi, buildSamWebSocketApi, buildV2Api, buildV2Route } from "./api-builder.js";
import { buildRestMethod } from "./rest-method-builder.js";
import { buildCdkNotifications } from "./bucket-notifications.js";
import { emptyDraft } from "./build-context.js";
import type { BuildContext, Builder } from "./build-context.js";
import { buildAlarm, buildLogGroup, buildParameter, buildSecret } from "./data-builder.js";
import { checkDependencies } from "./dependency.js";
import {
  buildEventInvoke,
  buildFunctionUrl,
  buildLambdaFunction,
  buildLayer,
  buildSamFunction,
} from "./function-builder.js";
import { readGlobals } from "./globals.js";
import {
  buildActivity,
  buildMachineAlias,
  buildMachineVersion,
  buildPlainMachine,
  buildSamMachine,
} from "./machine-builder.js";
import { buildSubscriptionFilter } from "./log-subscription.js";
import { buildMapping } from "./mapping.js";
import { buildApiDestination, buildConnection } from "./connection-builder.js";
import { buildEventBus, buildRule, buildSchedule, buildScheduleGroup } from "./bus-builder.js";
import { buildSubscription, buildTopic, finishTopics } from "./messaging-builder.js";
import { childOf, plainOf } from "./node.js";
import { buildPipe } from "./pipe-builder.js";
import type { TemplateNode } from "./node.js";
import { readParameters } from "./parameters.js";
import type { GivenParameters } from "./parameters.js";
import { parseTemplate } from "./parse.js";
import { Problems } from "./problem.js";
import { generatedResources } from "./generated-resources.js";
import { readResources, textsOf } from "./resource.js";
import type { TemplateResource } from "./resource.js";
import { resolve } from "./resolve.js";
import { TemplateScope } from "./scope.js";
import { buildAlias, buildVersion } from "./version-builder.js";
import { buildStream, buildStreamConsumer, finishStreams } from "./stream-builder.js";
import {
  buildBucket,
  buildGlobalTable,
  buildQueue,
  buildSimpleTable,
  buildTable,
  finishBuckets,
} from "./storage-builder.js";

export interface TemplateOptions extends GivenParameters {
  readonly file: string;
  readonly realm: Realm;
  readonly stackName: string;
  /** Values of Fn::ImportValue. */
  readonly importValues?: Readonly<Record<string, string>>;
  /** Where inline code and unpacked ZIPs go. */
  readonly generatedFolder: string;
}

export interface TemplateResult {
  readonly application: Application;
  /** Files that the application was made from. */
  readonly files: readonly string[];
  /** Paths that were looked for and are not there: the application changes when they appear. */
  readonly absent: readonly string[];
}

/** Each phase is built whole before the next: functions look up layers, mappings look up functions, routes look up APIs. */
const PHASES: readonly Readonly<Record<string, Builder>>[] = [
  { "AWS::Serverless::LayerVersion": buildLayer, "AWS::Lambda::LayerVersion": buildLayer },
  {
    "AWS::S3::Bucket": buildBucket,
    "AWS::SQS::Queue": buildQueue,
    "AWS::DynamoDB::Table": buildTable,
    "AWS::DynamoDB::GlobalTable": buildGlobalTable,
    "AWS::Serverless::SimpleTable": buildSimpleTable,
    "AWS::Kinesis::Stream": buildStream,
    "AWS::Kinesis::StreamConsumer": buildStreamConsumer,
    "AWS::SNS::Topic": buildTopic,
    "AWS::Events::EventBus": buildEventBus,
    "AWS::Events::Connection": buildConnection,
    "AWS::Events::ApiDestination": buildApiDestination,
    "AWS::Scheduler::ScheduleGroup": buildScheduleGroup,
    "AWS::SecretsManager::Secret": buildSecret,
    "AWS::SSM::Parameter": buildParameter,
    "AWS::Logs::LogGroup": buildLogGroup,
    "AWS::CloudWatch::Alarm": buildAlarm,
    "AWS::Serverless::Function": buildSamFunction,
    "AWS::Lambda::Function": buildLambdaFunction,
    "AWS::Serverless::StateMachine": buildSamMachine,
    "AWS::StepFunctions::StateMachine": buildPlainMachine,
    "AWS::StepFunctions::Activity": buildActivity,
  },
  {
    "AWS::Serverless::Api": buildSamApi,
    "AWS::Serverless::HttpApi": buildSamApi,
    "AWS::Serverless::WebSocketApi": buildSamWebSocketApi,
    "AWS::ApiGateway::RestApi": buildRestApi,
    "AWS::ApiGatewayV2::Api": buildV2Api,
    "AWS::Lambda::EventInvokeConfig": buildEventInvoke,
    "AWS::Lambda::EventSourceMapping": buildMapping,
    "AWS::Lambda::Url": buildFunctionUrl,
    "AWS::Lambda::Version": buildVersion,
    "AWS::Lambda::Alias": buildAlias,
    "AWS::SNS::Subscription": buildSubscription,
    "AWS::Logs::SubscriptionFilter": buildSubscriptionFilter,
    "AWS::Events::Rule": buildRule,
    "AWS::Scheduler::Schedule": buildSchedule,
    "AWS::Pipes::Pipe": buildPipe,
    "Custom::S3BucketNotifications": buildCdkNotifications,
  },
  { "AWS::StepFunctions::StateMachineVersion": buildMachineVersion },
  {
    "AWS::StepFunctions::StateMachineAlias": buildMachineAlias,
    "AWS::ApiGateway::Method": buildRestMethod,
    "AWS::ApiGatewayV2::Route": buildV2Route,
  },
];

/** Types that need no building: parts of others, and rights, which are not enforced. */
const types = (service: string, ...names: readonly string[]): string[] =>
  names.map((name) => `AWS::${service}::${name}`);
const QUIET = new Set([
  ...types("Lambda", "Permission", "LayerVersionPermission", "CodeSigningConfig"),
  ...types("IAM", "Role", "Policy", "ManagedPolicy", "RolePolicy"),
  ...types(
    "ApiGateway",
    "Resource",
    "Deployment",
    "Stage",
    "Account",
    "Authorizer",
    "ApiKey",
    "GatewayResponse",
    "Model",
    "RequestValidator",
    "UsagePlan",
    "UsagePlanKey",
  ),
  ...types("ApiGatewayV2", "Integration", "IntegrationResponse", "RouteResponse", "Deployment", "Stage", "Authorizer"),
  ...types("SQS", "QueuePolicy", "QueueInlinePolicy"),
  ...types("KMS", "Key", "Alias"),
  "AWS::S3::BucketPolicy",
  "AWS::SNS::TopicPolicy",
  "AWS::CDK::Metadata",
  "AWS::Serverless::Connector",
  // Of CDK: one empties a bucket when its stack goes, the other sets how long logs are kept.
  "Custom::S3AutoDeleteObjects",
  "Custom::LogRetention",
]);

export function readTemplate(options: TemplateOptions): TemplateResult {
  const { file } = options;
  const baseFolder = dirname(file);
  const files: string[] = [];
  const absent: string[] = [];
  const problems = new Problems(baseFolder);
  const readText = (path: string): string | undefined => {
    const text = readIfThere(path);
    if (text === undefined) absent.push(path);
    else {
      files.push(path);
      problems.addText(path, text);
    }
    return text;
  };
  const text = readText(file);
  if (text === undefined) {
    throw new AppError("LR2001", {
      what: `The template ${file} is not there`,
      fix: "Create it, or pass --template FILE.",
    });
  }
  const root = rootOf(parseTemplate(text, file), problems);
  const parameters = readParameters(childOf(root, "Parameters"), options, problems);
  const scope = new TemplateScope({
    realm: options.realm,
    stackName: options.stackName,
    parameters,
    conditions: childOf(root, "Conditions"),
    mappings: childOf(root, "Mappings"),
    importValues: options.importValues ?? {},
    problems,
    include: (location, usage) => {
      const path = resolvePath(baseFolder, location);
      const included = location.startsWith("s3://") ? undefined : readText(path);
      if (included !== undefined) return parseTemplate(included, path);
      problems.notice(`AWS::Include at ${problems.place(usage.at)} is left out: ${location} is not on this machine.`);
      return { kind: "map", entries: new Map(), at: usage.at };
    },
  });
  const globals = readGlobals(childOf(root, "Globals"), problems);
  const resources = readResources(childOf(root, "Resources"), globals, problems);
  scope.declare(resources);
  scope.declare(generatedResources([...scope.resources.values()], globals));

  const draft = emptyDraft();
  const exists = (path: string): boolean => {
    const there = existsSync(path);
    if (!there) absent.push(path);
    return there;
  };
  build({ scope, draft, baseFolder, generatedFolder: options.generatedFolder, readText, exists });
  // After building: a value that cannot be worked out has the better message.
  checkDependencies(scope);
  const outputs = outputsOf(childOf(root, "Outputs"), scope);
  const { notifications: _, subscriptions: _subscriptions, streamConsumers: _consumers, ...lists } = draft;
  const application: Application = {
    sourceFile: file,
    stackName: options.stackName,
    realm: options.realm,
    ...lists,
    functions: draft.apis.some(({ kind }) => kind === "websocket")
      ? draft.functions.map((fn): FunctionConfig => ({ ...fn, trustsThisMachine: true }))
      : draft.functions,
    outputs,
    ...(lacksTransform(root, resources) ? { lacksTransform: true } : {}),
    notices: problems.notices,
    placeholders: problems.placeholders,
  };
  return { application, files: [...new Set(files)], absent: [...new Set(absent)] };
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").replace(/^\uFEFF/, "");
  } catch (error) {
    const reason = errnoOf(error);
    if (reason === "ENOENT" || reason === "ENOTDIR") return undefined;
    if (reason === "EISDIR" && statSync(path).isDirectory()) {
      throw new AppError("LR2001", { what: `${path} is a folder, not a file`, cause: error });
    }
    throw new AppError("LR2001", { what: `${path} cannot be read (${reason ?? "unknown reason"})`, cause: error });
  }
}

const SECTIONS = [
  "AWSTemplateFormatVersion",
  "Conditions",
  "Description",
  "Globals",
  "Mappings",
  "Metadata",
  "Outputs",
  "Parameters",
  "Resources",
  "Rules",
  "Transform",
];

function rootOf(root: TemplateNode, problems: Problems): TemplateNode {
  if (root.kind !== "map") {
    throw problems.value({
      at: root.at,
      path: [],
      what: "The template is not a map",
      fix: "Write a map with a Resources section.",
    });
  }
  for (const [name, entry] of root.entries) {
    if (SECTIONS.includes(name)) continue;
    const meant = nearest(name, SECTIONS);
    if (meant === undefined) continue;
    const what = `A template has no section "${name}". Did you mean "${meant}"?`;
    throw problems.value({ at: entry.keyAt, path: [name], what, fix: `Write ${meant}; letter case counts.` });
  }
  if (!root.entries.has("Resources")) {
    throw problems.value({
      at: root.at,
      path: ["Resources"],
      what: "The template has no Resources",
      fix: "Add a Resources section with at least one function.",
    });
  }
  return root;
}

function lacksTransform(root: TemplateNode, resources: readonly TemplateResource[]): boolean {
  if (!resources.some(({ type }) => type.startsWith("AWS::Serverless::"))) return false;
  return !textsOf(childOf(root, "Transform")).includes("AWS::Serverless-2016-10-31");
}

function build(context: BuildContext): void {
  const { draft, scope } = context;
  const known = new Set([...PHASES.flatMap((phase) => Object.keys(phase)), ...QUIET]);
  for (const phase of PHASES)
    for (const resource of scope.resources.values()) phase[resource.type]?.(resource, context);
  finishBuckets(context);
  finishStreams(context);
  finishTopics(context);
  for (const { implicit, logicalId, type } of scope.resources.values()) {
    if (implicit || known.has(type)) continue;
    draft.skipped.push({ logicalId, type });
    const meant = type.startsWith("AWS::") ? nearestType(type, known) : undefined;
    scope.problems.notice(
      `${logicalId} (${type}) is not emulated: it is skipped.${meant === undefined ? "" : ` Did you mean "${meant}"?`}`,
    );
  }
}

const SAM_PREFIX = "AWS::Serverless::";
const MAX_TYPE_SLIPS = 2;

/** A slip of letter case in a type name, or of some letters in one of SAM's few: other real types are merely alike. */
const nearestType = (type: string, types: ReadonlySet<string>): string | undefined =>
  [...types].find((known) => known.toLowerCase() === type.toLowerCase()) ??
  [...types].find(
    (known) => known.startsWith(SAM_PREFIX) && type.startsWith(SAM_PREFIX) && distance(known, type) <= MAX_TYPE_SLIPS,
  );

/** Outputs are only shown, so one that cannot be worked out is announced and left out. */
function outputsOf(section: TemplateNode | undefined, scope: TemplateScope): Record<string, Json> {
  const outputs: Record<string, Json> = {};
  if (section?.kind !== "map") return outputs;
  for (const [name, entry] of section.entries) {
    const condition = childOf(entry.value, "Condition");
    const value = childOf(entry.value, "Value");
    if (!value) continue;
    try {
      if (
        condition?.kind === "scalar" &&
        !scope.condition(String(condition.value), { at: condition.at, path: ["Outputs", name] })
      )
        continue;
      const resolved = resolve(value, scope, ["Outputs", name, "Value"]);
      if (resolved) outputs[name] = plainOf(resolved);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      scope.problems.notice(`The output ${name} cannot be worked out: ${error.what}.`);
    }
  }
  return outputs;
}
