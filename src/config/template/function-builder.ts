/** Functions, layers, function URLs and what is done with their asynchronous failures. */
import { isAbsolute, join, resolve as resolvePath } from "node:path";
import type { z } from "zod";
import { findModule, SOURCE_EXTENSIONS } from "../code.js";
import { environmentFault } from "../environment.js";
import type { ApiCors, FunctionTarget } from "../event-source.js";
import type { CodeSource, DurableConfig, EventInvokeConfig, FunctionConfig } from "../function-config.js";
import { isJsonObject } from "../json.js";
import type { Json, JsonObject } from "../json.js";
import { functionTargetOf, identify } from "./build-context.js";
import type { BuildContext, Builder } from "./build-context.js";
import { codeOf, definedOf } from "./code-source.js";
import { corsOf } from "./cors.js";
import { generatedDestination } from "./destination.js";
import type { Delivery } from "./destination.js";
import { buildEvents } from "./event-builder.js";
import {
  eventInvokeResource,
  FOREIGN_KINDS,
  functionUrl,
  lambdaFunction,
  layerVersion,
  samFunction,
} from "./function-schema.js";
import { plainOf } from "./node.js";
import { readProperties, refuse } from "./property.js";
import type { TemplateResource } from "./resource.js";
import { serverlessModules, serverlessZip } from "./serverless-code.js";
import { awsUrl } from "./resource-type.js";
import { resolve } from "./resolve.js";
import { imageOf } from "./image-source.js";
import { autoPublished } from "./version-builder.js";

type SamFunction = z.output<typeof samFunction>;
type LambdaFunction = z.output<typeof lambdaFunction>;

export const buildSamFunction: Builder = (resource, context) => {
  const properties = readProperties(resource, samFunction, context.scope);
  const {
    AutoPublishAlias,
    CodeUri,
    DeadLetterQueue,
    EventInvokeConfig,
    FunctionUrlConfig,
    ImageUri,
    InlineCode,
    Tracing,
  } = properties;
  const image = ImageUri ?? (properties.PackageType === "Image" ? "" : undefined);
  context.draft.functions.push({
    ...commonOf(resource, context, properties, { code: CodeUri, inlineCode: InlineCode, image }),
    ...definedOf({
      // SAM's transform gives event settings and URL to the alias where it makes one.
      eventInvoke: EventInvokeConfig && {
        [AutoPublishAlias ?? "$LATEST"]: eventInvokeOf(withGenerated(EventInvokeConfig, resource, context)),
      },
      deadLetterTargetArn: DeadLetterQueue?.TargetArn,
      published: autoPublished(AutoPublishAlias),
      tracing: Tracing === "Disabled" ? undefined : Tracing,
    }),
  });
  if (FunctionUrlConfig) {
    addFunctionUrl(
      `${resource.logicalId}Url`,
      { functionId: resource.logicalId, ...definedOf({ qualifier: AutoPublishAlias }) },
      FunctionUrlConfig.AuthType,
      FunctionUrlConfig.InvokeMode,
      FunctionUrlConfig.Cors,
      context,
    );
  }
  buildEvents(resource, context);
};

export const buildLambdaFunction: Builder = (resource, context) => {
  const properties = readProperties(resource, lambdaFunction, context.scope);
  const { Code, DeadLetterConfig, TracingConfig } = properties;
  const inlineCode = isJsonObject(Code) && typeof Code["ZipFile"] === "string" ? Code["ZipFile"] : undefined;
  const image = isJsonObject(Code) && typeof Code["ImageUri"] === "string" ? Code["ImageUri"] : undefined;
  context.draft.functions.push({
    ...commonOf(resource, context, properties, { code: Code, inlineCode, image }),
    ...definedOf({ deadLetterTargetArn: DeadLetterConfig?.TargetArn, tracing: TracingConfig?.Mode }),
  });
};

interface CodeProperties {
  readonly code: SamFunction["CodeUri"];
  readonly inlineCode: string | undefined;
  readonly image: string | undefined;
}

function commonOf(
  resource: TemplateResource,
  context: BuildContext,
  properties: SamFunction | LambdaFunction,
  code: CodeProperties,
): FunctionConfig {
  const { logicalId, name, arn } = identify(resource, context);
  const place = (...path: readonly PropertyKey[]): Parameters<typeof refuse>[0] => ({
    resource,
    scope: context.scope,
    path,
  });
  const isImage = code.image !== undefined || properties.PackageType === "Image";
  const { Handler: handler, Runtime: runtime } = properties;
  if (!isImage && (handler === undefined || runtime === undefined)) {
    const missing = handler === undefined ? "Handler" : "Runtime";
    const why = "Runtime and Handler are mandatory parameters for functions created with deployment packages.";
    throw refuse(
      place(),
      `${logicalId} has no ${missing}`,
      why,
      `Add ${missing}, in the function or under Globals.Function.`,
    );
  }
  const variables = properties.Environment?.Variables ?? {};
  const fault = environmentFault(variables);
  if (fault) {
    const path = ["Environment", "Variables", ...(fault.variable === undefined ? [] : [fault.variable])];
    const what =
      fault.variable === undefined
        ? `The environment of ${logicalId} is too large`
        : `${logicalId} cannot set the variable ${fault.variable}`;
    throw refuse(
      { ...place(...path), atKey: true },
      what,
      fault.message,
      fault.variable === undefined ? "Keep large values in a file, S3 or SSM." : "Use another name.",
    );
  }
  for (const kind of FOREIGN_KINDS)
    if (Object.hasOwn(properties, kind))
      context.scope.problems.notice(`${logicalId}: ${kind} is not emulated; the function runs as any other.`);
  const logging = properties.LoggingConfig;
  return {
    logicalId,
    name,
    ...(properties.FunctionName === undefined ? { nameIsMade: true } : {}),
    arn,
    runtime: isImage ? "image" : (runtime ?? ""),
    handler: isImage ? "" : (handler ?? ""),
    code: isImage
      ? imageOf({
          resource,
          context,
          metadata: metadataOf(resource, context),
          config: properties.ImageConfig,
          uri: code.image ?? "",
        })
      : zipCodeOf(resource, context, handler ?? "", runtime ?? "", code),
    architecture: properties.Architectures?.[0] ?? "x86_64",
    memoryMb: properties.MemorySize,
    timeoutSeconds: properties.Timeout,
    ephemeralStorageMb: properties.EphemeralStorage?.Size ?? 512,
    environment: variables,
    ...layersOf(logicalId, properties.Layers, context),
    reservedConcurrency: properties.ReservedConcurrentExecutions,
    logging: {
      format: logging?.LogFormat ?? "Text",
      applicationLogLevel: logging?.ApplicationLogLevel ?? "INFO",
      systemLogLevel: logging?.SystemLogLevel ?? "INFO",
      logGroup: logging?.LogGroup ?? `/aws/lambda/${name}`,
    },
    description: properties.Description ?? "",
    role:
      properties.Role ??
      (context.scope.resources.has(`${logicalId}Role`)
        ? context.scope.attribute(`${logicalId}Role`, "Arn", context.scope.usageOf(resource))
        : ""),
    version: "$LATEST",
    ...definedOf({
      durable: properties.DurableConfig && durableOf(properties.DurableConfig),
      tags: properties.Tags,
      allowsRecursion: /^allow$/i.test(properties.RecursiveLoop ?? "") ? (true as const) : undefined,
    }),
  };
}

function durableOf(config: NonNullable<SamFunction["DurableConfig"]>): DurableConfig {
  const { ExecutionTimeout, RetentionPeriodInDays, KMSKeyArn } = config;
  return {
    executionTimeoutSeconds: ExecutionTimeout,
    retentionDays: RetentionPeriodInDays,
    ...(KMSKeyArn === undefined ? {} : { kmsKeyArn: KMSKeyArn }),
  };
}

function metadataOf(resource: TemplateResource, context: BuildContext): JsonObject {
  const { metadata } = resource;
  const resolved = metadata && resolve(metadata, context.scope, ["Resources", resource.logicalId, "Metadata"]);
  const plain = resolved && plainOf(resolved);
  return isJsonObject(plain) ? plain : {};
}

function zipCodeOf(
  resource: TemplateResource,
  context: BuildContext,
  handler: string,
  runtime: string,
  code: CodeProperties,
): CodeSource {
  const { logicalId } = resource;
  const { baseFolder, generatedFolder, scope } = context;
  const source = codeOf({
    logicalId,
    runtime,
    handler,
    code: code.code,
    inlineCode: code.inlineCode,
    metadata: metadataOf(resource, context),
    baseFolder,
    generatedFolder,
  });
  // Noted, so that the application is read again when one of them appears.
  serverlessModules(baseFolder, runtime, handler).forEach((path) => context.exists(path));
  const missing = missingPath(source, context);
  if (missing !== undefined) scope.problems.notice(`${logicalId} cannot be invoked: its code is not at ${missing}.`);
  return source;
}

/** A path that has to be there and is not. */
function missingPath(source: CodeSource, context: BuildContext): string | undefined {
  if (source.kind === "image") return undefined;
  if (source.kind === "bundle") {
    if (!context.exists(source.root)) return source.root;
    const path = join(source.root, source.handlerFile);
    if (findModule(source.root, source.handlerFile) !== undefined) return undefined;
    // Noted one by one, so that the application is read again when one of them appears.
    SOURCE_EXTENSIONS.forEach((extension) => context.exists(path + extension));
    return `${path} (${SOURCE_EXTENSIONS.join(" ")})`;
  }
  switch (source.origin?.kind) {
    case "inline":
      return undefined;
    case "remote":
      return source.origin.uri;
    case "zip":
      return context.exists(source.origin.file) ? undefined : source.origin.file;
    case undefined:
      return context.exists(source.root) ? undefined : source.root;
  }
}

/** The layers that are declared here; those of other accounts are announced and left out. */
function layersOf(
  functionId: string,
  arns: readonly string[],
  context: BuildContext,
): Pick<FunctionConfig, "layers" | "builtLayers"> {
  const layers = arns.flatMap((arn) => {
    const layer = context.draft.layers.find(
      (candidate) => candidate.arn === arn || candidate.arn.startsWith(`${arn}:`),
    );
    if (!layer)
      context.scope.problems.notice(
        `${functionId}: the layer ${arn} is not part of this template; /opt is without it.`,
      );
    return layer ?? [];
  });
  const built = layers.flatMap(({ path, builtInto }) => (builtInto === undefined ? [] : [[path, builtInto]]));
  return {
    layers: layers.map(({ path }) => path),
    ...(built.length === 0 ? {} : { builtLayers: Object.fromEntries(built) as Record<string, string> }),
  };
}

export const buildLayer: Builder = (resource, context) => {
  const { CompatibleRuntimes, Content, ContentUri } = readProperties(resource, layerVersion, context.scope);
  const { logicalId, name, arn } = identify(resource, context);
  const metadata = metadataOf(resource, context);
  const asset = metadata["aws:asset:path"];
  const content =
    typeof asset === "string" ? asset : (ContentUri ?? serverlessZip(context.baseFolder, Content) ?? Content);
  if (typeof content !== "string" || content.startsWith("s3://")) {
    context.scope.problems.notice(`The layer ${logicalId} lies in S3: /opt is without it.`);
    return;
  }
  const path = isAbsolute(content) ? content : resolvePath(context.baseFolder, content);
  if (!context.exists(path)) context.scope.problems.notice(`The layer ${logicalId} is not at ${path}.`);
  const builtInto = builtIntoOf(metadata["BuildMethod"], path, context);
  const unbuilt = unbuiltOf(metadata["BuildMethod"], path, builtInto, context);
  if (unbuilt !== undefined) context.scope.problems.notice(`The layer ${logicalId} ${unbuilt}`);
  context.draft.layers.push({
    logicalId,
    name,
    arn,
    version: 1,
    path,
    packaging: path.endsWith(".zip") ? "zip" : "folder",
    ...(builtInto === undefined ? {} : { builtInto }),
    compatibleRuntimes: CompatibleRuntimes,
  });
};

/** SAM puts what it builds for nodejs22.x under nodejs, for python3.13 under python: where the runtime looks. */
function builtIntoOf(method: Json | undefined, path: string, { exists }: BuildContext): string | undefined {
  const folder = typeof method === "string" ? /^(nodejs|python)\d/.exec(method)?.[1] : undefined;
  return folder === undefined || path.endsWith(".zip") || exists(join(path, folder)) ? undefined : folder;
}

/** What is said of a layer whose build does more than put files into their place. */
function unbuiltOf(
  method: Json | undefined,
  path: string,
  builtInto: string | undefined,
  { exists, readText }: BuildContext,
): string | undefined {
  if (method === "makefile" && exists(join(path, "Makefile")))
    return "is laid over /opt as it is: its Makefile is not run here. Run `sam build`, then pass --template .aws-sam/build/template.yaml.";
  if (builtInto === "nodejs" && !exists(join(path, "node_modules"))) {
    const manifest = readText(join(path, "package.json"));
    if (manifest !== undefined && /"dependencies"\s*:\s*\{\s*"/.test(manifest))
      return `lacks its packages: run \`npm install\` in ${path}.`;
  }
  return undefined;
}

type EventInvoke = NonNullable<SamFunction["EventInvokeConfig"]>;
type DeliveryTarget = NonNullable<EventInvoke["DestinationConfig"]>[Delivery];

/** With the queues and topics that SAM makes. */
function withGenerated(config: EventInvoke, resource: TemplateResource, { scope }: BuildContext): EventInvoke {
  const filled = (delivery: Delivery): DeliveryTarget => {
    const given = config.DestinationConfig?.[delivery];
    const made = given && generatedDestination(resource.logicalId, delivery, given.Type);
    if (made === undefined || given?.Destination !== undefined || !scope.resources.has(made.logicalId)) return given;
    return { Destination: scope.attribute(made.logicalId, made.arnAttribute, scope.usageOf(resource)) };
  };
  return { ...config, DestinationConfig: { OnSuccess: filled("OnSuccess"), OnFailure: filled("OnFailure") } };
}

function eventInvokeOf(config: EventInvoke): EventInvokeConfig {
  return {
    maximumRetryAttempts: config.MaximumRetryAttempts ?? 2,
    maximumEventAgeSeconds: config.MaximumEventAgeInSeconds ?? 21_600,
    onSuccessArn: config.DestinationConfig?.OnSuccess?.Destination,
    onFailureArn: config.DestinationConfig?.OnFailure?.Destination,
  };
}

/** AWS::Lambda::EventInvokeConfig: runs after the functions are built. */
export const buildEventInvoke: Builder = (resource, context) => {
  const properties = readProperties(resource, eventInvokeResource, context.scope);
  const { functionId, qualifier = "$LATEST" } = functionTargetOf(properties.FunctionName, context) ?? {};
  const { functions } = context.draft;
  const index = functions.findIndex(({ logicalId }) => logicalId === functionId);
  const fn = functions[index];
  if (!fn) return;
  const eventInvoke = { ...fn.eventInvoke, [properties.Qualifier ?? qualifier]: eventInvokeOf(properties) };
  functions[index] = { ...fn, eventInvoke };
};

export const buildFunctionUrl: Builder = (resource, context) => {
  if (resource.implicit) return;
  const { AuthType, Cors, InvokeMode, Qualifier, TargetFunctionArn } = readProperties(
    resource,
    functionUrl,
    context.scope,
  );
  const named = functionTargetOf(TargetFunctionArn, context);
  const target = named && Qualifier !== undefined ? { ...named, qualifier: Qualifier } : named;
  if (target !== undefined) addFunctionUrl(resource.logicalId, target, AuthType, InvokeMode, Cors, context);
};

function addFunctionUrl(
  eventId: string,
  target: FunctionTarget,
  authType: "NONE" | "AWS_IAM",
  invokeMode: "BUFFERED" | "RESPONSE_STREAM",
  cors: JsonObject | undefined,
  { draft, scope }: BuildContext,
): void {
  const resource = scope.resources.get(eventId);
  if (!resource) return;
  const urlId = scope.nameOf(eventId, scope.usageOf(resource));
  const corsConfig: ApiCors | undefined = corsOf(cors);
  draft.eventSources.push({
    kind: "functionUrl",
    ...target,
    eventId,
    urlId,
    url: awsUrl.functionUrl(scope.realm, urlId),
    authType,
    invokeMode,
    cors: corsConfig,
  });
}
